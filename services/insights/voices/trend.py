"""How large a share is, whether it rises, and how sure both are. Pure.

Interval of a share: Wilson, JASA 22:209, 1927. Trend of shares over periods: Cochran, Biometrics 10:417, 1954, and
Armitage, Biometrics 11:375, 1955; its slope is that of weighted least squares, with the variance of no trend.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, sqrt

Z = 1.959963984540054
"""Normal quantile of an interval of 95 %."""


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float


def wilson(part: int, of: int) -> Interval:
    """Of a share; from 0 to 1 when there is nothing to tell it by."""
    if of == 0:
        return Interval(0.0, 1.0)
    share, weight = part / of, Z * Z / of
    middle = (share + weight / 2) / (1 + weight)
    half = Z / (1 + weight) * sqrt(share * (1 - share) / of + weight / (4 * of))
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


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
