"""The inbox: an effect happens once, because its event's id is claimed in the effect's own transaction."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Column, DateTime, MetaData, Table, Text, Uuid, func

from shared import driver
from shared.database import Transaction, sql


def add_tables(metadata: MetaData) -> None:
    Table(
        "inbox",
        metadata,
        Column("consumer", Text, primary_key=True),
        Column("event_id", Uuid, primary_key=True),
        Column("claimed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    )


async def claim(transaction: Transaction, consumer: str, event_id: UUID) -> bool:
    """Claim one event, whatever waits of its key; False when somebody had claimed it before."""
    fresh = await transaction.execute(
        sql(
            "INSERT INTO inbox (consumer, event_id) VALUES (:consumer, :id) ON CONFLICT DO NOTHING "
            "RETURNING event_id"
        ),
        {"consumer": consumer, "id": event_id},
    )
    return fresh.first() is not None


async def claim_all(transaction: Transaction, consumer: str, event_ids: Iterable[UUID]) -> None:
    """Claim very many events that nobody can have claimed. Raises IntegrityError if somebody has."""
    rows = ((consumer, event_id) for event_id in event_ids)
    await driver.copy(transaction.connection, "inbox", ["consumer", "event_id"], rows)


async def claim_in_order(
    transaction: Transaction, consumer: str, events: Iterable[tuple[UUID, str]]
) -> tuple[set[UUID], set[str]]:
    """Claim events, given with their keys, in one statement.

    Returns those that nobody had claimed before, and the keys of which a dead letter waits: their events must
    wait behind it and are not claimed.
    """
    ids, keys = zip(*events, strict=True)
    found = await transaction.execute(_CLAIM_IN_ORDER, {"consumer": consumer, "ids": ids, "keys": keys})
    fresh: set[UUID] = set()
    blocked: set[str] = set()
    for event_id, key in found:
        if event_id is None:
            blocked.add(key)
        else:
            fresh.add(event_id)
    return fresh, blocked


_CLAIM_IN_ORDER = sql(
    """
WITH blocked AS (
    SELECT DISTINCT key FROM dead_letters
    WHERE consumer = :consumer AND key = ANY(CAST(:keys AS text[])) AND blocks
), fresh AS (
    INSERT INTO inbox (consumer, event_id)
    SELECT :consumer, g.id FROM unnest(CAST(:ids AS uuid[]), CAST(:keys AS text[])) AS g(id, key)
    WHERE g.key NOT IN (SELECT key FROM blocked) ORDER BY g.id
    ON CONFLICT DO NOTHING RETURNING event_id
)
SELECT event_id, NULL AS key FROM fresh UNION ALL SELECT NULL, key FROM blocked
"""
)
