"""The chain of a case's audit entries. Pure.

Every entry has the hash of the one before it, so that nothing can be changed, left out, put in or moved. What it covers
it does not repeat: it keeps a digest under a key of the complaint (HMAC-SHA-256, RFC 2104). The key is made of the
installation's secret and of a salt that stands in the case. When the person is erased the salt goes: then nobody
can guess from a digest what was erased, and the hashes (SHA-256) still hold.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Part(StrEnum):
    """What an entry covers."""

    TIMELINE = "timeline"
    OFFER = "offer"
    PROMISE = "promise"
    SETTLEMENT = "settlement"
    """That a promise was kept, broken or released."""
    CONTACT = "contact"
    """What a contact with the customer was found to be."""
    NOTE = "note"
    """Nothing but what the entry itself says."""


COVERED: Mapping[Part, tuple[str, ...]] = {
    Part.TIMELINE: ("number", "at", "source", "author", "audience", "kind", "text"),
    Part.OFFER: ("offer_id", "round", "rank", "remedies", "description", "amount", "currency", "solution"),
    Part.PROMISE: ("promise_id", "number", "made_at", "due_at"),
    Part.SETTLEMENT: ("promise_id", "state", "settled_at", "handler_id", "department", "excused"),
    Part.CONTACT: (
        *("id", "via", "held_at", "recorded_at", "held_by", "emotion", "checklist", "talk_share", "slips"),
        *("key_points", "questions", "locked_point", "point_confirmed", "summary", "summary_confirmed"),
        *("positive_value", "needs"),
    ),
}
"""Columns of the row that is covered; the first is its key."""


@dataclass(frozen=True, slots=True)
class Covered:
    """Something that happened, before it is in the chain."""

    part: Part
    at: datetime
    actor: str
    action: str
    row: Mapping[str, Any]
    """What is covered: the row as it is stored, or the note itself."""

    @property
    def key(self) -> str:
        return str(self.row[COVERED[self.part][0]]) if self.part is not Part.NOTE else ""


@dataclass(frozen=True)
class Link:
    """One entry of the chain."""

    complaint_id: UUID
    number: int
    """Counts from 1, without gaps."""
    at: datetime
    """When it happened."""
    recorded_at: datetime
    """When resolution wrote it down."""
    actor: str
    action: str
    part: Part
    key: str
    """Which row is covered."""
    note: Mapping[str, Any] | None
    digest: bytes
    previous: bytes

    @cached_property
    def hash(self) -> bytes:
        """Of everything in it, and so of everything before it."""
        told = (
            self.complaint_id,
            self.number,
            self.at,
            self.recorded_at,
            self.actor,
            self.action,
            self.part,
            self.key,
            self.note,
        )
        return hashlib.sha256(self.previous + self.digest + written(told).encode()).digest()


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ends."""

    number: int
    hash: bytes


def start(complaint_id: UUID) -> Head:
    """What the first entry of a complaint's chain follows."""
    return Head(0, hashlib.sha256(b"redress/audit/" + complaint_id.bytes).digest())


def key_of(secret: bytes, salt: bytes) -> bytes:
    """The complaint's key. `secret` is the chain's own (`chain_secret`)."""
    return hmac.digest(secret, salt, "sha256")


def chain_secret(installation_secret: bytes) -> bytes:
    """RFC 5869, so that one secret gives independent values for its uses."""
    return HKDF(hashes.SHA256(), 32, salt=None, info=b"redress/audit/chain").derive(installation_secret)


def digest_of(key: bytes, part: Part, content: Mapping[str, Any]) -> bytes:
    """`content`: the row that is covered, as it is stored; of a note the note itself."""
    told = [content] if part is Part.NOTE else [content[name] for name in COVERED[part]]
    return hmac.digest(key, written([part, *told]).encode(), "sha256")


def extend(
    complaint_id: UUID, head: Head, key: bytes, happened: Sequence[Covered], recorded_at: datetime
) -> list[Link]:
    """The entries that follow `head`, in order."""
    links: list[Link] = []
    previous = head.hash
    for number, each in enumerate(happened, head.number + 1):
        digest = digest_of(key, each.part, each.row)
        link = Link(
            complaint_id,
            number,
            each.at,
            recorded_at,
            each.actor,
            each.action,
            each.part,
            each.key,
            each.row if each.part is Part.NOTE else None,
            digest,
            previous,
        )
        previous = link.hash
        links.append(link)
    return links


def written(values: Iterable[object]) -> str:
    """Values one after the other, each with its length (netstrings, D. J. Bernstein 1997), so that no two lists of
    values are written the same; it does not matter whether they come from Python or from the database."""
    texts = [value if type(value) is str or value is None else plain(value) for value in values]
    return "".join(["~" if text is None else f"{len(text)}:{text}," for text in texts])


def plain(value: object) -> str:
    """Times are microseconds since 1970, amounts have two decimals."""
    match value:
        case str():
            return str(value)
        case datetime():
            return str((value - _EPOCH) // _MICROSECOND)
        case Decimal():
            return f"{value:.2f}"
        case Mapping():
            return written(each for item in sorted(value.items()) for each in item)
        case list() | tuple():
            return written(value)
        case _:
            return str(value)


_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
