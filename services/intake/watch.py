"""Who is looking at which case right now, so that a change reaches them at once.

Notifications only shorten the wait; the readers look by themselves every few seconds.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

from services.intake.store import VIEW_CHANNEL
from shared.database import Database
from shared.sessions import keep_listening


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
    def watching(self, *complaint_ids: UUID) -> Iterator[Changed]:
        """A flag that is set when any of them changes."""
        changed = Changed()
        watched = set(complaint_ids)
        for complaint_id in watched:
            self._readers[complaint_id].add(changed)
        try:
            yield changed
        finally:
            for complaint_id in watched:
                self._readers[complaint_id].discard(changed)
                if not self._readers[complaint_id]:
                    del self._readers[complaint_id]

    async def run(self) -> None:
        """Listen to PostgreSQL for views that changed, in whatever process."""
        await keep_listening(self._database.sessions, VIEW_CHANNEL, self._tell)

    def _tell(self, complaint_id: str) -> None:
        readers = self._readers.get(UUID(complaint_id), set()) if complaint_id else self._everybody()
        for changed in readers:
            changed.set()

    def _everybody(self) -> set[Changed]:
        return {changed for readers in self._readers.values() for changed in readers}
