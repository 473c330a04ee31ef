"""What becomes of the complaints of people who leave: for whoever deactivates them, in the same transaction."""

from collections.abc import Mapping

from services.routing.assignment.assigning import HandOver
from services.routing.assignment.store import carried_by
from services.routing.store import DispatchStore
from shared import clock
from shared.database import Transaction

INACTIVE = "inactive"
"""Why a complaint passed on: its handler is not there any more."""


async def hand_back(transaction: Transaction, people: Mapping[str, str | None], by: str) -> int:
    """Take the open complaints of these people back; returns how many. By person: who gets theirs; None: the queue.

    Call it before the people are deactivated and before the directory's lock is taken: the complaints' locks
    come first. What is assigned to them in between, the drain takes back. `by` is the principal who asks for
    it. Raises NotPossible when a successor cannot take all of them.
    """
    store = DispatchStore()
    ids = await carried_by(transaction, people)
    if not ids:
        return 0
    await transaction.lock(ids)
    at = clock.now()
    carried = [
        dispatch
        for dispatch in (await store.load(transaction, ids)).values()
        if dispatch.handler_id in people
    ]
    for dispatch in carried:
        assert dispatch.handler_id is not None
        successor = people[dispatch.handler_id]
        if successor is None:
            dispatch.take_back(INACTIVE, at)
        else:
            dispatch.hand_over(HandOver(by, INACTIVE, person=successor), at)
    await store.save(transaction, carried)
    return len(carried)
