"""How long complaints stay open, in days: Kaplan and Meier's estimate with the open ones. Pure."""

from dataclasses import dataclass

import numpy as np

from services.insights.warning.negbin import Floats

ENOUGH = 10
"""At risk: with fewer, the hazard is that of all higher ages together."""


@dataclass(frozen=True, slots=True)
class History:
    """Complaints by day of registration and by age in days: (days, ages). The last row is the as-of day."""

    ended: Floats
    """Those that ended at this age."""
    open: Floats
    """Those that are open, at their present age."""

    @property
    def arrivals(self) -> Floats:
        """(days,)"""
        return np.asarray(self.ended.sum(axis=1) + self.open.sum(axis=1))

    @property
    def stock(self) -> Floats:
        """(ages,): the open ones by age."""
        return np.asarray(self.open.sum(axis=0))


def hazards(history: History) -> Floats:
    """(ages,): the share of those open at an age that ends within the next day of it."""
    ended, open_ = history.ended.sum(axis=0), history.stock
    at_risk = np.cumsum((ended + open_)[::-1])[::-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(at_risk > 0, ended / at_risk, 0.0)
    few = at_risk < ENOUGH
    if few.any():
        first = int(np.argmax(few))
        tail = slice(max(0, first - 30), None)
        watched = at_risk[tail].sum()
        found[first:] = ended[tail].sum() / watched if watched else 0.0
    return np.asarray(np.minimum(found, 1.0))


def open_share(hazard: Floats, longest: int) -> Floats:
    """(longest + 1,): the share still open at the beginning of each day of age; the last hazard goes on."""
    beyond = np.full(max(0, longest - hazard.size), hazard[-1])
    return np.concatenate([[1.0], np.cumprod(1 - np.concatenate([hazard, beyond])[:longest])])


def completions(history: History, hazard: Floats, weeks: int) -> tuple[Floats, Floats]:
    """(weeks,) each: how many ended in the newest weeks, and how many should have by the hazards."""
    days, ages = history.ended.shape
    seen, expected = np.zeros(weeks * 7), np.zeros(weeks * 7)
    total = history.ended + history.open
    left = np.cumsum(total[:, ::-1], axis=1)[:, ::-1]
    for back in range(weeks * 7):
        rows = np.arange(days - back)
        age = days - 1 - back - rows
        known = age < ages
        rows, age = rows[known], age[known]
        seen[back] = history.ended[rows, age].sum()
        expected[back] = (left[rows, age] * hazard[age]).sum()
    folded = [each[::-1].reshape(weeks, 7).sum(axis=1) for each in (seen, expected)]
    return folded[0], folded[1]
