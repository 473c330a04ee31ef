"""Tails of the negative binomial distribution by mean and dispersion, for arrays of any one shape. Pure.

A count has mean `mu` and variance `phi * mu`; phi = 1 is the Poisson distribution. In the usual terms its size is
mu / (phi - 1) and its chance 1 / phi. The tails are regularised incomplete beta and gamma functions (DLMF 8.17.24 and
8.4.10), which stay exact where the quantile functions of statistics libraries give up (means near 1e-8).
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, gammainc

Floats = NDArray[np.float64]

_POISSON = 1e-9
"""Nearer than this to phi = 1 it is the Poisson distribution."""
_MOST_DOUBLINGS = 60


def at_least(y: ArrayLike, mu: ArrayLike, phi: ArrayLike) -> Floats:
    """P(Y >= y)."""
    count, mean, dispersion = _arrays(y, mu, phi)
    real = np.maximum(count, 1.0)
    found: Floats = np.asarray(gammainc(real, mean), dtype=np.float64)
    spread = dispersion > 1 + _POISSON
    if spread.any():
        excess = np.where(spread, dispersion - 1, 1.0)
        tail = betainc(real, mean / excess, excess / (1 + excess))
        found = np.where(spread, tail, found)
    return np.where(count <= 0, 1.0, found)


def at_most(y: ArrayLike, mu: ArrayLike, phi: ArrayLike) -> Floats:
    """P(Y <= y)."""
    count, mean, dispersion = _arrays(y, mu, phi)
    return 1.0 - at_least(np.floor(count) + 1, mean, dispersion)


def upper_mid_p(y: ArrayLike, mu: ArrayLike, phi: ArrayLike) -> Floats:
    """P(Y > y) + P(Y = y) / 2: small when there are unusually many (Lancaster, JASA 56:223, 1961).

    Counts are few, so the plain p is too large on average; the mid-p has mean 1/2 when nothing is unusual.
    """
    count, mean, dispersion = _arrays(y, mu, phi)
    return 0.5 * (at_least(count, mean, dispersion) + at_least(count + 1, mean, dispersion))


def lower_mid_p(y: ArrayLike, mu: ArrayLike, phi: ArrayLike) -> Floats:
    """P(Y < y) + P(Y = y) / 2: small when there are unusually few."""
    return 1.0 - upper_mid_p(y, mu, phi)


def bound(alpha: float, mu: ArrayLike, phi: ArrayLike) -> Floats:
    """The smallest count u with P(Y <= u) >= 1 - alpha. NaN where the mean is."""
    mean, dispersion = np.broadcast_arrays(np.asarray(mu, np.float64), np.asarray(phi, np.float64))
    known = np.isfinite(mean) & np.isfinite(dispersion)
    mean, dispersion = np.where(known, mean, 0.0), np.where(known, dispersion, 1.0)
    high = np.ceil(mean + 4 * np.sqrt(mean * dispersion) + 4)
    for _ in range(_MOST_DOUBLINGS):
        short = at_least(high + 1, mean, dispersion) > alpha
        if not short.any():
            break
        high = np.where(short, 2 * high, high)
    low = np.full_like(high, -1.0)
    while True:
        middle = np.floor((low + high) / 2)
        open_ = (middle > low) & (middle < high)  # beyond 2 ** 53 neighbours are further apart than 1
        if not open_.any():
            break
        enough = at_least(middle + 1, mean, dispersion) <= alpha
        high = np.where(open_ & enough, middle, high)
        low = np.where(open_ & ~enough, middle, low)
    return np.where(known, high, np.nan)


def _arrays(*values: ArrayLike) -> tuple[Any, ...]:
    return np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in values))
