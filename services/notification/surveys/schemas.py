"""What comes in and goes out over HTTP about surveys."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from services.notification.surveys.model import Survey, SurveyState
from services.notification.surveys.questions import Name, Question, SurveyText
from shared.events.surveys import AnsweredBy, SurveyAbout, SurveyEnd, SurveyMeasure, Value
from shared.text import LongText

AnswerGiven = bool | int | LongText | Annotated[list[Name], Field(max_length=20)] | None
AnswersGiven = Annotated[dict[Name, AnswerGiven], Field(min_length=1, max_length=30)]
WORDS: TypeAdapter[str] = TypeAdapter(LongText)


class SurveyAnswers(BaseModel):
    """Answers, all at once or some now and some later; what was answered stays."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={
            "examples": [
                {"answers": {"outcome": "satisfied", "trust": True, "delivered": "all", "manner": 5}}
            ]
        },
    )

    answers: AnswersGiven
    """By question: an option's value, several in a list, a number of the scale, true or false, words; null passes a
    question over. In the order in which they are asked, without a gap."""


class SurveyReply(BaseModel):
    """A text message that a customer sent back, as the provider hands it in."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={"examples": [{"phone": "+86 138 0013 8000", "text": "1"}]},
    )

    phone: Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 ()./-]{4,30}$")]
    """From which number. It is looked up and not kept."""
    text: LongText
    """A number answers the question that is asked now: of a choice the first, second ... option, of a scale the
    number itself, 1 for yes and 2 for no."""


class ReplyTaken(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    taken: bool
    """False: it is no number that answers a question of an open survey. Show the message to a person."""
    survey_id: UUID | None = None
    question: str | None = None


class SurveyView(BaseModel):
    """One survey, and how it stands."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    complaint_id: UUID
    questionnaire: str
    about: SurveyAbout
    state: SurveyState
    planned_at: datetime
    opened_at: datetime | None = None
    """When it was sent."""
    reminded_at: datetime | None = None
    answered_at: datetime | None = None
    """When the last answer came."""
    ended_at: datetime | None = None
    ended: SurveyEnd | None = None
    """Why it is over without being complete."""
    answered: int
    """How many questions are answered or passed over."""


class AnswerView(BaseModel):
    """An answer that was given."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    question: str
    value: Value = None
    """Absent: passed over, or in free words, which are read elsewhere."""
    in_words: bool = False
    by: AnsweredBy
    at: datetime


class SurveyOpened(BaseModel):
    """A survey for whoever answers it: the questions, what was answered, what comes next."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    state: SurveyState
    about: SurveyAbout
    title: SurveyText
    intro: SurveyText
    thanks: SurveyText
    """To be shown when nothing more is asked."""
    closes_at: datetime | None = None
    questions: tuple[Question, ...]
    answers: list[AnswerView]
    next: str | None = None
    """Id of the question that is asked now; absent when nothing more is."""

    @classmethod
    def of(cls, survey: Survey) -> Self:
        asked = survey.asked_now if survey.state is SurveyState.OPEN else None
        questionnaire = survey.questionnaire
        return cls(
            id=survey.id,
            state=survey.state,
            about=questionnaire.about,
            title=questionnaire.title,
            intro=questionnaire.intro,
            thanks=questionnaire.thanks,
            closes_at=survey.closes_at,
            questions=questionnaire.questions,
            answers=[
                AnswerView(
                    question=id,
                    value=None if in_words else given.value,
                    in_words=in_words,
                    by=given.by,
                    at=given.at,
                )
                for id, given in survey.answers.items()
                if (question := questionnaire.question(id))
                for in_words in [question.in_words and given.value is not None]
            ],
            next=asked.id if asked else None,
        )


class SurveySuggestion(BaseModel):
    """What a customer wrote in free words. Personal data."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    survey_id: UUID
    complaint_id: UUID
    questionnaire: str
    question: str
    words: str
    by: AnsweredBy
    at: datetime


class SurveyFigure(BaseModel):
    """A share or a score with its 95 % interval."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    value: float
    low: float
    high: float
    n: int
    """Of how many."""


class QuestionResult(BaseModel):
    """How one question was answered."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    question: str
    measure: SurveyMeasure | None = None
    text: SurveyText | None = None
    """As it is asked now; absent when it is asked no more."""
    answered: int
    passed_over: int
    in_words: int
    counts: dict[str, int]
    """By answer: an option, a number, `true` or `false`."""
    mean: float | None = None
    """Of a scale."""
    figure: SurveyFigure | None = None
    """Of a scale to 5 the share of 4 and 5; of one to 10 the net promoter score, -1 to 1; of yes or no the share of
    yes; of the outcome the share that is satisfied or accepts it."""


class SurveyResults(BaseModel):
    """What came of the surveys of one questionnaire that were sent in a time."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    questionnaire: str
    sent: int
    complete: int
    partly: int
    """Begun and not complete."""
    response_rate: SurveyFigure | None = None
    """Of those that were sent, the share with an answer at least. Absent when none was sent."""
    by: dict[AnsweredBy, int]
    """Surveys by the way of their answers; one that came by two ways counts with each."""
    questions: list[QuestionResult]
