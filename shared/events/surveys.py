"""Facts about surveys: asked, answered, closed; and what a customer said there of the result."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.events.registry import Event, registry
from shared.events.vocabulary import TOPICS, Outcome

Value = bool | int | str | list[str] | None
"""An answer: yes or no, a number of a scale, one option, several, words; None: passed over."""


class SurveyMeasure(StrEnum):
    """What the answers to a question are measured as."""

    OUTCOME = "outcome"
    """Satisfied, acceptable or not: the opinion on the result."""
    SATISFACTION = "satisfaction"
    """CSAT: 1 to 5."""
    EFFORT = "effort"
    """CES: how much they agree that it was easy, 1 to 5."""
    RECOMMENDATION = "recommendation"
    """NPS: 0 to 10."""
    TRUST_RESTORED = "trust-restored"
    REPURCHASE = "repurchase"


class SurveyAbout(StrEnum):
    CASE = "case"
    PROCESS = "process"


class AnsweredBy(StrEnum):
    """By which way an answer came."""

    LINK = "link"
    PHONE = "phone"
    REPLY = "reply"
    """A number sent back by text message."""


class SurveyEnd(StrEnum):
    """Why a survey is over that was not answered to its end."""

    TIME = "time"
    SUPERSEDED = "superseded"
    """Work on the case went on: the result that it asked about is no more."""
    WITHDRAWN = "withdrawn"
    RESTING = "resting"
    """The customer was invited elsewhere not long ago: this one was never sent."""
    ERASED = "erased"


class SurveyAnswer(BaseModel):
    """The answer to one question. What was said in free words is not in it: the survey keeps that."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    question: str
    measure: SurveyMeasure | None = None
    value: bool | int | str | tuple[str, ...] | None = None
    """Absent: passed over, or free words."""
    in_words: bool = False
    """It was answered in free words."""


@registry.event("redress.survey.sent", topic=TOPICS.notification)
class SurveySent(Event):
    """A customer was invited to answer a questionnaire.

    已向客户发出问卷。
    """

    survey_id: UUID
    questionnaire: str
    questionnaire_version: int
    """Version of the rulebook `surveys` that holds it."""
    about: SurveyAbout
    sent_at: datetime


@registry.event("redress.survey.answered", topic=TOPICS.notification)
class SurveyAnswered(Event):
    """What a customer answered: once per survey, when it is complete or over.

    客户已回答问卷。
    """

    survey_id: UUID
    questionnaire: str
    questionnaire_version: int
    about: SurveyAbout
    by: AnsweredBy
    """The way of the last answer."""
    answers: tuple[SurveyAnswer, ...]
    complete: bool
    """False: they broke off, and its time is over."""
    answered_at: datetime
    """When the last answer came."""


@registry.event("redress.survey.closed", topic=TOPICS.notification)
class SurveyClosed(Event):
    """A survey ended without being answered to its end.

    问卷未答完即已关闭。
    """

    survey_id: UUID
    questionnaire: str
    about: SurveyAbout
    because: SurveyEnd
    closed_at: datetime


@registry.event("redress.result.judged", topic=TOPICS.notification)
class ResultJudged(Event):
    """In a survey a customer said what the result is worth to them. Intake takes it as their opinion.

    客户在问卷中评价了处理结果。
    """

    survey_id: UUID
    follow_up_id: UUID
    """The first request for an opinion on this result: by it the result is known."""
    outcome: Outcome
    trust_restored: bool | None = None
    """Whether they trust the company again, when they said so at once; else the survey tells it later."""
    judged_at: datetime
