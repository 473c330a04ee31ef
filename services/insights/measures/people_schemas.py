"""What is answered about people."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.insights.measures.comparing import CaseMixVerdict
from services.insights.measures.model import Direction


class FunnelLimits(BaseModel):
    """Between which the ratio lies by chance alone."""

    low: float
    high: float


class PersonShown(BaseModel):
    """One person, beside what all people together would have reached with the same cases."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    person: Annotated[str, Field(examples=["li.na"])]
    observed: int
    """What counted, such as satisfied customers."""
    of: int
    """Of how many."""
    expected: float
    """What all people together would have reached with cases of the same categories and severities."""
    verdict: CaseMixVerdict
    """`more` or `fewer` only outside of the wide limits; `too_few`: nothing can be said."""
    ratio: float | None
    """Observed by expected; null with too few cases, like all that follows."""
    low: float | None
    high: float | None
    shrunk: float | None
    """The ratio drawn towards 1, the more the fewer cases there are: the best guess for what comes."""
    funnel: FunnelLimits | None
    """95 %."""
    funnel_wide: FunnelLimits | None
    """99.8 %."""


class People(BaseModel):
    """People by their ids: it is no ranking."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    first: Annotated[date, Field(serialization_alias="from")]
    last: Annotated[date, Field(serialization_alias="to")]
    measure: str
    direction: Direction | None
    """Whether more is better."""
    fewest: int
    """With fewer cases nothing is said; by the rulebook `measure-targets`."""
    confidence: float
    """Of the interval from `low` to `high`."""
    people: list[PersonShown]
