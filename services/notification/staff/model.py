"""What people of the company are told of one complaint. Pure.

A notice names the people whom it means; each gets one line in the inbox and one letter. A notice that asks for a
call sends no letter, because the task does; one that is a clipping is read in the clipping.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared.events import NoticeIssued, NoticeOverdue, TaskSet
from shared.events.vocabulary import TransferForm
from shared.ids import derived_id

SILENT = frozenset({TransferForm.PHONE, TransferForm.INTERVIEW, TransferForm.CLIPPING})
"""Forms of which no letter tells."""


class LineKind(StrEnum):
    NOTICE = "notice"
    REMINDER = "reminder"
    TASK = "task"


@dataclass(frozen=True, slots=True)
class Line:
    """One line in somebody's inbox."""

    id: UUID
    person: str
    complaint_id: UUID
    kind: LineKind
    subject_id: UUID
    """The notice or the task."""
    reference: str | None
    what: dict[str, str]
    """In both languages."""
    urgency: str
    told_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Settled:
    """A notice was acknowledged, or a task done: nobody need look at it any more."""

    subject_id: UUID
    at: datetime


def of_notice(event: NoticeIssued) -> list[Line]:
    what = _said(event)
    return [
        Line(
            derived_id("line", event.notice_id, person),
            person,
            event.complaint_id,
            LineKind.NOTICE,
            event.notice_id,
            event.reference,
            what,
            event.urgency.value,
            event.issued_at,
            event.acknowledge_by,
        )
        for person in event.recipients
    ]


def _said(event: NoticeIssued | NoticeOverdue) -> dict[str, str]:
    words = event.words
    return {"en": words.en, "zh": words.zh} if words else {"en": event.reason, "zh": event.reason}


def of_reminder(event: NoticeOverdue) -> list[Line]:
    """The top layer is told again; of what climbed, the notice above tells."""
    if not event.reminder:
        return []
    said = _said(event)
    what = {
        "en": f"Overdue, reminder {event.reminder}: {said['en']}",
        "zh": f"逾期未确认，第{event.reminder}次提醒：{said['zh']}",
    }
    return [
        Line(
            derived_id("line", event.notice_id, person, event.reminder),
            person,
            event.complaint_id,
            LineKind.REMINDER,
            event.notice_id,
            event.reference,
            what,
            "immediate",
            event.overdue_at,
            event.acknowledge_by,
        )
        for person in event.recipients
    ]


def of_task(event: TaskSet) -> Line:
    return Line(
        derived_id("line", event.task_id, event.assignee),
        event.assignee,
        event.complaint_id,
        LineKind.TASK,
        event.task_id,
        event.reference,
        {"en": event.about, "zh": event.about},
        "high",
        event.set_at,
        event.due_at,
    )


def facts_of(line: Line) -> dict[str, Any]:
    """What a letter about it says, as JSON."""
    return {
        "what": line.what,
        "subject_id": str(line.subject_id),
        "staff_reference": line.reference,
        "urgency": line.urgency,
        "due_at": line.due_at.isoformat(),
    }
