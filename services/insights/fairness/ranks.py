"""Amounts compared stratum by stratum by their ranks: the test of van Elteren. Pure.

P. van Elteren, Bulletin of the International Statistical Institute 37:351, 1960: Wilcoxon's statistic of each stratum,
weighted by 1 / (n + 1). Ties share their rank, and lower the variance. The estimate is the weighted mean, over the
strata, of the chance that a case of the group has more than another of its stratum (ties count half), less one half.
Its interval uses the variance under equality, so it agrees with the p value.
"""

import numpy as np

from services.insights.fairness.estimate import Codes, Estimate, Flags, Floats, normal, p_of

NUMBERS = ("wins", "n", "n_others", "variance")
"""What is kept of a stratum: pairs that the group wins, sizes, and the variance of the wins under equality."""


def numbers(strata: Codes, group: Flags, amount: Floats) -> Floats:
    """A row of NUMBERS for each stratum code."""
    size = int(strata.max(initial=-1)) + 1
    order = np.lexsort((amount, strata))
    s, x, g = strata[order], amount[order], group[order]
    first = np.ones(s.size, dtype=np.bool_)
    first[1:] = (s[1:] != s[:-1]) | (x[1:] != x[:-1])
    tie = np.cumsum(first) - 1
    ties = np.bincount(tie).astype(np.float64)
    begins = np.searchsorted(s, np.arange(size))
    rank = np.nonzero(first)[0][tie] - begins[s] + (ties[tie] + 1) / 2
    n1 = np.bincount(s[g], minlength=size).astype(np.float64)
    n0 = np.bincount(s[~g], minlength=size).astype(np.float64)
    n = n1 + n0
    wins = np.bincount(s[g], weights=rank[g], minlength=size) - n1 * (n1 + 1) / 2
    tied = np.bincount(s[first], weights=ties**3 - ties, minlength=size)
    variance = n1 * n0 / 12 * (n + 1 - tied / np.maximum(n * (n - 1), 1))
    return np.stack([wins, n1, n0, variance], axis=1)


def estimate(rows: Floats) -> Estimate | None:
    """None when all amounts of every stratum are equal."""
    wins, n1, n0, variance = rows.T
    n = n1 + n0
    weight = float((n1 * n0 / (n + 1)).sum())
    spread = float((variance / (n + 1) ** 2).sum())
    if spread <= 0 or weight == 0:
        return None
    value = float(((wins - n1 * n0 / 2) / (n + 1)).sum()) / weight
    variance_of_value = spread / weight**2
    return normal(value, variance_of_value, p_of(value**2 / variance_of_value))
