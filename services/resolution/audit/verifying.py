"""Are all chains whole, and is what they cover as it was? Pure rules; `walking` feeds them.

While a complaint's key exists, what its entries cover is compared as well. After an erasure the hashes alone hold.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from services.resolution.audit.chain import Head, Link, Part, digest_of, start
from services.resolution.audit.deriving import Derived
from services.resolution.audit.findings import Finding, Wrong
from services.resolution.lifecycle import State


@dataclass(frozen=True, slots=True)
class Stored:
    """One entry as it was found."""

    link: Link
    hash: bytes
    row: Mapping[str, Any] | None
    """The row that it covers; None: there is none."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a case says of its chain, and how many rows it has of each part."""

    complaint_id: UUID
    head: Head
    keys: Sequence[bytes]
    """Under one of which every digest is, the present one first; none after an erasure."""
    erased: bool
    state: State
    since: int
    """So many timeline entries were there before the chain."""
    rows: Mapping[Part, int]


@dataclass
class Check:
    """One chain being verified, entry by entry; its memory does not grow with the chain."""

    claim: Claim
    marked: Head | None = None
    """Where it ended at the checkpoint."""
    _at: Head = field(init=False)
    _seen: Counter[Part] = field(default_factory=Counter[Part])
    _derived: Derived = field(default_factory=Derived)
    _marked_hash: bytes | None = None

    def __post_init__(self) -> None:
        self._at = start(self.claim.complaint_id)

    def entry(self, found: Stored) -> Iterator[Finding]:
        """The next entry."""
        link = found.link
        if link.number != self._at.number + 1:
            yield self._finding(link.number, Wrong.MISSING)
        elif link.previous != self._at.hash:
            yield self._finding(link.number, Wrong.BEGINNING if link.number == 1 else Wrong.PREVIOUS)
        if found.hash != link.hash:
            yield self._finding(link.number, Wrong.HASH)
        self._at = Head(link.number, found.hash)
        self._seen[link.part] += 1
        if link.part is Part.TIMELINE:
            self._derived.hear(link.action)
        if self.marked is not None and link.number == self.marked.number:
            self._marked_hash = found.hash
        yield from self._covered(found)

    def end(self) -> Iterator[Finding]:
        """After the last entry."""
        claim = self.claim
        if self._at != (claim.head if claim.head.number else start(claim.complaint_id)):
            yield self._finding(self._at.number, Wrong.END)
        if not claim.keys and claim.head.number and not claim.erased:
            yield self._finding(self._at.number, Wrong.KEY_GONE)
        yield from self._uncovered()
        if claim.since == 0 and self._derived.state is not claim.state:
            yield self._finding(self._at.number, Wrong.STATE, claim.state.value)
        if self.marked is None:
            return
        if self._at.number < self.marked.number:
            yield self._finding(self._at.number, Wrong.CUT)
        elif self._marked_hash != self.marked.hash:
            yield self._finding(self.marked.number, Wrong.REWRITTEN)

    def _covered(self, found: Stored) -> Iterator[Finding]:
        link = found.link
        if link.part is not Part.NOTE and found.row is None:
            yield self._finding(link.number, Wrong.ROW_GONE, link.key)
        elif self.claim.keys:
            content = link.note if link.part is Part.NOTE else found.row
            assert content is not None, "the database sees to it that a note says something"
            if all(digest_of(key, link.part, content) != link.digest for key in self.claim.keys):
                yield self._finding(link.number, Wrong.CONTENT, link.key)

    def _uncovered(self) -> Iterator[Finding]:
        """Of a case that is older than its chain only the timeline is known exactly."""
        for part, rows in self.claim.rows.items():
            older = self.claim.since if part is Part.TIMELINE else 0
            uncovered = rows - older - self._seen[part]
            if uncovered > 0 and (part is Part.TIMELINE or self.claim.since == 0):
                yield self._finding(self._at.number, Wrong.NOT_COVERED, f"{part}: {uncovered}")

    def _finding(self, number: int, wrong: Wrong, key: str = "") -> Finding:
        return Finding(self.claim.complaint_id, number, wrong, key)
