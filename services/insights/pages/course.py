"""Days put together so that a long time fits on a page. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Literal

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


def course(first: date, last: date, days: Mapping[str, Sequence[int]]) -> list[Step]:
    """The steps from `first` to `last`, both included; weeks begin on Monday. `days` holds for each of them,
    by its date, how many were received, closed, and open at its end."""
    span = (last - first).days + 1
    size: Size = "day" if span <= DAYS else "week" if span <= WEEKS else "month"
    dates = [first + timedelta(days=n) for n in range(span)]
    steps = []
    for _, together in groupby(dates, lambda at: _begin(at, size)):
        found = list(together)
        received, closed, still_open = zip(*(days[str(at)] for at in found), strict=True)
        steps.append(Step(found[0], size, sum(received), sum(closed), still_open[-1]))
    return steps


def _begin(at: date, size: Size) -> tuple[int, ...]:
    if size == "week":
        return tuple(at.isocalendar()[:2])
    return (at.year, at.month) if size == "month" else (at.toordinal(),)
