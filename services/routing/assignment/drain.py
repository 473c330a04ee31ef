"""The waiting queue drains, oldest first, whenever somebody can take what waits; and nothing is left unowned.

It is woken by the transaction that frees capacity or changes the directory or the rules. Certificates that
expire, people who come back and offices that open are found because it looks by itself, now and then.
"""

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from services.routing.assignment.assigning import HandOver
from services.routing.assignment.roster import Choice, Roster
from services.routing.assignment.rules import ASSIGNMENT, AssignmentRules
from services.routing.assignment.store import (
    BELL,
    astray,
    load_roster,
    note_requeued,
    oldest_waiting,
    unowned_for_long,
)
from services.routing.assignment.why import WhyNot
from services.routing.books import BOOKS
from services.routing.model import Dispatch
from services.routing.status import Status
from services.routing.store import DispatchStore
from shared import clock
from shared.database import Transaction
from shared.rulebooks.model import Books
from shared.rulebooks.store import load_books
from shared.service import Context
from shared.sessions import keep_listening

BATCH = 500


class Drain:
    """Worker of routing; any number of replicas may run it."""

    def __init__(self, context: Context) -> None:
        self._database = context.database
        self._pause = context.settings.poll_interval * 4
        self._store = DispatchStore()
        self._woken = asyncio.Event()

    async def listen(self) -> None:
        """Hear of what is freed or changed, in whichever process."""
        await keep_listening(self._database.sessions, BELL, lambda _: self._woken.set())

    async def run(self) -> None:
        while True:
            self._woken.clear()
            if not await self.turn():
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._pause):
                        await self._woken.wait()

    async def turn(self) -> int:
        """Take back, let climb and assign, at most a batch of each; returns how many complaints it moved."""
        return await self.take_back() + await self.climb() + await self.assign()

    async def take_back(self) -> int:
        """What somebody has who is not there any more, or away for long, goes to others."""
        async with self._database.transaction() as transaction:
            rules = (await load_books(transaction.connection, *BOOKS)).read(ASSIGNMENT)
            away = timedelta(days=rules.long_absence_days)
            seen = await astray(transaction.connection, away, clock.now(), BATCH)
            await transaction.lock(seen)
            # Somebody may have moved them meanwhile: nobody loses what they just got.
            now = await astray(transaction.connection, away, clock.now(), BATCH) if seen else {}
            found = {complaint_id: left for complaint_id, left in now.items() if complaint_id in seen}

            def change(dispatch: Dispatch, at: datetime) -> None:
                left = found[dispatch.id]
                dispatch.take_back(left.because, at)
                if left.to_person is not None and left.said_by is not None:
                    dispatch.wanted = HandOver(left.said_by, left.because, left.to_person, binding=False)

            changed = await self._change(transaction, found, {Status.ASSIGNED}, change)
            await note_requeued(transaction, clock.now())
            return len(changed)

    async def climb(self) -> int:
        """What nobody has owned for longer than the rules allow is told, and the next layer is asked."""
        async with self._database.transaction() as transaction:
            books = await load_books(transaction.connection, *BOOKS)
            due = await self._due(transaction, books.read(ASSIGNMENT))
            if not due:
                return 0
            roster = await load_roster(transaction.connection, books)
            await transaction.lock(due)
            still_due = set(await self._due(transaction, books.read(ASSIGNMENT)))

            def change(dispatch: Dispatch, at: datetime) -> None:
                dispatch.seek_owner(_why(dispatch, roster), at)

            waiting = {Status.WAITING, Status.REFERRED}
            return len(await self._change(transaction, still_due & set(due), waiting, change))

    async def _due(self, transaction: Transaction, rules: AssignmentRules) -> list[UUID]:
        return await unowned_for_long(
            transaction.connection, rules.climb_after, rules.climbs_at_most, clock.now(), BATCH
        )

    async def assign(self) -> int:
        """Assign what can be assigned now; returns how many complaints found somebody.

        What it plans, it plans without a lock; whether it holds, settling decides.
        """
        async with self._database.transaction() as transaction:
            books = await load_books(transaction.connection, *BOOKS)
            planned = await self._plan(transaction, books)
            tried = await self._change(transaction, planned, {Status.WAITING}, Dispatch.try_again)
            return sum(dispatch.status is Status.ASSIGNED for dispatch in tried)

    async def _plan(self, transaction: Transaction, books: Books) -> list[UUID]:
        """The oldest that somebody can take. The oldest that nobody can take hide none that are behind them."""
        roster = await load_roster(transaction.connection, books)
        takeable = [needs for needs, _ in roster.waiting if roster.anybody(needs)]
        if not takeable:
            return []
        planned: list[UUID] = []
        for waiting in await oldest_waiting(transaction.connection, takeable, BATCH):
            choice = roster.choose(waiting.needs)
            if isinstance(choice, Choice):
                roster.take(choice.person)
                planned.append(waiting.complaint_id)
                if len(planned) == BATCH:
                    break
        return planned

    async def _change(
        self,
        transaction: Transaction,
        ids: Collection[UUID],
        still: Collection[Status],
        change: Callable[[Dispatch, datetime], None],
    ) -> list[Dispatch]:
        """Change those of the complaints that are still in such a state, once their locks are held."""
        if not ids:
            return []
        await transaction.lock(ids)
        at = clock.now()
        found = await self._store.load(transaction, ids)
        changed = [dispatch for dispatch in found.values() if dispatch.status in still]
        for dispatch in changed:
            change(dispatch, at)
            dispatch.publish_to(transaction)
        await self._store.save(transaction, changed)
        return changed


def _why(dispatch: Dispatch, roster: Roster) -> dict[str, int]:
    """Why nobody owns it."""
    if dispatch.status is Status.REFERRED:
        return {WhyNot.UNDECIDED.value: 1}
    return dict(roster.why_nobody(dispatch.asks))
