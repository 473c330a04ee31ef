"""The share that bought again, when not everybody was watched equally long. Pure.

Kaplan and Meier (JASA 53:457, 1958): whose complaint ended lately counts among those who can still buy only as long as
they were watched. The interval is Wilson's (JASA 22:209, 1927) with the number of customers that would give as much
variance as Greenwood's formula (Dorey and Korn, Statistics in Medicine 6:679, 1987).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.shares import wilson

WINDOWS = (30, 90, 180)
"""Days after the end of the complaint."""
SMALL = 30
"""With fewer customers an estimate is said to be of small numbers."""


@dataclass(frozen=True, slots=True)
class Watched:
    """Customers of a cohort by whole days from the end of their complaint; each is counted once."""

    bought: Mapping[int, int]
    """By the day of the first purchase after it."""
    not_yet: Mapping[int, int]
    """By the days that they were watched without one."""

    @property
    def customers(self) -> int:
        return sum(self.bought.values()) + sum(self.not_yet.values())


@dataclass(frozen=True, slots=True)
class Again:
    """The share that bought again within a window."""

    share: float
    low: float
    high: float
    effective: float
    """Customers watched to the end of the window who would tell as much."""
    followed: int
    """Customers who had bought or were still watched at its end."""


def bought_again(watched: Watched, days: int) -> Again | None:
    """Within so many days; None when nobody was watched that long, so that nobody knows."""
    at_risk, remaining, greenwood = watched.customers, 1.0, 0.0
    for day in range(days):
        bought = watched.bought.get(day, 0)
        if bought:
            remaining *= 1 - bought / at_risk
            if bought < at_risk:
                greenwood += bought / (at_risk * (at_risk - bought))
        at_risk -= bought + watched.not_yet.get(day, 0)
    followed = at_risk + sum(n for day, n in watched.bought.items() if day < days)
    if not at_risk and remaining > 0:
        return None
    if not followed:
        return None
    share, variance = 1 - remaining, remaining * remaining * greenwood
    effective = share * remaining / variance if variance > 0 else float(followed)
    return Again(share, *wilson(share * effective, effective), effective, followed)
