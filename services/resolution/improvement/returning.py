"""Begins improvements again whose problem is back: the complaint joins, as by a person's hand.

What insights told waits in a table, because the case may be opened later, and because the improvement and the case are
held at once. Any number of processes may run it.
"""

from datetime import datetime
from functools import partial
from uuid import UUID

from services.resolution.improvement.desk import join
from services.resolution.improvement.model import Improvement
from services.resolution.improvement.returned import RETURNED, held, open_ones, settle, waiting
from services.resolution.improvement.returns import Return, ReturnOutcome
from services.resolution.improvement.steps import ImprovementState
from services.resolution.improvement.store import store
from services.resolution.model import Case
from services.resolution.store import store as cases
from services.resolution.timeline import SYSTEM
from shared import clock
from shared.aggregate import NotPossible, save_one
from shared.service import Context, repeat

PAUSE = 10
"""Poll intervals between two looks: five seconds as delivered."""


class Returning:
    """Worker of resolution."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def run(self) -> None:
        await repeat(self._context, PAUSE, self.turn)

    async def turn(self) -> int:
        """Settle what waits; what cannot be settled is set aside. Returns how many were settled."""
        database, done = self._context.database, 0
        for improvement_id, closed_at, complaint_id in await waiting(database):
            settling = partial(self._settle, improvement_id, closed_at, complaint_id)
            row = {"improvement_id": improvement_id, "closed_at": closed_at}
            done += await RETURNED.tried(database, settling, **row)
        await RETURNED.tell(database)
        return done

    async def _settle(self, improvement_id: UUID, closed_at: datetime, complaint_id: UUID) -> None:
        async with self._context.database.transaction(of=[improvement_id, complaint_id]) as transaction:
            back = await held(transaction, improvement_id, closed_at)
            if back is None:
                return
            improvement = (await store.load(transaction, [improvement_id]))[improvement_id]
            case = (await cases.load(transaction, [complaint_id]))[complaint_id]
            at = clock.now()
            outcome = take_back(improvement, case, back, at)
            if outcome is ReturnOutcome.REOPENED:
                improvement.suspect(await open_ones(transaction, back.evidence), at)
                case.publish_to(transaction)
                await cases.save(transaction, [case])
                await save_one(store, transaction, improvement)
            await settle(transaction, back, outcome, at)


def take_back(improvement: Improvement, case: Case, back: Return, at: datetime) -> ReturnOutcome:
    """The complaint joins, and with it the improvement begins again. Of another closing nothing is changed: what came
    before it was known to whoever closed it."""
    if improvement.state is not ImprovementState.CLOSED or improvement.ended_at != back.closed_at:
        return ReturnOutcome.PASSED
    try:
        join(improvement, case, back.reason, SYSTEM, at)
    except NotPossible:
        return ReturnOutcome.NOT_POSSIBLE
    return ReturnOutcome.REOPENED
