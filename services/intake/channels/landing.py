"""Landing: a message of whatever channel becomes a complaint or an addition to one, once, with its files.

A message lands in steps, each of which is once by a key of its own: the complaint or the addition, then file by
file, at last the row that tells what became of it. Whoever delivers a message again before that row is there
finds the steps done that were done.
"""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic_core import from_json, to_json

from services.intake.attachments.cabinet import Cabinet
from services.intake.attachments.model import By
from services.intake.channels import store
from services.intake.door import Door
from services.intake.record.model import Erased, TooManyAdditions
from services.intake.record.store import RecordStore
from services.intake.registration import register
from services.intake.schemas import NewComplaint
from shared import clock, driver, idempotency, ids
from shared.aggregate import load_one, save_one
from shared.bulk import as_bytes, insert_rows
from shared.database import Database, sql
from shared.idempotency import Answer, Claim, KeyReused
from shared.problems import Problem

_ADDITIONS = RecordStore()


def digest(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).digest()


@dataclass(frozen=True, slots=True)
class File:
    """A file that came with a message."""

    name: str | None
    declared_type: str | None
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Inbound:
    """A message that is to land."""

    source: str
    message: bytes
    """Digest of what the sender calls it: the same message is taken once."""
    told: NewComplaint
    """What it is as a complaint of its own."""
    said: str | None
    """What it is as an addition; None when nothing but files came."""
    sent_at: datetime
    joins: UUID | None = None
    """The complaint that it continues."""
    thread: bytes | None = None
    """Digest of the conversation, where the channel has such: its first message opens the complaint."""
    sender: bytes | None = None
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True)
class Landed:
    """What became of a message."""

    outcome: str
    complaint_id: UUID | None
    addition_id: UUID | None = None
    attachments: int = 0
    left_out: int = 0
    replayed: bool = False


def landed(row: dict[str, Any]) -> Landed:
    """What a row of `channel_messages` says became of a message."""
    names = ("outcome", "complaint_id", "addition_id", "attachments", "left_out")
    return Landed(**{name: row[name] for name in names}, replayed=True)


class Landing:
    """Where the messages of all channels land. Part of intake."""

    def __init__(self, database: Database, door: Door, cabinet: Cabinet) -> None:
        self._database = database
        self._door = door
        self._cabinet = cabinet

    async def land(self, inbound: Inbound, by: str) -> Landed:
        """Take a message that tells something. Raises the problems of the door and of the cabinet's storage."""
        async with self._database.reading() as connection:
            if before := await store.message(connection, inbound.source, inbound.message):
                return landed(before)
            joins = inbound.joins
            if joins is None and inbound.thread is not None:
                joins = await store.complaint_of(connection, inbound.source, [inbound.thread])
        complaint_id, addition_id = await self._tell(inbound, joins, by)
        kept, refused = await self._keep(inbound, complaint_id)
        result = Landed("added" if addition_id else "registered", complaint_id, addition_id, kept, refused)
        return await self.note(inbound.source, inbound.message, result, by, inbound.thread, inbound.sender)

    async def note(
        self,
        source: str,
        message: bytes,
        result: Landed,
        by: str,
        thread: bytes | None = None,
        sender: bytes | None = None,
    ) -> Landed:
        """Write down what became of a message; what was written first stands."""
        async with self._database.transaction() as transaction:
            await transaction.lock([f"{source}/{message.hex()}"])
            if before := await store.message(transaction.connection, source, message):
                return landed(before)
            row = {
                "id": ids.new_id(),
                "source": source,
                "message": as_bytes(message),
                "thread": thread and as_bytes(thread),
                "sender": sender and as_bytes(sender),
                "received_at": clock.now(),
                "received_by": by,
                "outcome": result.outcome,
                "complaint_id": result.complaint_id,
                "addition_id": result.addition_id,
                "attachments": result.attachments,
                "left_out": result.left_out,
            }
            await insert_rows(transaction, store.channel_messages, [row])
        return result

    async def _tell(self, inbound: Inbound, joins: UUID | None, by: str) -> tuple[UUID, UUID | None]:
        if joins is not None:
            try:
                return await self._add(inbound, joins, by)
            except (TooManyAdditions, Erased):  # it is heard all the same: as a complaint of its own
                pass
        opens = f"thread/{inbound.thread.hex()}" if inbound.thread and joins is None else _key(inbound)
        claim = Claim(_principal(inbound), opens, inbound.message)
        try:
            answer, _ = await self._door.register(register(inbound.told, by, clock.now()), claim)
        except KeyReused:  # another message of the thread was first, in this moment
            return await self._add(inbound, await self._opened(claim), by)
        return _told(answer)

    async def _opened(self, claim: Claim) -> UUID:
        async with self._database.reading() as connection:
            found = await driver.run(
                connection,
                sql("SELECT body FROM idempotency_keys WHERE principal = :principal AND key = :key"),
                {"principal": claim.principal, "key": claim.key},
            )
            return UUID(from_json(found.scalar_one())["id"])

    async def _add(self, inbound: Inbound, complaint_id: UUID, by: str) -> tuple[UUID, UUID | None]:
        addition_id, now = ids.new_id(), clock.now()
        claim = Claim(_principal(inbound), _key(inbound), inbound.message)
        answer = Answer(201, to_json({"id": complaint_id, "addition_id": addition_id}))
        async with self._database.transaction() as transaction:
            if before := await idempotency.claim(transaction, claim, answer):
                return _told(before)
            record = await load_one(_ADDITIONS, transaction, complaint_id)
            record.add(
                addition_id,
                min(inbound.sent_at, now),
                inbound.told.channel,
                said=inbound.said or inbound.told.statement.what_went_wrong,
                told={},
                contact={},
                by=by,
                at=now,
            )
            await save_one(_ADDITIONS, transaction, record)
        return complaint_id, addition_id

    async def _keep(self, inbound: Inbound, complaint_id: UUID) -> tuple[int, int]:
        kept = refused = 0
        for number, file in enumerate(inbound.files):
            try:
                await self._cabinet.store(
                    complaint_id,
                    _chunks(file.content),
                    file.name,
                    file.declared_type,
                    By(_principal(inbound), from_customer=True),
                    key=f"{_key(inbound)}/{number}",
                )
            except Problem as problem:
                if problem.status >= 500:
                    raise
                refused += 1  # of a type that is not taken, too large, one too many: the words count more
            else:
                kept += 1
        return kept, refused


def _principal(inbound: Inbound) -> str:
    return f"channel:{inbound.source}"


def _key(inbound: Inbound) -> str:
    return f"message/{inbound.message.hex()}"


def _told(answer: Answer) -> tuple[UUID, UUID | None]:
    body = from_json(answer.body)
    return UUID(body["id"]), UUID(body["addition_id"]) if body.get("addition_id") else None


async def _chunks(content: bytes) -> AsyncIterator[bytes]:
    view = memoryview(content)
    for start in range(0, len(content), 65536):
        yield bytes(view[start : start + 65536])
