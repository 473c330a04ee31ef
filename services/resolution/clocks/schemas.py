"""Bodies of the actions about time, and the shapes of the accountability record."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.events.clocks import Accountable, Clock
from shared.pages import WrittenMoment
from shared.reply_policy.answering import WordsToCustomer
from shared.text import LongText, ShortText


def _example(**fields: Any) -> ConfigDict:
    return ConfigDict(extra="forbid", use_attribute_docstrings=True, json_schema_extra={"examples": [fields]})


class QuestionToCustomer(WordsToCustomer):
    model_config = _example(question="Please send us a photo of the type plate.")

    question: LongText
    """What is needed from the customer."""
    promise_by: WrittenMoment | None = None
    """By when the customer hears again, as with a reply."""
    approval_id: UUID | None = None
    """The permit `promise_later`, when one is needed."""


class QuestionToColleague(BaseModel):
    model_config = _example(whom="wang.lei", question="Does batch 2026-41 have the new bearing?")

    whom: ShortText
    """A person or a department."""
    question: LongText


class AnswerRecorded(BaseModel):
    model_config = _example(answer="On the telephone: the plate says M7-400.")

    answer: LongText
    """What they said, or where it is."""


class ExtensionAsked(WordsToCustomer):
    model_config = _example(hours=40, reason="The expert's report takes until the end of the month.")

    hours: Annotated[float, Field(gt=0, le=2000, allow_inf_nan=False)]
    """Working hours that are added; the rulebook of clocks says how many at most."""
    reason: LongText
    """As the customer is told it."""
    promise_by: WrittenMoment | None = None
    """By when the customer hears again, as with a reply."""
    approval_id: UUID | None = None
    """The permit `promise_later`, when one is needed."""


class PublicResponse(WordsToCustomer):
    model_config = _example(
        where="https://forum.example.com/t/1042",
        response="We are sorry. The motor was exchanged, and we now check every bearing of the batch.",
    )

    where: ShortText
    """Where everybody can read it."""
    response: LongText
    """What was said there."""


class LapseView(BaseModel):
    """A time that was missed, and who answers for it."""

    model_config = ConfigDict(use_attribute_docstrings=True, frozen=True)

    id: UUID
    complaint_id: UUID
    reference: str
    clock: Clock
    started_at: datetime
    due_at: datetime
    """When it was missed."""
    met_at: datetime | None
    """When it was met after all, or no longer mattered."""
    accountable: Accountable
    handler_id: str | None
    """Whose case it was then."""
    department: str | None
    policy_version: int
    """Of the rulebook `clocks` by which the time was counted."""


class By(StrEnum):
    """What the promises are counted by."""

    PERSON = "person"
    DEPARTMENT = "department"


class KeptRate(BaseModel):
    """How many of the promises that were settled in the period were kept."""

    model_config = ConfigDict(use_attribute_docstrings=True, frozen=True)

    who: str | None
    """Id of the person, or code of the department; absent: nobody had the case."""
    kept: int
    broken: int
    """Without those for which the customer was waited for."""
    excused: int
    """Passed while the customer was waited for."""
    rate: float | None
    """Kept of kept and broken, 0 to 1; absent when there were none."""
