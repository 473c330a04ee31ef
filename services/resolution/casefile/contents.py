"""The file of a case, as data: everything that happened, in one piece."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from services.resolution.audit.witnessed import Noted
from services.resolution.dispute.schemas import DisputeShown
from services.resolution.lifecycle import State
from services.resolution.listening.schemas import ContactShown, FeelingShown
from services.resolution.model import Case
from services.resolution.promises import PromiseState
from services.resolution.timeline import Kind
from services.resolution.views import JudgementView, OfferView, TimelineEntry, View
from shared.events import CaseFileRead
from shared.events.vocabulary import Outcome, Severity


class Statement(View):
    """What the customer told, with personal data masked."""

    what_went_wrong: str
    feeling: str | None = None
    wanted: str | None = None


class AttachmentListed(View):
    """A file that belongs to the complaint; its content is not part of the case file."""

    name: str
    media_type: str
    size: int
    """Bytes."""
    sha256: str
    """Of the content, in hexadecimal digits: proof that a file is the one that is meant."""
    from_customer: bool
    added_at: datetime


class FromIntake(View):
    """What intake knows and no event carries."""

    statement: Statement
    attachments: tuple[AttachmentListed, ...] = ()


class PromiseKeptOrNot(View):
    number: int
    made_at: datetime
    due_at: datetime
    state: PromiseState
    settled_at: datetime | None
    handler_id: str | None


class CaseFile(View):
    """Everything that happened with a complaint. Texts are masked; times are UTC."""

    complaint_id: UUID
    reference: str
    made_at: datetime
    """When this file was taken out."""
    made_by: str
    state: State
    registered_at: datetime
    category: str | None
    severity: Severity | None
    department: str | None
    handler_name: str | None
    statement: Statement
    judgement: JudgementView | None
    explanation: str | None
    """What the customer was told about the judgement."""
    offers: list[OfferView]
    """Of all rounds, the first round first."""
    result: str | None
    outcome: Outcome | None
    closed_at: datetime | None
    closed_by: str | None
    problem_found: bool | None
    problem_solved: bool | None
    correction: str | None
    trust_restored: bool | None
    reopened: int
    promises: list[PromiseKeptOrNot]
    contacts: list[ContactShown]
    emotions: list[FeelingShown]
    disputes: list[DisputeShown]
    attachments: list[AttachmentListed] = Field(default_factory=list)
    timeline: list[TimelineEntry]
    """All of it, the oldest entry first."""


def take_out(case: Case, format: str, by: str, at: datetime) -> None:
    """Somebody reads the whole file: that stands in the audit chain, as every reading of what is personal does, and
    makes nobody's If-Match fail who works the case meanwhile."""
    case.witness(Noted.READ, at, by, what="case-file", purpose=format)
    case.record(CaseFileRead(complaint_id=case.id, format=format, read_by=by, read_at=at), at)


def agreed_offers(timeline: Sequence[Mapping[str, Any]]) -> set[tuple[int, int]]:
    """Round and rank of every offer that the customer ever agreed to, also before the case was taken up again.

    `timeline`: all rows, the oldest first. Each round begins with an entry that tells its offers.
    """
    found, round_ = set(), 0
    for entry in timeline:
        if entry["kind"] == Kind.OFFERED:
            round_ += 1
        elif entry["kind"] == Kind.AGREED:
            rank = (entry["text"] or "").partition(" ")[0]
            if rank.isdigit():  # an erasure leaves nothing of it
                found.add((round_, int(rank)))
    return found


def of_intake(complaint: dict[str, Any], attachments: list[dict[str, Any]]) -> FromIntake:
    """From intake's answers."""
    return FromIntake(
        statement=Statement.model_validate(complaint["statement"]),
        attachments=tuple(AttachmentListed.model_validate(each) for each in attachments),
    )
