"""HTTP in: field actions, from the draft to their end."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from services.resolution.desk import Reader, Worker
from services.resolution.field_action import affected, queries
from services.resolution.field_action.approving import approval_needed, use_approval
from services.resolution.field_action.desk import AtActionDesk, found, read, step
from services.resolution.field_action.lifecycle import ActionState, ActionStep
from services.resolution.field_action.model import FieldAction
from services.resolution.field_action.schemas import (
    FieldActionDraft,
    FieldActionReason,
    FieldActionStart,
    NewFieldAction,
)
from services.resolution.field_action.store import store
from services.resolution.field_action.views import AffectedPreview, FieldActionSummary, FieldActionView
from services.resolution.lifecycle import State as CaseState
from services.resolution.store import store as cases
from services.resolution.timeline import Kind, Source
from services.resolution.wording.flagging import flagged
from shared import clock, etag, idempotency, ids, pages, problems
from shared.aggregate import load_one, save_one
from shared.database import Transaction
from shared.idempotency import Answer, IdempotencyKey
from shared.openapi import TAGGED
from shared.service import Ctx, api_router

router = api_router(tags=["field actions"])


@router.post(
    "/field-actions",
    status_code=201,
    response_model=FieldActionView,
    summary="Draft a field action",
    responses=problems.documented(422),
)
async def draft_field_action(
    new: NewFieldAction, request: Request, who: Worker, ctx: Ctx, key: IdempotencyKey = None
) -> Response:
    """One complaint speaks for many: which goods are affected, what is done, what people are told. Nobody hears of it
    before it is approved and started."""

    told: dict[str, str] = {}

    async def work(transaction: Transaction) -> Answer:
        case = await load_one(cases, transaction, new.complaint_id)
        if case.state is CaseState.UNOPENED:
            raise problems.invalid(
                "There is no such complaint",
                "Name the complaint that gives rise to the field action. 请填写引发该措施的投诉编号。",
                field="body/complaint_id",
            )
        looked = await new.said().looked_over(case.books, who)
        told.update(looked.headers)
        at = clock.now()
        if looked.judged:
            case.record(flagged(case.id, looked.judged, who.id, at, looked.despite), at)
        action = FieldAction(id=ids.new_id(), books=case.books)
        action.draft(new.complaint_id, new.draft(), who.id, at)
        case.note(Kind.FIELD_ACTION, at, who.id, action.reference, Source.RESOLUTION)
        await save_one(cases, transaction, case)
        await save_one(store, transaction, action)
        view = await read(transaction.connection, action.id)
        return Answer(201, view.model_dump_json().encode())

    answer = etag.tagged(await idempotency.once(request, ctx.database, who.id, key, work))
    answer.headers.update(told)
    return answer


@router.get("/field-actions", summary="List field actions", responses=problems.documented())
async def list_field_actions(
    who: Reader,
    ctx: Ctx,
    state: ActionState | None = None,
    complaint_id: Annotated[UUID | None, Query(description="Only those that it gave rise to.")] = None,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[FieldActionSummary]:
    """The newest first."""
    async with ctx.database.reading() as connection:
        return await queries.listed(connection, state, complaint_id, limit, cursor)


@router.get(
    "/field-actions/{action_id}", summary="Read a field action", responses=problems.documented(404) | TAGGED
)
async def read_field_action(action_id: UUID, who: Reader, ctx: Ctx, response: Response) -> FieldActionView:
    """Its words and its scope, how far it has come, what can be done now and why the rest cannot."""
    async with ctx.database.reading() as connection:
        view = await read(connection, action_id)
    response.headers["ETag"] = etag.tag(view.version)
    return view


@router.get(
    "/field-actions/{action_id}/affected",
    summary="AffectedPreview who is affected",
    responses=problems.documented(404),
)
async def preview_affected(action_id: UUID, who: Reader, ctx: Ctx) -> AffectedPreview:
    """Who would be addressed if it started now: how many, by batch, and some of them."""
    async with ctx.database.reading() as connection:
        action = await found(connection, action_id)
        return AffectedPreview.model_validate(await affected.preview(connection, action))


@step(router, ActionStep.CHANGE, method="PUT")
async def change_draft(body: FieldActionDraft, who: Worker, desk: AtActionDesk) -> Response:
    """The whole draft anew."""
    told: dict[str, str] = {}

    async def change(transaction: Transaction, action: FieldAction, at: datetime) -> None:
        looked = await body.said().looked_over(action.books, who)
        told.update(looked.headers)
        action.change(body.draft())
        if looked.judged and action.complaint_id is not None:
            action.record(flagged(action.complaint_id, looked.judged, who.id, at, looked.despite), at)

    answer = await desk.act(who, change)
    answer.headers.update(told)
    return answer


@step(router, ActionStep.PROPOSE)
async def propose_field_action(who: Worker, desk: AtActionDesk) -> Response:
    """From here on its text and its scope stand still. What must be approved, `start` without an approval says."""

    async def change(transaction: Transaction, action: FieldAction, at: datetime) -> None:
        action.propose(who.id, at)

    return await desk.act(who, change)


@step(router, ActionStep.REVISE)
async def revise_field_action(who: Worker, desk: AtActionDesk) -> Response:
    """It is a draft again. An approval of what was proposed is not one of what it becomes."""

    async def change(transaction: Transaction, action: FieldAction, at: datetime) -> None:
        action.revise()

    return await desk.act(who, change)


@step(router, ActionStep.START)
async def start_field_action(body: FieldActionStart, who: Worker, ctx: Ctx, desk: AtActionDesk) -> Response:
    """Freezes the set of those affected, and begins to address them. It needs a granted approval of exactly what was
    proposed; later complaints about the same goods make the set grow."""
    approval_id = body.approval_id
    if approval_id is None:
        raise await approval_needed(ctx, who, await desk.seen(ActionStep.START))

    async def change(transaction: Transaction, action: FieldAction, at: datetime) -> None:
        action.check(ActionStep.START)
        await use_approval(transaction, action, approval_id, who)
        action.start(approval_id, who.id, at)

    return await desk.act(who, change)


@step(router, ActionStep.SUSPEND)
async def suspend_field_action(body: FieldActionReason, who: Worker, desk: AtActionDesk) -> Response:
    """Nobody further is addressed until it is resumed. Letters that are under way still arrive."""

    async def change(transaction: Transaction, action: FieldAction, at: datetime) -> None:
        action.suspend(body.reason, who.id, at)

    return await desk.act(who, change)


@step(router, ActionStep.RESUME)
async def resume_field_action(who: Worker, desk: AtActionDesk) -> Response:
    """It goes on where it stood; nobody is told again."""

    async def change(transaction: Transaction, action: FieldAction, at: datetime) -> None:
        action.resume(who.id, at)

    return await desk.act(who, change)


@step(router, ActionStep.COMPLETE)
async def complete_field_action(body: FieldActionReason, who: Worker, desk: AtActionDesk) -> Response:
    """When everybody was addressed and enough of them were told."""

    async def change(transaction: Transaction, action: FieldAction, at: datetime) -> None:
        action.complete(body.reason, who.id, at)

    return await desk.act(who, change)


@step(router, ActionStep.CANCEL)
async def cancel_field_action(body: FieldActionReason, who: Worker, desk: AtActionDesk) -> Response:
    """It ends without being completed. Whoever was told already is not told again."""

    async def change(transaction: Transaction, action: FieldAction, at: datetime) -> None:
        action.cancel(body.reason, who.id, at)

    return await desk.act(who, change)
