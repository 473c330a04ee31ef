"""The timer of the promises: at the promised time something goes out, whatever the progress.

Any number of replicas may run it. A promise is fired by the one that locks its row (the others skip it) and
that gets the complaint's own lock without waiting: a case that somebody is just working on is looked at again
in the next turn. It waits for no lock, so it cannot deadlock with anybody.

A case that cannot be fired holds nobody up: its batch is taken one case at a time, and it is left alone for a
while, so that a hundred of them do not fill every batch.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from services.resolution.store import CaseStore
from shared import clock
from shared.database import Database, Transaction, is_transient, session_lock_key
from shared.reactions import describe

log = logging.getLogger(__name__)

BATCH = 100
ASIDE = timedelta(minutes=1)
"""For so long a case that could not be fired is left alone."""

_CLAIM = text(
    "SELECT complaint_id FROM promises WHERE state = 'live' AND due_at < :now "
    "AND complaint_id <> ALL(CAST(:aside AS uuid[])) "
    "AND (CAST(:only AS uuid) IS NULL OR complaint_id = :only) "
    "ORDER BY due_at LIMIT :batch FOR UPDATE SKIP LOCKED"
)
_TRY_LOCK = text("SELECT k FROM unnest(CAST(:keys AS bigint[])) AS k WHERE pg_try_advisory_xact_lock(k)")
_NEXT = text("SELECT min(due_at) FROM promises WHERE state = 'live' AND due_at >= :now")


class PromiseKeeper:
    """Fires overdue promises. A promise that is answered exactly at its time is not overdue."""

    def __init__(self, database: Database, store: CaseStore, poll_interval: float) -> None:
        self._database = database
        self._store = store
        self._poll_interval = poll_interval
        self._aside: dict[UUID, datetime] = {}
        """Cases that could not be fired, and until when they are left alone."""

    async def run(self) -> None:
        """Fire what is overdue, for ever. Waits until the next promise falls due or for the poll interval,
        whichever is shorter: promises made meanwhile elsewhere are found by the poll."""
        while True:
            if not await self.fire():
                await asyncio.sleep(await self._pause())

    async def fire(self) -> int:
        """Fire one batch; returns how many promises it broke. Raises when it cannot even claim them, and for
        transient trouble."""
        now = clock.now()
        self._aside = {id: until for id, until in self._aside.items() if until > now}
        claimed: list[UUID] = []
        try:
            return await self._fire(claimed)
        except Exception as error:
            if is_transient(error) or not claimed:
                raise
            log.info("a batch of promises failed, taking them singly: %s", describe(error))
        return sum([await self._fire_or_set_aside(complaint_id) for complaint_id in claimed])

    async def _fire_or_set_aside(self, complaint_id: UUID) -> int:
        try:
            return await self._fire([], only=complaint_id)
        except Exception as error:
            if is_transient(error):
                raise
            self._aside[complaint_id] = clock.now() + ASIDE
            log.error("the promise of case %s could not be broken: %s", complaint_id, describe(error))
            return 0

    async def _fire(self, claimed: list[UUID], only: UUID | None = None) -> int:
        """Fire what is overdue (`only` this case) in one transaction. What it claims is added to `claimed`."""
        async with self._database.transaction() as transaction:
            rows = await transaction.execute(
                _CLAIM, {"now": clock.now(), "aside": list(self._aside), "only": only, "batch": BATCH}
            )
            claimed += rows.scalars()
            mine = await _try_lock(transaction, claimed)
            if not mine:
                return 0
            # The time is read after the locks are held: a reply that was sooner has been committed by now.
            at = clock.now()
            cases = await self._store.load(transaction, mine)
            overdue = [c for c in cases.values() if c.promise is not None and c.promise.due_at < at]
            for case in overdue:
                case.time_passed(at)
                case.publish_to(transaction)
            await self._store.save(transaction, overdue)
        log.info("promises broken, interim replies go out", extra={"promises": len(overdue)})
        return len(overdue)

    async def _pause(self) -> float:
        now = clock.now()
        async with self._database.reading() as connection:
            due: datetime | None = (await connection.execute(_NEXT, {"now": now})).scalar_one()
        if due is None:
            return self._poll_interval
        # One millisecond more, because at its very time a promise can still be kept.
        return min(self._poll_interval, (due - now).total_seconds() + 0.001)


async def _try_lock(transaction: Transaction, ids: Sequence[UUID]) -> list[UUID]:
    """Those of the complaints whose lock (the one of `Transaction.lock`) is free; it is then held."""
    keys = {session_lock_key("complaint", transaction.service, str(i)): i for i in ids}
    got = await transaction.execute(_TRY_LOCK, {"keys": sorted(keys)})
    return [keys[key] for key in got.scalars()]
