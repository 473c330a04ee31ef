"""The outbox: events wait here, in the transaction that made them true, until the relay moves them.

Order per complaint holds because the writer takes the complaint's row in `sequences` before it draws the
outbox id, and keeps it until the commit: a later event of the same complaint gets a higher id *and* commits
later. One relay per service is leader, by a session advisory lock on the connection on which it moves rows.
SKIP LOCKED would be wrong here: two relays would reorder a complaint's events.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    LargeBinary,
    MetaData,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared import envelope, telemetry
from shared.events import Event
from shared.ids import new_id

if TYPE_CHECKING:
    from shared.database import Transaction


def add_tables(metadata: MetaData) -> None:
    Table(
        "outbox",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("topic", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("headers", JSONB, nullable=False),
        Column("value", LargeBinary, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    )
    Table(
        "sequences",
        metadata,
        Column("topic", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("last", BigInteger, nullable=False, comment="number of the key's newest event in the topic"),
    )


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event, encoded once; the same bytes go to the log."""

    topic: str
    key: str
    headers: str
    value: bytes


def outgoing(
    event: Event, service: str, at: datetime, event_id: UUID | None = None, trace: str | None = None
) -> Outgoing:
    headers = envelope.headers_of(event, event_id or new_id(), service, at, trace or telemetry.traceparent())
    value = event.__pydantic_serializer__.to_json(event, exclude_none=True)
    return Outgoing(event.topic, str(event.complaint_id), headers, value)


_WRITE = text(
    """
WITH given AS (
    SELECT * FROM unnest(CAST(:topics AS text[]), CAST(:keys AS text[]), CAST(:headers AS jsonb[]),
                         CAST(:values AS bytea[]), CAST(:ranks AS int[])) WITH ORDINALITY
        AS g(topic, key, headers, value, rank, place)
), counted AS (
    INSERT INTO sequences AS s (topic, key, last)
    SELECT topic, key, max(rank) FROM given GROUP BY topic, key ORDER BY topic, key
    ON CONFLICT (topic, key) DO UPDATE SET last = s.last + excluded.last
    RETURNING topic, key, last
)
INSERT INTO outbox (topic, key, headers, value)
SELECT g.topic, g.key,
       g.headers || jsonb_build_object(
           'ce_sequence',
           (c.last - max(g.rank) OVER (PARTITION BY g.topic, g.key) + g.rank)::text),
       g.value
FROM given g JOIN counted c USING (topic, key)
ORDER BY g.place
"""
)


FIRST = """
first AS (
    SELECT g.* FROM unnest(CAST(:topics AS text[]), CAST(:keys AS text[]), CAST(:headers AS jsonb[]),
                           CAST(:values AS bytea[])) WITH ORDINALITY AS g(topic, key, headers, value, place)
    JOIN new USING (key)
), counted AS (
    INSERT INTO sequences (topic, key, last) SELECT topic, key, 1 FROM first
), queued AS (
    INSERT INTO outbox (topic, key, headers, value)
    SELECT topic, key, headers || '{"ce_sequence": "1"}', value FROM first ORDER BY place
)
"""
"""Part of a statement that makes complaints: puts the first event of each key in `new(key)` into the outbox."""


def first_of(events: Sequence[Outgoing]) -> dict[str, Any]:
    """The parameters of FIRST."""
    return {
        "topics": [event.topic for event in events],
        "keys": [event.key for event in events],
        "headers": [event.headers for event in events],
        "values": [event.value for event in events],
    }


async def write(transaction: "Transaction", events: Sequence[Outgoing]) -> None:
    """Put the events into the outbox, numbered per (topic, key) from 1 without gaps."""
    seen: Counter[tuple[str, str]] = Counter()
    ranks = []
    for event in events:
        seen[event.topic, event.key] += 1
        ranks.append(seen[event.topic, event.key])
    await transaction.execute(
        _WRITE,
        first_of(events) | {"ranks": ranks},
    )
