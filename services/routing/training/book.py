"""The rulebooks of training: courses and drills. `courses.json` and `drills.json` are their version 0."""

from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.events.insights import TrainingKind
from shared.rulebooks.model import Book, Content
from shared.text import LongText, ShortText

Code = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{1,49}$")]
CertificateCode = Annotated[str, Field(pattern="^[a-z][a-z0-9_-]{1,49}$")]
Percent = Annotated[int, Field(ge=1, le=100)]


class Mode(StrEnum):
    """培训方式."""

    INTERNAL = "internal"
    EXTERNAL = "external"
    ONLINE = "online"


class Assessment(StrEnum):
    """培训后的评估: how it is found out what somebody learned."""

    QUESTIONNAIRE = "questionnaire"
    EXAM = "exam"
    PRACTICE = "practice"


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Course(_Row):
    """Something that can be learned."""

    code: Code
    kind: TrainingKind
    mode: Mode
    name_en: ShortText
    name_zh: ShortText
    assessed: Assessment
    pass_mark: Percent
    """Per cent from which on it is passed."""
    certificate: CertificateCode | None = None
    """What passing it gives."""
    valid_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    """How long the certificate is valid."""
    drill: Code | None = None
    """The drill that is its practice."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.certificate is None) != (self.valid_days is None):
            raise ValueError("a certificate and its `valid_days` belong together; 证书与有效天数须一并填写")
        if self.drill is not None and self.assessed is not Assessment.PRACTICE:
            raise ValueError("a drill is practice: set `assessed` to practice; 演练属于实操，请改 assessed")
        return self


class CourseBook(Content):
    """All courses."""

    courses: Annotated[tuple[Course, ...], Field(min_length=1, max_length=500)]

    @model_validator(mode="after")
    def _once(self) -> Self:
        _refuse_twice([course.code for course in self.courses])
        return self

    def course(self, code: str) -> Course | None:
        return next((course for course in self.courses if course.code == code), None)


class DrillAnswer(_Row):
    """One of the answers that are put before whoever runs the drill."""

    code: Annotated[str, Field(pattern="^[A-Z]$")]
    text_en: LongText
    text_zh: LongText
    why_en: LongText
    """What is good or bad about it."""
    why_zh: LongText


class ChecklistItem(_Row):
    """Something to look for in an answer."""

    code: Code
    text_en: ShortText
    text_zh: ShortText
    points: Annotated[int, Field(ge=1, le=100)]
    """At most."""


class Drill(_Row):
    """A simulated complaint."""

    code: Code
    title_en: ShortText
    title_zh: ShortText
    situation_en: LongText
    situation_zh: LongText
    answers: Annotated[tuple[DrillAnswer, ...], Field(min_length=1, max_length=10)]
    best: Annotated[str, Field(pattern="^[A-Z]$")]
    """The answer to learn from."""
    checklist: Annotated[tuple[ChecklistItem, ...], Field(min_length=1, max_length=50)]
    pass_mark: Percent
    """Per cent of the points from which on it is passed."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        _refuse_twice([answer.code for answer in self.answers])
        _refuse_twice([item.code for item in self.checklist])
        if self.best not in {answer.code for answer in self.answers}:
            raise ValueError(f"there is no answer {self.best}: name one of the answers; best 须为已有的答案")
        return self


class DrillBook(Content):
    """All drills."""

    drills: Annotated[tuple[Drill, ...], Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _once(self) -> Self:
        _refuse_twice([drill.code for drill in self.drills])
        return self

    def drill(self, code: str) -> Drill | None:
        return next((drill for drill in self.drills if drill.code == code), None)


def _refuse_twice(codes: list[str]) -> None:
    for number, code in enumerate(codes):
        if code in codes[:number]:
            raise ValueError(f"{code} is named twice; name it once; {code} 重复，请只保留一项")


COURSES = Book("courses", CourseBook, "courses", "培训课程", ("services.routing.training", "courses.json"))
DRILLS = Book("drills", DrillBook, "drills", "模拟演练", ("services.routing.training", "drills.json"))


class Word(_Row):
    """A code with its names."""

    code: str
    name_en: str
    name_zh: str


class Catalogue(_Row):
    """Kinds of training, modes, and how it is assessed."""

    kinds: tuple[Word, ...]
    modes: tuple[Word, ...]
    assessments: tuple[Word, ...]


@cache
def catalogue() -> Catalogue:
    read = resources.files("services.routing.training").joinpath("kinds.json").read_bytes()
    return Catalogue.model_validate_json(read)
