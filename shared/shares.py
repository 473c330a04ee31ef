"""How sure a share is. Pure."""

from math import sqrt
from typing import NamedTuple

Z = 1.959963984540054
"""Quantile of the normal distribution for an interval of 95 %."""


class Interval(NamedTuple):
    low: float
    high: float


def wilson(part: float, of: float) -> Interval:
    """Between which shares the true one lies, with 95 % confidence (Wilson, JASA 22:209, 1927); 0 to 1 if `of` is 0.

    Neither need be whole: of a sample that tells as much as `of` cases would, `part` is its share of them."""
    if not of:
        return Interval(0.0, 1.0)
    share, squared = part / of, Z * Z
    middle = (share + squared / (2 * of)) / (1 + squared / of)
    half = Z * sqrt(share * (1 - share) / of + squared / (4 * of * of)) / (1 + squared / of)
    return Interval(max(0.0, middle - half), min(1.0, middle + half))
