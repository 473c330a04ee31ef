"""Reads of one case for the GET endpoints of the room."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.resolution.desk import no_such_case
from services.resolution.lifecycle import State
from services.resolution.model import Case
from services.resolution.store import store
from shared import driver
from shared.database import sql
from shared.events.vocabulary import Remedy

_OFFERED = sql("SELECT remedies FROM offers WHERE complaint_id = :id")
_SIMILAR = sql(
    """
WITH near AS (
    (SELECT * FROM cases WHERE state = 'closed' AND outcome IN ('satisfied', 'acceptable')
     AND coalesce(told #>> '{product,id}', told #>> '{product,model}') = :product ORDER BY closed_at DESC LIMIT 200)
    UNION
    (SELECT * FROM cases WHERE state = 'closed' AND outcome IN ('satisfied', 'acceptable')
     AND category = :category ORDER BY closed_at DESC LIMIT 200)
)
SELECT c.id, c.reference, c.category, c.cause, c.result, c.outcome, c.closed_at, o.remedies,
       coalesce(p.same, false) AS same_product,
       coalesce(p.same AND c.told #>> '{product,batch}' = :batch, false) AS same_batch
FROM near c
CROSS JOIN LATERAL (SELECT coalesce(c.told #>> '{product,id}', c.told #>> '{product,model}') = :product AS same) p
LEFT JOIN offers o ON o.offer_id = c.agreed_offer_id
WHERE c.id <> :id AND NOT c.erased
ORDER BY same_batch DESC, same_product DESC, c.outcome = 'satisfied' DESC, c.closed_at DESC, c.id
LIMIT :limit
"""
)
"""Of a product and of a category the newest are looked at: what helped lately helps now."""


async def case_of(connection: AsyncConnection, complaint_id: UUID) -> Case:
    """Raises a 404 problem."""
    case = (await store.read(connection, [complaint_id]))[complaint_id]
    if case.state is State.UNOPENED:
        raise no_such_case()
    return case


async def offered_before(connection: AsyncConnection, complaint_id: UUID) -> set[frozenset[Remedy]]:
    """What the customer was offered in any round."""
    rows = await driver.run(connection, _OFFERED, {"id": complaint_id})
    return {frozenset(map(Remedy, row.remedies)) for row in rows}


async def similar(connection: AsyncConnection, case: Case, limit: int) -> list[dict[str, object]]:
    wanted = {
        "id": case.id,
        "category": case.category,
        "product": case.told.product.id or case.told.product.model,
        "batch": case.told.product.batch,
        "limit": limit,
    }
    return [dict(row) for row in (await driver.run(connection, _SIMILAR, wanted)).mappings()]
