"""Checkpoints: where all chains end at a moment, signed, to be kept where Redress cannot write.

A file of lines of JSON. The first says whose checkpoint it is and of when; one follows for each chain, in the order of
the complaints' ids; the last counts them and signs (Ed25519, RFC 8032) the SHA-256 of all lines before it. A head is of
the moment at which it was read, between the checkpoint's time and its end: chains grow meanwhile.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.resolution.audit.chain import Head
from shared import clock, driver
from shared.database import Database, sql

FORMAT = "redress-audit-checkpoint/1"
PAGE = 2000
NOBODY = UUID(int=0)

_HEADS = sql(
    "SELECT id, audit_number, audit_hash FROM cases WHERE id > :after AND audit_number > 0 ORDER BY id LIMIT :page"
)


class NotACheckpoint(Exception):
    """The file is none, was changed, or was signed by another installation."""


@dataclass(frozen=True, slots=True)
class Chained:
    """Where one chain ended."""

    complaint_id: UUID
    head: Head


def signing_key(installation_secret: bytes) -> Ed25519PrivateKey:
    seed = HKDF(hashes.SHA256(), 32, salt=None, info=b"redress/audit/checkpoint").derive(installation_secret)
    return Ed25519PrivateKey.from_private_bytes(seed)


@dataclass
class Writer:
    """Makes the lines, and knows what of them is signed."""

    key: Ed25519PrivateKey
    digest: Any = field(default_factory=hashlib.sha256)
    chains: int = 0
    entries: int = 0

    def first(self, at: datetime) -> bytes:
        public = _public(self.key.public_key())
        return self._told(_line({"format": FORMAT, "at": at.isoformat(), "public_key": public}))

    def heads(self, heads: Iterable[tuple[UUID, Head]]) -> bytes:
        told: list[bytes] = []
        for complaint_id, head in heads:
            self.chains, self.entries = self.chains + 1, self.entries + head.number
            said = {"complaint_id": str(complaint_id), "number": head.number, "hash": head.hash.hex()}
            told.append(_line(said))
        return self._told(b"".join(told))

    def last(self) -> bytes:
        sealed = self.key.sign(_signed(self.digest.digest(), self.chains, self.entries))
        return _line({"chains": self.chains, "entries": self.entries, "signature": sealed.hex()})

    def _told(self, piece: bytes) -> bytes:
        self.digest.update(piece)
        return piece


async def lines(database: Database, key: Ed25519PrivateKey) -> AsyncIterator[bytes]:
    """The checkpoint of now: whole lines, many at once; the last one by itself."""
    writer, after = Writer(key), NOBODY
    yield writer.first(clock.now())
    while True:
        async with database.reading() as connection:
            rows = (await driver.run(connection, _HEADS, {"after": after, "page": PAGE})).all()
        if not rows:
            break
        yield writer.heads((row.id, Head(row.audit_number, row.audit_hash)) for row in rows)
        after = rows[-1].id
    yield writer.last()


def read(given: Iterable[bytes], keys: Iterable[Ed25519PublicKey]) -> Iterator[Chained]:
    """The heads of a checkpoint that was signed by one of the keys, one at a time; whether it is genuine shows at its
    end.

    Raises NotACheckpoint, maybe only after the last head.
    """
    digest, chains, entries = hashlib.sha256(), 0, 0
    told = iter(given)
    try:
        first = next(told)
        begins = json.loads(first)
        if begins["format"] != FORMAT:
            raise NotACheckpoint(f"it is not of the format {FORMAT}")
        key = next((key for key in keys if _public(key) == begins["public_key"]), None)
        if key is None:
            raise NotACheckpoint("it was signed by another installation, or under another secret")
        digest.update(first)
        last: UUID = NOBODY
        for line in told:
            said = json.loads(line)
            if "signature" in said:
                signed = _signed(digest.digest(), chains, entries)
                key.verify(bytes.fromhex(said["signature"]), signed)
                if next(told, None) is not None:
                    raise NotACheckpoint("something follows its end")
                return
            digest.update(line)
            chained = Chained(
                UUID(said["complaint_id"]), Head(int(said["number"]), bytes.fromhex(said["hash"]))
            )
            if chained.complaint_id <= last:
                raise NotACheckpoint("its lines are not in order")
            last, chains, entries = chained.complaint_id, chains + 1, entries + chained.head.number
            yield chained
    except InvalidSignature:
        raise NotACheckpoint("it was changed: the signature does not fit") from None
    except (ValueError, KeyError, TypeError, StopIteration):
        raise NotACheckpoint("it cannot be read") from None
    raise NotACheckpoint("its end is missing")


def _line(said: dict[str, Any]) -> bytes:
    return json.dumps(said, separators=(",", ":")).encode() + b"\n"


def _signed(digest: bytes, chains: int, entries: int) -> bytes:
    return FORMAT.encode() + digest + f"/{chains}/{entries}".encode()


def _public(key: Ed25519PublicKey) -> str:
    return key.public_bytes_raw().hex()
