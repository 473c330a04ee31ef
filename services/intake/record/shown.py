"""The record as staff see it: personal data masked, or left out where it is nothing else."""

from typing import Any

from services.intake.record.asking import next_question
from services.intake.record.model import Record, turned
from services.intake.record.published import Known
from services.intake.record.seen import StatementShown, TakenByShown, ToldShown
from services.intake.schemas import Complaint, Mood

OVER_ALL = ("desired_remedies", "desired_compensation", "claimed_losses")
"""Lists that a complaint always has, if empty."""


def public_parts(told: dict[str, Any], known: Known) -> ToldShown:
    """Parts without what identifies somebody."""
    return ToldShown.model_validate(told, context={"known": known})


def complaint(record: Record, view: dict[str, Any]) -> Complaint:
    """The complaint as it is known now. `view` is what the other services told of it."""
    row, now, known = record.row, record.now, record.known
    score, missing = record.completeness
    moods = list(record.moods)
    parts = public_parts(now, known)
    taken_by = now.get("taken_by")
    return Complaint(
        **{name: row[name] for name in ("id", "reference", "registered_at", "channel", "language", "form")},
        **view,
        customer_id=row["customer_id"],
        complainant_type=row["complainant_type"],
        kind=now["kind"],
        **{name: getattr(parts, name) for name in ToldShown.model_fields.keys() - {"statement", *OVER_ALL}},
        **{name: getattr(parts, name) or [] for name in OVER_ALL},
        statement=StatementShown.model_validate(now["statement"], context={"known": known}),
        taken_by=TakenByShown.model_validate(taken_by) if taken_by else None,
        additions=len(record.additions),
        moods=[Mood(at=at, emotion=emotion, valence=emotion.valence) for at, emotion in moods],
        mood_turned=turned(moods),
        completeness=score,
        missing=list(missing),
        next_question=next_question(missing),
    )
