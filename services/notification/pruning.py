"""Lets go of what is old, in pieces."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from shared import clock
from shared.database import Database

EVERY = 600.0
"""Seconds between two looks. Several processes that look at the same time share the rows."""

Prune = Callable[[Database, datetime], Awaitable[int]]
"""Lets go of a piece of what is older than a moment; returns how many rows that were."""


class Pruner:
    """Of one kind of rows, those older than `days`."""

    def __init__(self, database: Database, prune: Prune, days: int) -> None:
        self._database = database
        self._prune = prune
        self._kept_for = timedelta(days=days)

    async def run(self) -> None:
        while True:
            while await self.round():
                await asyncio.sleep(0)
            await asyncio.sleep(EVERY)

    async def round(self) -> int:
        return await self._prune(self._database, clock.now() - self._kept_for)
