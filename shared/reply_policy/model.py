"""The rulebook of the reply check: which findings block a text, which are only told. Pure.

`policy.json` is version 0.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from shared.reply_check import Finding
from shared.reply_check.rules import families
from shared.rulebooks.model import Book, Content

HOUSE_EXCUSE, HOUSE_BLAME = "house-excuse", "house-blame"
"""Families of the words that a company lists itself, in its rulebooks of listening and of explanations."""


class Treatment(StrEnum):
    """What becomes of a text with such words."""

    BLOCK = "block"
    """It is refused, unless somebody entitled sends it all the same, with a reason."""
    WARN = "warn"
    """It goes out; the answer tells the finding."""
    OFF = "off"


class Readers(StrEnum):
    """Whom the words reach."""

    CUSTOMER = "customer"
    EVERYBODY = "everybody"
    """A public response, a safety notice."""
    TEMPLATE = "template"
    """Every customer who gets such a letter."""


Treatments = Annotated[dict[Annotated[str, Field(max_length=50)], Treatment], Field(max_length=200)]


class ReplyPolicy(Content):
    """What is looked up first counts: the family for these readers, the family, the weight."""

    example: ClassVar[dict[str, Any]] = {
        "by_weight": {"1": "off", "2": "warn", "3": "block"},
        "families": {"guarantee": "warn"},
        "readers": {"everybody": {"others": "block"}},
        "may_be_overridden": False,
    }

    by_weight: dict[Literal["1", "2", "3"], Treatment]
    """1: there may be a better word. 2: should be written anew. 3: must not go out."""
    families: Treatments = Field(default_factory=dict)
    """Of single families of the reply check, whoever reads it; `house-excuse` and `house-blame` are the company's own
    words."""
    readers: dict[Readers, Treatments] = Field(default_factory=dict)
    """Of single families for single readers."""
    may_be_overridden: bool
    """Whoever may `replies:override` can send a blocked text with a reason."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if lacking := [weight for weight in "123" if weight not in self.by_weight]:
            raise ValueError(
                f"say what becomes of weight {lacking[0]}, too; 请补充权重 {lacking[0]} 的处理方式"
            )
        named = {*self.families, *(family for each in self.readers.values() for family in each)}
        if unknown := named - known_families():
            there_are = ", ".join(sorted(known_families()))
            raise ValueError(
                f"there is no family {sorted(unknown)[0]}; there are 没有该类别，可用: {there_are}"
            )
        return self

    def treatment(self, finding: Finding, readers: Readers) -> Treatment:
        weight: Any = str(finding.weight)
        for_these = self.readers.get(readers, {})
        return for_these.get(finding.family) or self.families.get(finding.family) or self.by_weight[weight]

    def judge(self, said: Mapping[str, Iterable[Finding]], readers: Readers) -> tuple["Judged", ...]:
        """`said` are the findings of each field. What is switched off is left out."""
        return tuple(
            Judged(field, finding, treatment)
            for field, findings in said.items()
            for finding in findings
            if (treatment := self.treatment(finding, readers)) is not Treatment.OFF
        )


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding, and what becomes of it."""

    field: str
    finding: Finding
    treatment: Treatment

    @property
    def blocks(self) -> bool:
        return self.treatment is Treatment.BLOCK


def known_families() -> frozenset[str]:
    return frozenset({*families().families, HOUSE_EXCUSE, HOUSE_BLAME})


REPLY_POLICY = Book(
    "reply-policy",
    ReplyPolicy,
    "policy of the reply check",
    "回复用语检查规则",
    ("shared.reply_policy", "policy.json"),
)
