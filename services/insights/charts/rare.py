"""The g-chart of rare severe events: days between one and the next. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from services.insights.warning import gchart

TOGETHER = (1, 2, 3)
"""So many of the newest gaps are judged together."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Between an event and the one before it."""

    day: date
    days: int
    short: bool
    long: bool


@dataclass(frozen=True, slots=True)
class RareChart:
    events: int
    centre: float | None
    """Mean days between two; None with fewer than two events."""
    low: int | None
    """A gap up to it is unusually short; None: not even 0 days is."""
    high: int | None
    gaps: tuple[Gap, ...]
    since_last: int | None
    """Days from the last event to the end of the range."""
    chances_of_so_short: tuple[float, ...]
    """Of the newest gap, of the newest two and three together, or shorter ones, when the rate did not rise: exact,
    given the gaps before. Several events within days are seen together long before one gap is beyond a limit."""
    chance_of_so_long: float | None
    """Of the silence since the last event, or a longer one, when the rate did not fall."""


def rare_chart(days: Sequence[tuple[date, int]], last: date, alpha: float) -> RareChart:
    """From the days on which there were events, ascending, with how many. Events of one day lie 0 days apart.

    A day is an opportunity (Benneyan 2001): good for events of which there are far fewer than one a day.
    """
    dates = [day for day, number in days for _ in range(number)]
    between = [(later - earlier).days for earlier, later in pairwise(dates)]
    since = max(0, (last - dates[-1]).days) if dates else None
    if not sum(between):
        gaps = tuple(Gap(day, 0, short=False, long=False) for day in dates[1:])
        return RareChart(len(dates), 0.0 if gaps else None, None, None, gaps, since, (), None)
    limits = gchart.limits(len(between) / (len(between) + sum(between)), alpha)
    gaps = tuple(
        Gap(day, gap, short=limits.low is not None and gap <= limits.low, long=gap > limits.high)
        for day, gap in zip(dates[1:], between, strict=True)
    )
    assert since is not None
    return RareChart(
        len(dates),
        limits.centre,
        limits.low,
        limits.high,
        gaps,
        since,
        tuple(
            gchart.chance_of_shorter(between[-newest:], between[:-newest])
            for newest in TOGETHER
            if between[:-newest]
        ),
        gchart.chance_of_longer(since, between),
    )
