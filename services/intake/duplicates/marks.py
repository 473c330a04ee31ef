"""By which marks a complaint is found again: numbers of eight bytes that tell nothing to whoever reads them. Pure.

A mark is a keyed digest, so that the table of marks holds no personal data. Contact, customer number and order give
one mark each. The text gives eight, by one-permutation MinHash (Li, Owen, Zhang 2012): a text that shares half of
its terms with another one shares at least one of the marks nine times of ten (1 - (1 - 0.5^2)^8), one that shares a
tenth hardly ever (0.08).
"""

from hashlib import blake2b
from zlib import crc32

from services.intake.duplicates.model import Telling

BANDS = 8
_BINS = 2 * BANDS
_EMPTY = 2**32

PERSON, TEXT = 4, 1
"""How much a mark in common says when too many complaints have one."""


def marks_of(telling: Telling, secret: bytes) -> dict[int, int]:
    """The complaint's marks and what each weighs."""
    found = {_mark(secret, "person", who): PERSON for who in telling.people}
    if telling.order is not None:
        found[_mark(secret, "order", telling.order)] = PERSON
    lowest = _lowest(telling.gist.terms)
    if lowest is not None:
        for band in range(BANDS):
            found[_mark(secret, f"text-{band}", str(lowest[2 * band : 2 * band + 2]))] = TEXT
    return found


def _mark(secret: bytes, kind: str, value: str) -> int:
    digest = blake2b(f"{kind}/{value}".encode(), digest_size=8, key=secret[:64])
    return int.from_bytes(digest.digest(), signed=True)


def _lowest(terms: frozenset[str]) -> list[int] | None:
    """The lowest digest of a term in each of the bins; an empty bin takes its neighbour's."""
    if not terms:
        return None
    lowest = [_EMPTY] * _BINS
    for term in terms:
        digest = crc32(term.encode())
        at = digest % _BINS
        lowest[at] = min(lowest[at], digest)
    for at in range(2 * _BINS):  # twice around: the first bins may borrow from the last
        if lowest[at % _BINS] == _EMPTY:
            lowest[at % _BINS] = lowest[at % _BINS - 1]
    return lowest
