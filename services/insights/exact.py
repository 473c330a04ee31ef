"""Did a rate fall? Two counts compared exactly, however small they are. Pure.

Of n = x1 + x2 events in two periods the second has x2, which is binomial: its chance is r t2 / (t1 + r t2) for a rate
ratio r and exposures t1 and t2 (Przyborowski and Wilenski, Biometrika 31, 1940). The interval is that of Clopper and
Pearson (Biometrika 26, 1934) for this chance, turned into r.
"""

from dataclasses import dataclass

from scipy.special import betainc, betaincinv

CONFIDENCE = 0.95


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
    low, high, fewer = 0.0, None, 1.0
    if after:
        chance = float(betaincinv(after, before + 1, tail))
        low = chance / (1 - chance) * scale
    if before:
        against = float(betaincinv(before, after + 1, tail))
        high = (1 - against) / against * scale
        fewer = float(betainc(before, after + 1, exposure_before / (exposure_before + exposure_after)))
    ratio = after / before * scale if before else None
    return RateRatio(ratio, low, high, fewer)


def share_interval(part: int, whole: int) -> tuple[float, float]:
    """Of a share, exactly (Clopper and Pearson 1934)."""
    if not 0 <= part <= whole or whole == 0:
        raise ValueError("a part is between nothing and the whole, of which there is something")
    tail = (1 - CONFIDENCE) / 2
    low = float(betaincinv(part, whole - part + 1, tail)) if part else 0.0
    high = float(betaincinv(part + 1, whole - part, 1 - tail)) if part < whole else 1.0
    return low, high
