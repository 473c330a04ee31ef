"""CUSUM: a small rise that stays, seen sooner than by any single week. For problems that creep in. Pure.

S(t) = max(0, S(t-1) + y(t) - k), an alarm when S > h. For Poisson counts k is the best slope between the mean that is
tolerated and the one that must be found (Lucas, Technometrics 27:129, 1985); counts whose expected value changes are
compared with their own week's k, in units of it (Rossi, Lampugnani, Marchi, Statistics in Medicine 18:2111, 1999;
Höhle and Paul, CSDA 52:4357, 2008).
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln, xlogy

from services.insights.warning.negbin import Floats


def reference(tolerated: float, found: float) -> float:
    """k for Poisson counts: (found - tolerated) / (log found - log tolerated)."""
    return float((found - tolerated) / np.log(found / tolerated))


def poisson(counts: Floats, k: ArrayLike, h: ArrayLike) -> Floats:
    """(S, T): the sum S(t) for each series, begun anew after each alarm; k and h are numbers or (S, T)."""
    return _summed(counts - np.asarray(k, dtype=np.float64), h)


def likelihood_ratio(counts: Floats, mean: Floats, phi: Floats, rise: float, h: ArrayLike) -> Floats:
    """(S, T): the sum of log likelihood ratios of negative binomial counts, for means `rise` times the expected.

    The dispersion stays: counts with mean mu and variance phi mu against mean rise mu and variance phi rise mu.
    """
    excess = np.maximum(phi - 1, 1e-9)
    before, after = mean / excess, rise * mean / excess
    log_odds = gammaln(counts + after) - gammaln(counts + before) + gammaln(before) - gammaln(after)
    negative_binomial = log_odds - (after - before) * np.log1p(excess)
    poisson_ = counts * np.log(rise) - (rise - 1) * mean
    return _summed(np.where(phi > 1 + 1e-6, negative_binomial, poisson_), h)


def average_run_length(mean: float, k: int, h: int, denominator: int) -> float:
    """Steps until an alarm, on average, of Poisson counts with this mean; k and h are in 1 / denominator.

    The sum is a Markov chain over the multiples of 1 / denominator up to h (Brook and Evans, Biometrika 59:539, 1972),
    so this is exact.
    """
    states = np.arange(h + 1)
    # From s to t > 0 the count is (t - s + k) / denominator; to 0, that or less.
    jump = states[None, :] - states[:, None] + k
    count = jump // denominator
    possible = (jump >= 0) & (jump % denominator == 0)
    y = np.where(possible, count, 0)
    chance = np.where(possible, np.exp(xlogy(y, mean) - mean - gammaln(y + 1)), 0.0)
    all_counts = np.arange(max(k // denominator, 0) + 1)
    up_to = np.cumsum(np.exp(xlogy(all_counts, mean) - mean - gammaln(all_counts + 1)))
    most = (k - states) // denominator
    chance[:, 0] = np.where(most >= 0, up_to[np.maximum(most, 0)], 0.0)
    lengths = np.linalg.solve(np.eye(h + 1) - chance, np.ones(h + 1))
    return float(lengths[0])


def _summed(steps: Floats, h: ArrayLike) -> Floats:
    limit = np.broadcast_to(np.asarray(h, dtype=np.float64), steps.shape)
    sums, now = np.zeros_like(steps), np.zeros(steps.shape[0])
    for week in range(steps.shape[1]):
        now = np.maximum(0.0, now + steps[:, week])
        sums[:, week] = now
        now = np.where(now > limit[:, week], 0.0, now)
    return sums
