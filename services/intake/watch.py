"""Who is looking at which case right now, so that a change reaches them at once.

Notifications only shorten the wait; the readers look by themselves every few seconds.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

from services.intake.store import VIEW_CHANNEL
from shared.database import Database


class Changed:
    """A flag that can be waited for with a limit."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self.set, self.clear = self._event.set, self._event.clear

    async def wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()


class Watchers:
    """The live readers of this process, by complaint."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._readers: defaultdict[UUID, set[Changed]] = defaultdict(set)

    @contextmanager
    def watching(self, complaint_id: UUID) -> Iterator[Changed]:
        changed = Changed()
        self._readers[complaint_id].add(changed)
        try:
            yield changed
        finally:
            self._readers[complaint_id].discard(changed)
            if not self._readers[complaint_id]:
                del self._readers[complaint_id]

    async def run(self) -> None:
        """Listen to PostgreSQL for views that changed, in whatever process."""
        async with self._database.engine.connect() as connection:
            raw = (await connection.get_raw_connection()).driver_connection
            assert raw is not None
            lost = asyncio.Event()
            raw.add_termination_listener(lambda *_: lost.set())
            await raw.add_listener(VIEW_CHANNEL, self._tell)
            try:
                await lost.wait()
                raise ConnectionError("the connection that listens for changed views was lost")
            finally:
                with suppress(Exception):
                    await connection.invalidate()

    def _tell(self, _connection: Any, _pid: int, _channel: str, payload: str) -> None:
        for changed in self._readers.get(UUID(payload), ()):
            changed.set()
