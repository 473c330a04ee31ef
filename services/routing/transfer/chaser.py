"""The timer of transfer: what nobody acknowledged or did in time climbs a layer.

Any number of replicas may run it. It claims complaints, not rows: it reads which have something due, holding
nothing, and takes the locks of those that are free without waiting. Whoever holds a complaint's lock is alone in
writing its notices and tasks, so replicas share the complaints among them and wait for no row of each other. What is
due is read again under the locks, because somebody may just have acknowledged it or chased it; what somebody is
working on is looked at in the next turn. A complaint that cannot be chased holds nobody up: its batch is taken one
complaint at a time, and it is left alone for a while.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from services.routing.directory.store import load_directory
from services.routing.store import DispatchStore
from services.routing.transfer.store import notices_of, tasks_due
from services.routing.transfer.tasks.store import chase_loose_tasks
from shared import clock
from shared.database import Database, Transaction, is_transient, session_lock_key, sql
from shared.reactions import describe

log = logging.getLogger(__name__)

BATCH = 100
"""Complaints that are chased in one transaction."""
LOOK = 1000
"""So many due rows are looked at, those due first: replicas find work behind what others hold."""
ASIDE = timedelta(minutes=1)
"""For so long a complaint that could not be chased is left alone."""

_ONLY = "AND complaint_id <> ALL(CAST(:aside AS uuid[])) AND (CAST(:only AS uuid) IS NULL OR complaint_id = :only) "
_DUE = sql(
    "SELECT complaint_id FROM ("  # noqa: S608 - our own words
    f"(SELECT complaint_id, due_at AS due FROM notices WHERE due_at <= :now {_ONLY}"
    "ORDER BY due_at LIMIT :look) UNION ALL "
    f"(SELECT complaint_id, chase_at FROM tasks WHERE chase_at <= :now AND complaint_id IS NOT NULL {_ONLY}"
    "ORDER BY chase_at LIMIT :look)) AS late GROUP BY complaint_id ORDER BY min(due)"
)
_TRY_LOCKS = sql(
    "SELECT k FROM unnest(CAST(:keys AS bigint[])) AS k WHERE pg_try_advisory_xact_lock(k) LIMIT :batch"
)


class Chaser:
    """Worker of routing."""

    def __init__(self, database: Database, poll_interval: float) -> None:
        self._database = database
        self._poll_interval = poll_interval
        self._store = DispatchStore()
        self._aside: dict[UUID, datetime] = {}
        """Complaints that could not be chased, and until when they are left alone."""

    async def run(self) -> None:
        while True:
            if not await self.turn():
                await asyncio.sleep(self._poll_interval * 4)

    async def turn(self) -> int:
        """Chase one batch; returns of how many complaints something climbed, or was told again.

        Raises when it cannot even claim them, and for transient trouble.
        """
        now = clock.now()
        self._aside = {id: until for id, until in self._aside.items() if until > now}
        claimed: list[UUID] = []
        try:
            return await self._chase(claimed) + await chase_loose_tasks(self._database)
        except Exception as error:
            if is_transient(error) or not claimed:
                raise
            log.info("a batch of overdue notices failed, taking them singly: %s", describe(error))
        return sum([await self._chase_or_set_aside(each) for each in claimed])

    async def _chase_or_set_aside(self, complaint_id: UUID) -> int:
        try:
            return await self._chase([], only=complaint_id)
        except Exception as error:
            if is_transient(error):
                raise
            self._aside[complaint_id] = clock.now() + ASIDE
            log.error("the overdue notices of %s could not climb: %s", complaint_id, describe(error))
            return 0

    async def _chase(self, claimed: list[UUID], only: UUID | None = None) -> int:
        async with self._database.transaction() as transaction:
            parameters = {"now": clock.now(), "aside": list(self._aside), "only": only, "look": LOOK}
            due = (await transaction.execute(_DUE, parameters)).scalars().all()
            mine = await _try_lock(transaction, due)
            if not mine:
                return 0
            claimed += mine
            # Read after the locks are held: an acknowledgement that was sooner has been committed by now.
            at = clock.now()
            directory = await load_directory(transaction.connection)
            dispatches = await self._store.load(transaction, mine)
            notices = await notices_of(transaction.connection, mine)
            tasks = await tasks_due(transaction.connection, mine)
            for complaint_id, dispatch in dispatches.items():
                for notice in sorted(notices[complaint_id].values(), key=lambda notice: notice.issued_at):
                    dispatch.climb(notice, notices[complaint_id], directory, at)
                for task in tasks[complaint_id]:
                    dispatch.chase(task, notices[complaint_id], directory, at)
            changed = [each for each in dispatches.values() if each.notices or each.tasks]
            for dispatch in changed:
                dispatch.publish_to(transaction)
            await self._store.save(transaction, changed)
        if changed:
            log.info("overdue notices and tasks climb", extra={"complaints": len(changed)})
        return len(changed)


async def _try_lock(transaction: Transaction, ids: Sequence[UUID]) -> list[UUID]:
    """The first of the complaints, a batch at most, whose lock (the one of `Transaction.lock`) is free; it is then
    held."""
    keys = {session_lock_key("complaint", transaction.service, str(i)): i for i in ids}
    got = await transaction.execute(_TRY_LOCKS, {"keys": list(keys), "batch": BATCH})
    return [keys[key] for key in got.scalars()]
