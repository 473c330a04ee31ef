"""The record of a complaint: what was told, and the dated additions to it. Pure: no I/O, no clock.

What was told first is never changed. What is known now is the telling overlaid by the additions: the statement
keeps its first words, of everything else the newest counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from services.intake.record import published
from services.intake.record.asking import against, completeness, visibility
from shared.aggregate import Aggregate, NotPossible
from shared.events import ComplaintSupplemented, RestatementAnswered
from shared.events.vocabulary import Against, Channel, Emotion, Valence, Visibility


class UnknownAddition(Exception):
    """The complaint has no addition with this id."""


class TooManyAdditions(NotPossible):
    """The complaint has as many additions as it can have."""

    def __init__(self, additions: int) -> None:
        super().__init__(
            "too-many-additions",
            "Nothing more can be added to this complaint: write a message, or tell what is new as another complaint.",
            "该投诉的补充条目已达上限，请留言或另行登记新投诉。",
            additions=additions,
        )


class Erased(NotPossible):
    """The customer's data of this complaint is erased: nothing is added to it."""

    def __init__(self) -> None:
        super().__init__(
            "erased",
            "The customer's data of this complaint is erased: register what is new as a complaint of its own.",
            "该投诉的客户信息已删除，请另行登记新投诉。",
        )


NOTHING_RESTATED = (
    "nothing-restated",
    "This addition restates nothing: choose one with a restatement.",
    "该补充条目没有复述内容，请选择有复述的条目。",
)
ANSWERED_BEFORE = (
    "answered-before",
    "The customer has answered this restatement before: restate what is understood now in a new addition.",
    "客户此前已答复过这次复述，请在新的补充条目中重新复述。",
)


@dataclass(frozen=True)
class Addition:
    """What one later contact added. A dated entry that is never changed."""

    id: UUID
    number: int
    contact_at: datetime
    added_at: datetime
    added_by: str
    channel: Channel
    said: str | None
    emotion: Emotion | None
    restatement: str | None
    told: dict[str, Any]
    """Parts of the record, in the shape in which a complaint is posted."""
    contact: dict[str, str]
    """Name, mail, phone, address as given in this contact: personal data."""
    completeness: float
    missing: tuple[str, ...]
    visibility: Visibility | None = None
    """What it became with this contact, if it changed."""


@dataclass(frozen=True)
class Answered:
    """What the customer said to a restatement."""

    addition_id: UUID
    confirmed: bool
    correction: str | None
    answered_by: str
    answered_at: datetime


MOST_ADDITIONS = 500

Step = tuple[UUID, datetime, str, dict[str, Any]]
"""Id, time, name and data of what the customer sees happening."""


@dataclass(kw_only=True)
class Record(Aggregate):
    row: dict[str, Any] = field(default_factory=dict)
    """The complaint's row; empty when there is no such complaint."""
    told: dict[str, Any] = field(default_factory=dict)
    """The complaint as it came in."""
    additions: list[Addition] = field(default_factory=list)
    answers: dict[UUID, Answered] = field(default_factory=dict)
    """By addition."""
    added: list[Addition] = field(default_factory=list)
    """Those that this change adds, as the next two."""
    answered: list[Answered] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    @property
    def erased(self) -> bool:
        return self.row.get("sealed") == b""

    @property
    def known(self) -> tuple[str, ...]:
        """What identifies somebody, of all contacts so far."""
        entries = ({**a.contact, "accused": a.told.get("accused")} for a in self.additions)
        values = (published.known_in(entry) for entry in ({**self.row}, *entries))
        return tuple(dict.fromkeys(value for each in values for value in each))

    @property
    def now(self) -> dict[str, Any]:
        """What is known now, in the shape in which a complaint is posted."""
        known = dict(self.told)
        for addition in self.additions:
            known = overlaid(known, {**addition.told, "customer": addition.contact})
        return known

    @property
    def completeness(self) -> tuple[float, tuple[str, ...]]:
        """Share of what is asked for that is known, and the names of what is missing."""
        if self.additions:
            return self.additions[-1].completeness, self.additions[-1].missing
        return float(self.row["completeness"]), tuple(self.row["missing"])

    @property
    def moods(self) -> list[tuple[datetime, Emotion]]:
        """The customer's emotion from contact to contact, in the order of the contacts."""
        first = self.row["emotion"]
        told = [(self.row["registered_at"], Emotion(first) if first else None)]
        contacts = told + [(addition.contact_at, addition.emotion) for addition in self.additions]
        contacts.sort(key=lambda contact: contact[0])
        return [(at, emotion) for at, emotion in contacts if emotion is not None]

    def masked(self, text: str | None) -> str | None:
        """Without what identifies the customer; of an erased one nothing: nobody knows any more what to mask."""
        return None if self.erased else published.masked(text, self.known)

    def must_be_known(self) -> None:
        """Nothing is added to what was erased. Raises Erased."""
        if self.erased:
            raise Erased

    def add(
        self,
        addition_id: UUID,
        contact_at: datetime,
        channel: Channel,
        *,
        said: str | None = None,
        emotion: Emotion | None = None,
        restatement: str | None = None,
        confirmed: bool | None = None,
        told: dict[str, Any],
        contact: dict[str, str],
        by: str,
        at: datetime,
    ) -> Addition:
        """Note what a further contact told. Raises TooManyAdditions, Erased.

        `confirmed` is for the event only: whoever knows it notes it by `answer`, too.
        """
        self.must_be_known()
        if len(self.additions) >= MOST_ADDITIONS:
            raise TooManyAdditions(len(self.additions))
        before = self.now
        after = overlaid(before, {**told, "customer": contact})
        score, missing = completeness(after)
        addition = Addition(
            id=addition_id,
            number=len(self.additions) + 1,
            contact_at=contact_at,
            added_at=at,
            added_by=by,
            channel=channel,
            said=said,
            emotion=emotion,
            restatement=restatement,
            told=told,
            contact=contact,
            completeness=score,
            missing=missing,
            visibility=Visibility(seen) if (seen := visibility(after)) != visibility(before) else None,
        )
        self.additions.append(addition)
        self.added.append(addition)
        data = {"number": addition.number, "channel": channel, "restated": restatement is not None}
        self.steps.append((addition.id, at, "supplemented", data))
        self.record(self._supplemented(addition, confirmed, before, after), at)
        return addition

    def answer(
        self, addition_id: UUID, confirmed: bool, correction: str | None, by: str, at: datetime
    ) -> None:
        """Note what the customer said to a restatement. Repeating the same answer changes nothing.

        Raises UnknownAddition, Erased, NotPossible.
        """
        self.must_be_known()
        addition = next((a for a in self.additions if a.id == addition_id), None)
        if addition is None:
            raise UnknownAddition
        if addition.restatement is None:
            raise NotPossible(*NOTHING_RESTATED)
        if before := self.answers.get(addition_id):
            if (before.confirmed, before.correction) != (confirmed, correction):
                raise NotPossible(*ANSWERED_BEFORE, confirmed=before.confirmed)
            return
        answered = Answered(addition_id, confirmed, correction, by, at)
        self.answers[addition_id] = answered
        self.answered.append(answered)
        event = RestatementAnswered(
            complaint_id=self.id,
            addition_id=addition_id,
            confirmed=confirmed,
            correction=published.masked(correction, self.known),
            answered_by=by,
            answered_at=at,
        )
        step = "restatement_confirmed" if confirmed else "restatement_corrected"
        self.steps.append((self.record(event, at), at, step, {"number": addition.number}))

    def _supplemented(
        self, addition: Addition, confirmed: bool | None, before: dict[str, Any], after: dict[str, Any]
    ) -> ComplaintSupplemented:
        known = self.known
        words = addition.told.get("statement", {})
        whom = Against(against(after))
        return ComplaintSupplemented(
            complaint_id=self.id,
            addition_id=addition.id,
            number=addition.number,
            contact_at=addition.contact_at,
            added_by=addition.added_by,
            added_at=addition.added_at,
            medium=addition.channel.medium,
            channel=addition.channel,
            said=published.masked(addition.said, known),
            feeling=published.masked(words.get("feeling"), known),
            wanted=published.masked(words.get("wanted"), known),
            emotion=addition.emotion,
            restatement=published.masked(addition.restatement, known),
            confirmed=confirmed,
            against=whom if whom != against(before) else None,
            visibility=addition.visibility,
            **published.added(addition.told, known),
            completeness=addition.completeness,
            missing=addition.missing,
        )


def turned(moods: Sequence[tuple[datetime, Emotion]]) -> bool:
    """Was the customer's emotion negative once, and is it positive now?"""
    valences = [emotion.valence for _, emotion in moods]
    return Valence.NEGATIVE in valences and valences[-1] is Valence.POSITIVE


def overlaid(known: dict[str, Any], added: dict[str, Any]) -> dict[str, Any]:
    """What is known with what was added. A public complaint stays public, whatever is said later."""
    result = dict(known)
    for name, value in added.items():
        old = result.get(name)
        if name == "statement":
            result[name] = {**value, **(old or {})}
        elif isinstance(value, dict) and isinstance(old, dict):
            result[name] = {**old, **value}
        else:
            result[name] = value
    if added.get("accused"):
        result["against"] = Against.PERSON.value
    if added.get("public_link"):
        result["visibility"] = Visibility.PUBLIC.value
    return result
