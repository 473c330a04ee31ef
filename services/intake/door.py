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

from services.intake.registration import Registration
from shared import failpoints, idempotency
from shared.database import Database, Transaction
from shared.idempotency import Answer, Claim, KeyReused

GROUP_LIMIT = 64

COMMITTERS = 2
"""Groups on their way at the same time: while one waits for the disk, the next is written."""

# What a known customer gives anew replaces what was kept, and nothing is blanked.
_WRITE = text(
    """
WITH people AS (
    INSERT INTO customers AS c SELECT * FROM jsonb_populate_recordset(NULL::customers, CAST(:people AS jsonb))
    ON CONFLICT (id) DO UPDATE SET name = coalesce(excluded.name, c.name),
        email = coalesce(excluded.email, c.email), phone = coalesce(excluded.phone, c.phone),
        address = coalesce(excluded.address, c.address)
)
INSERT INTO complaints SELECT * FROM jsonb_populate_recordset(NULL::complaints, CAST(:told AS jsonb))
"""
)


@dataclass(slots=True)
class _Waiting:
    registration: Registration
    claim: Claim | None
    answer: Answer
    done: "asyncio.Future[tuple[Answer, bool]]"

    @property
    def slot(self) -> tuple[str, str] | None:
        return (self.claim.principal, self.claim.key) if self.claim else None


class Door:
    """Registers complaints, in groups. Part of intake; run its `run` as a worker, or as several."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()

    async def register(
        self, registration: Registration, claim: Claim | None, answer: Answer
    ) -> tuple[Answer, bool]:
        """The answer once it is durable, and whether it is that of an earlier request. Raises KeyReused."""
        done: asyncio.Future[tuple[Answer, bool]] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(_Waiting(registration, claim, answer, done))
        return await done

    async def run(self) -> None:
        """Commit group after group, for ever."""
        while True:
            group, held = self._gather(await self._queue.get())
            await self._settle(group)
            for waiting in held:
                self._queue.put_nowait(waiting)

    def _gather(self, first: _Waiting) -> tuple[list[_Waiting], list[_Waiting]]:
        """A group in which no Idempotency-Key comes twice; a twin waits for the next group."""
        group, held, slots = [first], [], {first.slot}
        while len(group) < GROUP_LIMIT and not self._queue.empty():
            waiting = self._queue.get_nowait()
            if waiting.slot is not None and waiting.slot in slots:
                held.append(waiting)
            else:
                slots.add(waiting.slot)
                group.append(waiting)
        return group, held

    async def _settle(self, group: list[_Waiting]) -> None:
        try:
            before = await self._commit(group)
        except Exception as error:
            if len(group) == 1:
                _answer(group[0], error)
                return
            for waiting in group:
                await self._settle([waiting])
            return
        except BaseException:
            for waiting in group:  # stopped in the middle: the callers must not wait for ever
                _answer(waiting, ConnectionError("stopped before the complaint was recorded"))
            raise
        for waiting in group:
            _answer(waiting, before.get(waiting.slot) if waiting.slot else None)

    async def _commit(self, group: list[_Waiting]) -> Mapping[tuple[str, str] | None, Answer | KeyReused]:
        async with self._database.transaction() as transaction:
            claims = [(w.claim, w.answer) for w in group if w.claim is not None]
            before: Mapping[tuple[str, str], Answer | KeyReused] = {}
            if claims:
                before = await idempotency.claim(
                    transaction, [claim for claim, _ in claims], [answer for _, answer in claims]
                )
            fresh = [w.registration for w in group if w.slot is None or w.slot not in before]
            if fresh:
                await _write(transaction, fresh)
            failpoints.reached("door.before-commit")
        failpoints.reached("door.after-commit")
        return before  # type: ignore[return-value]  # a lookup by None simply finds nothing


async def _write(transaction: Transaction, registrations: list[Registration]) -> None:
    people = {r.customer["id"]: r.customer for r in registrations}
    ordered = sorted(people.values(), key=lambda person: str(person["id"]))
    told = [r.complaint for r in registrations]
    await transaction.execute(_WRITE, {"people": to_json(ordered).decode(), "told": to_json(told).decode()})
    for registration in registrations:
        transaction.publish(registration.event, at=registration.event.registered_at)


def _answer(waiting: _Waiting, outcome: Answer | Exception | None) -> None:
    if waiting.done.done():
        return  # the caller has gone; the complaint is kept all the same
    if isinstance(outcome, Exception):
        waiting.done.set_exception(outcome)
    elif outcome is None:
        waiting.done.set_result((waiting.answer, False))
    else:
        waiting.done.set_result((outcome, True))
