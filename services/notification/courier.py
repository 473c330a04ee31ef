"""Couriers: loops that claim due deliveries, send them side by side, and settle them in bulk."""

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from services.notification import queue, schedule
from services.notification.channels import CannotDeliver, Receipt, Withheld
from services.notification.desk import Desk
from services.notification.queue import Leased, Outcome
from services.notification.store import DOORBELL
from shared import clock, failpoints
from shared.database import Database
from shared.reactions import describe
from shared.sessions import keep_listening

log = logging.getLogger(__name__)

BATCH = 100
"""Deliveries that a courier claims at once."""

SIDE_BY_SIDE = 16
"""Deliveries that a courier sends at the same time."""


SETTLE_EVERY = 0.05
"""Seconds after which a courier writes down what is done, while others of its batch are still being sent."""


class Courier:
    """One loop over the deliveries to one audience. Any number may work side by side, in any number of processes.

    Nobody else sends what this one has leased, because nothing that it begins outlasts the lease.
    """

    def __init__(
        self,
        database: Database,
        desk: Desk,
        poll_interval: float,
        *,
        lease: timedelta = schedule.LEASE,
        send_limit: timedelta = schedule.SEND_LIMIT,
        settle_limit: timedelta = schedule.SETTLE_LIMIT,
    ) -> None:
        self._database = database
        self._desk = desk
        self._poll_interval = poll_interval
        self._lease = lease
        self._send_limit = send_limit.total_seconds()
        self._begin_within = lease - send_limit - settle_limit
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Shorten the wait; the poll is the guarantee."""
        self._woken.set()

    async def run(self) -> None:
        while True:
            self._woken.clear()
            if not await self.round():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), self._poll_interval)

    async def round(self) -> int:
        """Claim, send and settle one batch; returns how many deliveries it had."""
        claimed_at = clock.now()
        leased = await queue.claim(self._database, self._desk.audience, claimed_at, BATCH, self._lease)
        begin_before = claimed_at + self._begin_within
        room = asyncio.Semaphore(SIDE_BY_SIDE)
        begun: set[UUID] = set()

        async def attempt(delivery: Leased) -> Outcome | None:
            async with room:
                if clock.now() >= begin_before:
                    return None
                begun.add(delivery.id)
                began_at = clock.now()
                outcome = Outcome(delivery, await self._send(delivery), began_at, clock.now())
            failpoints.reached("delivery.after-send")
            return outcome

        under_way = {asyncio.create_task(attempt(delivery)) for delivery in leased}
        try:
            while under_way:
                # Whatever finished meanwhile is settled together: a transaction costs more than a delivery.
                done, under_way = await asyncio.wait(under_way, timeout=SETTLE_EVERY)
                if outcomes := [outcome for task in done if (outcome := task.result())]:
                    await queue.settle(self._database, outcomes, clock.now())
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
            await self._hand_back([d for d in leased if d.id not in begun])
        return len(leased)

    async def _send(self, delivery: Leased) -> Receipt | CannotDeliver | Withheld:
        try:
            async with asyncio.timeout(self._send_limit) as limit:
                return await self._desk.send(delivery)
        except (CannotDeliver, Withheld) as error:
            return error
        except TimeoutError as error:
            if limit.expired():
                return CannotDeliver(f"not done within {self._send_limit:g} s")
            return self._unexpected(delivery, error)
        except Exception as error:
            return self._unexpected(delivery, error)

    def _unexpected(self, delivery: Leased, error: Exception) -> CannotDeliver:
        # Ours to mend: it is tried again like any other failure, and does not stop the rest.
        why = {"delivery_id": str(delivery.id), "error": describe(error)}
        log.error("delivery failed unexpectedly", extra=why)
        return CannotDeliver(f"unexpected: {type(error).__name__}")

    async def _hand_back(self, unbegun: list[Leased]) -> None:
        if unbegun:
            with suppress(DBAPIError, OSError):  # the lease ends anyway
                await queue.hand_back(self._database, unbegun, clock.now())


class Doorbell:
    """Wakes the couriers of this process when deliveries were queued, by this process or another one.

    PostgreSQL rings at the commit and not before, so a woken courier sees the rows.
    """

    def __init__(self, database: Database, couriers: list[Courier]) -> None:
        self._database = database
        self._couriers = couriers

    async def run(self) -> None:
        """Listen for ever; a lost connection ends the turn with an exception."""
        await keep_listening(self._database.sessions, DOORBELL, self._ring)

    def _ring(self, *_: object) -> None:
        for courier in self._couriers:
            courier.wake()
