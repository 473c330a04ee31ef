"""HTTP in: what helped in similar cases, and who goes out to the customer."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic_core import to_json
from sqlalchemy import select

from services.resolution.desk import CaseReader, Worker, no_such_case
from services.resolution.lifecycle import FOLLOWS, State
from services.resolution.offers.reading import case_of, similar
from services.resolution.offers.schemas import NewVisit, SimilarCase, VisitShown
from services.resolution.store import store
from services.resolution.tables import visits
from services.resolution.timeline import Kind, Source
from shared import clock, idempotency, ids, pages, problems
from shared.aggregate import NotPossible, load_one, save_one
from shared.bulk import insert_rows
from shared.database import Transaction
from shared.idempotency import Answer, IdempotencyKey
from shared.masking import mask
from shared.pages import Cursor, Limit, Page
from shared.service import Ctx, api_router

router = api_router(tags=["cases"])


@router.get("/cases/{complaint_id}/similar", summary="What helped others", responses=problems.documented(404))
async def list_similar_cases(
    complaint_id: UUID,
    who: CaseReader,
    ctx: Ctx,
    limit: Annotated[int, Query(ge=1, le=50, description="So many at most.")] = 10,
) -> list[SimilarCase]:
    """Cases of other customers about the same batch, product or category that ended well, the nearest first. Look
    before somebody drives out: others may have seen the same."""
    async with ctx.database.reading() as connection:
        case = await case_of(connection, complaint_id)
        found = await similar(connection, case, limit)
    return [SimilarCase.model_validate({**row, "remedies": row["remedies"] or []}) for row in found]


@router.post(
    "/cases/{complaint_id}/visits",
    status_code=201,
    response_model=VisitShown,
    summary="Send somebody to the customer",
    responses=problems.documented(404, 409),
)
async def plan_visit(
    complaint_id: UUID, body: NewVisit, request: Request, who: Worker, ctx: Ctx, key: IdempotencyKey = None
) -> Response:
    """Who goes, when and by which vehicle."""

    async def work(transaction: Transaction) -> Answer:
        case = await load_one(store, transaction, complaint_id)
        if case.state is State.UNOPENED:
            raise no_such_case()
        if case.state in {State.CLOSED, State.WITHDRAWN}:
            raise NotPossible(
                "case-ended",
                "The case has ended: nobody need go there.",
                "投诉已结束，无需上门。",
                state=case.state.value,
            )
        if case.state is State.MERGED:
            raise NotPossible("case-follows", FOLLOWS.en, FOLLOWS.zh, state=case.state.value)
        at = clock.now()
        planned = {
            "id": ids.new_id(),
            "complaint_id": complaint_id,
            "people": list(dict.fromkeys(body.people)),
            "starts_at": body.starts_at,
            "vehicle": body.vehicle and mask(body.vehicle),
            "purpose": mask(body.purpose),
            "planned_by": who.id,
            "planned_at": at,
        }
        when = body.starts_at.isoformat(timespec="minutes")
        case.note(Kind.VISIT_PLANNED, at, who.id, when, Source.RESOLUTION)
        await save_one(store, transaction, case)
        await insert_rows(transaction, visits, [planned])
        del planned["complaint_id"]
        return Answer(201, to_json(VisitShown.model_validate(planned)))

    return await idempotency.once(request, ctx.database, who.id, key, work)


@router.get(
    "/cases/{complaint_id}/visits",
    summary="List visits to the customer",
    responses=problems.documented(404),
)
async def list_visits(
    complaint_id: UUID, who: CaseReader, ctx: Ctx, limit: Limit = 50, cursor: Cursor = None
) -> Page[VisitShown]:
    """The earliest first."""
    c = visits.c
    query = select(*(column for column in c if column is not c.complaint_id)).where(
        c.complaint_id == complaint_id
    )
    async with ctx.database.reading() as connection:
        await case_of(connection, complaint_id)
        return await pages.read(
            connection,
            query,
            limit,
            cursor,
            lambda row: VisitShown.model_validate(dict(row)),
            c.starts_at,
            c.id,
        )
