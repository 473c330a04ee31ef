"""The record as staff see it: personal data masked, or left out where it is nothing else."""

from typing import Any

from services.intake.record.asking import next_question
from services.intake.record.model import Record, turned
from services.intake.record.published import Known, masked_part
from services.intake.schemas import Complaint, Mood

AS_THEY_ARE = {"order", "desired_remedies", "desired_compensation", "taken_by"}
"""Parts in which only the company's own ids and our own words stand."""


def public_parts(told: dict[str, Any], known: Known) -> dict[str, Any]:
    """Parts without what identifies somebody."""
    shown = {name: value for name, value in told.items() if name not in {"public_link", "customer"}}
    for name, value in shown.items():
        if name == "product":
            free = {field: masked_part(value[field], known) for field in ("name", "model") if field in value}
            shown[name] = value | free
        elif name == "accused":
            shown[name] = {field: value[field] for field in ("staff_id", "department") if field in value}
        elif name not in AS_THEY_ARE:
            shown[name] = masked_part(value, known)
    return shown


def complaint(record: Record, view: dict[str, Any]) -> Complaint:
    """The complaint as it is known now. `view` is what the other services told of it."""
    row, now, known = record.row, record.now, record.known
    score, missing = record.completeness
    moods = list(record.moods)
    return Complaint(
        **{name: row[name] for name in ("id", "reference", "registered_at", "channel", "language", "form")},
        **view,
        customer_id=row["customer_id"],
        complainant_type=row["complainant_type"],
        **({"desired_compensation": [], "claimed_losses": []} | public_parts(now, known)),
        additions=len(record.additions),
        moods=[Mood(at=at, emotion=emotion, valence=emotion.valence) for at, emotion in moods],
        mood_turned=turned(moods),
        completeness=score,
        missing=list(missing),
        next_question=next_question(missing),
    )
