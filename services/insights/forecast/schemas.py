"""Shapes of the forecast."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class WeekAhead(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    last: Annotated[date, Field(serialization_alias="to")]
    """Last day of the week; the backlog is that of its end."""
    arrivals: float
    """Complaints expected in the week."""
    low: float
    middle: float
    high: float
    """Open complaints: in one of ten draws fewer than `low`, in one of ten more than `high`."""


class LittlesLaw(BaseModel):
    """Open complaints = arrivals a day x days that each stays open, in the long run: do the figures agree?"""

    model_config = ConfigDict(use_attribute_docstrings=True)

    arrivals_a_day: float
    """Of the last 28 days."""
    days_open: float
    """Mean, by the hazards."""
    steady_backlog: float
    """What would be open if both went on for long."""
    ratio: float | None
    """Open now by that: far below 1 a backlog grows, far above 1 it melts, or it is old work that does not end."""


class BacklogForecast(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    as_of: date
    """Its end; the last whole day."""
    open_now: int
    """Of those registered in the two years before, without merged ones."""
    history_weeks: int
    enough: bool
    """Whether there is enough history for a forecast: 13 weeks. For seasons, 104."""
    weeks: list[WeekAhead]
    littles_law: LittlesLaw | None
