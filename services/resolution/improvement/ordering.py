"""Opens improvements for suggestions that somebody accepted, as by a person's hand.

An order waits in a table, because the case may be opened later, and because the improvement and its cases are held at
once. Any number of processes may run it.
"""

from collections.abc import Collection
from functools import partial
from uuid import UUID

from services.resolution.books import BOOKS
from services.resolution.improvement.desk import begun
from services.resolution.improvement.ordered import ORDERED, held_order, opened_order, waiting_orders
from services.resolution.improvement.returned import open_ones
from services.resolution.improvement.store import store
from services.resolution.store import store as cases
from shared import clock
from shared.aggregate import save_one
from shared.rulebooks.store import load_books
from shared.service import Context, repeat

PAUSE = 10
"""Poll intervals between two looks: five seconds as delivered."""


class Ordering:
    """Worker of resolution."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def run(self) -> None:
        await repeat(self._context, PAUSE, self.turn)

    async def turn(self) -> int:
        """Open what waits; what cannot be opened is set aside. Returns how many were opened."""
        database, done = self._context.database, 0
        for improvement_id, complaints in await waiting_orders(database):
            opening = partial(self._open, improvement_id, complaints)
            done += await ORDERED.tried(database, opening, improvement_id=improvement_id)
        await ORDERED.tell(database)
        return done

    async def _open(self, improvement_id: UUID, complaints: Collection[UUID]) -> None:
        async with self._context.database.transaction(of=[improvement_id, *complaints]) as transaction:
            order = await held_order(transaction, improvement_id)
            if order is None:
                return
            others = [i for i in await open_ones(transaction, complaints) if i != order.complaint_id]
            known = await cases.load(transaction, [order.complaint_id, *others])
            at = clock.now()
            improvement = begun(
                improvement_id,
                list(known.values()),
                await load_books(transaction.connection, *BOOKS),
                title=order.title,
                problem=order.problem,
                category=order.category,
                product=order.product,
                by=order.ordered_by,
                at=at,
            )
            await save_one(store, transaction, improvement)
            for case in known.values():
                case.publish_to(transaction)
            await cases.save(transaction, known.values())
            await opened_order(transaction, order, at)
