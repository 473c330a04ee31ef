"""The waiting queue drains, oldest first, when somebody has capacity again."""

import asyncio

from services.routing.store import DispatchStore, oldest_waiting
from shared import clock
from shared.service import Context

BATCH = 100


class Drain:
    """Worker of routing; any number of replicas may run it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = DispatchStore()

    async def run(self) -> None:
        while True:
            if not await self.turn():
                await asyncio.sleep(self._context.settings.poll_interval * 4)

    async def turn(self) -> int:
        """Assign what can be assigned now; returns how many complaints found somebody."""
        async with self._context.database.transaction() as transaction:
            ids = await oldest_waiting(transaction, BATCH)
            if not ids:
                return 0
            await transaction.lock(ids)
            assigned = []
            for dispatch in (await self._store.load(transaction, ids)).values():
                if dispatch.status == "waiting" and dispatch.assign(clock.now()):
                    dispatch.publish_to(transaction)
                    assigned.append(dispatch)
            await self._store.save(transaction, assigned)
            return len(assigned)
