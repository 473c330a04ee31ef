"""HTTP in: the notices of an audience, and their acknowledgement."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from sqlalchemy import select, text

from services.routing.store import DispatchStore, notice_of, notices
from services.routing.transfer.schemas import NoticeShown
from shared import clock, pages, problems
from shared.aggregate import load_one, save_one
from shared.auth import Principal, may
from shared.events.vocabulary import Audience
from shared.service import Ctx, api_router

router = api_router(tags=["notices"])
store = DispatchStore()


@router.get(
    "/notices",
    response_model=pages.Page[NoticeShown],
    response_model_exclude_none=True,
    summary="Notices of an audience, newest first",
    responses=problems.documented(),
)
async def list_notices(
    who: Annotated[Principal, may("notices:read")],
    ctx: Ctx,
    audience: Audience,
    open_only: Annotated[bool, Query(description="Only those not yet acknowledged.")] = False,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[NoticeShown]:
    """What an audience must know, and by when it must have said that it does."""
    query = (
        select(notices)
        .where(notices.c.audience == audience.value)
        .order_by(notices.c.issued_at.desc(), notices.c.id.desc())
        .limit(limit + 1)
    )
    if open_only:
        query = query.where(notices.c.acknowledged_at.is_(None))
    if cursor is not None:
        at, after = pages.decode(cursor, datetime, UUID)
        query = query.where(text("(issued_at, id) < (:at, :after)")).params(at=at, after=after)
    async with ctx.database.reading() as connection:
        rows = (await connection.execute(query)).mappings().all()
    return pages.page(rows, limit, lambda row: NoticeShown(**row), lambda row: (row["issued_at"], row["id"]))


@router.post(
    "/notices/{notice_id}/acknowledge",
    status_code=204,
    summary="Say that you know",
    responses=problems.documented(404),
)
async def acknowledge_notice(
    notice_id: UUID, who: Annotated[Principal, may("notices:acknowledge")], ctx: Ctx
) -> None:
    """Acknowledging again changes nothing: the first time counts."""
    async with ctx.database.transaction() as transaction:
        found = await notice_of(transaction, notice_id)
        if found is None:
            raise problems.not_found("notice", "path/notice_id")
        dispatch = await load_one(store, transaction, found[0])
        again = await notice_of(transaction, notice_id)  # as it is now that we hold the complaint
        assert again is not None
        dispatch.acknowledge(again[1], who.id, clock.now())
        await save_one(store, transaction, dispatch)
