"""The rulebook of remedies: what solutions there are, and what they fit, cost and are worth.

`remedies.json` is version 0.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.events.vocabulary import Aspect, Compensation, Remedy, Severity
from shared.rulebooks.model import Book, Content
from shared.taxonomy import CategoryCode
from shared.text import LongText, ShortText

Share = Annotated[Decimal, Field(ge=0, le=10, max_digits=6, decimal_places=4)]
Amount = Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=2)]


class Supply(StrEnum):
    """What must be there before a remedy is promised."""

    STOCK = "stock"
    CAPACITY = "capacity"


class WhenAway(StrEnum):
    """What happens when the system that knows stock and capacity does not answer."""

    REFUSE = "refuse"
    """Nothing is promised until it answers."""
    WARN = "warn"
    """It is promised all the same; the case's story says that nobody checked."""


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class RemedyRow(_Row):
    """What one remedy is worth to the customer and costs the company."""

    worth_share: Share = Decimal(0)
    """Share of the first value that it restores."""
    worth_fixed: Amount = Decimal(0)
    """And so much besides, in the currency of the table of values."""
    cost_share: Share = Decimal(0)
    cost_fixed: Amount = Decimal(0)
    needs: Supply | None = None
    """Asked for before it is promised."""
    any_amount: bool = False
    """Can it be made as large as it has to be (compensation, discount)?"""


class SolutionRow(_Row):
    """A solution composed of remedies, and what it fits."""

    code: Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,49}$")]
    title_en: ShortText
    title_zh: ShortText
    description_en: LongText
    """A draft of what the customer is told; the handler makes it concrete."""
    description_zh: LongText
    remedies: Annotated[tuple[Remedy, ...], Field(min_length=1, max_length=len(Remedy))]
    categories: Annotated[tuple[CategoryCode, ...], Field(max_length=50)] = ()
    """Level-1 categories that it fits; empty: all."""
    aspects: Annotated[tuple[Aspect, ...], Field(max_length=len(Aspect))] = ()
    """In what the customer is disappointed; empty: whatever it is."""
    severity: Severity = Severity.GENERAL
    """The least severity for which it is worth its cost."""


class RemedyTable(Content):
    """Solutions from which the best are suggested."""

    example: ClassVar[dict[str, Any]] = {
        "remedies": {remedy: {"worth_share": "0.5", "cost_share": "0.4"} for remedy in Remedy},
        "solutions": [
            {
                "code": "exchange_at_once",
                "title_en": "Exchange",
                "title_zh": "换货",
                "description_en": "We exchange it within five days.",
                "description_zh": "我们将在五天内为您换货。",
                "remedies": ["exchange"],
            }
        ],
        "most": 4,
    }

    remedies: dict[Remedy, RemedyRow]
    solutions: Annotated[tuple[SolutionRow, ...], Field(min_length=1, max_length=200)]
    most: Annotated[int, Field(ge=1, le=4)] = 4
    """So many are suggested at most."""
    when_away: WhenAway = WhenAway.REFUSE

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if lacking := [remedy.value for remedy in Remedy if remedy not in self.remedies]:
            raise ValueError(f"say what {', '.join(lacking)} is worth, too; 请补充: {', '.join(lacking)}")
        codes = [solution.code for solution in self.solutions]
        if twice := {code for code in codes if codes.count(code) > 1}:
            raise ValueError(f"{', '.join(sorted(twice))} stands there twice; 方案代码重复")
        return self

    def supplies(self, remedies: frozenset[Remedy]) -> dict[Remedy, Supply]:
        """What must be there before these are promised."""
        needs = {remedy: self.remedies[remedy].needs for remedy in sorted(remedies)}
        return {remedy: need for remedy, need in needs.items() if need is not None}


def moral(remedy: Remedy) -> bool:
    return remedy.compensation is not Compensation.MATERIAL


REMEDIES = Book(
    "remedies",
    RemedyTable,
    "table of remedies",
    "补救措施表",
    ("services.resolution.offers", "remedies.json"),
)
