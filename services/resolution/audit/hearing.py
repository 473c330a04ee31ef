"""Events of the other services that change nothing of a case, but stand in its chain: a table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.resolution.audit.witnessed import Noted, Witnessed
from services.resolution.timeline import CUSTOMER, SYSTEM
from shared.envelope import Received
from shared.events import (
    NOTICES,
    AttachmentAdded,
    AttachmentScanned,
    Event,
    MessageDelivered,
    MessageRead,
    NoticeAcknowledged,
    NoticeOverdue,
    PersonalDataRead,
    ResultJudged,
    SurveyAnswered,
    SurveyClosed,
    SurveySent,
    TaskOverdue,
)
from shared.reactions import Reactions

COMPANY = "company"
"""Somebody of the company, when the event does not say who."""


@dataclass(frozen=True)
class Heard:
    """Which fact is noted, and what of it."""

    event: type[Event]
    noted: Noted
    at: str
    """Field with the time."""
    says: tuple[str, ...]
    """Fields that are noted: ids and codes, and what stays for ever although it was masked text."""
    actor: Callable[[Any], str] = lambda event: SYSTEM

    def react(self, case: Witnessed, event: Event, fact: Received) -> None:
        said = {name: str(value) for name in self.says if (value := getattr(event, name)) is not None}
        case.witness(self.noted, getattr(event, self.at), self.actor(event), **said)


HEARD: tuple[Heard, ...] = (
    Heard(PersonalDataRead, Noted.READ, "read_at", ("what", "purpose"), lambda event: event.read_by),
    Heard(
        AttachmentAdded,
        Noted.ATTACHMENT_ADDED,
        "added_at",
        ("attachment_id", "media_type", "size", "scan"),
        lambda event: CUSTOMER if event.from_customer else COMPANY,
    ),
    Heard(AttachmentScanned, Noted.ATTACHMENT_SCANNED, "scanned_at", ("attachment_id", "scan")),
    Heard(MessageDelivered, Noted.MESSAGE_DELIVERED, "delivered_at", ("delivery_id", "template", "channel")),
    Heard(MessageRead, Noted.MESSAGE_READ, "read_at", ("delivery_id", "template"), lambda event: CUSTOMER),
    Heard(SurveySent, Noted.SURVEY_SENT, "sent_at", ("survey_id", "questionnaire", "questionnaire_version")),
    Heard(
        SurveyAnswered,
        Noted.SURVEY_ANSWERED,
        "answered_at",
        ("survey_id", "questionnaire", "by", "complete"),
        lambda event: CUSTOMER,
    ),
    Heard(SurveyClosed, Noted.SURVEY_CLOSED, "closed_at", ("survey_id", "questionnaire", "because")),
    Heard(
        ResultJudged,
        Noted.RESULT_JUDGED,
        "judged_at",
        ("survey_id", "outcome", "trust_restored"),
        lambda event: CUSTOMER,
    ),
    *(
        Heard(notice, Noted.NOTICE_ISSUED, "issued_at", ("notice_id", "reason", "fact_id"))
        for notice in NOTICES.values()
    ),
    Heard(
        NoticeAcknowledged,
        Noted.NOTICE_ACKNOWLEDGED,
        "acknowledged_at",
        ("notice_id", "audience"),
        lambda event: event.acknowledged_by,
    ),
    Heard(NoticeOverdue, Noted.NOTICE_OVERDUE, "overdue_at", ("notice_id", "audience", "climbed_to")),
    Heard(TaskOverdue, Noted.TASK_OVERDUE, "overdue_at", ("task_id", "assignee", "number")),
)


def hear(reactions: Reactions[Any]) -> None:
    """Let the case note these facts."""
    for each in HEARD:
        reactions.on(each.event)(each.react)
