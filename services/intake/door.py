"""The door: requests that arrive together are committed together; each answer waits for the commit.

A commit costs the same for one complaint as for fifty, so while groups are being made durable the next one
gathers. What can go wrong with one member (its Idempotency-Key was used before) is decided per member and
harms no neighbour; if a group fails as a whole, its members are tried one by one.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.intake.registration import Registration
from shared import failpoints, idempotency, telemetry
from shared.database import Database, Transaction, is_transient
from shared.idempotency import Answer, Claim, KeyReused
from shared.problems import unavailable

GROUP_LIMIT = 64
QUEUE_LIMIT = 1024
"""Requests that may wait; more are told to come again, because nobody would hear a later answer."""

COMMITTERS = 2
"""Groups on their way at the same time: while one waits for the disk, the next is written."""

# The ids are ours: a complaint that is there already was written by an attempt whose commit we did not hear of.
_WRITE = text(
    """
WITH people AS (
    INSERT INTO customers SELECT * FROM jsonb_populate_recordset(NULL::customers, CAST(:people AS jsonb))
    ON CONFLICT (id) DO NOTHING
)
INSERT INTO complaints SELECT * FROM jsonb_populate_recordset(NULL::complaints, CAST(:told AS jsonb))
ON CONFLICT (id) DO NOTHING RETURNING id
"""
)


@dataclass(slots=True)
class _Waiting:
    registration: Registration
    claim: Claim | None
    trace: str | None
    """Trace of the request: the group is written in nobody's."""
    done: "asyncio.Future[tuple[Answer, bool]]"

    @property
    def slot(self) -> tuple[str, str] | None:
        return (self.claim.principal, self.claim.key) if self.claim else None


class Door:
    """Registers complaints, in groups. Part of intake; run its `run` as a worker, or as several."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue(QUEUE_LIMIT)

    async def register(self, registration: Registration, claim: Claim | None) -> tuple[Answer, bool]:
        """The answer once it is durable, and whether it is that of an earlier request.

        Raises KeyReused, and the `unavailable` problem when too many wait already.
        """
        done: asyncio.Future[tuple[Answer, bool]] = asyncio.get_running_loop().create_future()
        try:
            self._queue.put_nowait(_Waiting(registration, claim, telemetry.traceparent(), done))
        except asyncio.QueueFull:
            raise unavailable() from None
        return await done

    async def run(self) -> None:
        """Commit group after group, for ever."""
        held: list[_Waiting] = []
        try:
            while True:
                group, held = self._gather(held or [await self._queue.get()])
                await self._settle(group)
        finally:  # stopped: the callers must not wait for ever
            while not self._queue.empty():
                held.append(self._queue.get_nowait())
            for waiting in held:
                _fail(waiting, unavailable())

    def _gather(self, first: list[_Waiting]) -> tuple[list[_Waiting], list[_Waiting]]:
        """A group in which no Idempotency-Key comes twice; a twin waits for the next group."""
        group: list[_Waiting] = []
        held: list[_Waiting] = []
        slots: set[tuple[str, str] | None] = set()
        arrived = list(first)
        while arrived and len(group) < GROUP_LIMIT:
            waiting = arrived.pop(0)
            if waiting.slot is not None and waiting.slot in slots:
                held.append(waiting)
            else:
                slots.add(waiting.slot)
                group.append(waiting)
            if not arrived and not self._queue.empty():
                arrived.append(self._queue.get_nowait())
        return group, held + arrived

    async def _settle(self, group: list[_Waiting], *, again: bool = True) -> None:
        try:
            before = await self._commit(group)
        except Exception as error:
            if is_transient(error):  # nobody's fault: once more together, then all are told
                if again:
                    await self._settle(group, again=False)
                    return
                for waiting in group:
                    _fail(waiting, error)
            elif len(group) > 1:
                for waiting in group:
                    await self._settle([waiting])
            elif isinstance(error, IntegrityError) and again:  # the reference it drew is taken
                group[0].registration = group[0].registration.with_another_reference()
                await self._settle(group, again=False)
            else:
                _fail(group[0], error)
            return
        except BaseException:
            for waiting in group:
                _fail(waiting, unavailable())
            raise
        for waiting in group:
            _answer(waiting, before.get(waiting.slot) if waiting.slot else None)

    async def _commit(self, group: list[_Waiting]) -> Mapping[tuple[str, str], Answer | KeyReused]:
        async with self._database.transaction() as transaction:
            claims = [(w.claim, w.registration.answer()) for w in group if w.claim is not None]
            before: Mapping[tuple[str, str], Answer | KeyReused] = {}
            if claims:
                before = await idempotency.claim(
                    transaction, [claim for claim, _ in claims], [answer for _, answer in claims]
                )
            fresh = [w for w in group if w.slot is None or w.slot not in before]
            if fresh:
                await _write(transaction, fresh)
            failpoints.reached("door.before-commit")
        failpoints.reached("door.after-commit")
        return before


async def _write(transaction: Transaction, group: list[_Waiting]) -> None:
    registrations = [waiting.registration for waiting in group]
    people = {r.customer["id"]: r.customer for r in registrations}
    ordered = sorted(people.values(), key=lambda person: str(person["id"]))
    told = [r.complaint for r in registrations]
    written = await transaction.execute(
        _WRITE, {"people": to_json(ordered).decode(), "told": to_json(told).decode()}
    )
    new = set(written.scalars())
    for waiting in group:
        event = waiting.registration.event
        if event.complaint_id in new:
            transaction.publish(event, at=event.registered_at, trace=waiting.trace)


def _answer(waiting: _Waiting, before: Answer | KeyReused | None) -> None:
    if isinstance(before, KeyReused):
        _fail(waiting, before)
    elif not waiting.done.done():  # else the caller has gone; the complaint is kept all the same
        waiting.done.set_result((before or waiting.registration.answer(), before is not None))


def _fail(waiting: _Waiting, error: Exception) -> None:
    if not waiting.done.done():
        waiting.done.set_exception(error)
