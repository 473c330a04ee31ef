"""Shapes of training in the HTTP interface."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.routing.directory.schemas import PersonId
from services.routing.schemas import Body
from services.routing.training.book import Assessment, Code
from shared.events.insights import TrainingKind
from shared.pages import WrittenMoment
from shared.text import LongText, ShortText

People = Annotated[tuple[PersonId, ...], Field(max_length=500)]


class NewSession(Body):
    """A course is held."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "course": "policy_and_process",
                    "starts_at": "2026-03-02T09:00:00+08:00",
                    "ends_at": "2026-03-02T12:00:00+08:00",
                    "trainer": "赵琳 Zhao Lin",
                    "participants": ["li.na"],
                }
            ]
        }
    )

    course: Code
    """Code in the rulebook `courses`."""
    starts_at: WrittenMoment
    ends_at: WrittenMoment
    trainer: ShortText
    participants: People = ()

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.starts_at >= self.ends_at:
            raise ValueError("a session ends after it starts; 培训的结束须晚于开始")
        return self


class NewParticipants(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"people": ["li.na"]}]})

    people: Annotated[tuple[PersonId, ...], Field(min_length=1, max_length=500)]


class NewResult(Body):
    """What became of a participant."""

    person: PersonId
    score: Annotated[Decimal, Field(ge=0, le=100, max_digits=5, decimal_places=2)]
    """Per cent. The course's pass mark decides whether it is passed."""
    feedback: LongText | None = None
    """To the participant."""


class NewResults(Body):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"results": [{"person": "li.na", "score": "92", "feedback": "流程掌握扎实。"}]}]
        }
    )

    results: Annotated[tuple[NewResult, ...], Field(min_length=1, max_length=500)]


class SessionShown(BaseModel):
    """A session with whoever takes part."""

    id: UUID
    course: str
    book_version: int
    starts_at: datetime
    ends_at: datetime
    trainer: str
    participants: list[str]


class ResultShown(BaseModel):
    """A result, and what it gave."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    person: str
    course: str
    kind: TrainingKind
    assessed_how: Assessment
    session: UUID | None = None
    drill_run: UUID | None = None
    score: Decimal
    passed: bool
    feedback: str | None = None
    """Shown to the person and to `training:write`."""
    certificate: str | None = None
    expires_at: datetime | None = None
    assessed_by: str
    assessed_at: datetime


class ResultsKept(BaseModel):
    results: list[ResultShown]


class NewDrillRun(Body):
    """How somebody handled a simulated complaint."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "person": "li.na",
                    "answer": "很抱歉给您造成困扰……",
                    "grades": {
                        "apologised": 20,
                        "sympathised": 15,
                        "asked_wish": 20,
                        "offered_best": 10,
                        "offered_next": 5,
                        "promised_only_possible": 10,
                        "improves": 10,
                    },
                }
            ]
        }
    )

    person: PersonId
    """Who ran it."""
    answer: LongText | None = None
    """What they said."""
    grades: Annotated[dict[Code, Annotated[int, Field(ge=0, le=100)]], Field(max_length=50)]
    """Points by item of the checklist."""
    feedback: LongText | None = None
    """To whoever ran it."""


class DrillRunShown(BaseModel):
    """A drill that was run."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    drill: str
    book_version: int
    person: str
    answer: str | None = None
    """Shown to the person and to `training:write`, as the feedback is."""
    grades: dict[str, int]
    points: int
    most: int
    passed: bool
    feedback: str | None = None
    graded_by: str
    graded_at: datetime


class CertificateHeld(BaseModel):
    """Who holds which certificate."""

    person: str
    code: str
    issued_at: datetime
    expires_at: datetime
    valid: bool


class NeedShown(BaseModel):
    """Training that complaints call for."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    complaint_id: UUID
    """The one that tipped it."""
    person: str | None = None
    department: str | None = None
    about: str
    """Category or cause."""
    kind: TrainingKind
    complaints: int
    """How many speak for it."""
    evidence: list[UUID]
    """Some of them."""
    found_at: datetime
    session: UUID | None = None
    """The session that is to meet it."""
    settled_at: datetime | None = None
    settled_by: str | None = None
    settled_how: Literal["met", "by_hand"] | None = None
    note: str | None = None


class AssignNeed(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"session": "019caaf0-1b40-7000-8000-000000000070"}]}
    )

    session: UUID
    """The session that is to meet it. Whose need it is takes part in it."""


class SettleNeed(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "已由师傅现场辅导。"}]})

    note: ShortText
    """Why no training is needed any more."""
