"""Shapes of the money view."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.text import ShortText

Amount = Annotated[
    Decimal, Field(description="In the currency of the assumptions, to the cent.", examples=["268800.00"])
]


class EconomicsBy(StrEnum):
    """What the answer is broken down by; `none` gives one group."""

    NONE = "none"
    CATEGORY = "category"
    DEPARTMENT = "department"
    CHANNEL = "channel"
    PRODUCT = "product"


class MoneyFigure(BaseModel):
    """What follows from the assumed values, and the interval in which four of five draws of the assumptions lie."""

    value: Amount
    low: Amount
    high: Amount


class WorthShown(BaseModel):
    """What the complaints of a group are worth."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    key: str | None
    """The category, department, channel or product; null where it is not known, and for by=none."""
    complaints: int
    """Closed in the range."""
    satisfied: int
    slow: int
    """Their result took longer than 72 hours."""
    customers_at_risk: MoneyFigure
    """Customers (not money) whom the trouble drives away, those who complained and those who said nothing."""
    market_at_risk: MoneyFigure
    """Their lifetime value."""
    recovered: MoneyFigure
    """What handling has kept: satisfied complainants buy again more often than silent ones."""
    recoverable: MoneyFigure
    """What it would keep if those who are not satisfied had been."""
    speed: MoneyFigure
    """What quick handling of the slow ones would keep."""
    voice: MoneyFigure
    """What is kept for each one in a hundred of the silent ones that speaks up, handled as well as the others."""
    word_of_mouth: MoneyFigure
    """What is won by what satisfied customers tell, less what is lost by what the others tell."""
    replacement: MoneyFigure
    """What it costs to win as many new customers as are driven away."""
    handling: MoneyFigure


class EconomicsShown(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    first: Annotated[date, Field(serialization_alias="from")]
    last: Annotated[date, Field(serialization_alias="to")]
    """Included; days are UTC days."""
    by: EconomicsBy
    currency: str
    assumptions_version: int
    """Of the rulebook `economics`: every assumption is a parameter there, with its source."""
    groups: list[WorthShown]
    """The greatest market at risk first."""


class Chance(BaseModel):
    """A share with between what it may lie."""

    model_config = ConfigDict(extra="forbid")

    value: Annotated[Decimal, Field(ge=0, le=1, max_digits=6)]
    low: Annotated[Decimal, Field(ge=0, le=1, max_digits=6)]
    high: Annotated[Decimal, Field(ge=0, le=1, max_digits=6)]

    @model_validator(mode="after")
    def _within(self) -> Self:
        if not self.low <= self.value <= self.high:
            raise ValueError("value must lie between low and high; value 须在 low 与 high 之间")
        return self


class Fix(BaseModel):
    """A way to remove a cause of complaints."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    key: ShortText
    """The category, department, channel or product whose complaints it prevents."""
    name: ShortText
    share: Annotated[Decimal, Field(gt=0, le=1, max_digits=6)] = Decimal(1)
    """Of the group's complaints, the share that has this cause."""
    works: Chance
    """Chance that it works: of similar improvements, how many did (`/effect`)."""
    years: Annotated[Decimal, Field(gt=0, le=20, max_digits=6)]
    """For how long it does."""
    cost: Annotated[Decimal, Field(gt=0, max_digits=14, decimal_places=2)]
    """In the currency of the assumptions."""


class PreventionAsked(BaseModel):
    """Which fixes to compare, by the complaints of which range."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={
            "examples": [
                {
                    "by": "category",
                    "fixes": [
                        {
                            "key": "transit_damage",
                            "name": "Corner protectors for all crates",
                            "share": "0.6",
                            "works": {"value": "0.7", "low": "0.5", "high": "0.9"},
                            "years": "2",
                            "cost": "80000",
                        }
                    ],
                }
            ]
        },
    )

    first: Annotated[
        date | None, Field(alias="from", description="First day (UTC); 364 days before `to` if left out.")
    ] = None
    last: Annotated[
        date | None, Field(alias="to", description="Last day (UTC), included; today if left out.")
    ] = None
    by: EconomicsBy
    fixes: Annotated[list[Fix], Field(min_length=1, max_length=100)]


class FixRanked(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    key: str
    name: str
    complaints_a_year: Decimal
    """Of its cause."""
    returns: MoneyFigure
    """Money kept for each unit of money spent."""


class PreventionRanked(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    currency: str
    assumptions_version: int
    fixes: list[FixRanked]
    """The greatest return first, by the lower end of the interval: a fix that is sure comes before one that may be."""
