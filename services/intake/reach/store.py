"""Table of the register of contacts, and how a customer is reached by all that intake knows."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKey, Index, Table, Text, Uuid, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.record.store import load
from services.intake.store import metadata
from services.intake.vault.rows import open_row, seal_row, sealed_columns, vault_of
from shared import driver
from shared.bulk import save_rows
from shared.database import Transaction, sql

REACHED_BY = ("name", "email", "phone")

customer_contacts = Table(
    "customer_contacts",
    metadata,
    Column("customer_id", Uuid, ForeignKey("customers.id"), primary_key=True),
    Column("language", Text, nullable=False),
    Column("told_at", DateTime(timezone=True), nullable=False),
    Column("told_by", Text, nullable=False, comment="principal"),
    *sealed_columns(),
    CheckConstraint("language IN ('en', 'zh')", name="language"),
    CheckConstraint("holds && ARRAY['email', 'phone']", name="can_be_reached"),
    comment="How customers are reached, as the enterprise told; also of those who never complained.",
)
Index("ix_customer_contacts_told", customer_contacts.c.told_at)

# As with a complaint: who was erased and comes again with the same number is known again.
_KNOW = sql(
    "INSERT INTO customers SELECT * FROM jsonb_populate_recordset(NULL::customers, CAST(:people AS jsonb)) p "
    "ORDER BY p.id ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed, holds = excluded.holds "
    "WHERE customers.sealed = '' AND excluded.sealed <> ''"
)
_NEWEST = sql(
    "SELECT i.id AS customer_id, c.id FROM unnest(CAST(:ids AS uuid[])) AS i(id), LATERAL ("
    "SELECT id, registered_at FROM complaints WHERE customer_id = i.id AND sealed <> '' "
    "ORDER BY registered_at DESC, id LIMIT 5) c ORDER BY i.id, c.registered_at DESC, c.id"
)


async def keep(
    transaction: Transaction, people: Sequence[Mapping[str, Any]], contacts: Sequence[Mapping[str, Any]]
) -> None:
    """The customers with their numbers, and how they are reached; each customer once."""
    vault = vault_of(transaction.connection)
    rows = [seal_row(vault, "customers", person) for person in people]
    await transaction.execute(_KNOW, {"people": to_json(rows).decode()})
    sealed = [seal_row(vault, "customer_contacts", contact) for contact in contacts]
    await save_rows(transaction, customer_contacts, sorted(sealed, key=lambda row: str(row["customer_id"])))


async def contacts_of(
    connection: AsyncConnection, customer_ids: Collection[UUID]
) -> tuple[dict[UUID, dict[str, Any]], dict[UUID, list[UUID]]]:
    """How each is reached: as the enterprise told, and what is missing there as their newest complaints tell; who is
    not known is left out. And the complaints that were looked at, by customer."""
    told = await registered(connection, customer_ids)
    complaints: dict[UUID, list[UUID]] = {}
    for row in await driver.run(connection, _NEWEST, {"ids": list(customer_ids)}):
        complaints.setdefault(row.customer_id, []).append(row.id)
    records = await load(connection, [id for ids in complaints.values() for id in ids])
    found: dict[UUID, dict[str, Any]] = {}
    for customer_id in customer_ids:
        known = [told[customer_id]] if customer_id in told else []
        for record in (records[id] for id in complaints.get(customer_id, ())):
            known.append({**record.now["customer"], "language": record.row["language"]})
        if known:
            found[customer_id] = {
                name: next((value for each in known if (value := each.get(name))), None)
                for name in (*REACHED_BY, "language")
            }
    return found, complaints


async def registered(
    connection: AsyncConnection, customer_ids: Collection[UUID]
) -> dict[UUID, dict[str, Any]]:
    """What the enterprise told of them."""
    vault = vault_of(connection)
    query = select(customer_contacts).where(customer_contacts.c.customer_id.in_(customer_ids))
    rows = (await connection.execute(query)).mappings()
    return {row["customer_id"]: open_row(vault, "customer_contacts", row) for row in rows}


async def forget(transaction: Transaction, customer_id: UUID) -> None:
    """The customer is erased: also their number, when no complaint of theirs is left that could tell it."""
    await transaction.execute(sql("SELECT set_config('redress.vault', 'erase', true)"))
    await transaction.execute(
        sql("UPDATE customers SET sealed = '' WHERE id = :id AND sealed <> ''"), {"id": customer_id}
    )
    await transaction.execute(sql("SELECT set_config('redress.vault', '', true)"))
    await transaction.execute(
        sql("DELETE FROM customer_contacts WHERE customer_id = :id"), {"id": customer_id}
    )


async def forget_older(transaction: Transaction, before: datetime) -> None:
    """Let go of what was told too long ago, of people none of whose complaints is kept readable."""
    await transaction.execute(
        sql(
            "DELETE FROM customer_contacts k WHERE told_at < :before AND NOT EXISTS ("
            "SELECT FROM complaints c WHERE c.customer_id = k.customer_id AND c.sealed <> '')"
        ),
        {"before": before},
    )
