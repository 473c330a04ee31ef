"""The one timer: whatever waits for a moment says when it wants to be woken, and is woken after it.

An aggregate computes the earliest of its deadlines (`wakes_at`) whenever it is saved. Any number of replicas may run
the waker. An aggregate is woken by the one that locks its row (the others skip it) and that gets its own lock without
waiting: what somebody is just working on is looked at again in the next turn. The waker waits for no lock, so it cannot
deadlock with anybody.

What cannot be woken holds nobody up: its batch is taken one at a time, and it is left alone for a while, so that a
hundred of them do not fill every batch.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import Table, TextClause

from shared import clock
from shared.aggregate import Aggregate, Store
from shared.database import Database, Transaction, is_transient, session_lock_key, sql
from shared.reactions import describe

log = logging.getLogger(__name__)

BATCH = 100
ASIDE = timedelta(minutes=1)
"""For so long what could not be woken is left alone."""

_TRY_LOCK = sql("SELECT k FROM unnest(CAST(:keys AS bigint[])) AS k WHERE pg_try_advisory_xact_lock(k)")


class NotSettled(Exception):
    """An aggregate was woken and still wants to be woken at a moment that has passed."""


class Sleeper(Protocol):
    """What an aggregate offers to be woken."""

    @property
    def wakes_at(self) -> datetime | None:
        """The earliest moment after which `time_passed` has something to do; None: never."""
        ...

    def time_passed(self, at: datetime) -> None:
        """Do what is due at `at`. Afterwards `wakes_at` is not before `at`."""
        ...


@dataclass(frozen=True)
class Dormitory:
    """One kind of aggregates that are woken. Their table has the columns `id` and `wakes_at`."""

    table: Table
    store: Store[Any]
    aside: dict[UUID, datetime] = field(default_factory=dict[UUID, datetime])
    """Those that could not be woken, and until when they are left alone."""

    @property
    def claim(self) -> TextClause:
        return sql(
            f"SELECT id FROM {self.table.name} WHERE wakes_at < :now "  # noqa: S608  # our own table
            "AND id <> ALL(CAST(:aside AS uuid[])) AND (CAST(:only AS uuid) IS NULL OR id = :only) "
            "ORDER BY wakes_at LIMIT :batch FOR UPDATE SKIP LOCKED"
        )

    @property
    def next(self) -> TextClause:
        return sql(f"SELECT min(wakes_at) FROM {self.table.name} WHERE wakes_at >= :now")  # noqa: S608  # likewise

    @property
    def lull(self) -> TextClause:
        return sql(
            f"UPDATE {self.table.name} t SET wakes_at = w.at "  # noqa: S608  # likewise
            "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS w(id uuid, at timestamptz) WHERE t.id = w.id"
        )


class Waker:
    """Wakes what is due. At its very moment nothing is due yet: a promise that is answered then is kept."""

    def __init__(self, database: Database, dormitories: Sequence[Dormitory], poll_interval: float) -> None:
        self._database = database
        self._dormitories = dormitories
        self._poll_interval = poll_interval

    async def run(self) -> None:
        """Wake for ever. Waits until the next moment or for the poll interval, whichever is shorter: what was put to
        sleep meanwhile elsewhere is found by the poll."""
        while True:
            if not await self.wake():
                await asyncio.sleep(await self._pause())

    async def wake(self) -> int:
        """Wake one batch of each kind; returns how many were woken. Raises when it cannot even claim them, and for
        transient trouble."""
        return sum([await self._wake_batch(dormitory) for dormitory in self._dormitories])

    async def _wake_batch(self, dormitory: Dormitory) -> int:
        now = clock.now()
        for id in [id for id, until in dormitory.aside.items() if until <= now]:
            del dormitory.aside[id]
        claimed: list[UUID] = []
        try:
            return await self._wake(dormitory, claimed)
        except Exception as error:
            if is_transient(error) or not claimed:
                raise
            log.info("a batch of %s failed, taking them singly: %s", dormitory.table.name, describe(error))
        return sum([await self._wake_or_set_aside(dormitory, id) for id in claimed])

    async def _wake_or_set_aside(self, dormitory: Dormitory, id: UUID) -> int:
        try:
            return await self._wake(dormitory, [], only=id)
        except Exception as error:
            if is_transient(error):
                raise
            dormitory.aside[id] = clock.now() + ASIDE
            log.error("%s of %s could not be woken: %s", id, dormitory.table.name, describe(error))
            return 0

    async def _wake(self, dormitory: Dormitory, claimed: list[UUID], only: UUID | None = None) -> int:
        """Wake what is due (`only` this one) in one transaction. What it claims is added to `claimed`."""
        async with self._database.transaction() as transaction:
            wanted = {"now": clock.now(), "aside": list(dormitory.aside), "only": only, "batch": BATCH}
            claimed += (await transaction.execute(dormitory.claim, wanted)).scalars()
            mine = await _try_lock(transaction, claimed)
            if not mine:
                return 0
            # The time is read after the locks are held: whatever was sooner has been committed by now.
            at = clock.now()
            found: Mapping[UUID, _Sleeping] = await dormitory.store.load(transaction, mine)
            moments = {id: each.wakes_at for id, each in found.items()}
            due = [found[id] for id, moment in moments.items() if moment is not None and moment < at]
            # Woken for nothing, by what held before: asleep again, or they would fill every batch.
            early = [{"id": i, "at": m} for i, m in moments.items() if m is None or m >= at]
            if early:
                await transaction.execute(dormitory.lull, {"rows": to_json(early).decode()})
            for each in due:
                each.time_passed(at)
                if each.wakes_at is not None and each.wakes_at < at:
                    raise NotSettled(f"{type(each).__name__} {each.id}: mend what it does at its deadlines")
                each.publish_to(transaction)
            await dormitory.store.save(transaction, due)
        log.info("deadlines passed", extra={"kind": dormitory.table.name, "number": len(due)})
        return len(due)

    async def _pause(self) -> float:
        now = clock.now()
        async with self._database.reading() as connection:
            moments: list[datetime | None] = [
                (await connection.execute(dormitory.next, {"now": now})).scalar_one()
                for dormitory in self._dormitories
            ]
        due = min((moment for moment in moments if moment is not None), default=None)
        if due is None:
            return self._poll_interval
        # One millisecond more, because at its very moment nothing is due yet.
        return min(self._poll_interval, (due - now).total_seconds() + 0.001)


class _Sleeping(Aggregate, Sleeper):
    """Both at once, for the type checker."""


async def _try_lock(transaction: Transaction, ids: Sequence[UUID]) -> list[UUID]:
    """Those whose lock (the one of `Transaction.lock`) is free; it is then held."""
    keys = {session_lock_key("complaint", transaction.service, str(i)): i for i in ids}
    got = await transaction.execute(_TRY_LOCK, {"keys": sorted(keys)})
    return [keys[key] for key in got.scalars()]
