"""HTTP in: the customers of a field action, one by one."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from services.resolution.desk import Reader, Worker
from services.resolution.field_action import queries
from services.resolution.field_action.customers import ResultKind, Standing
from services.resolution.field_action.desk import AtActionDesk, found
from services.resolution.field_action.lifecycle import ActionStep
from services.resolution.field_action.model import FieldAction
from services.resolution.field_action.schemas import CustomerResults, SoldUnits
from services.resolution.field_action.store import customers_of, name_units, progress_of, save_customers
from services.resolution.field_action.views import (
    CustomerView,
    ProgressReport,
    ProgressView,
    ResultsRecorded,
    UnitsNamed,
)
from shared import pages, problems
from shared.database import Transaction
from shared.masking import mask
from shared.problems import FieldError
from shared.service import Ctx, api_router

router = api_router(tags=["field actions"])


@router.post(
    "/field-actions/{action_id}/units",
    response_model=UnitsNamed,
    summary="Name units that were sold",
    responses=problems.documented(404, 409, 412),
)
async def name_sold_units(body: SoldUnits, who: Worker, desk: AtActionDesk) -> Response:
    """So that customers who never complained are addressed, too. How they are reached, only intake is told (`POST
    /intake/v1/customers/contacts`), which answers with their ids. A unit that was named before is left as it is. While
    the action runs, they are addressed with the next look."""

    async def change(transaction: Transaction, action: FieldAction, at: datetime) -> UnitsNamed:
        action.check(ActionStep.NAME)
        return UnitsNamed(named=await name_units(transaction, action.id, body.units, at))

    return await desk.answer(who, change)


@router.get(
    "/field-actions/{action_id}/customers",
    summary="List a field action's customers",
    responses=problems.documented(404),
)
async def list_customers(
    action_id: UUID,
    who: Reader,
    ctx: Ctx,
    state: Annotated[
        Standing | None,
        Query(description="Only those who stand so: `unreachable` is whom somebody must call."),
    ] = None,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[CustomerView]:
    """How far it has come with each. Who they are and how they are reached, intake tells (`GET
    /intake/v1/contacts?customer=`)."""
    async with ctx.database.reading() as connection:
        await found(connection, action_id)
        return await queries.customers(connection, action_id, state, limit, cursor)


@router.post(
    "/field-actions/{action_id}/results",
    response_model=ResultsRecorded,
    summary="Record what became of customers",
    responses=problems.documented(404, 409, 412),
)
async def record_results(body: CustomerResults, who: Worker, desk: AtActionDesk) -> Response:
    """A call that was made, a unit that was repaired; one customer or a thousand. All are recorded or none."""

    async def change(transaction: Transaction, action: FieldAction, at: datetime) -> ResultsRecorded:
        action.check(ActionStep.RECORD)
        known = await customers_of(transaction, action.id, [each.customer_id for each in body.results])
        if wrong := _misfits(body, action, known.keys()):
            raise problems.invalid("Some of it does not fit the action", errors=wrong)
        for each in body.results:
            note = mask(each.note) if each.note else None
            known[each.customer_id].record(each.result, action.due_each, each.measures, note, who.id, at)
        await save_customers(transaction, list(known.values()))
        return ResultsRecorded(recorded=len(known))

    return await desk.answer(who, change)


def _misfits(body: CustomerResults, action: FieldAction, known: Collection[UUID]) -> list[FieldError]:
    errors = []
    for number, each in enumerate(body.results):
        place = f"body/results/{number}"
        if each.customer_id not in known:
            detail = (
                "They are not among the action's customers: take ids from its list. 该顾客不在本措施范围内。"
            )
            errors.append(FieldError(field=f"{place}/customer_id", detail=detail))
        if each.result is ResultKind.CARRIED_OUT and not action.due_each:
            detail = (
                "The action has no measure that is carried out for each customer: record told or answered. "
                "本措施无须逐一实施，请记录为 told 或 answered。"
            )
            errors.append(FieldError(field=f"{place}/result", detail=detail))
        elif not set(each.measures) <= set(action.due_each):
            detail = f"Measures of this action: {', '.join(action.due_each)}. 请从本措施所含项目中选择。"
            errors.append(FieldError(field=f"{place}/measures", detail=detail))
    return errors


@router.get(
    "/field-actions/{action_id}/progress",
    summary="Read coverage and completion",
    responses=problems.documented(404),
)
async def read_progress(action_id: UUID, who: Reader, ctx: Ctx) -> ProgressReport:
    """How many of those affected were told and helped: now, and day by day."""
    async with ctx.database.reading() as connection:
        await found(connection, action_id)
        now = ProgressView.of(await progress_of(connection, action_id))
        return ProgressReport(**now.model_dump(), days=await queries.days(connection, action_id))
