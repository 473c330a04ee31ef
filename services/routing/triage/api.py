"""HTTP in: the triage desk, and where a complaint was routed."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Request, Response
from pydantic_core import to_json
from sqlalchemy import select, text

from services.routing.store import DispatchStore, dispatches
from services.routing.triage.schemas import Referred, Routed, TriageDecision
from services.routing.triage.triaging import NotReferred
from shared import clock, etag, idempotency, pages, problems
from shared.aggregate import load_one, save_one
from shared.auth import Principal, may
from shared.database import Transaction
from shared.idempotency import Answer, IdempotencyKey
from shared.openapi import TAGGED
from shared.service import Ctx, api_router
from shared.taxonomy import newest

router = api_router(tags=["triage"])
store = DispatchStore()


@router.get("/taxonomy", summary="Categories, in both languages")
async def read_taxonomy() -> list[dict[str, str]]:
    """Level-1 categories of complaints; all of the taxonomy is at intake. No key needed."""
    return [category.model_dump(include={"code", "name_en", "name_zh"}) for category in newest().categories]


@router.get(
    "/triage",
    response_model=pages.Page[Referred],
    response_model_exclude_none=True,
    summary="What waits for a person's decision, oldest first",
    responses=problems.documented(),
)
async def read_triage_desk(
    who: Annotated[Principal, may("triage:write")],
    ctx: Ctx,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[Referred]:
    """The complaints that the rules could not tell; each waits for a category."""
    query = (
        select(dispatches)
        .where(dispatches.c.status == "referred")
        .order_by(dispatches.c.registered_at, dispatches.c.complaint_id)
        .limit(limit + 1)
    )
    if cursor is not None:
        at, after = pages.decode(cursor, datetime, UUID)
        query = query.where(text("(registered_at, complaint_id) > (:at, :after)")).params(at=at, after=after)
    async with ctx.database.reading() as connection:
        rows = (await connection.execute(query)).mappings().all()
    return pages.page(
        rows, limit, lambda row: Referred(**row), lambda row: (row["registered_at"], row["complaint_id"])
    )


@router.get(
    "/complaints/{complaint_id}",
    response_model=Routed,
    response_model_exclude_none=True,
    summary="Where a complaint was routed, and why",
    responses=problems.documented(404) | TAGGED,
)
async def read_routed(
    complaint_id: UUID, who: Annotated[Principal, may("complaints:read")], ctx: Ctx, response: Response
) -> Routed:
    """Category, severity, department and handler, with the reasons. Its ETag goes into `If-Match`."""
    async with ctx.database.reading() as connection:
        found = await connection.execute(select(dispatches).where(dispatches.c.complaint_id == complaint_id))
    row = found.mappings().one_or_none()
    if row is None or row["status"] == "blank":
        raise problems.not_found("complaint", "path/complaint_id")
    response.headers["ETag"] = etag.tag(row["version"])
    return Routed(**row)


@router.post(
    "/triage/{complaint_id}",
    response_model=Routed,
    summary="Decide what the rules could not",
    responses=problems.documented(404, 409, 422),
)
async def decide_triage(
    complaint_id: UUID,
    decision: TriageDecision,
    request: Request,
    who: Annotated[Principal, may("triage:write")],
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """Category and severity by a person; the complaint is assigned at once."""
    if newest().category(decision.category).review:
        raise problems.Problem(
            422,
            "invalid-request",
            "This category needs evidence and a second person",
            "Decide by what the customer says, and propose it as a coding of the complaint at intake. "
            "该类别须有依据并经他人复核，请先按客户所述分类，再在登记服务中提出编码。",
            field="body/category",
        )

    async def work(transaction: Transaction) -> Answer:
        dispatch = await load_one(store, transaction, complaint_id)
        if dispatch.registered_at is None:
            raise problems.not_found("complaint", "path/complaint_id")
        try:
            dispatch.decide(decision.category, decision.severity, decision.reason, clock.now())
        except NotReferred:
            raise problems.conflict(
                "The complaint does not wait for a decision. 该投诉不在待分类状态。",
                f"It is {dispatch.status.value}, category {dispatch.category}.",
                status_now=dispatch.status.value,
                category=dispatch.category,
            ) from None
        await save_one(store, transaction, dispatch)
        found = await transaction.execute(select(dispatches).where(dispatches.c.complaint_id == complaint_id))
        shown = Routed(**found.mappings().one())
        return Answer(200, to_json(shown, exclude_none=True))

    return await idempotency.once(request, ctx.database, who.id, key, work)
