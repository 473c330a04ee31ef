"""Shares compared stratum by stratum: the difference of Mantel and Haenszel. Pure.

The weights are n1 n0 / n of each stratum. The variance is Sato's (Biometrics 45:1323, 1989), which holds both for few
large strata and for many small ones, as a function of the difference; the interval holds every difference that a test
with it would not reject, in closed form (Klingenberg, Statistics in Medicine 33:2968, 2014). The p value is that of
Cochran, Mantel and Haenszel (Journal of the National Cancer Institute 22:719, 1959) without a correction.
"""

from math import sqrt

import numpy as np

from services.insights.fairness.estimate import Z90, Z95, Codes, Estimate, Flags, Floats, p_of

NUMBERS = ("hits", "n", "hits_others", "n_others")
"""What is kept of a stratum."""


def numbers(strata: Codes, group: Flags, hit: Flags) -> Floats:
    """A row of NUMBERS for each stratum code."""
    size = int(strata.max(initial=-1)) + 1
    parts = [
        np.bincount(strata[among & counted], minlength=size)
        for among in (group, ~group)
        for counted in (hit, np.ones_like(hit))
    ]
    return np.stack(parts, axis=1).astype(np.float64)


def estimate(rows: Floats) -> Estimate | None:
    """Share of the group less share of the others; None when no stratum tells."""
    hits, n1, hits0, n0 = rows.T
    n = n1 + n0
    weight = float((n1 * n0 / n).sum())
    met = hits + hits0
    spread = float((n1 * n0 * met * (n - met) / (n**2 * np.maximum(n - 1, 1))).sum())
    if spread == 0 or weight == 0:
        return None
    value = float(((hits * n0 - hits0 * n1) / n).sum()) / weight
    p_value = p_of(float((hits - n1 * met / n).sum()) ** 2 / spread)
    slope = float(((n1**2 * hits0 - n0**2 * hits + n1 * n0 * (n0 - n1) / 2) / n**2).sum()) / weight**2
    level = float(((hits * (n0 - hits0) + hits0 * (n1 - hits)) / (2 * n)).sum()) / weight**2
    return Estimate(
        value, *_interval(value, slope, level, Z95), *_interval(value, slope, level, Z90), p_value
    )


def _interval(value: float, slope: float, level: float, z: float) -> tuple[float, float]:
    """All d with (value - d)^2 <= z^2 (d slope + level)."""
    middle = value + z * z * slope / 2
    half = sqrt(max(0.0, middle * middle - value * value + z * z * level))
    return max(-1.0, middle - half), min(1.0, middle + half)
