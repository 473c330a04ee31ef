"""Shapes of fairness in the HTTP interface."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from services.resolution.fairness.book import SanctionCode
from services.resolution.fairness.model import Stage
from services.resolution.fairness.record import Hearing, MarkState, SanctionState
from services.resolution.lifecycle import State
from services.resolution.timeline import Kind
from services.resolution.views import Bilingual, View
from shared.events.fairness import Clearing, Decision, MarkEnd
from shared.events.vocabulary import Severity
from shared.text import LongText

PERSON = "^[a-z0-9][a-z0-9._-]{0,63}$"
PersonPath = Annotated[str, Path(pattern=PERSON, description="Id of a person of the directory.")]
PersonId = Annotated[str, Field(pattern=PERSON)]


def _example(**fields: Any) -> ConfigDict:
    return ConfigDict(extra="forbid", use_attribute_docstrings=True, json_schema_extra={"examples": [fields]})


# What callers send


class OwnSide(BaseModel):
    model_config = _example(answer="The guest had waited for an hour when I came; I said that I was sorry.")

    answer: LongText
    """How it was, as the person complained about tells it."""


class Unheard(BaseModel):
    model_config = _example(
        reason="She is on leave for three weeks, and the film of the counter shows it all."
    )

    reason: LongText
    """Why the answer is not waited for."""


class Why(StrEnum):
    """Why it is not held against a person; the other reasons come by themselves."""

    NAMED_WRONGLY = "named_wrongly"
    NOT_AT_FAULT = "not_at_fault"


class NotHeld(BaseModel):
    model_config = _example(because="named_wrongly", reason="She was not at the counter on that day.")

    because: Why
    reason: LongText


class NewAppeal(BaseModel):
    model_config = _example(grounds="I was never asked, and the film shows somebody else.")

    grounds: LongText
    """Why the mark is wrong."""
    new_evidence: LongText | None = None
    """What was not known when an earlier appeal was decided; a second appeal needs it."""


class Question(BaseModel):
    model_config = _example(question="Who else was at the counter?")

    question: LongText


class FurtherWord(BaseModel):
    model_config = _example(answer="Nobody; the shift plan shows it.")

    answer: LongText


class NewDecision(BaseModel):
    model_config = _example(
        decision="upheld", reasons="The film shows that somebody else was at the counter."
    )

    decision: Decision
    """`partly`: the mark stays, and all sanctions for it go."""
    reasons: LongText
    """The person who appealed reads them: name no customer."""


class NewReviewer(BaseModel):
    model_config = _example(person_id="chen.jing")

    person_id: PersonId
    """Somebody who is bound to nobody whom the appeal is about."""


class NewSanction(BaseModel):
    model_config = _example(kind="talk", reason="It is the second complaint about rudeness in a month.")

    kind: SanctionCode
    """One of the rulebook `fairness`."""
    reason: LongText
    """The person reads it: name no customer."""


# What callers see


class MarkShown(View):
    id: UUID
    state: MarkState
    """It counts only while it is `standing`."""
    made_at: datetime
    appeal_until: datetime
    """After a first appeal was decided: for a further one, with new evidence."""
    appeals: int
    removed_because: MarkEnd | None = None


class SanctionShown(View):
    id: UUID
    kind: str
    reason: str
    state: SanctionState
    """It holds only while it is `in_force`."""
    proposed_at: datetime
    not_before: datetime
    took_effect_at: datetime | None = None
    lifted_at: datetime | None = None


class AboutMe(View):
    """A complaint about the person who calls. Nothing in it identifies the customer."""

    complaint_id: UUID
    category: str | None = None
    severity: Severity | None = None
    state: State
    registered_at: datetime
    named_at: datetime
    """When it became known that it is about this person."""
    answer_by: datetime
    """Until then it is not judged without a reason."""
    hearing: Hearing
    cleared_because: Clearing | None = None
    """It is not held against this person."""
    mark: MarkState | None = None
    """Of the newest mark."""


class StatementShown(View):
    """What the customer said, masked."""

    what_went_wrong: str
    feeling: str | None = None
    wanted: str | None = None


class Happened(View):
    """One thing that happened, without anybody's words."""

    at: datetime
    kind: Kind
    title: Bilingual


class AboutMeDetails(AboutMe):
    statement: StatementShown | None = None
    """Absent when the person was named wrongly: then it does not concern them."""
    answer: str | None = None
    """What the person said last, masked."""
    answered_at: datetime | None = None
    valid: bool | None = None
    """Was the complaint judged valid? Absent before."""
    mark_details: MarkShown | None = None
    sanctions: list[SanctionShown]
    appeal_id: UUID | None = None
    """The appeal that runs."""
    story: list[Happened]
    """How the case goes on, and what of it concerned this person; the oldest first."""


class SaidShown(View):
    number: int
    by_reviewer: bool
    """A question; else a word of whoever appealed."""
    person_id: str
    text: str
    at: datetime


class AppealShown(View):
    """An appeal in a list."""

    id: UUID
    version: int
    """Also the ETag."""
    complaint_id: UUID
    person_id: str
    mark_id: UUID
    stage: Stage
    filed_at: datetime
    decide_by: datetime
    reviewer_id: str | None = None
    decision: Decision | None = None
    ended_at: datetime | None = None


class AppealDetails(AppealShown):
    """An appeal with all that was said in it."""

    grounds: str
    new_evidence: str | None = None
    reminders: int
    """How often it was told that it is overdue."""
    reasons: str | None = None
    hearing: list[SaidShown]


class HeldMark(MarkShown):
    """A mark with what followed from it."""

    complaint_id: UUID
    person_id: str
    sanctions: list[SanctionShown]
