"""The rulebook of outside bodies: who settles disputes, where they sit, how many days they give.

`bodies.json` is version 0. Its days are starting values of the house: each company sets what its bodies say.
"""

from datetime import timedelta
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.resolution.lifecycle import Words
from shared.rulebooks.model import Book, Content
from shared.text import ShortText

Code = Annotated[str, Field(pattern="^[a-z][a-z0-9-]{0,49}$")]
Days = Annotated[int, Field(ge=1, le=3650)]


class OutsideBody(BaseModel):
    """Somebody outside the company who settles disputes."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    code: Code
    name_en: ShortText
    name_zh: ShortText
    address: ShortText
    """Where the file is sent: a place, or an address in the net."""
    answer_days: Days
    """Calendar days from the hand-over in which the company answers."""
    decision_days: Days
    """Calendar days from the hand-over in which the body decides."""
    warn_days: Annotated[int, Field(ge=0, le=365)] = 3
    """So many days before its answer is due the company is warned."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.decision_days < self.answer_days:
            raise ValueError(
                "decision_days: a body decides after the answer, give at least answer_days; 裁决期限不得短于答复期限"
            )
        if self.warn_days >= self.answer_days:
            raise ValueError("warn_days: warn later than at the hand-over itself; 提醒天数须少于答复天数")
        return self

    @property
    def name(self) -> Words:
        return Words(self.name_en, self.name_zh)

    @property
    def answer_within(self) -> timedelta:
        return timedelta(days=self.answer_days)

    @property
    def decision_within(self) -> timedelta:
        return timedelta(days=self.decision_days)

    @property
    def warn_before(self) -> timedelta:
        return timedelta(days=self.warn_days)


class OutsideBodies(Content):
    """The bodies to which a complaint can be handed over."""

    example: ClassVar[dict[str, Any]] = {
        "bodies": [
            {
                "code": "consumer-association",
                "name_en": "Consumers' association",
                "name_zh": "消费者协会",
                "address": "https://www.cca.org.cn",
                "answer_days": 15,
                "decision_days": 60,
                "warn_days": 3,
            }
        ]
    }

    bodies: Annotated[tuple[OutsideBody, ...], Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        codes = [body.code for body in self.bodies]
        if twice := {code for code in codes if codes.count(code) > 1}:
            raise ValueError(f"bodies: give each code once; 代码重复: {', '.join(sorted(twice))}")
        return self

    def find(self, code: str) -> OutsideBody | None:
        return next((body for body in self.bodies if body.code == code), None)


BODIES = Book(
    "dispute-bodies",
    OutsideBodies,
    "outside dispute bodies",
    "外部争议处理机构",
    ("services.resolution.dispute", "bodies.json"),
)
