"""Which two terms are told in one sentence, and by how many customers: a new problem may use no new word. Pure.

A combination is counted by a key, made of the buckets of its two terms, the smaller first. Of Chinese the terms are
pairs of signs, of English single words: longer ones would say the same again.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from services.insights.topics.terms import BUCKETS, MASKED, bucket, single_terms
from shared.gist import plain

AND = " + "
"""Between the two terms of a combination; no term has blanks around a sign."""
LONGEST_SENTENCE = 30
"""Terms of a sentence that are combined, the first ones."""
_SENTENCES = re.compile(r"[\n.!?。！？]+\s*")
_SHIFT = BUCKETS.bit_length() - 1

Keys = NDArray[np.int64]


def sentences(words: str) -> Iterator[tuple[str, ...]]:
    """The terms of each sentence with at least two of them, each once."""
    for sentence in _SENTENCES.split(MASKED.sub("\n", plain(words))):
        found = tuple(dict.fromkeys(single_terms(sentence)))[:LONGEST_SENTENCE]
        if len(found) > 1:
            yield found


def key(one: str, other: str) -> int:
    low, high = sorted((bucket(one), bucket(other)))
    return (low << _SHIFT) | high


def keys_of(words: str) -> Keys:
    """All combinations of a text, sorted, each once."""
    found = [_pairs(sorted({bucket(term) for term in each})) for each in sentences(words)]
    return np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.int64)


def _pairs(buckets: list[int]) -> Keys:
    each = np.array(buckets, dtype=np.int64)
    one, other = _places(each.size)
    return (each[one] << _SHIFT) | each[other]


@lru_cache(maxsize=LONGEST_SENTENCE)
def _places(number: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    one, other = np.triu_indices(number, 1)
    return one, other


def names_of(words: str, wanted: frozenset[int]) -> frozenset[str]:
    """The combinations with these keys that a text tells, by name."""
    halves = _halves(wanted)
    found = set[str]()
    for each in sentences(words):
        some = [term for term in each if bucket(term) in halves]
        found.update(
            AND.join(sorted((one, other)))
            for place, one in enumerate(some)
            for other in some[place + 1 :]
            if key(one, other) in wanted
        )
    return frozenset(found)


@lru_cache(maxsize=16)
def _halves(wanted: frozenset[int]) -> frozenset[int]:
    """The buckets of which they are made."""
    return frozenset(half for each in wanted for half in (each >> _SHIFT, each & (BUCKETS - 1)))


@dataclass(frozen=True, slots=True)
class Together:
    """Of one week. Sparse: only combinations that occur."""

    customers: int
    keys: Keys
    """Sorted."""
    n: NDArray[np.uint16]
    """Customers who told it."""

    def of(self, wanted: Keys) -> NDArray[np.int64]:
        """(K,)"""
        if not self.keys.size:
            return np.zeros(wanted.size, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.keys, wanted), self.keys.size - 1)
        return np.where(self.keys[at] == wanted, self.n[at].astype(np.int64), 0)


def count(told: Iterable[tuple[UUID, Keys]]) -> Together:
    """By customer: whoever writes twenty times tells each combination once."""
    by_customer: defaultdict[UUID, list[Keys]] = defaultdict(list)
    for customer, keys in told:
        by_customer[customer].append(keys)
    used = [each[0] if len(each) == 1 else np.unique(np.concatenate(each)) for each in by_customer.values()]
    if not used:
        return Together(0, np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint16))
    keys, n = np.unique(np.concatenate(used), return_counts=True)
    return Together(len(used), keys, np.minimum(n, 2**16 - 1).astype(np.uint16))


def digest(customer: UUID) -> bytes:
    """By which customers are taken when they are too many: the same whenever it is asked."""
    return customer.bytes[::-1]
