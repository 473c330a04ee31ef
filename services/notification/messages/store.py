"""Copies of letters: kept with the word that they were delivered, read, and forgotten."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from pydantic_core import to_json

from services.notification.channels import Copy
from shared.database import Transaction, sql
from shared.events import MessageRead

# Whoever was erased meanwhile leaves nothing behind; see store.py for who waits for whom.
_KEEP = sql(
    """
INSERT INTO customer_messages (delivery_id, complaint_id, template, language, sealed, told_at)
SELECT g.delivery_id, g.complaint_id, g.template, g.language, g.sealed, g.told_at
FROM jsonb_populate_recordset(NULL::customer_messages, CAST(:rows AS jsonb)) g
JOIN conversations c ON c.id = g.complaint_id AND NOT c.erased
ON CONFLICT (delivery_id) DO UPDATE SET language = excluded.language, sealed = excluded.sealed
"""
)
_READ = sql(
    "UPDATE customer_messages SET read_at = greatest(:now, told_at) "
    "WHERE complaint_id = :complaint AND read_at IS NULL AND (:all OR delivery_id = ANY(:ids)) "
    "RETURNING delivery_id, template, read_at"
)
# A digest is kept with one of its complaints, and says something of the others.
_FORGET = sql(
    "UPDATE customer_messages SET sealed = NULL "
    "WHERE sealed IS NOT NULL AND (complaint_id = ANY(CAST(:ids AS uuid[])) OR delivery_id IN "
    "(SELECT merged_into FROM deliveries WHERE complaint_id = ANY(CAST(:ids AS uuid[]))))"
)


async def keep(transaction: Transaction, copies: Sequence[Copy]) -> None:
    """One of each delivery: a letter that is sent again replaces its words."""
    if copies:
        rows = [asdict(copy) for copy in {copy.delivery_id: copy for copy in copies}.values()]
        await transaction.execute(_KEEP, {"rows": to_json(rows).decode()})


async def read(
    transaction: Transaction, complaint_id: UUID, ids: Sequence[UUID] | None, now: datetime
) -> int:
    """The customer has read these, or all; returns how many they had not read before."""
    given = {"complaint": complaint_id, "all": ids is None, "ids": list(ids or ()), "now": now}
    opened = (await transaction.execute(_READ, given)).all()
    for row in opened:
        transaction.publish(
            MessageRead(
                complaint_id=complaint_id,
                delivery_id=row.delivery_id,
                template=row.template,
                read_at=row.read_at,
            ),
            at=row.read_at,
        )
    return len(opened)


async def forget(transaction: Transaction, complaint_ids: Sequence[UUID]) -> None:
    """The customer is erased."""
    await transaction.execute(_FORGET, {"ids": list(complaint_ids)})
