"""The rulebook of assumptions, each a named parameter with its source. `assumptions.json` is version 0."""

from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.insights.losses import Band
from shared.rulebooks.model import Book, Content
from shared.rulebooks.parameter import Parameter

Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]

_SHARE = {"value": "0.5", "low": "0.3", "high": "0.7", "source_en": "Our survey", "source_zh": "本公司调查"}
_AMOUNT = _SHARE | {"value": "10", "low": "5", "high": "20"}


class Repurchase(BaseModel):
    """Which share of customers buys again, by what they went through."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    untroubled: Parameter
    """Nothing went wrong."""
    satisfied: Parameter
    """They complained, and were satisfied with how it was handled."""
    dissatisfied: Parameter
    """They complained, and were not."""
    silent: Parameter
    """They were not satisfied and said nothing."""

    @model_validator(mode="after")
    def _shares(self) -> Self:
        for name in type(self).model_fields:
            if getattr(self, name).high > 1:
                raise ValueError(f"{name} is a share: at most 1; 占比不得超过 1")
        if self.untroubled.value < self.silent.value:
            raise ValueError(
                "customers with whom nothing went wrong buy again at least as often as silent ones; "
                "未遇问题顾客的再购率不应低于沉默顾客"
            )
        return self


class Assumptions(Content):
    """By what complaints are turned into money."""

    example: ClassVar[dict[str, Any]] = {
        "currency": "CNY",
        "repurchase": {
            band: dict.fromkeys(("untroubled", "satisfied", "dissatisfied", "silent"), _SHARE)
            for band in ("minor", "major")
        },
        **dict.fromkeys(("quick", "slow", "won_per_told", "lost_per_told", "margin"), _SHARE),
        **dict.fromkeys(
            (
                *("silent_per_complaint", "average_order", "orders_in_a_life", "acquisition_cost"),
                *("told_by_satisfied", "told_by_dissatisfied", "handling_cost"),
            ),
            _AMOUNT,
        ),
    }

    currency: Currency
    """In which everything is computed."""
    learn_repurchase: bool = False
    """Put what own cohorts of the last two years showed (`/cohorts`) in the place of the shares `satisfied` and
    `dissatisfied`: the assumption is where one begins."""
    repurchase: dict[Band, Repurchase]
    """Of minor and of major losses; between the two the shares lie half-way."""
    silent_per_complaint: Parameter
    """Customers with the same trouble who say nothing, for each who complains."""
    quick: Parameter
    """Share that buys again when a major complaint was handled quickly."""
    slow: Parameter
    """The same, handled slowly."""
    average_order: Parameter
    """What a customer spends at a time."""
    orders_in_a_life: Parameter
    """How often a loyal customer buys as much. Lifetime value = average order x orders x margin."""
    margin: Parameter
    """Share of the turnover that is left."""
    acquisition_cost: Parameter
    """What it costs to win a new customer."""
    told_by_satisfied: Parameter
    """People to whom a satisfied customer speaks of it."""
    told_by_dissatisfied: Parameter
    won_per_told: Parameter
    """Share of those who hear well of it who become customers."""
    lost_per_told: Parameter
    """Share of those who hear ill of it who are lost."""
    handling_cost: Parameter
    """What handling one complaint costs the company."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if set(self.repurchase) != {Band.MINOR, Band.MAJOR}:
            raise ValueError("repurchase: give minor and major, and no other; 请填写 minor 与 major 两档")
        for name in ("quick", "slow", "margin", "won_per_told", "lost_per_told"):
            if getattr(self, name).high > 1:
                raise ValueError(f"{name} is a share: at most 1; 占比不得超过 1")
        return self


ECONOMICS = Book(
    "economics",
    Assumptions,
    "assumptions of the economics of complaints",
    "投诉经济性假设",
    ("services.insights.economics", "assumptions.json"),
)
