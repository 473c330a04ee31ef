"""Shapes of the meetings in the HTTP interface."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.routing.schemas import Body
from services.routing.transfer.meetings.agenda import Criterion
from services.routing.transfer.schemas import PersonCode
from services.routing.transfer.tasks.schemas import TaskShown, TaskText
from shared.events.vocabulary import Severity
from shared.pages import WrittenMoment
from shared.text import LongText, ShortText


class NewMeeting(Body):
    """A meeting, or the first of a weekly series (例会)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "Complaint review 客诉例会",
                    "at": "2026-12-07T01:30:00Z",
                    "weekly": True,
                    "attendees": ["li.na", "wang.lei", "chen.jing"],
                }
            ]
        }
    )

    title: ShortText
    at: WrittenMoment
    weekly: bool = False
    """When its minutes are written, the next one is called a week later."""
    attendees: Annotated[tuple[PersonCode, ...], Field(min_length=1, max_length=100)]


class NewAgendaItem(Body):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"complaint_id": "01900000-0000-7000-8000-000000000001", "why": "Same batch again."}]
        }
    )

    complaint_id: UUID
    why: Annotated[LongText, Field(max_length=500)]
    """Masked before it is kept."""


class NewActionItem(Body):
    """What somebody is to do until a day."""

    about: TaskText
    assignee: PersonCode
    due_at: WrittenMoment
    complaint_id: UUID | None = None
    """The case that it is about, if it is about one."""


class NewMinutes(Body):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "text": "Three cases of batch 2026-41 were looked at.",
                    "decisions": ["Batch 2026-41 is held back."],
                    "action_items": [
                        {
                            "about": "Inspect the stock.",
                            "assignee": "chen.jing",
                            "due_at": "2026-12-10T09:00:00Z",
                        }
                    ],
                }
            ]
        }
    )

    text: LongText
    """Masked before it is kept."""
    decisions: Annotated[tuple[Annotated[LongText, Field(max_length=1000)], ...], Field(max_length=50)] = ()
    action_items: Annotated[tuple[NewActionItem, ...], Field(max_length=50)] = ()


class AgendaEntry(BaseModel):
    """A case to be spoken about."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    complaint_id: UUID
    reference: str | None = None
    category: str | None = None
    severity: Severity
    department: str | None = None
    why: list[Criterion]
    said: str | None = None
    """Why somebody put it there."""


class MeetingSummary(BaseModel):
    """A meeting: to come, or held."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    series_id: UUID
    number: int
    """Counts the meetings of the series, from 1."""
    title: str
    at: datetime
    weekly: bool
    attendees: list[str]
    minuted_at: datetime | None = None
    """When the minutes were written: it was held."""


class MeetingShown(MeetingSummary):
    agenda: list[AgendaEntry]
    """Built anew at each reading, until the minutes are written."""
    open_action_items: list[TaskShown]
    """Of all meetings of the series, until they are done."""
    minutes: str | None = None
    decisions: list[str] = []
    next_id: UUID | None = None
    """The next meeting of the series."""
