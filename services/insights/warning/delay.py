"""How late does it become known what happened? The share of a step that is known, by its age. Pure.

The newest steps are counted again in each round, which gives a triangle: each step as it was counted at each age. From
one age to the next counts grow by f = the sum of the later by the sum of the earlier ones, over the steps of which both
were seen, so that the newest, of which little is known, help, too. What is known at an age is the product of 1 / f of
this and all later ages (chain ladder: Mack, ASTIN Bulletin 23:213, 1993; the same estimate by the hazards of past
delays: Lawless, Canadian Journal of Statistics 22:15, 1994). As an offset of what is expected it lets the newest steps
be as small as they must still be (in the way of Salmon et al., Biometrical Journal 57:1051, 2015, doi
10.1002/bimj.201400159).
"""

from dataclasses import dataclass

import numpy as np

from services.insights.warning.harmonic import Expected
from services.insights.warning.negbin import Floats

LEAST = 6
"""Steps seen at an age and at the next; with fewer, nobody knows how they grow, and they are taken to be complete."""
LOWEST = 0.01
"""A share below it is as good as nothing; it stays above nought, because it is divided by."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """By age in steps, from 0."""

    share: Floats
    """Known of all that there will be; the last is 1."""
    error: Floats
    """By how much the share differs from step to step, as a share of it (a coefficient of variation)."""

    def at(self, age: float) -> tuple[float, float]:
        """Share and error at this age; between two, on a line."""
        ages = np.arange(self.share.size)
        return float(np.interp(age, ages, self.share)), float(np.interp(age, ages, self.error))


def learn(triangle: Floats) -> Arrival:
    """`triangle` (steps, ages): how many were known of each step at each age; NaN where nobody counted then."""
    ages = triangle.shape[1]
    growth = np.ones(ages)
    for age in range(ages - 1):
        before, after = triangle[:, age], triangle[:, age + 1]
        both = np.isfinite(before) & np.isfinite(after)
        if both.sum() >= LEAST and after[both].sum() > 0:
            growth[age] = after[both].sum() / max(before[both].sum(), LOWEST * after[both].sum())
    share = np.clip(1 / np.cumprod(growth[::-1])[::-1], LOWEST, 1.0)
    seen = np.isfinite(triangle)
    newest = ages - 1 - np.argmax(seen[:, ::-1], axis=1)
    rows = np.arange(len(triangle))
    whole = np.where(seen.any(axis=1), triangle[rows, newest], 0.0) / share[newest]
    return Arrival(
        share, np.array([_error(triangle[:, age], whole, newest > age, share[age]) for age in range(ages)])
    )


def _error(known: Floats, whole: Floats, later: Floats, share: float) -> float:
    """Between steps that were seen later, too, by their size; with what is not known of the share itself."""
    some = later.astype(bool) & np.isfinite(known) & (whole > 0)
    if some.sum() < LEAST:
        return 0.0
    squares = whole[some] * (known[some] / whole[some] - share) ** 2
    spread = squares.sum() / whole[some].sum() * some.sum() / (some.sum() - 1)
    return float(np.sqrt(spread * (1 + 1 / some.sum())) / share)


def widened(expected: Expected, share: Floats, error: Floats) -> Expected:
    """With what is not known of the shares in the dispersion: var = phi mean + (error mean)^2.

    `share` and `error` are (S, newest steps), the oldest first; the error of a window is that of its steps by their
    shares, as if all erred in the same direction.
    """
    weighed = np.cumsum((share * error)[:, ::-1], axis=1) / np.cumsum(share[:, ::-1], axis=1)
    of_window = weighed[:, np.array(expected.spans) - 1][:, None, :]
    return Expected(expected.mean, expected.phi + of_window**2 * expected.mean, expected.spans)
