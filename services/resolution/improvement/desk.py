"""The desk at which somebody works on one improvement: once per Idempotency-Key, on the version that they saw."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from services.resolution.improvement.model import Improvement
from services.resolution.improvement.parts import Carried
from services.resolution.improvement.store import store
from services.resolution.improvement.views import shown
from services.resolution.lifecycle import State
from services.resolution.model import Case
from services.resolution.store import store as cases
from shared import clock, problems
from shared.aggregate import save_one
from shared.auth import Principal
from shared.database import Transaction
from shared.editing import Edit, Editing
from shared.events.vocabulary import Severity
from shared.idempotency import Answer
from shared.problems import Problem
from shared.rulebooks.model import Books

Change = Callable[[Improvement, datetime], None]
ChangeWithCase = Callable[[Improvement, Case, datetime], None]


@dataclass(frozen=True, slots=True)
class ImprovementDesk:
    improvement_id: UUID
    editing: Edit

    async def seen(self) -> Improvement:
        """As it stands before it is held. Raises a 404 problem."""
        async with self.editing.ctx.database.reading() as connection:
            found = (await store.read(connection, [self.improvement_id])).get(self.improvement_id)
        if found is None:
            raise no_such_improvement()
        return found

    async def act(
        self,
        who: Principal,
        change: Change,
        permit: Callable[[Transaction, Improvement], Awaitable[None]] | None = None,
    ) -> Response:
        """Answers with the improvement as it then is. Raises problems: 404, 409, 412.

        `permit` is used up before the change, in the same transaction.
        """

        async def work(transaction: Transaction) -> Answer:
            await transaction.lock([self.improvement_id])
            improvement = await self._held(transaction)
            if permit is not None:
                await permit(transaction, improvement)
            change(improvement, clock.now())
            await save_one(store, transaction, improvement)
            return await answered(transaction, 200, self.improvement_id)

        return await self.editing.once_tagged(who.id, work)

    async def act_with_case(
        self, who: Principal, complaint_id: UUID, field: str, change: ChangeWithCase
    ) -> Response:
        """The same where a complaint joins or leaves: both are held, and change together."""

        async def work(transaction: Transaction) -> Answer:
            # At once, in the order that all keep: nobody waits for the other in a circle.
            await transaction.lock([self.improvement_id, complaint_id])
            improvement = await self._held(transaction)
            case = (await opened_cases(transaction, {complaint_id: field}))[complaint_id]
            change(improvement, case, clock.now())
            case.publish_to(transaction)
            await cases.save(transaction, [case])
            await save_one(store, transaction, improvement)
            return await answered(transaction, 200, self.improvement_id)

        return await self.editing.once_tagged(who.id, work)

    async def _held(self, transaction: Transaction) -> Improvement:
        found = (await store.load(transaction, [self.improvement_id])).get(self.improvement_id)
        if found is None:
            raise no_such_improvement()
        self.editing.must_match(found.version, "improvement", "改善项目", step=found.step.value)
        return found


async def _desk(improvement_id: UUID, editing: Editing) -> ImprovementDesk:
    # A coroutine, because FastAPI calls what is none (a class, too) in a thread.
    return ImprovementDesk(improvement_id, editing)


AtImprovementDesk = Annotated[ImprovementDesk, Depends(_desk)]


def no_such_improvement() -> Problem:
    return problems.not_found("improvement", "path/improvement_id")


async def answered(transaction: Transaction, status: int, improvement_id: UUID) -> Answer:
    found = (await store.load(transaction, [improvement_id]))[improvement_id]
    return Answer(status, shown(found).model_dump_json().encode())


async def opened_cases(transaction: Transaction, named: dict[UUID, str]) -> dict[UUID, Case]:
    """The cases, which the caller holds; `named` are ids by the field that names them. Raises a 422 problem with
    those that do not exist."""
    found = await cases.load(transaction, list(named))
    errors = [
        problems.FieldError(field=field, detail=f"There is no case {complaint_id}. 没有该投诉。")
        for complaint_id, field in named.items()
        if found[complaint_id].state is State.UNOPENED
    ]
    if errors:
        raise problems.invalid(
            "There is no such case", "Name complaints whose case is open. 请填写已立案的投诉。", errors=errors
        )
    return found


def carried(case: Case, reason: str | None, by: str, at: datetime) -> Carried:
    return Carried(case.id, by, at, reason, False, case.valid, case.reference, case.registered_at)


def join(improvement: Improvement, case: Case, reason: str | None, by: str, at: datetime) -> None:
    """Both sides of joining. Joined already, nothing changes."""
    if improvement.join(carried(case, reason, by, at), case.severity):
        back = improvement.complaints[case.id].recurrence
        case.join_improvement(improvement.id, improvement.title, back, by, at)


def begun(
    improvement_id: UUID,
    found: Sequence[Case],
    books: Books,
    *,
    title: str,
    problem: str,
    category: str | None = None,
    subcategory: str | None = None,
    product: str | None = None,
    by: str,
    at: datetime,
) -> Improvement:
    """A new improvement for these complaints, of which there is one at least; what is left out follows from the first.
    `title` and `problem` are masked."""
    first = found[0]
    improvement = Improvement(
        id=improvement_id,
        complaint_id=first.id,
        books=books,
        severity=first.severity or Severity.GENERAL,
        category=category or first.category,
        subcategory=subcategory,
        product=product or first.product,
    )
    improvement.open(title, problem, by, at)
    for case in found:
        join(improvement, case, None, by, at)
    return improvement


def must_be_to_come(moments: Mapping[str, datetime], now: datetime) -> None:
    """`moments` by the field that names them. Raises a 422 problem that names those that have passed."""
    errors = [
        problems.FieldError(field=field, detail="Give a time that is to come. 请填写将来的时间。")
        for field, moment in moments.items()
        if moment <= now
    ]
    if errors:
        detail = "What is due has a time that is to come. 完成时间须在将来。"
        raise problems.invalid("The time has passed", detail, errors=errors)
