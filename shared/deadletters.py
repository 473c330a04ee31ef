"""Dead letters: an event that cannot be handled is parked with its error, and stops nothing.

Later events of the same key park behind it, so that a complaint's story is never handled out of order;
`redress replay` takes each key's letters from the first on. A record that tells nothing of Redress holds up
nobody: it has no place in the story.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    bindparam,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.database import Transaction
from shared.envelope import record_id
from shared.eventlog import Record

BEHIND = "parked behind an earlier event of the same key"


def add_tables(metadata: MetaData) -> None:
    letters = Table(
        "dead_letters",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("consumer", Text, nullable=False),
        Column("event_id", Uuid, nullable=False),
        Column("topic", Text, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("offset", BigInteger, nullable=False),
        Column("key", Text, nullable=False),
        Column("headers", JSONB, nullable=False),
        Column("value", LargeBinary, nullable=False),
        Column("error", Text, nullable=False, comment="why it could not be handled; no personal data"),
        Column("blocks", Boolean, nullable=False, comment="later events of the key wait behind it"),
        Column("parked_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        UniqueConstraint("consumer", "event_id"),
    )
    Index("ix_dead_letters_key", letters.c.consumer, letters.c.key, letters.c.id)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    id: int
    consumer: str
    event_id: UUID
    record: Record
    error: str
    blocks: bool
    """Later events of the key wait behind it."""
    parked_at: datetime


async def park(
    transaction: Transaction, consumer: str, record: Record, error: str, *, blocks: bool = True
) -> bool:
    """Put the record aside; False when there is nothing to put aside.

    Its event may be parked already, or was handled before: records come again, and one whose effect is there
    must not hold up the rest of its key.
    """
    parked = await transaction.execute(
        text(
            'INSERT INTO dead_letters (consumer, event_id, topic, partition, "offset", key, headers, value, error,'
            " blocks) SELECT :consumer, :event_id, :topic, :partition, :offset, :key, CAST(:headers AS jsonb),"
            " :value, :error, :blocks WHERE NOT EXISTS"
            " (SELECT 1 FROM inbox WHERE consumer = :consumer AND event_id = :event_id)"
            " ON CONFLICT (consumer, event_id) DO NOTHING RETURNING id"
        ).bindparams(
            bindparam("consumer", type_=Text),
            bindparam("event_id", type_=Uuid),
            bindparam("value", type_=LargeBinary),
        ),
        {
            "consumer": consumer,
            "event_id": record_id(record),
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "key": record.key,
            "headers": _storable(record.headers),
            "value": record.value,
            "error": error[:2000],
            "blocks": blocks,
        },
    )
    return parked.scalar() is not None


async def waiting(
    connection: AsyncConnection, consumer: str, key: str | None = None, *, after: int = 0, limit: int = 500
) -> Sequence[DeadLetter]:
    """A page of a consumer's letters, those after the letter `after`, in the order in which they came.

    A key's letters are so in the order in which they must be handled.
    """
    rows = await connection.execute(
        text(
            "SELECT * FROM dead_letters WHERE consumer = :consumer AND (CAST(:key AS text) IS NULL OR key = :key)"
            " AND id > :after ORDER BY id LIMIT :limit"
        ),
        {"consumer": consumer, "key": key, "after": after, "limit": limit},
    )
    return [_letter(row) for row in rows]


async def find(connection: AsyncConnection, consumer: str, event_id: UUID) -> DeadLetter | None:
    """The letter of an event."""
    found = await connection.execute(
        text("SELECT * FROM dead_letters WHERE consumer = :consumer AND event_id = :event_id"),
        {"consumer": consumer, "event_id": event_id},
    )
    row = found.one_or_none()
    return None if row is None else _letter(row)


async def remove(transaction: Transaction, letter_id: int) -> bool:
    """Take a letter out; False when somebody else has."""
    gone = await transaction.execute(
        text("DELETE FROM dead_letters WHERE id = :id RETURNING id"), {"id": letter_id}
    )
    return gone.scalar() is not None


def _letter(row: Row[Any]) -> DeadLetter:
    record = Record(row.topic, row.key, row.headers, row.value, row.partition, row.offset)
    return DeadLetter(row.id, row.consumer, row.event_id, record, row.error, row.blocks, row.parked_at)


def _storable(headers: Mapping[str, str]) -> str:
    # PostgreSQL's jsonb has no NUL character; whatever a stranger wrote into a header must still be kept.
    return json.dumps(dict(headers)).replace("\\u0000", "")
