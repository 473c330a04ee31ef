"""Whether a share rises, and how sure that is. Pure.

Trend of shares over periods: Cochran, Biometrics 10:417, 1954, and
Armitage, Biometrics 11:375, 1955; its slope is that of weighted least squares, with the variance of no trend.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, sqrt

from shared.shares import Z


@dataclass(frozen=True, slots=True)
class Trend:
    slope: float
    """Change of the share from one period to the next."""
    low: float
    high: float
    p_value: float
    """Two-sided: the chance of so steep a trend in either direction, if there is none."""


def trend(parts: Sequence[int], of: Sequence[int]) -> Trend | None:
    """None where it cannot be told: fewer than two periods have anything, or the share is 0 or 1 throughout."""
    total = sum(of)
    share = sum(parts) / total if total else 0.0
    if not 0 < share < 1:
        return None
    mean = sum(n * at for at, n in enumerate(of)) / total
    spread = sum(n * (at - mean) ** 2 for at, n in enumerate(of))
    if spread <= 0:
        return None
    slope = (
        sum((at - mean) * (part - n * share) for at, (part, n) in enumerate(zip(parts, of, strict=True)))
        / spread
    )
    error = sqrt(share * (1 - share) / spread)
    return Trend(slope, slope - Z * error, slope + Z * error, erfc(abs(slope) / error / sqrt(2)))
