"""Shapes of the tasks in the HTTP interface."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.routing.schemas import Body
from services.routing.transfer.schemas import PersonCode
from shared.events.vocabulary import TaskForm, TaskOutcome
from shared.pages import WrittenMoment
from shared.text import LongText

TaskText = Annotated[LongText, Field(max_length=2000)]


class TaskState(StrEnum):
    OPEN = "open"
    OVERDUE = "overdue"
    """Open, and late."""
    DONE = "done"


class NewTask(Body):
    """A call or an interview (电话、访谈)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "form": "phone",
                    "about": "Ask the carrier when the crate was opened.",
                    "assignee": "liu.yang",
                    "due_at": "2026-12-01T09:00:00Z",
                }
            ]
        }
    )

    form: Literal[TaskForm.PHONE, TaskForm.INTERVIEW]
    about: TaskText
    """Who is to be called or spoken with, and what about; masked before it is kept."""
    assignee: PersonCode
    """Who does it: id of a person of the directory."""
    due_at: WrittenMoment


class TaskResult(Body):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "outcome": "reached",
                    "note": "It was opened at customs.",
                    "next_step": "Claim from the carrier.",
                }
            ]
        }
    )

    outcome: TaskOutcome
    note: TaskText | None = None
    """What came out; masked before it is kept."""
    next_step: TaskText | None = None


class TaskShown(BaseModel):
    """Something that one person has to do by a time."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    complaint_id: UUID | None = None
    form: TaskForm
    about: str
    assignee: str
    state: TaskState
    due_at: datetime
    set_by: str
    set_at: datetime
    notice_id: UUID | None = None
    """The notice that asked for it."""
    meeting_id: UUID | None = None
    """The meeting that decided it."""
    outcome: TaskOutcome | None = None
    note: str | None = None
    next_step: str | None = None
    done_by: str | None = None
    done_at: datetime | None = None
    chases: int
    """How often somebody was told that it is late."""
