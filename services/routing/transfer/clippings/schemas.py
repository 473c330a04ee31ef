"""Shapes of the clippings in the HTTP interface."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.events.vocabulary import Audience, Language, NoticeUrgency, Severity, TransferForm


class Period(StrEnum):
    DAY = "day"
    WEEK = "week"
    """Monday to Sunday."""


class Count(BaseModel):
    code: str
    """Of a category or a severity; `undecided` when nobody has decided yet."""
    name: str
    number: int


class Item(BaseModel):
    """One thing that the audience was told."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    notice_id: UUID
    complaint_id: UUID
    reference: str | None = None
    what: str
    """The reason, in words."""
    category: str
    severity: Severity
    urgency: NoticeUrgency
    form: TransferForm
    text: str | None = None
    """What an internal mail says, masked; of a mail to one person to them, its writer and `notices:read`."""
    issued_at: datetime
    acknowledge_by: datetime
    acknowledged: bool


class OverdueTask(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    task_id: UUID
    reference: str | None = None
    about: str | None = None
    """What is to be done, masked. Shown to whoever has to do it, and with `notices:read` or `transfer:write`."""
    assignee: str
    due_at: datetime


class Clipping(BaseModel):
    """What an audience was told in a period."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    audience: Audience
    title: str
    language: Language
    period: Period
    first_day: date
    last_day: date
    notices: int
    complaints: int
    by_severity: list[Count]
    by_category: list[Count]
    important: list[Item]
    """At most 20: major and immediate ones, the newest first."""
    unacknowledged: list[Item]
    """At most 50, the oldest first."""
    others: list[Item]
    """At most 50: what is in neither list, the newest first."""
    overdue_tasks: list[OverdueTask]
    """At most 20, about the complaints of which the audience was told; for the person concerned: their own."""
