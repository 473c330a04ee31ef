"""What a digest is to tell."""

from collections.abc import Collection
from uuid import UUID

from services.notification.queue import Leased, leased
from services.notification.rules import Nature
from shared import clock, driver
from shared.database import Database, sql

_MEMBERS = sql(
    """
SELECT d.id, d.complaint_id, d.attempts, d.template, d.facts, d.channels, d.recipient, d.customer_id,
       d.subscription_id, d.urgency, d.nature, d.is_copy, c.reference, c.kind,
       c.leading_id,
       coalesce(l.handler_name, c.handler_name) AS handler_name,
       CASE WHEN c.leading_id IS NULL THEN c.promised_at ELSE l.promised_at END AS promised_at,
       NULL AS url, NULL AS body, CAST('{}' AS text[]) AS secrets
FROM deliveries d
LEFT JOIN conversations c ON c.id = d.complaint_id
LEFT JOIN conversations l ON l.id = c.leading_id
WHERE d.merged_into = :digest AND d.status = 'merged' AND NOT (d.audience = 'customer' AND coalesce(c.erased, false))
ORDER BY d.number
"""
)
_DECLINE = sql(
    "UPDATE deliveries SET status = 'declined', withheld = 'declined', settled_at = :now "
    "WHERE merged_into = :digest AND status = 'merged' AND nature = ANY(CAST(:natures AS text[]))"
)
_FREE = sql(
    "UPDATE deliveries SET status = 'pending', merged_into = NULL, withheld = NULL, next_attempt_at = :now "
    "WHERE id = ANY(CAST(:ids AS uuid[])) AND status = 'merged'"
)


async def set_free(database: Database, ids: Collection[UUID]) -> None:
    """They go by themselves after all."""
    await database.at_once(_FREE, {"ids": list(ids), "now": clock.now()})


async def members(database: Database, digest: UUID) -> list[Leased]:
    """The deliveries that were merged into it, in the order in which they were made."""
    async with database.reading() as connection:
        rows = await driver.run(connection, _MEMBERS, {"digest": digest})
        return [leased(row) for row in rows.mappings()]


async def decline(database: Database, digest: UUID, natures: Collection[Nature]) -> None:
    """Its person has come to want no more of these since they were merged."""
    if natures:
        await database.at_once(_DECLINE, {"digest": digest, "natures": sorted(natures), "now": clock.now()})
