"""Days put together so that a long time fits on a page. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Literal

from services.insights.measures import Totals

Size = Literal["day", "week", "month"]
DAYS = 62
"""Up to so many days are shown one by one ..."""
WEEKS = 400
"""... and up to so many by week, beyond that by month."""


@dataclass(frozen=True, slots=True)
class Step:
    first: date
    """First day in the range."""
    size: Size
    received: int
    closed: int
    open: int
    """At the end."""


def course(first: date, last: date, days: Mapping[str, Totals]) -> list[Step]:
    """The steps from `first` to `last`, both included; weeks begin on Monday. `days` holds each of them, by its
    date."""
    span = (last - first).days + 1
    size: Size = "day" if span <= DAYS else "week" if span <= WEEKS else "month"
    dates = [first + timedelta(days=n) for n in range(span)]
    steps = []
    for _, together in groupby(dates, lambda at: _begin(at, size)):
        found = list(together)
        totals = [days[str(at)] for at in found]
        received, closed = (sum(t.counts.get(name, 0) for t in totals) for name in ("received", "closed"))
        steps.append(Step(found[0], size, received, closed, totals[-1].open))
    return steps


def _begin(at: date, size: Size) -> tuple[int, ...]:
    if size == "week":
        return tuple(at.isocalendar()[:2])
    return (at.year, at.month) if size == "month" else (at.toordinal(),)
