"""The waiting queue drains, oldest first, when somebody has capacity again."""

import asyncio

from services.routing.directory.store import load_directory
from services.routing.status import Status
from services.routing.store import DispatchStore, oldest_waiting, waiting_groups
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
        """Assign what can be assigned now; returns how many complaints found somebody.

        Looks only at groups that somebody can take, or the oldest that nobody can take would hide those behind
        them. What it plans, it plans without a lock; whether it holds, settling decides.
        """
        async with self._context.database.transaction() as transaction:
            groups = await waiting_groups(transaction)
            if not groups:
                return 0
            plan = await load_directory(transaction)
            takeable = [group for group in groups if plan.anybody(*group)]
            if not takeable:
                return 0
            oldest = await oldest_waiting(transaction, takeable, BATCH)
            ids = [i for i, category, language in oldest if plan.choose(category, language)]
            await transaction.lock(ids)
            waiting = [
                dispatch
                for dispatch in (await self._store.load(transaction, ids)).values()
                if dispatch.status is Status.WAITING
            ]
            for dispatch in waiting:
                dispatch.try_again(clock.now())
            await self._store.save(transaction, waiting)
            return sum(dispatch.status is Status.ASSIGNED for dispatch in waiting)
