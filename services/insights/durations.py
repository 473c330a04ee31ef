"""How long it took, in buckets: histograms that add up, and quantiles that mind what is still open.

The bounds are whole seconds made by whole-number arithmetic, so that every machine puts a duration into the
same bucket. A bucket's largest duration is at most 101/99 of its smallest, and the middle lies between them such
that no duration in the bucket is further from it than 1 % of itself (the bound of DDSketch, Masson et al.,
VLDB 2019, with alpha = 1/100). Up to 48 seconds every bucket holds one duration, which is then exact.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

RELATIVE_ERROR = 0.01
"""Furthest that a quantile from the histogram lies from the true one, as a share of the true one."""

LONGEST = 20 * 366 * 86_400
"""Seconds; longer durations count in the last bucket, where the error bound no longer holds."""

_BITS = 21
_MOST = (1 << _BITS) - 1
"""Cases that one entry of a packed histogram holds; of more, the bucket has several entries."""
_CLOSE = 1e-9
"""Less than the step of any single case that matters, and more than the rounding of a product of shares."""


def _bounds() -> tuple[int, ...]:
    bounds = [0]
    while bounds[-1] < LONGEST:
        bounds.append((bounds[-1] + 1) * 101 // 99)
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


_MIDDLES = np.array([middle(bucket) for bucket in range(len(BOUNDS))])


def packed(finished: Mapping[int, int], stored: bytes = b"") -> bytes:
    """Cases by bucket as they are stored, added to what is `stored` already.

    32 bits an entry, the bucket in the upper 11 and the cases in the lower 21, in order of the buckets: the same
    histogram is the same bytes. Raises ValueError for fewer cases than none.
    """
    [cases] = added_up([stored])
    for bucket, n in finished.items():
        cases[bucket] += n
    buckets = np.flatnonzero(cases)
    cases = cases[buckets]
    if (cases < 0).any():
        raise ValueError("a histogram cannot hold fewer than no cases")
    entries = -(-cases // _MOST)
    if (entries > 1).any():  # all but the last entry of a bucket are full
        rest = cases - (entries - 1) * _MOST
        buckets, cases = np.repeat(buckets, entries), np.full(entries.sum(), _MOST)
        cases[np.cumsum(entries) - 1] = rest
    return bytes((buckets << _BITS | cases).astype("<u4"))


def added_up(stored: Sequence[bytes]) -> NDArray[np.int64]:
    """A row for each of these: cases by bucket, where each is any number of packed histograms one after the other."""
    entries = np.frombuffer(b"".join(stored), dtype="<u4")
    row = np.repeat(np.arange(len(stored)), [len(each) // 4 for each in stored])
    place = row * len(BOUNDS) + (entries >> _BITS)
    # Weights are floating numbers, which are exact up to 2**53 cases.
    sums = np.bincount(place, weights=entries & _MOST, minlength=len(stored) * len(BOUNDS))
    return sums.astype(np.int64).reshape(len(stored), len(BOUNDS))


@dataclass(frozen=True, slots=True)
class Quantile:
    """Seconds until the share is reached, or the least it can be when too many are still open to tell."""

    seconds: float
    at_least: bool = False


@dataclass
class Spans:
    """How long it took for each of some cases, how long those that still wait have waited, and after how long those
    left that do not wait any more."""

    finished: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(BOUNDS), dtype=np.int64))
    """Cases by bucket."""
    censored: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(BOUNDS), dtype=np.int64))
    """Cases that ended in another way, by bucket."""
    waiting: list[tuple[float, int]] = field(default_factory=list)
    """(age in seconds, cases)."""

    @classmethod
    def of(
        cls,
        finished: Mapping[int, int],
        waiting: Iterable[tuple[float, int]] = (),
        censored: Mapping[int, int] | None = None,
    ) -> "Spans":
        """Of a few cases by bucket."""
        ended, left = added_up([packed(finished), packed(censored or {})])
        return cls(ended, left, list(waiting))

    def quantile(self, share: float) -> Quantile | None:
        """The time within which `share` of all cases finish; None when there are no cases.

        The estimate is Kaplan and Meier's (1958): an open case counts among those at risk up to its age, one that
        ended in another way until then. Leaving the open ones out would make a growing backlog look quick, because it
        is the slow cases that are still open; taking for open what has ended, a finished day look slow.
        """
        seconds, remaining = self._curve
        if not len(seconds):
            return None
        reached = np.flatnonzero(remaining <= 1 - share + _CLOSE)
        if len(reached):
            return Quantile(float(seconds[reached[0]]))
        return Quantile(float(seconds[-1]), at_least=True)

    @cached_property
    def _curve(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Moments in seconds, and the share that is not finished after each."""
        buckets, left = np.flatnonzero(self.finished), np.flatnonzero(self.censored)
        ages = [(age, n) for age, n in self.waiting if n > 0]
        seconds: NDArray[np.float64] = np.concatenate(
            (_MIDDLES[buckets], _MIDDLES[left], [age for age, _ in ages])
        )
        waiting = np.array([n for _, n in ages], dtype=np.int64)
        n = np.concatenate((self.finished[buckets], self.censored[left], waiting))
        open_still = np.arange(len(seconds)) >= len(buckets)
        order = np.lexsort((open_still, seconds))  # who finishes at the age of an open one, finishes first
        seconds, n, open_still = seconds[order], n[order], open_still[order]
        at_risk = n.sum() - np.cumsum(n) + n
        stays: NDArray[np.float64] = np.where(open_still, 1.0, 1 - n / at_risk)
        return seconds, np.cumprod(stays, dtype=np.float64)
