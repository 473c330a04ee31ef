"""How long it took, in buckets: histograms that add up, and quantiles that mind what is still open.

The bounds are whole seconds made by whole-number arithmetic, so that every machine puts a duration into the
same bucket. A bucket's largest duration is at most 21/19 of its smallest, and `middle` lies between them such
that no duration in the bucket is further from it than 5 % of itself (the bound of DDSketch, Masson et al.,
VLDB 2019, with alpha = 1/20). Up to 9 seconds every bucket holds one duration, which is then exact.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

RELATIVE_ERROR = 0.05
"""Furthest that a quantile from the histogram lies from the true one, as a share of the true one."""

LONGEST = 20 * 366 * 86_400
"""Seconds; longer durations count in the last bucket, where the error bound no longer holds."""


def _bounds() -> tuple[int, ...]:
    bounds = [0]
    while bounds[-1] < LONGEST:
        bounds.append((bounds[-1] + 1) * 21 // 19)
    return tuple(bounds)


BOUNDS = _bounds()
"""Bucket i holds the durations above BOUNDS[i-1] up to and including BOUNDS[i] seconds; bucket 0 holds 0."""


def bucket_of(seconds: int) -> int:
    """The bucket of a duration in whole seconds; a negative one (clocks disagree) counts as 0."""
    return min(bisect_left(BOUNDS, seconds), len(BOUNDS) - 1)


def middle(bucket: int) -> float:
    """Seconds that stand for the bucket: the harmonic mean of its smallest and its largest duration."""
    if bucket == 0:
        return 0.0
    smallest, largest = BOUNDS[bucket - 1] + 1, BOUNDS[bucket]
    return 2 * smallest * largest / (smallest + largest)


@dataclass(frozen=True, slots=True)
class Quantile:
    """Seconds until the share is reached, or the least it can be when too many are still open to tell."""

    seconds: float
    at_least: bool = False


def quantile(
    share: float, finished: Mapping[int, int], still_open: Iterable[tuple[float, int]]
) -> Quantile | None:
    """The time within which `share` of all cases finish; None when there are no cases.

    `finished` counts cases by bucket, `still_open` lists (age in seconds, cases). The estimate is Kaplan and
    Meier's (1958): an open case counts among those at risk up to its age. Leaving the open ones out would
    make a growing backlog look quick, because it is the slow cases that are still open.
    """
    steps = [(middle(bucket), 0, n) for bucket, n in finished.items() if n > 0]
    steps += [(age, 1, n) for age, n in still_open if n > 0]
    at_risk = sum(n for _, _, n in steps)
    if not at_risk:
        return None
    remaining = 1.0
    seconds = 0.0
    for seconds, censored, n in sorted(steps):  # after the last one, `seconds` is the lower bound
        if not censored:
            remaining *= 1 - n / at_risk
            if remaining <= 1 - share + 1e-12:
                return Quantile(seconds)
        at_risk -= n
    return Quantile(seconds, at_least=True)
