"""The inbox: an effect happens once, because its event's id is claimed in the effect's own transaction."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Column, DateTime, MetaData, Table, Text, Uuid, func

from shared.database import Transaction, sql


def add_tables(metadata: MetaData) -> None:
    Table(
        "inbox",
        metadata,
        Column("consumer", Text, primary_key=True),
        Column("event_id", Uuid, primary_key=True),
        Column("claimed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    )


async def claim(transaction: Transaction, consumer: str, event_ids: Iterable[UUID]) -> set[UUID]:
    """Claim the events for the consumer, in one statement; returns those that nobody had claimed before."""
    fresh = await transaction.execute(
        sql(
            "INSERT INTO inbox (consumer, event_id) "
            "SELECT :consumer, id FROM unnest(CAST(:ids AS uuid[])) AS id ORDER BY id "
            "ON CONFLICT DO NOTHING RETURNING event_id"
        ),
        {"consumer": consumer, "ids": list(event_ids)},
    )
    return set(fresh.scalars())
