"""How many customers used each term, in a day or a week. Pure."""

import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from services.insights.topics.terms import BUCKETS, Buckets, buckets, terms

_MOST = 2**16 - 1


@dataclass(frozen=True, slots=True)
class Told:
    """One complaint's words."""

    id: UUID
    customer: UUID | None
    words: str
    """Masked."""
    buckets: Buckets
    """Of its terms."""

    @classmethod
    def of(cls, id: UUID, customer: UUID | None, words: str) -> "Told":
        return cls(id, customer, words, buckets(terms(words)))


@dataclass(frozen=True, slots=True)
class Counts:
    """Sparse: only terms that occur."""

    customers: int
    """Who told anything."""
    buckets: Buckets
    """Sorted."""
    n: NDArray[np.uint16]
    """Customers who used the term."""

    def packed(self) -> bytes:
        steps = np.diff(self.buckets, prepend=np.int32(0)).astype("<i4")
        return zlib.compress(steps.tobytes() + self.n.astype("<u2").tobytes(), 6)

    @classmethod
    def unpacked(cls, customers: int, packed: bytes) -> "Counts":
        raw = zlib.decompress(packed)
        size = len(raw) // 6
        steps = np.frombuffer(raw, dtype="<i4", count=size)
        n = np.frombuffer(raw, dtype="<u2", offset=4 * size)
        return cls(customers, np.cumsum(steps, dtype=np.int32), n.astype(np.uint16))

    def dense(self) -> NDArray[np.int32]:
        """(BUCKETS,)"""
        found = np.zeros(BUCKETS, dtype=np.int32)
        found[self.buckets] = self.n
        return found


def count(told: Iterable[Told]) -> Counts:
    """A customer who writes twenty times uses each term once."""
    by_customer: defaultdict[UUID, list[Buckets]] = defaultdict(list)
    for each in told:
        by_customer[each.customer or each.id].append(each.buckets)
    used = [each[0] if len(each) == 1 else np.unique(np.concatenate(each)) for each in by_customer.values()]
    if not used:
        return Counts(0, np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.uint16))
    found, n = np.unique(np.concatenate(used), return_counts=True)
    return Counts(len(used), found, np.minimum(n, _MOST).astype(np.uint16))


def summed(days: Sequence[Counts]) -> Counts:
    """Of several days: a customer who wrote on two of them counts twice, so that more is expected rather than less."""
    total = np.zeros(BUCKETS, dtype=np.int64)
    for day in days:
        total[day.buckets] += day.n
    found = np.nonzero(total)[0].astype(np.int32)
    return Counts(
        sum(day.customers for day in days), found, np.minimum(total[found], _MOST).astype(np.uint16)
    )
