"""Shapes of the notices in the HTTP interface."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.routing.schemas import Body
from services.routing.transfer.distribution import DISTRIBUTION, DistributionTable, Minutes
from services.routing.transfer.lapses import LapseKind
from shared.events.vocabulary import Audience, NoticeUrgency, Severity, TransferForm
from shared.pages import WrittenMoment
from shared.text import LongText

PersonCode = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9._-]{0,63}$")]


class WordsShown(BaseModel):
    en: str
    zh: str


class NoticeShown(BaseModel):
    """A duty to know."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    complaint_id: UUID
    audience: Audience
    reason: str
    words: WordsShown | None = None
    """The reason, for people."""
    fact_type: str
    fact_id: UUID
    severity: Severity
    form: TransferForm
    urgency: NoticeUrgency
    department: str | None = None
    recipients: list[str]
    """Ids of the people who are meant; nobody: the whole audience."""
    written_by: str | None = None
    text: str | None = None
    """What an internal mail says, masked; of a mail to one person to them, its writer and `notices:read`."""
    issued_at: datetime
    acknowledge_by: datetime
    acknowledged_by: str | None = None
    acknowledged_person: str | None = None
    """Their id in the directory."""
    acknowledged_at: datetime | None = None
    climbed_from: UUID | None = None
    climbed_to: Audience | None = None
    """Who knows instead, because it was not acknowledged in time."""
    overdue_at: datetime | None = None
    reminders: int
    """How often the top layer was told again."""
    due_at: datetime | None = None
    """When it climbs, or is told again."""


class NewMail(Body):
    """To an audience, or to one person."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"audience": "technical-support", "text": "The customer sends the drive back on Friday."}
            ]
        }
    )

    audience: Audience = Audience.RESPONSIBLE_DEPARTMENT
    """Whose notices it is among."""
    person: PersonCode | None = None
    """Id of the one person who is meant; left out: those of the audience."""
    text: LongText
    """Masked before it is kept."""
    acknowledge_minutes: Minutes | None = None
    """Left out: the table's time for the complaint's severity."""


class MailSent(BaseModel):
    notice_id: UUID


class NoticeMeasures(BaseModel):
    """How timely an audience was."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    audience: Audience
    issued: int
    acknowledged: int
    in_time: int
    climbed: int
    open: int
    """Neither acknowledged nor climbed."""
    acknowledgement_rate: float | None = None
    """Acknowledged / issued."""
    minutes_p50: float | None = None
    """Half of the acknowledgements came within so many minutes."""
    minutes_p90: float | None = None


class LapseShown(BaseModel):
    """Something that was late, and who was responsible (追责)."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    kind: LapseKind
    complaint_id: UUID | None = None
    subject_id: UUID
    """The notice, task or promise."""
    reason: str
    people: list[str]
    """Who was responsible; nobody: no person was named, the audience or department was."""
    supervisors: list[str]
    due_at: datetime
    found_at: datetime


class DistributionTrial(Body):
    """A table that is not in force, and a past period to try it on."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "content": DISTRIBUTION.shipped.model_dump(mode="json", exclude_defaults=True),
                    "since": "2026-11-01T00:00:00Z",
                    "until": "2026-12-01T00:00:00Z",
                }
            ]
        }
    )

    content: DistributionTable
    since: WrittenMoment
    until: WrittenMoment

    @model_validator(mode="after")
    def _must_be_a_period(self) -> "DistributionTrial":
        if not self.since < self.until:
            raise ValueError("since must be before until. since 必须早于 until")
        return self


class Differing(BaseModel):
    complaint_id: UUID
    reference: str | None = None
    fact_type: str
    fact_id: UUID
    audience: Audience
    reason: str


class TrialResult(BaseModel):
    """What the table would have done, compared with the one in force."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    facts: int
    """So many were looked at: the newest of the period."""
    all_of_period: bool
    """False: there were more; narrow the period to see them."""
    more: dict[Audience, int]
    """Notices by audience that only the tried table issues."""
    fewer: dict[Audience, int]
    """Notices that only the table in force issues."""
    changed: dict[Audience, int]
    """Notices that both issue, with another form, urgency, time or reason."""
    examples_more: list[Differing]
    """At most 50."""
    examples_fewer: list[Differing]


class Participation(BaseModel):
    """Who took part in a complaint's handling: no case is one department's alone."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    department: str | None = None
    """The responsible one."""
    informed: list[str]
    """Departments whose people were told."""
    took_part: list[str]
    """Departments whose people acknowledged, or did a task; the responsible one is among them."""
    alone: bool
    """Nobody of another department has acknowledged or done anything yet."""
