"""The desk at which somebody acts on one field action: once per Idempotency-Key, on the version that they saw."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from services.resolution.field_action import affected
from services.resolution.field_action.lifecycle import LIFECYCLE, ActionState, ActionStep
from services.resolution.field_action.model import FieldAction, StepNotPossible
from services.resolution.field_action.store import progress_of, store
from services.resolution.field_action.views import FieldActionView, shown
from services.resolution.views import Bilingual, View
from shared import clock, etag, problems
from shared.aggregate import save_one
from shared.auth import Principal
from shared.database import Transaction
from shared.editing import Edit, Editing
from shared.idempotency import Answer
from shared.problems import Problem

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
Change = Callable[[Transaction, FieldAction, datetime], Awaitable[None]]
Answering = Callable[[Transaction, FieldAction, datetime], Awaitable[View | None]]


@dataclass(frozen=True, slots=True)
class ActionDesk:
    """One step on one field action."""

    action_id: UUID
    editing: Edit

    async def seen(self, name: ActionStep) -> FieldAction:
        """The action, if the step is possible now. Raises problems: 404, 409."""
        async with self.editing.ctx.database.reading() as connection:
            action = await found(connection, self.action_id)
        try:
            action.check(name)
        except StepNotPossible as refusal:
            raise _not_possible(refusal, action) from None
        return action

    async def act(self, who: Principal, change: Change) -> Response:
        """Answers with the action as it then is. Raises problems: 404, 409, 412."""
        return etag.tagged(await self.answer(who, change))

    async def answer(self, who: Principal, change: Answering) -> Response:
        """Answers with what `change` says. Raises problems: 404, 409, 412."""

        async def work(transaction: Transaction) -> Answer:
            await transaction.lock([self.action_id])
            action = await found(transaction.connection, self.action_id)
            self.editing.must_match(action.version, "field action", "现场措施", state=action.state.value)
            try:
                said = await change(transaction, action, clock.now())
            except StepNotPossible as refusal:
                raise _not_possible(refusal, action) from None
            await save_one(store, transaction, action)
            view = said or await read(transaction.connection, self.action_id)
            return Answer(200, view.model_dump_json().encode())

        return await self.editing.once(who.id, work)


async def _desk(action_id: UUID, editing: Editing) -> ActionDesk:
    return ActionDesk(action_id, editing)


AtActionDesk = Annotated[ActionDesk, Depends(_desk)]


def step(router: APIRouter, name: ActionStep, method: str = "POST") -> Callable[[Endpoint], Endpoint]:
    """An endpoint that takes one step and answers with the field action."""
    return router.api_route(
        f"/field-actions/{{action_id}}/{name}",
        methods=[method],
        summary=LIFECYCLE[name].title.en,
        response_model=FieldActionView,
        responses=problems.documented(404, 409, 412),
    )


async def found(connection: AsyncConnection, action_id: UUID) -> FieldAction:
    """Without its customers, with what the guards look at. Raises a 404 problem."""
    action = (await store.read(connection, [action_id]))[action_id]
    if action.complaint_id is None:
        raise no_such_action()
    action.progress = await progress_of(connection, action_id)
    action.found = action.progress.affected
    if action.state in {ActionState.DRAFTED, ActionState.PROPOSED}:
        counted = await affected.count(connection, action)
        action.found, action.units = counted["customers"], counted["units"]
    return action


async def read(connection: AsyncConnection, action_id: UUID) -> FieldActionView:
    """Raises a 404 problem."""
    return shown(await found(connection, action_id))


def no_such_action() -> Problem:
    return problems.not_found("field action", "path/action_id")


def _not_possible(refusal: StepNotPossible, action: FieldAction) -> Problem:
    return problems.conflict(
        "The field action is not in a state for this",
        refusal.reason.en,
        step=refusal.step.value,
        reason=Bilingual.of(refusal.reason).model_dump(),
        state=action.state.value,
        version=action.version,
    )
