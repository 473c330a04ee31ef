"""Does one thing go with another, over units such as departments? Pure.

Rank correlation (Spearman, American Journal of Psychology 15, 1904) with the interval of Bonett and Wright
(Psychometrika 65, 2000): Fisher's z with the standard error sqrt((1 + r^2 / 2) / (n - 3)).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import atanh, sqrt, tanh

from scipy.stats import norm, spearmanr

CONFIDENCE = 0.95
FEWEST = 10
"""With fewer units the interval spans nearly everything, and its formula is not good: nothing is said."""
_ALMOST = 1 - 1e-9


@dataclass(frozen=True, slots=True)
class Correlation:
    """Between -1 and 1; no number when there are too few units, or one of the two does not vary."""

    units: int
    rho: float | None = None
    low: float | None = None
    high: float | None = None


def correlation(pairs: Sequence[tuple[float, float]]) -> Correlation:
    n = len(pairs)
    left, right = ([pair[side] for pair in pairs] for side in (0, 1))
    if n < FEWEST or len(set(left)) == 1 or len(set(right)) == 1:
        return Correlation(n)
    rho = max(-1.0, min(1.0, float(spearmanr(left, right).statistic)))
    centre = atanh(max(-_ALMOST, min(_ALMOST, rho)))
    reach = float(norm.ppf((1 + CONFIDENCE) / 2)) * sqrt((1 + rho * rho / 2) / (n - 3))
    return Correlation(n, rho, tanh(centre - reach), tanh(centre + reach))
