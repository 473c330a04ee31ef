"""Notices that are read in a briefing, as they are heard. Pure."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.events import NoticeIssued
from shared.events.vocabulary import TransferForm


@dataclass(frozen=True, slots=True)
class HeardClipping:
    """One row of the clippings."""

    id: UUID
    complaint_id: UUID
    audience: str
    department: str | None
    recipients: tuple[str, ...]
    reference: str | None
    what: dict[str, str]
    severity: str
    urgency: str
    issued_at: datetime


def clippings_of(event: NoticeIssued) -> list[HeardClipping]:
    """None of a notice of another form: of that a letter tells, or a task."""
    if event.form is not TransferForm.CLIPPING:
        return []
    words = event.words
    return [
        HeardClipping(
            id=event.notice_id,
            complaint_id=event.complaint_id,
            audience=event.audience.value,
            department=event.department,
            recipients=event.recipients,
            reference=event.reference,
            what={"en": words.en, "zh": words.zh} if words else {"en": event.reason, "zh": event.reason},
            severity=event.severity.value,
            urgency=event.urgency.value,
            issued_at=event.issued_at,
        )
    ]
