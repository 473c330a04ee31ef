"""HTTP in: ask for a permit, and grant or refuse it."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from sqlalchemy import select

from services.resolution.approvals.asking import ask, who_decides
from services.resolution.approvals.deciding import AtApprovalDesk, no_such_approval
from services.resolution.approvals.model import ApprovalState
from services.resolution.approvals.schemas import ApprovalView, Because, Grant, NewApproval
from services.resolution.approvals.store import store
from services.resolution.approvals.tables import approvals
from services.resolution.desk import Reader, Worker, must_not_be_about
from services.resolution.staff import standing_of_account
from services.resolution.timeline import Kind
from shared import etag, idempotency, pages, problems
from shared.database import Transaction
from shared.idempotency import Answer, IdempotencyKey
from shared.openapi import TAGGED
from shared.pages import Cursor, Limit, Page
from shared.service import Ctx, api_router

router = api_router(tags=["approvals"])


@router.post(
    "/approvals",
    status_code=201,
    response_model=ApprovalView,
    summary="Ask for a permit",
    responses=problems.documented(404, 409),
)
async def ask_for_approval(
    wanted: NewApproval, request: Request, who: Worker, ctx: Ctx, key: IdempotencyKey = None
) -> Response:
    """The first person up the line who may permit it is asked, or whoever stands in for them; if they do not decide in
    time, the next. Once it is granted, repeat what you wanted to do with the approval's id."""
    await must_not_be_about(ctx, who, wanted.complaint_id)
    asking = await who_decides(ctx, who, wanted)

    async def work(transaction: Transaction) -> Answer:
        approval = await ask(transaction, who, wanted, asking)
        return Answer(201, ApprovalView.of(approval).model_dump_json().encode())

    return etag.tagged(await idempotency.once(request, ctx.database, who.id, key, work))


@router.get("/approvals", summary="List approvals", responses=problems.documented())
async def list_approvals(
    who: Reader,
    ctx: Ctx,
    state: Annotated[ApprovalState | None, Query(description="Only in this state.")] = None,
    complaint_id: Annotated[UUID | None, Query(description="Only what this complaint gave rise to.")] = None,
    mine: Annotated[bool, Query(description="Only those that you are, or were, asked to decide.")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ApprovalView]:
    """The newest first."""
    c = approvals.c
    query = select(c.id, c.asked_at)
    if state is not None:
        query = query.where(c.state == state.value)
    if complaint_id is not None:
        query = query.where(c.complaint_id == complaint_id)
    if mine:
        me = await standing_of_account(ctx, who.id)
        query = query.where(c.approver == (me and me.person))
    async with ctx.database.reading() as connection:
        ids = await pages.read(
            connection,
            query,
            limit,
            cursor,
            lambda row: UUID(str(row["id"])),
            c.asked_at,
            c.id,
            newest_first=True,
        )
        found = await store.read(connection, ids.items)
    return Page(items=[ApprovalView.of(found[id]) for id in ids.items], next=ids.next)


@router.get(
    "/approvals/{approval_id}", summary="Read an approval", responses=problems.documented(404) | TAGGED
)
async def read_approval(approval_id: UUID, who: Reader, ctx: Ctx, response: Response) -> ApprovalView:
    """What is asked, who is to decide it by when, and what became of it."""
    async with ctx.database.reading() as connection:
        found = await store.read(connection, [approval_id])
    if approval_id not in found:
        raise no_such_approval()
    await must_not_be_about(ctx, who, found[approval_id].complaint_id)
    response.headers["ETag"] = etag.tag(found[approval_id].version)
    return ApprovalView.of(found[approval_id])


@router.post(
    "/approvals/{approval_id}/grant",
    response_model=ApprovalView,
    summary="Grant a permit",
    responses=problems.documented(403, 404, 409, 412) | TAGGED,
)
async def grant_approval(body: Grant, who: Worker, desk: AtApprovalDesk) -> Response:
    """By the person who is asked, somebody above them in the line, or an administrator; never for oneself."""
    decider = await desk.decider(who)
    return await desk.change(
        who,
        Kind.APPROVAL_GRANTED,
        lambda approval, at: approval.grant(who.id, decider.entitled(approval), body.note, at),
    )


@router.post(
    "/approvals/{approval_id}/refusal",
    response_model=ApprovalView,
    summary="Refuse a permit",
    responses=problems.documented(403, 404, 409, 412) | TAGGED,
)
async def refuse_approval(body: Because, who: Worker, desk: AtApprovalDesk) -> Response:
    """By whoever could grant it. Whoever asked is told why."""
    decider = await desk.decider(who)
    return await desk.change(
        who,
        Kind.APPROVAL_REFUSED,
        lambda approval, at: approval.refuse(who.id, decider.entitled(approval), body.reason, at),
    )


@router.post(
    "/approvals/{approval_id}/withdrawal",
    response_model=ApprovalView,
    summary="Withdraw a question for a permit",
    responses=problems.documented(403, 404, 409, 412) | TAGGED,
)
async def withdraw_approval(body: Because, who: Worker, desk: AtApprovalDesk) -> Response:
    """It is not needed any more. By whoever asked, or an administrator."""
    return await desk.change(
        who, Kind.APPROVAL_WITHDRAWN, lambda approval, at: desk.withdraw(approval, who, body.reason, at)
    )
