"""Did a rate fall? Two counts compared exactly, however small they are. Pure.

Of n = x1 + x2 events in two periods the second has x2, which is binomial: its chance is r t2 / (t1 + r t2) for a rate
ratio r and exposures t1 and t2 (Przyborowski and Wilenski, Biometrika 31, 1940). The interval is that of Clopper and
Pearson (Biometrika 26, 1934) for this chance, turned into r.
"""

from dataclasses import dataclass
from math import exp, lgamma, log, log1p

CONFIDENCE = 0.95
_TINY = 1e-300
_CLOSE = 1e-14
_MOST_STEPS = 100_000
_HALVINGS = 200


@dataclass(frozen=True, slots=True)
class RateRatio:
    """The rate after by the rate before."""

    ratio: float | None
    """None when there was nothing before."""
    low: float
    high: float | None
    """None: no upper bound."""
    p_value: float
    """One-sided: the probability of `after` events or fewer after, had the rate not fallen."""


def rate_ratio(before: int, after: int, exposure_before: float, exposure_after: float) -> RateRatio:
    """Compare two counts. Exposures are in any one unit, and above 0."""
    if before < 0 or after < 0 or exposure_before <= 0 or exposure_after <= 0:
        raise ValueError("counts must not be negative, exposures must be above 0")
    scale = exposure_before / exposure_after
    tail = (1 - CONFIDENCE) / 2
    low = 0.0 if after == 0 else _odds(_quantile(tail, after, before + 1)) * scale
    high = None if before == 0 else _odds(_quantile(1 - tail, after + 1, before)) * scale
    ratio = after / before * scale if before else None
    chance = exposure_after / (exposure_before + exposure_after)
    fewer = 1.0 if before == 0 else 1.0 - _share_below(chance, after + 1, before)
    return RateRatio(ratio, low, high, min(1.0, max(0.0, fewer)))


def share_interval(part: int, whole: int) -> tuple[float, float]:
    """Of a share, exactly (Clopper and Pearson 1934)."""
    if not 0 <= part <= whole or whole == 0:
        raise ValueError("a part is between nothing and the whole, of which there is something")
    tail = (1 - CONFIDENCE) / 2
    low = _quantile(tail, part, whole - part + 1) if part else 0.0
    high = _quantile(1 - tail, part + 1, whole - part) if part < whole else 1.0
    return low, high


def _odds(chance: float) -> float:
    return chance / (1 - chance)


def _quantile(share: float, a: float, b: float) -> float:
    """Below it lies this share of the beta distribution; found by halving, which cannot go astray."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if _share_below(middle, a, b) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _share_below(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b): DLMF 8.17.22, and 8.17.4 where that converges better."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - _share_below(1 - x, b, a)
    front = exp(a * log(x) + b * log1p(-x) + lgamma(a + b) - lgamma(a) - lgamma(b)) / a
    return front / _fraction(x, a, b)


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction 1 + d1 x / (1 + d2 x / (1 + ...)), by the modified method of Lentz."""
    value, upper, lower = 1.0, 1.0, 0.0
    for n in range(1, _MOST_STEPS):
        m = n // 2
        if n % 2:
            part = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            part = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        lower = 1 / _not_zero(1 + part * lower)
        upper = _not_zero(1 + part / upper)
        value *= upper * lower
        if abs(upper * lower - 1) < _CLOSE:
            return value
    raise ArithmeticError("the counts are too large to be compared exactly")


def _not_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
