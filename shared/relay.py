"""The relay: moves a service's outbox to the event log, in order, one leader per service."""

import asyncio
import logging
from contextlib import suppress

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared import failpoints
from shared.database import Database, session_lock_key
from shared.eventlog import EventLog
from shared.sessions import own_session

log = logging.getLogger(__name__)

GATHERING = 0.01
"""Seconds between two moves at least: under load, what comes meanwhile is moved together."""


class Relay:
    """Lock and work share one connection: a leader that lost the lock cannot still be appending."""

    def __init__(self, database: Database, event_log: EventLog, batch: int, poll_interval: float) -> None:
        self._database = database
        self._log = event_log
        self._batch = batch
        self._poll_interval = poll_interval
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Shorten the wait; the poll is the guarantee."""
        self._woken.set()

    async def run(self) -> None:
        """Lead when nobody else does, for ever; a lost connection ends the turn with an exception."""
        async with own_session(self._database.sessions) as connection:
            await self._lead(connection)

    async def _lead(self, connection: AsyncConnection) -> None:
        key = session_lock_key("relay", self._database.service)
        while not await self._locked(connection, key):
            await asyncio.sleep(self._poll_interval)
        # A move need not wait for the disk. If a crash undoes it, the rows are in the outbox again; and
        # whatever was built upon it comes later in the write-ahead log, so that it cannot outlive it.
        await connection.execute(text("SET SESSION synchronous_commit = off"))
        log.debug("relay leads", extra={"service": self._database.service})
        while True:
            self._woken.clear()
            if await self.drain(connection) < self._batch:
                await asyncio.sleep(GATHERING)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._poll_interval):
                        await self._woken.wait()

    async def drain(self, connection: AsyncConnection) -> int:
        """Move one batch; returns how many events it had."""
        moved = await self._log.move(connection, self._batch)
        if moved:
            failpoints.reached("relay.after-delete")
        return moved

    @staticmethod
    async def _locked(connection: AsyncConnection, key: int) -> bool:
        got = await connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key})
        return bool(got.scalar_one())
