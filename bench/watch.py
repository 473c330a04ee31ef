"""Looking into the database from outside: is everything quiet, what was done and when."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import asyncpg

from bench.rig import dsn
from services import catalogue
from shared.database import session_lock_key

_WAITING = (
    "SELECT "
    + " + ".join(f"(SELECT count(*) FROM {name}.outbox)" for name in catalogue.NAMES)
    + " + (SELECT count(*) FROM notification.deliveries WHERE status IN ('pending', 'leased'))"
)
_LAG = (
    "SELECT coalesce(sum(t.next_offset - c.next_offset), 0) FROM platform.cursors c "
    "JOIN platform.topics t USING (topic)"
)
_HANDLED = " UNION ALL ".join(f"SELECT claimed_at FROM {name}.inbox" for name in catalogue.NAMES)


@dataclass(frozen=True)
class Done:
    """What the consumers did."""

    records: int
    """Events on the log."""
    handled: int
    """Events handled, counted once for every consumer that has a reaction to them."""
    parked: int


class Watch:
    """A connection of the bench's own."""

    def __init__(self, connection: Any, table_log: bool) -> None:
        self._connection = connection
        self._table_log = table_log

    @classmethod
    async def open(cls, url: str, *, table_log: bool = True) -> "Watch":
        return cls(await asyncpg.connect(dsn(url)), table_log)

    async def close(self) -> None:
        await self._connection.close()

    async def waiting(self) -> int:
        """Events in outboxes, on the log for a consumer (table log only), and messages not yet sent."""
        number = await self._connection.fetchval(_WAITING)
        if self._table_log:
            number += await self._connection.fetchval(_LAG)
        return int(number)

    async def quiet(self, within: float) -> float:
        """Wait until nothing waits; returns the moment (perf_counter). Raises TimeoutError.

        On Kafka the lag is not known here, so nothing may have been handled for a second.
        """
        end = time.perf_counter() + within
        handled, since = -1, 0.0
        while True:
            now = time.perf_counter()
            if await self.waiting() == 0:
                if self._table_log:
                    return now
                count = await self.handled()
                if count != handled:
                    handled, since = count, now
                elif now - since > 1.0:
                    return since
            if now > end:
                raise TimeoutError(f"not quiet within {within:.0f} s: {await self.waiting()} left")
            await asyncio.sleep(0.05)

    async def handled(self) -> int:
        return int(await self._connection.fetchval(f"SELECT count(*) FROM ({_HANDLED}) h"))

    async def done(self) -> Done:
        parked = " + ".join(f"(SELECT count(*) FROM {name}.dead_letters)" for name in catalogue.NAMES)
        return Done(
            int(await self._connection.fetchval("SELECT coalesce(sum(next_offset), 0) FROM platform.topics")),
            await self.handled(),
            int(await self._connection.fetchval(f"SELECT {parked}")),
        )

    async def seconds_since_first(self) -> float:
        """Seconds since the first event was claimed."""
        return float(
            await self._connection.fetchval(
                f"SELECT extract(epoch FROM clock_timestamp() - min(claimed_at)) FROM ({_HANDLED}) h"
            )
        )

    async def hold_relay(self, service: str) -> None:
        """Keep the service's relay from working until `release`."""
        await self._connection.execute("SELECT pg_advisory_lock($1)", session_lock_key("relay", service))

    async def release_relay(self, service: str) -> None:
        await self._connection.execute("SELECT pg_advisory_unlock($1)", session_lock_key("relay", service))


async def quiet(url: str, *, table_log: bool = True, within: float = 120.0) -> float:
    """Seconds until nothing waits any more. Raises TimeoutError."""
    watch = await Watch.open(url, table_log=table_log)
    try:
        began = time.perf_counter()
        return max(0.0, await watch.quiet(within) - began)
    finally:
        await watch.close()
