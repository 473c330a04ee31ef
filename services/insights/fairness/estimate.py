"""What a comparison of two groups says: an estimate, its intervals and a p value. Pure."""

from dataclasses import dataclass
from math import exp, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtri

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Flags = NDArray[np.bool_]

Z95 = float(ndtri(0.975))
"""Of the interval that is shown."""
Z90 = float(ndtri(0.95))
"""Of the interval that must lie within the tolerance before two groups are called alike: two one-sided tests at 5 %
(Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15:657, 1987)."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Of the group against the others in the same strata."""

    value: float
    low: float
    high: float
    """95 % interval."""
    inner_low: float
    inner_high: float
    """90 % interval."""
    p_value: float
    """Two-sided: of a difference as large or larger, were there none."""

    def exponentiated(self) -> "Estimate":
        """From the logarithm of a ratio to the ratio."""
        return Estimate(
            *(exp(self.value), exp(self.low), exp(self.high), exp(self.inner_low), exp(self.inner_high)),
            self.p_value,
        )


def normal(value: float, variance: float, p_value: float) -> Estimate:
    """With the intervals of a normal distribution."""
    error = sqrt(variance)
    outer, inner = Z95 * error, Z90 * error
    return Estimate(value, value - outer, value + outer, value - inner, value + inner, p_value)


def p_of(chi_squared: float) -> float:
    """Of one degree of freedom."""
    return float(chdtrc(1, chi_squared))


def matched(strata: Codes, group: Flags) -> Flags:
    """Of the cases those in whose stratum there are both some of the group and some others: only these are compared
    (exact matching on coarsened variables: Iacus, King and Porro, Political Analysis 20:1, 2012)."""
    size = int(strata.max(initial=-1)) + 1
    both = (np.bincount(strata[group], minlength=size) > 0) & (
        np.bincount(strata[~group], minlength=size) > 0
    )
    found: Flags = both[strata] if strata.size else np.zeros(0, dtype=np.bool_)
    return found
