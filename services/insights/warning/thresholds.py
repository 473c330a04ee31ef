"""Three ways from an expected count to the bound above which a count is an alarm. Pure.

Noufaily et al., Statistics in Medicine 32:1206, 2013, doi 10.1002/sim.5595, section 3; the power 2/3 is that of
Farrington et al., JRSS A 159:547, 1996, section 3.7.
"""

from enum import StrEnum
from typing import cast

import numpy as np
from scipy.special import ndtr, ndtri

from services.insights.warning.negbin import Floats, at_least, bound


class Threshold(StrEnum):
    """How the bound is found."""

    NEGATIVE_BINOMIAL = "nbPlugin"
    """A quantile of the negative binomial distribution with the fitted mean."""
    UPPER_MEAN = "muan"
    """The same, with an upper limit of the mean instead of it."""
    TWO_THIRDS = "delta"
    """Normal after the power 2/3, with the variance of count and mean: the original of 1996."""


def limit(
    y: Floats, mean: Floats, phi: Floats, error: Floats, alpha: float, threshold: Threshold
) -> tuple[Floats, Floats]:
    """(N,) each to bounds and p values. `error` is the standard error of log mean. NaN where the mean is not known."""
    if threshold is Threshold.TWO_THIRDS:
        with np.errstate(invalid="ignore"):
            # The variance of the count and of the fitted mean, by the delta method for mean ** (2/3).
            spread = np.sqrt(4 / 9 * mean ** (1 / 3) * (phi + error**2 * mean))
            high = (mean ** (2 / 3) + ndtri(1 - alpha) * spread) ** 1.5
            return high, cast(Floats, ndtr((mean ** (2 / 3) - y ** (2 / 3)) / spread))
    if threshold is Threshold.UPPER_MEAN:
        with np.errstate(over="ignore"):
            mean = mean * np.exp(ndtri(1 - alpha) * error)
    known = np.isfinite(mean)
    p = at_least(y, np.where(known, mean, 0.0), np.where(known, phi, 1.0))
    return bound(alpha, np.where(known, mean, np.nan), phi), np.where(known, p, np.nan)
