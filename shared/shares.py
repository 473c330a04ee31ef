"""How sure a share is. Pure."""

from math import sqrt
from typing import NamedTuple

Z = 1.959963984540054
"""Quantile of the normal distribution for an interval of 95 %."""


class Interval(NamedTuple):
    low: float
    high: float


def wilson(part: float, of: float, z: float = Z) -> Interval:
    """Between which shares the true one lies, with 95 % confidence (Wilson, JASA 22:209, 1927); 0 to 1 if `of` is 0.

    Neither need be whole: of a sample that tells as much as `of` cases would, `part` is its share of them. `z` is the
    quantile of the normal distribution for another confidence.
    """
    if not of:
        return Interval(0.0, 1.0)
    share, squared = part / of, z * z
    middle = (share + squared / (2 * of)) / (1 + squared / of)
    half = z * sqrt(share * (1 - share) / of + squared / (4 * of * of)) / (1 + squared / of)
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


def difference(part: int, of: int, other_part: int, other_of: int, z: float = Z) -> Interval:
    """Between which values the difference of two independent shares lies (Newcombe, Stat. Med. 17:873, 1998,
    method 10). Raises ZeroDivisionError if there is nothing to share."""
    share, other = part / of, other_part / other_of
    mine, theirs = wilson(part, of, z), wilson(other_part, other_of, z)
    return Interval(
        share - other - sqrt((share - mine.low) ** 2 + (theirs.high - other) ** 2),
        share - other + sqrt((mine.high - share) ** 2 + (other - theirs.low) ** 2),
    )
