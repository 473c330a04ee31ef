"""Table of purchases. Each belongs to the newest complaint that the customer had made by then, and goes with it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import Column, DateTime, ForeignKey, Index, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.store import metadata
from shared import driver
from shared.database import Transaction, sql
from shared.events import PurchaseRecorded

purchases = Table(
    "purchases",
    metadata,
    Column("id", Uuid, primary_key=True, comment="follows from the customer's and the order's number"),
    Column("complaint_id", Uuid, ForeignKey("complaints.id"), nullable=False),
    Column("purchased_at", DateTime(timezone=True), nullable=False),
    Column("amount", JSONB),
    Column("product", Text, comment="masked"),
    Column("told_at", DateTime(timezone=True), nullable=False),
    Column("told_by", Text, nullable=False, comment="principal"),
    comment="What customers who had complained bought afterwards.",
)
Index("ix_purchases_complaint", purchases.c.complaint_id)

_COMPLAINED = sql(
    "SELECT p.place, c.id FROM unnest(CAST(:customers AS uuid[]), CAST(:times AS timestamptz[])) "
    "WITH ORDINALITY AS p(customer_id, at, place), LATERAL ("
    "SELECT id FROM complaints WHERE customer_id = p.customer_id AND registered_at <= p.at AND sealed <> '' "
    "ORDER BY registered_at DESC, id DESC LIMIT 1) c"
)
_KEEP = sql(
    "INSERT INTO purchases SELECT * FROM jsonb_populate_recordset(NULL::purchases, CAST(:rows AS jsonb)) p "
    "ORDER BY p.id ON CONFLICT (id) DO NOTHING RETURNING id"
)
_FORGET = sql("DELETE FROM purchases WHERE complaint_id = ANY(CAST(:ids AS uuid[]))")
_OF = sql(
    "SELECT purchased_at, amount, product FROM purchases WHERE complaint_id = :complaint_id ORDER BY 1, id"
)


async def complained(
    connection: AsyncConnection, customers: Sequence[UUID], times: Sequence[datetime]
) -> dict[int, UUID]:
    """The newest complaint that each customer had made by that time, by place; without those who had made none, or
    whose complaint is erased."""
    given = {"customers": list(customers), "times": list(times)}
    return {row.place - 1: row.id for row in await driver.run(connection, _COMPLAINED, given)}


async def keep(
    transaction: Transaction, told: Sequence[PurchaseRecorded], at: datetime, by: str
) -> set[UUID]:
    """Returns the ids of those that were not known."""
    rows = [
        {
            "id": each.purchase_id,
            **each.model_dump(mode="json", include={"complaint_id", "purchased_at", "amount", "product"}),
            "told_at": at,
            "told_by": by,
        }
        for each in told
    ]
    return set((await transaction.execute(_KEEP, {"rows": to_json(rows).decode()})).scalars())


async def forget(transaction: Transaction, complaint_ids: Sequence[UUID]) -> None:
    await transaction.execute(_FORGET, {"ids": list(complaint_ids)})


async def purchases_of(connection: AsyncConnection, complaint_id: UUID) -> list[Any]:
    return list(await driver.run(connection, _OF, {"complaint_id": complaint_id}))
