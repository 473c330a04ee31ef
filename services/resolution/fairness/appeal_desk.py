"""The desk at which somebody acts on one appeal: only whoever it belongs to, on the version that they saw."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Response

from services.resolution.fairness import shown
from services.resolution.fairness.acting import person_acting
from services.resolution.fairness.model import Appeal
from services.resolution.fairness.store import store as appeals
from services.resolution.model import Case
from services.resolution.store import store as cases
from shared import clock, problems
from shared.aggregate import NotPossible, save_one
from shared.auth import Principal
from shared.database import Transaction, sql
from shared.editing import Edit, Editing
from shared.idempotency import Answer
from shared.problems import Problem

OneAppeal = Annotated[UUID, Path(description="Id of the appeal.")]
_WHOSE = sql("SELECT complaint_id FROM appeals WHERE id = :id")


class Part(Enum):
    """Whose business an action is."""

    APPELLANT = auto()
    REVIEWER = auto()


@dataclass(frozen=True, slots=True)
class AppealDesk:
    """One action on one appeal, and on its case as far as it follows."""

    appeal_id: UUID
    editing: Edit

    async def act(
        self, who: Principal, part: Part, change: Callable[[Appeal, Case, datetime], None]
    ) -> Response:
        """Answers with the appeal as it then is. Raises problems: 403, 404, 409, 412."""
        me = (await person_acting(self.editing.ctx, who)).person

        async def work(transaction: Transaction) -> Answer:
            appeal = await held(transaction, self.appeal_id)
            if me not in {appeal.person_id, appeal.reviewer_id}:
                raise no_such_appeal()
            if me != (appeal.person_id if part is Part.APPELLANT else appeal.reviewer_id):
                raise _not_yours(part)
            self.editing.must_match(appeal.version, "appeal", "申诉", stage=appeal.stage.value)
            case = (await cases.load(transaction, [appeal.complaint_id]))[appeal.complaint_id]
            if part is Part.REVIEWER and me in {*case.accused, case.handler_id}:
                raise _bound_meanwhile()
            change(appeal, case, clock.now())
            await save_one(appeals, transaction, appeal)
            if case.new_entries or case.erased:
                await save_one(cases, transaction, case)
            return await self.answer(transaction)

        return await self.editing.once_tagged(who.id, work)

    async def answer(self, transaction: Transaction) -> Answer:
        view = await shown.appeal(transaction.connection, self.appeal_id)
        assert view is not None
        return Answer(200, view.model_dump_json().encode())


async def _desk(appeal_id: OneAppeal, editing: Editing) -> AppealDesk:
    return AppealDesk(appeal_id, editing)


AtAppeal = Annotated[AppealDesk, Depends(_desk)]


async def complaint_of(transaction: Transaction, appeal_id: UUID) -> UUID:
    """Raises a 404 problem."""
    found: UUID | None = (await transaction.execute(_WHOSE, {"id": appeal_id})).scalar_one_or_none()
    if found is None:
        raise no_such_appeal()
    return found


async def held(transaction: Transaction, appeal_id: UUID) -> Appeal:
    """Lock the complaint, whose mark may change, and the appeal, which the waker may hold. Raises a 404 problem."""
    await transaction.lock([await complaint_of(transaction, appeal_id), appeal_id])
    return (await appeals.load(transaction, [appeal_id]))[appeal_id]


def _bound_meanwhile() -> NotPossible:
    return NotPossible(
        "not-independent",
        "You handle the complaint now, or it is about you: somebody else reviews the appeal.",
        "您现为该投诉的处理人或当事人，申诉须由他人复核。",
    )


def no_such_appeal() -> Problem:
    return problems.not_found("appeal", "path/appeal_id")


def _not_yours(part: Part) -> Problem:
    words = {
        Part.APPELLANT: "Only whoever appealed can do that. 仅申诉人可进行此操作。",
        Part.REVIEWER: "Only the reviewer can do that. 仅复核人可进行此操作。",
    }
    return Problem(403, "forbidden", "This is not yours to do", words[part], field="path/appeal_id")
