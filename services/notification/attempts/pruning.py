"""The worker that lets go of old attempts."""

import asyncio
from datetime import timedelta

from services.notification.attempts import store
from shared import clock
from shared.database import Database

EVERY = 3600.0
"""Seconds between two looks. Several processes that look at the same time share the rows."""


class Pruner:
    def __init__(self, database: Database, days: int) -> None:
        self._database = database
        self._kept_for = timedelta(days=days)

    async def run(self) -> None:
        while True:
            await self.round()
            await asyncio.sleep(EVERY)

    async def round(self) -> int:
        """Returns how many attempts were old."""
        return await store.prune(self._database, clock.now() - self._kept_for)
