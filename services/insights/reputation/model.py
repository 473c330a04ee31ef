"""Whether the share of satisfied customers dips after a public case, and whether it recovers. Pure.

Weeks begin on the weekday of the case, so that none is half before it and half after. The weeks from the case on are
put together in spells of equal length; each spell is compared with all the weeks before, and with every earlier spell.
Because that are many comparisons, each has a confidence of 1 - 0.05 / their number (Bonferroni): that one of them all
is wrong happens in at most one of twenty cases.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from statistics import NormalDist
from typing import NamedTuple

from services.insights.charts.model import Span
from shared.shares import Interval, difference

WEEK = timedelta(days=7)
ERROR = 0.05
"""Chance that any of the comparisons is wrong."""


class Verdict(StrEnum):
    """What became of the product's reputation."""

    NO_CASE = "no_case"
    """Nobody complained in public."""
    TOO_FEW = "too_few"
    """Before or after it nobody judged a result: there is nothing to compare."""
    NO_DIP = "no_dip"
    """No spell is surely worse than before. With few judgements that says little: see the intervals."""
    DIP = "dip"
    """It fell, and has not surely risen since."""
    RECOVERED = "recovered"
    """It fell, then surely rose, and is not surely worse than before any more."""


class Judged(NamedTuple):
    """Closed cases, and those whose customer was satisfied."""

    satisfied: int
    closed: int

    @property
    def share(self) -> float | None:
        return self.satisfied / self.closed if self.closed else None


@dataclass(frozen=True, slots=True)
class Spell:
    judged: Judged
    difference: Interval | None
    """Of its share and that before the case; None: there is nothing to compare."""

    @property
    def worse(self) -> bool:
        return self.difference is not None and self.difference.high < 0


@dataclass(frozen=True, slots=True)
class Course:
    verdict: Verdict
    spells: Sequence[Spell]
    dip: int | None = None
    """Number of the spell with the lowest share among those that are surely worse."""
    recovery: int | None = None
    """Number of the first spell after it that surely rose and is not surely worse any more."""
    confidence: float | None = None
    """Of each comparison."""


def weeks_before(first: date, case: date) -> list[Span]:
    """The whole weeks that end before the case, oldest first."""
    number = (case - first).days // 7
    return _weeks(case - number * WEEK, number)


def weeks_after(case: date, last: date) -> list[Span]:
    """The whole weeks from the day of the case on."""
    return _weeks(case, ((last - case).days + 1) // 7)


def _weeks(first: date, number: int) -> list[Span]:
    return [Span(first + n * WEEK, first + n * WEEK + timedelta(days=6)) for n in range(number)]


def spells(weeks: Sequence[Judged], length: int) -> list[Judged]:
    """The weeks put together; what is left at the end makes no spell."""
    return [total(weeks[n : n + length]) for n in range(0, len(weeks) - length + 1, length)]


def total(weeks: Sequence[Judged]) -> Judged:
    return Judged(sum(week.satisfied for week in weeks), sum(week.closed for week in weeks))


def course(before: Judged, after: Sequence[Judged]) -> Course:
    """What became of it, spell by spell."""
    number = sum(1 for each in after if each.closed)
    if not before.closed or not number:
        return Course(Verdict.TOO_FEW, [Spell(each, None) for each in after])
    error = ERROR / (number * (number + 1) / 2)
    z = NormalDist().inv_cdf(1 - error / 2)
    found = [Spell(each, _compared(each, before, z)) for each in after]
    worse = [n for n, spell in enumerate(found) if spell.worse]
    if not worse:
        return Course(Verdict.NO_DIP, found, confidence=1 - error)
    dip = min(worse, key=lambda n: after[n].share or 0)
    for n in range(dip + 1, len(found)):
        risen = _compared(after[n], after[dip], z)
        if risen is not None and risen.low > 0 and not found[n].worse:
            return Course(Verdict.RECOVERED, found, dip, n, 1 - error)
    return Course(Verdict.DIP, found, dip, confidence=1 - error)


def _compared(one: Judged, other: Judged, z: float) -> Interval | None:
    if not one.closed or not other.closed:
        return None
    return difference(one.satisfied, one.closed, other.satisfied, other.closed, z)
