"""The open complaints of a department that has ended go to its successor; whoever works them keeps them."""

from services.routing.status import Status
from services.routing.store import DispatchStore
from shared import clock
from shared.database import Database, Transaction, sql

BATCH = 200
_LEFT = sql(
    "SELECT d.complaint_id, u.code, u.successor, p.name FROM dispatches d "
    "JOIN departments u ON u.code = d.department JOIN people p ON p.id = d.handler_id "
    "WHERE d.status = 'assigned' AND NOT u.active AND u.successor IS NOT NULL "
    "ORDER BY d.complaint_id LIMIT :limit"
)


async def move_work(database: Database) -> int:
    """Move all that is left where nobody is responsible any more. Returns how many complaints were moved.

    Called by whoever ends a department, and on schedule, so that a crash in between leaves nothing behind.
    """
    moved = 0
    while True:
        async with database.transaction() as transaction:
            batch = await _move(transaction)
        moved += batch
        if not batch:
            return moved


async def _move(transaction: Transaction) -> int:
    store = DispatchStore()
    found = await transaction.execute(_LEFT, {"limit": BATCH})
    left = {row.complaint_id: row for row in found}
    if not left:
        return 0
    await transaction.lock(left)
    loaded = await store.load(transaction, list(left))
    changed = []
    for complaint_id, dispatch in loaded.items():
        row = left[complaint_id]
        if dispatch.status is Status.ASSIGNED and dispatch.department == row.code:
            dispatch.succeed(row.successor, row.name, clock.now())
            dispatch.publish_to(transaction)
            changed.append(dispatch)
    await store.save(transaction, changed)
    return len(changed)
