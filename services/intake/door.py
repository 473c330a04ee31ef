"""The door: requests that arrive together are committed together; each answer waits for the commit.

A commit costs nearly the same for one complaint as for fifty, so while a group is being made durable the next one
gathers, and it waits for those that are on their way in. What can go wrong with one member (its Idempotency-Key was
used before) is decided per member and harms no neighbour; if a group fails as a whole, its members are tried one by
one.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.intake.registration import Registration
from services.intake.vault.cipher import Vault
from services.intake.vault.rows import seal_row, vault_of
from shared import failpoints, idempotency, outbox, telemetry
from shared.database import Database, is_transient
from shared.idempotency import Answer, Claim, KeyReused
from shared.problems import unavailable

GROUP_LIMIT = 64
STILL = 3
"""Rounds of the event loop without a newcomer after which a group goes: by then a request that had arrived at its
socket is here. No clock: whoever comes alone waits some microseconds."""
QUEUE_LIMIT = 1024
"""Requests that may wait; more are told to come again, because nobody would hear a later answer."""

# One statement and no transaction around it: the group is made durable in one round trip. A complaint is fresh
# when it came without a key, or with one that nobody had used. The ids are ours: a complaint that is there
# already was written by an attempt whose commit we did not hear of. A customer who was erased and comes again is
# known again.
_COMMIT = text(
    f"""
WITH {idempotency.CLAIM}, given AS (
    SELECT * FROM jsonb_populate_recordset(NULL::complaints, CAST(:told AS jsonb))
), fresh AS (
    SELECT m.id FROM unnest(CAST(:ids AS uuid[]), CAST(:principals AS text[]), CAST(:under AS text[]))
        AS m(id, principal, key) LEFT JOIN claimed c USING (principal, key)
    WHERE m.key IS NULL OR c.key IS NOT NULL
), people AS (
    INSERT INTO customers SELECT * FROM jsonb_populate_recordset(NULL::customers, CAST(:people AS jsonb)) p
    WHERE p.id IN (SELECT g.customer_id FROM given g JOIN fresh USING (id)) ORDER BY p.id
    ON CONFLICT (id) DO UPDATE SET holds = excluded.holds, sealed = excluded.sealed
    WHERE customers.sealed = '' AND excluded.sealed <> ''
), written AS (
    INSERT INTO complaints SELECT * FROM given WHERE id IN (SELECT id FROM fresh)
    ON CONFLICT (id) DO NOTHING RETURNING id
), new AS (
    SELECT id::text AS key FROM written
), {outbox.FIRST}
SELECT principal, key FROM claimed
"""  # noqa: S608 - the parts are our own
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
    """Registers complaints, in groups. Part of intake, and one of its workers."""

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
                if not held:
                    held = [await self._queue.get()]
                await self._all_arrived()
                group, held = self._gather(held)
                await self._settle(group)
        finally:  # stopped: the callers must not wait for ever
            while not self._queue.empty():
                held.append(self._queue.get_nowait())
            for waiting in held:
                _fail(waiting, unavailable())

    async def _all_arrived(self) -> None:
        here, still = self._queue.qsize(), 0
        while still < STILL and here < GROUP_LIMIT:
            await asyncio.sleep(0)
            before, here = here, self._queue.qsize()
            still = 0 if here > before else still + 1

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
        """Returns what had been answered before."""
        claims = [w.claim for w in group if w.claim is not None]
        answers = [w.registration.answer() for w in group if w.claim is not None]
        failpoints.reached("door.before-commit")
        claimed = await self._database.at_once(
            _COMMIT, _parameters(group, vault_of(self._database)) | idempotency.claiming(claims, answers)
        )
        failpoints.reached("door.after-commit")
        self._database.on_publish()
        mine = {(row.principal, row.key) for row in claimed}
        old = [claim for claim in claims if (claim.principal, claim.key) not in mine]
        if not old:
            return {}
        return idempotency.earlier(
            old, await self._database.at_once(idempotency.EARLIER, idempotency.of(old))
        )


def _parameters(group: list[_Waiting], vault: Vault) -> dict[str, Any]:
    registrations = [waiting.registration for waiting in group]
    people = {r.customer["id"]: r.customer for r in registrations}
    events = [
        outbox.outgoing(w.registration.event, "intake", w.registration.event.registered_at, trace=w.trace)
        for w in group
    ]
    return {
        "told": to_json([seal_row(vault, "complaints", r.complaint) for r in registrations]).decode(),
        "people": to_json([seal_row(vault, "customers", person) for person in people.values()]).decode(),
        "ids": [r.event.complaint_id for r in registrations],
        "principals": [w.claim.principal if w.claim else None for w in group],
        "under": [w.claim.key if w.claim else None for w in group],
        **outbox.first_of(events),
    }


def _answer(waiting: _Waiting, before: Answer | KeyReused | None) -> None:
    if isinstance(before, KeyReused):
        _fail(waiting, before)
    elif not waiting.done.done():  # else the caller has gone; the complaint is kept all the same
        waiting.done.set_result((before or waiting.registration.answer(), before is not None))


def _fail(waiting: _Waiting, error: Exception) -> None:
    if not waiting.done.done():
        waiting.done.set_exception(error)
