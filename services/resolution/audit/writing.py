"""Adding to the chains of the cases that are saved: one insert for all of them."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic_core import to_jsonable_python

from services.resolution.audit.chain import Covered, Link, Part, extend, key_of
from services.resolution.audit.witnessed import Noted, Witnessed
from services.resolution.timeline import SYSTEM, Kind
from shared.bulk import as_bytes

SALT = 16


@dataclass(frozen=True)
class Rows:
    """What is about to be stored of one case."""

    entries: Sequence[Mapping[str, Any]]
    offers: Sequence[Mapping[str, Any]]
    promises: Sequence[Mapping[str, Any]]
    contacts: Sequence[Mapping[str, Any]]

    def happened(self, at: datetime) -> Iterator[Covered]:
        """All of it; `at` is when offers were made that no entry of the timeline tells of."""
        actor = SYSTEM
        for row in self.entries:
            if row["kind"] == Kind.OFFERED.value:
                actor, at = row["author"], row["at"]
            yield Covered(Part.TIMELINE, row["at"], row["author"], row["kind"], row)
        for row in self.offers:
            yield Covered(Part.OFFER, at, actor, Noted.OFFER_RECORDED.value, row)
        for row in self.promises:
            if row["settled_at"] is None:
                yield Covered(Part.PROMISE, row["made_at"], SYSTEM, Noted.PROMISE_RECORDED.value, row)
            else:
                yield Covered(Part.SETTLEMENT, row["settled_at"], SYSTEM, Noted.PROMISE_SETTLED.value, row)
        for row in self.contacts:
            at, actor = row["recorded_at"], row["held_by"]
            yield Covered(Part.CONTACT, at, actor, Noted.CONTACT_RECORDED.value, row)


def chained(
    case: Witnessed, rows: Rows, *, erased: bool, secret: bytes, recorded_at: datetime
) -> Iterable[Link]:
    """The new entries of the case, whose head goes on to the last of them.

    Of an erased one the key is gone: digests are under a key that nobody keeps.
    """
    if erased:
        case.audit_salt = None
    elif case.audit_salt is None:
        case.audit_salt = os.urandom(SALT)
    key = os.urandom(32) if case.audit_salt is None else key_of(secret, case.audit_salt)
    links = extend(case.id, case.head, key, [*rows.happened(recorded_at), *case.new_notes], recorded_at)
    if links:
        case.audit_number, case.audit_hash = links[-1].number, links[-1].hash
    case.new_notes.clear()
    return links


def row_of(link: Link) -> dict[str, Any]:
    """As it is written, for `jsonb_populate_recordset`: bytes in PostgreSQL's hexadecimal form."""
    return {
        "complaint_id": link.complaint_id,
        "number": link.number,
        "at": link.at,
        "recorded_at": link.recorded_at,
        "actor": link.actor,
        "action": link.action,
        "part": link.part.value,
        "key": link.key,
        "note": link.note,
        "digest": as_bytes(link.digest),
        "previous": as_bytes(link.previous),
        "hash": as_bytes(link.hash),
    }


def only_witnessed(case: Witnessed, row: Mapping[str, Any]) -> bool:
    """Did nothing change but the chain? `row` is what is to be stored of the case, but for the chain's own columns;
    what is kept as JSON is compared as such."""
    stored = case.stored
    return (
        bool(case.new_notes)
        and stored is not None
        and all(
            value == stored[name] or to_jsonable_python(value) == stored[name] for name, value in row.items()
        )
    )
