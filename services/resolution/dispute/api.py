"""HTTP in: hand a complaint over to an outside body, answer it, record what it decided."""

from datetime import datetime
from uuid import UUID

from fastapi import Response
from sqlalchemy import select

from services.resolution.desk import AtDesk, CaseReader, Worker, action
from services.resolution.dispute.book import BODIES
from services.resolution.dispute.schemas import BodyAnswered, BodyDecided, DisputeShown, HandOver
from services.resolution.lifecycle import Action
from services.resolution.model import Case
from services.resolution.tables import disputes
from shared import pages, problems
from shared.service import Ctx, api_router

router = api_router(tags=["disputes"])


@action(router, Action.HAND_OVER)
async def hand_over_case(body: HandOver, who: Worker, desk: AtDesk) -> Response:
    """From now on the body's days count. The case is worked on meanwhile, and keeps its promise."""

    def change(case: Case, at: datetime) -> None:
        outside = case.books.read(BODIES).find(body.body)
        if outside is None:
            raise problems.invalid(
                "No such outside body",
                "The rulebook `dispute-bodies` lists them. 请见规则表 dispute-bodies。",
                field="body/body",
            )
        case.hand_over(outside, body.reason, who.id, at)

    return await desk.act(who, change)


@action(router, Action.ANSWER_BODY)
async def answer_outside_body(body: BodyAnswered, who: Worker, desk: AtDesk) -> Response:
    """What was sent to the body. Its file: `GET /cases/{id}/file`."""
    return await desk.act(who, lambda case, at: case.answer_body(body.answer, who.id, at))


@action(router, Action.DECIDE)
async def record_decision(body: BodyDecided, who: Worker, desk: AtDesk) -> Response:
    """The case ends by it, or work goes on."""
    return await desk.act(
        who, lambda case, at: case.decide(body.favour, body.decision, body.outcome, who.id, at)
    )


@router.get(
    "/cases/{complaint_id}/disputes",
    response_model=pages.Page[DisputeShown],
    summary="List a case's disputes",
    responses=problems.documented(404),
)
async def list_disputes(
    complaint_id: UUID, who: CaseReader, ctx: Ctx, limit: pages.Limit = 50, cursor: pages.Cursor = None
) -> pages.Page[DisputeShown]:
    """The first one first."""
    query = select(disputes).where(disputes.c.complaint_id == complaint_id)
    async with ctx.database.reading() as connection:
        return await pages.read(connection, query, limit, cursor, DisputeShown.of, disputes.c.number)
