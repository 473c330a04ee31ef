"""Who is affected: whoever complained about these goods, and whoever has a unit that was named. Each customer once.

The conditions that an action does not set are left out of the statement, so that each set one finds its index.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import TextClause
from sqlalchemy.ext.asyncio import AsyncConnection

from services.resolution.field_action.model import FieldAction
from shared import driver
from shared.database import Transaction, sql

_CONDITIONS = {
    "products": "(lower(p.product) = ANY(CAST(:products AS text[])) "
    "OR lower(p.model) = ANY(CAST(:products AS text[])))",
    "batches": "lower(p.batch) = ANY(CAST(:batches AS text[]))",
    "registered_since": "p.registered_at >= CAST(:registered_since AS timestamptz)",
    "registered_before": "p.registered_at < CAST(:registered_before AS timestamptz)",
}

_FOUND = """
WITH found AS (
    SELECT p.customer_id, p.complaint_id, p.batch, p.registered_at, 0 AS units
    FROM case_products p WHERE {conditions}
    UNION ALL
    SELECT u.customer_id, NULL, u.batch, NULL, 1 FROM field_action_units u WHERE u.field_action_id = :id
), affected AS (
    SELECT customer_id, (array_agg(complaint_id ORDER BY registered_at DESC NULLS LAST))[1] AS complaint_id,
           (array_agg(batch ORDER BY registered_at DESC NULLS LAST) FILTER (WHERE batch IS NOT NULL))[1] AS batch,
           sum(units) AS units
    FROM found GROUP BY customer_id
)
"""

_GATHER = """
INSERT INTO field_action_customers (field_action_id, customer_id, complaint_id, batch, units, joined_at, late, state)
SELECT :id, a.customer_id, a.complaint_id, a.batch, a.units, CAST(:at AS timestamptz), CAST(:late AS boolean), 'pending'
FROM affected a
WHERE NOT EXISTS (SELECT FROM field_action_customers c WHERE c.field_action_id = :id AND c.customer_id = a.customer_id)
ORDER BY a.customer_id
ON CONFLICT DO NOTHING RETURNING customer_id
"""

_COUNT = """
SELECT count(*) AS customers, count(complaint_id) AS complained, coalesce(sum(units), 0)::int AS units FROM affected
"""
_BY_BATCH = """
SELECT coalesce(batch, '') AS batch, count(*) AS customers FROM affected
GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 200
"""
_SAMPLE = """
SELECT a.customer_id, a.complaint_id, c.reference, a.batch, a.units
FROM affected a LEFT JOIN cases c ON c.id = a.complaint_id ORDER BY a.customer_id LIMIT 20
"""


def _statement(action: FieldAction, what: str) -> tuple[TextClause, dict[str, Any]]:
    scope = {
        "products": [product.lower() for product in action.products],
        "batches": [batch.lower() for batch in action.batches],
        "registered_since": action.registered_since,
        "registered_before": action.registered_before,
    }
    given = {name: value for name, value in scope.items() if value}
    conditions = " AND ".join(_CONDITIONS[name] for name in given)
    return sql(_FOUND.format(conditions=conditions) + what), given | {"id": action.id}


async def gather(transaction: Transaction, action: FieldAction, at: Any, *, late: bool) -> int:
    """Add whoever is affected and not yet among its customers; returns how many."""
    statement, given = _statement(action, _GATHER)
    added = await transaction.execute(statement, given | {"at": at, "late": late})
    return len(added.all())


async def count(connection: AsyncConnection, action: FieldAction) -> dict[str, Any]:
    """`customers`, `complained` (of them) and `units`."""
    statement, given = _statement(action, _COUNT)
    return dict((await driver.run(connection, statement, given)).mappings().one())


async def preview(connection: AsyncConnection, action: FieldAction) -> dict[str, Any]:
    """The counts, by batch, and a sample of twenty."""
    told: dict[str, Any] = await count(connection, action)
    for name, what in (("by_batch", _BY_BATCH), ("sample", _SAMPLE)):
        statement, given = _statement(action, what)
        told[name] = [dict(row) for row in (await driver.run(connection, statement, given)).mappings()]
    return told


_FORGET = sql(
    "UPDATE field_action_customers SET note = NULL WHERE note IS NOT NULL AND customer_id IN "
    "(SELECT customer_id FROM case_products WHERE complaint_id = ANY(CAST(:ids AS uuid[])))"
)


async def forget(transaction: Transaction, complaint_ids: list[UUID]) -> None:
    """Let go of what was written about the customers of these complaints, who are erased."""
    await transaction.execute(_FORGET, {"ids": complaint_ids})
