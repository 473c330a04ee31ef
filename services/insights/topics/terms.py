"""What is counted of a text: runs of two to four Chinese signs, words, and pairs of words. Pure.

Numbers of orders and parcels name one thing each and are left out; codes such as R4 stay, they name a fault. A term is
counted by its bucket, a digest: a day's counts hold no words.
"""

import re
from collections.abc import Iterable, Iterator
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from shared.gist import FIGURE, SMALL, SMALL_SIGNS, WORDS, plain

BUCKETS = 2**20
"""Enough that a week of terms hardly ever shares one; terms that do are counted as one."""
LONGEST_RUN = 4
MASKED = re.compile(r"\[[a-z_ -]{2,30}\]")
_CLAUSES = re.compile(r"[\n.!?;,:。！？；，：、]+\s*")
NUMBER = re.compile(r"[\d./+-]+|.*\d.*\d.*\d.*\d.*\d.*")

Buckets = NDArray[np.int32]


def terms(words: str) -> frozenset[str]:
    """Each term once, however often it is said."""
    found: set[str] = set()
    for clause in _CLAUSES.split(MASKED.sub("\n", plain(words))):
        before: str | None = None
        for word in WORDS.findall(clause):
            if word[0] >= "㐀":
                before = None
                for run in word.translate(SMALL_SIGNS).split():
                    for length in range(2, min(LONGEST_RUN, len(run)) + 1):
                        found.update(run[at : at + length] for at in range(len(run) - length + 1))
            elif word in SMALL or (FIGURE.search(word) and NUMBER.fullmatch(word)):
                continue
            else:
                found.add(word)
                if before is not None:
                    found.add(f"{before} {word}")
                before = word
    return frozenset(found)


def single_terms(sentence: str) -> Iterator[str]:
    """Of a plain sentence the pairs of Chinese signs and the words, in their order."""
    for word in WORDS.findall(sentence):
        if word[0] >= "㐀":
            for run in word.translate(SMALL_SIGNS).split():
                yield from (run[at : at + 2] for at in range(len(run) - 1))
        elif word not in SMALL and not (FIGURE.search(word) and NUMBER.fullmatch(word)):
            yield word


def bucket(term: str) -> int:
    return crc32(term.encode()) % BUCKETS


def buckets(all_terms: Iterable[str]) -> Buckets:
    """Sorted, each once."""
    return np.unique(np.fromiter((bucket(term) for term in all_terms), dtype=np.int32))
