"""How long it took, in buckets: histograms that add up, and quantiles that mind what is still open.

The bounds are whole seconds made by whole-number arithmetic, so that every machine puts a duration into the
same bucket. A bucket's largest duration is at most 101/99 of its smallest, and the middle lies between them such
that no duration in the bucket is further from it than 1 % of itself (the bound of DDSketch, Masson et al.,
VLDB 2019, with alpha = 1/100). Up to 48 seconds every bucket holds one duration, which is then exact.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

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
    [cases] = added_up([stored]).astype(np.int64)
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


def added_up(
    stored: Sequence[bytes], groups: Sequence[int] | None = None, number: int = 0
) -> NDArray[np.float64]:
    """Cases by group and bucket, (G, buckets). Each of these is any number of packed histograms one after the other,
    and a group of its own unless `groups` says to which of a `number` it belongs."""
    groups, number = (range(len(stored)), len(stored)) if groups is None else (groups, number)
    entries = np.frombuffer(b"".join(stored), dtype="<u4")
    # Made in place: of half a million entries each further array takes as long as all that is done with it.
    place = np.repeat(np.array(groups, dtype=np.uint32) * len(BOUNDS), [len(each) // 4 for each in stored])
    place += entries >> _BITS
    # Weights are floating numbers, which are exact up to 2**53 cases.
    sums = np.bincount(place, weights=entries & _MOST, minlength=number * len(BOUNDS))
    return np.asarray(sums, dtype=np.float64).reshape(number, len(BOUNDS))


@dataclass(frozen=True, slots=True)
class Quantile:
    """Seconds until the share is reached, or the least it can be when too many are still open to tell."""

    seconds: float
    at_least: bool = False


class Waiting(NamedTuple):
    """Those of groups that still wait, as columns of one length."""

    group: NDArray[np.int64]
    age: NDArray[np.float64]
    """In seconds."""
    n: NDArray[np.int64]


ALL_DONE = Waiting(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0, dtype=np.int64))


@dataclass
class Durations:
    """How long it took for the cases of some groups, how long those that still wait have waited, and after how long
    those left that do not wait any more."""

    finished: NDArray[np.float64]
    """(G, buckets)"""
    censored: NDArray[np.float64]
    """(G, buckets): those that ended in another way."""
    waiting: Waiting = ALL_DONE

    def quantile(self, share: float) -> list[Quantile | None]:
        """Of each group the time within which `share` of all cases finish; None when there are no cases.

        The estimate is Kaplan and Meier's (1958): an open case counts among those at risk up to its age, one that
        ended in another way until then. Leaving the open ones out would make a growing backlog look quick, because it
        is the slow cases that are still open; taking for open what has ended, a finished day look slow.
        """
        moments, remaining, longest = self._curve
        if not len(moments):
            return [None] * len(longest)
        below = remaining <= 1 - share + _CLOSE
        first = below.argmax(axis=1)
        reached: list[bool] = below[np.arange(len(first)), first].tolist()
        place: list[float] = moments[first].tolist()
        return [
            Quantile(at) if known else Quantile(most, at_least=True) if most >= 0 else None
            for known, at, most in zip(reached, place, longest.tolist(), strict=True)
        ]

    @cached_property
    def _curve(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """The moments (M,) at which anybody finished, the share of each group that is not finished after each of them
        (G, M), and the longest time that is known of each group (G,), -1 where nothing is."""
        # Who waits or left is at risk at all moments up to then, and who finishes just then finishes first.
        until = np.searchsorted(_MIDDLES, self.waiting.age, side="right") - 1
        used: NDArray[np.bool_] = np.asarray((self.finished + self.censored).any(axis=0))
        used[until] = True
        moments, column = _MIDDLES[used], np.cumsum(used) - 1
        finished, left = self.finished[:, used], self.censored[:, used]
        groups, size = finished.shape
        place = self.waiting.group * size + column[until]
        waiting = np.bincount(place, weights=self.waiting.n, minlength=groups * size).reshape(groups, size)
        at_risk = finished + left + waiting
        at_risk = np.cumsum(at_risk[:, ::-1], axis=1)[:, ::-1]
        stays = 1 - finished / np.maximum(at_risk, 1)
        longest = np.where(finished + left > 0, moments, -1.0).max(axis=1, initial=-1.0)
        np.maximum.at(longest, self.waiting.group, self.waiting.age)
        return moments, np.cumprod(stays, axis=1, out=stays), longest


@dataclass
class Spans:
    """The same of one group."""

    finished: Mapping[int, int] = field(default_factory=dict)
    """Cases by bucket."""
    waiting: Sequence[tuple[float, int]] = ()
    """(age in seconds, cases)."""
    censored: Mapping[int, int] = field(default_factory=dict)
    """Cases by bucket."""

    def quantile(self, share: float) -> Quantile | None:
        """See `Durations.quantile`."""
        return self.alone().quantile(share)[0]

    def alone(self) -> Durations:
        """As the only group."""
        waits = [(age, n) for age, n in self.waiting if n > 0]
        ages, open_ = (np.array([each[part] for each in waits]) for part in (0, 1))
        nobody = np.zeros(len(waits), dtype=np.int64)
        waiting = Waiting(nobody, ages.astype(np.float64), open_.astype(np.int64))
        return Durations(_of_one(self.finished), _of_one(self.censored), waiting)


def _of_one(cases: Mapping[int, int]) -> NDArray[np.float64]:
    histogram = np.zeros((1, len(BOUNDS)))
    for bucket, n in cases.items():
        histogram[0, bucket] = n
    return histogram
