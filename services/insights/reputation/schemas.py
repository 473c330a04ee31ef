"""Shapes of the reputation."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.insights.reputation.model import Verdict


class Opinions(BaseModel):
    """What customers said of the results that they got in some days."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    first: Annotated[date, Field(serialization_alias="from")]
    last: Annotated[date, Field(serialization_alias="to")]
    closed: int
    """Cases closed in these days."""
    satisfied: int
    """Of `closed`."""
    share: float | None
    """Null when no case was closed."""
    low: float
    """Interval of 95 % (Wilson), as `high`."""
    high: float
    public: int
    """Complaints and criticisms that came to stand in public in these days."""


class AfterCase(Opinions):
    """A spell of weeks after the case."""

    difference: float | None
    """Of its share and that before the case; null when one of them is not known."""
    difference_low: float | None
    difference_high: float | None
    worse: bool
    """The whole interval lies below 0."""


class Reputation(BaseModel):
    """A product's reputation around a public case."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    first: Annotated[date, Field(serialization_alias="from")]
    last: Annotated[date, Field(serialization_alias="to")]
    product: str
    case_at: date | None
    """Day (UTC) on which the first complaint of the range came to stand in public; null: none did."""
    verdict: Verdict
    """`no_case`, `too_few` to say, `no_dip`, `dip`, or `recovered` after a dip."""
    confidence: float | None
    """Of each interval of a difference: so high that all of them together have 95 % (Bonferroni)."""
    before: Opinions | None
    """All whole weeks before the case; null: there is none."""
    after: list[AfterCase]
    """Spells from the day of the case on."""
    dip_from: date | None
    """First day of the spell with the lowest share, among those that are surely worse than before."""
    recovered_from: date | None
    """First day of the first spell after it that is surely better than it, and not surely worse than before."""
    weeks: list[Opinions]
    """Whole weeks, oldest first; they begin on the weekday of the case."""
