"""HTTP in: read cases, and work them."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.resolution import queries
from services.resolution.approvals import api as approvals
from services.resolution.attention import router as attention
from services.resolution.audit.api import router as audit
from services.resolution.books import BOOKS
from services.resolution.casefile import api as casefile
from services.resolution.clocks import accountability_api as accountability
from services.resolution.clocks import api as clocks
from services.resolution.clocks.promising import chosen_time
from services.resolution.commands import (
    Acceptance,
    Closing,
    Reply,
    Result,
    Resumption,
)
from services.resolution.desk import AtDesk, Reader, Worker, action, no_such_case
from services.resolution.dispute import api as dispute
from services.resolution.fairness.accused_api import router as accused
from services.resolution.fairness.acting import must_not_be_accused
from services.resolution.fairness.appeals_api import router as appeals
from services.resolution.fairness.marks_api import router as marks
from services.resolution.field_action.api import router as field_actions
from services.resolution.field_action.call_list import router as call_list
from services.resolution.field_action.customers_api import router as field_action_customers
from services.resolution.field_action.public_api import router as public_warnings
from services.resolution.improvement import api as improvement
from services.resolution.lifecycle import Action, State, WaitingFor
from services.resolution.listening import api as listening
from services.resolution.offers import api as offers
from services.resolution.offers import value_api as values
from services.resolution.offers import visits_api as visits
from services.resolution.offers.permitting import permitted
from services.resolution.reopening import api as reopening
from services.resolution.views import CaseSummary, CaseView, TimelineEntry
from services.resolution.wording.said import Said
from shared import etag, problems
from shared.openapi import TAGGED
from shared.pages import Cursor, Limit, Page
from shared.rulebooks import api as rulebooks
from shared.service import Ctx, api_router
from shared.text import SoughtText

router = api_router(tags=["cases"])
ROOMS: Sequence[APIRouter] = (
    attention,
    approvals.router,
    audit,
    clocks.router,
    accountability.router,
    offers.router,
    values.router,
    visits.router,
    listening.router,
    reopening.router,
    dispute.router,
    casefile.router,
    accused,
    appeals,
    marks,
    improvement.router,
    field_actions,
    field_action_customers,
    call_list,
    public_warnings,
)
"""Routers of the rooms."""

Name = SoughtText | None


@router.get("/cases", summary="List cases", responses=problems.documented())
async def list_cases(
    who: Reader,
    ctx: Ctx,
    state: State | None = None,
    handler: Name = None,
    department: Name = None,
    grew: Annotated[bool | None, Query(description="Became more severe after it was opened.")] = None,
    waiting_for: Annotated[WaitingFor | None, Query(description="Without whom it does not go on.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[CaseSummary]:
    """The cases, those registered last first."""
    filters = {
        "state": state and state.value,
        "handler_id": handler,
        "department": department,
        "grew": grew,
        "waiting_for": waiting_for and waiting_for.value,
    }
    async with ctx.database.reading() as connection:
        return await queries.listed(connection, filters, limit, cursor)


@router.get("/cases/{complaint_id}", summary="Read a case", responses=problems.documented(404) | TAGGED)
async def read_case(complaint_id: UUID, who: Reader, ctx: Ctx, response: Response) -> CaseView:
    """One case: where it stands, what can be done now and why the rest cannot, and its story."""
    async with ctx.database.reading() as connection:
        view = await queries.case(connection, complaint_id)
    if view is None:
        raise no_such_case()
    await must_not_be_accused(ctx, who, [each.person_id for each in view.accused])
    response.headers["ETag"] = etag.tag(view.version)
    return view


@router.get(
    "/cases/{complaint_id}/timeline", summary="Read a case's timeline", responses=problems.documented(404)
)
async def read_timeline(
    complaint_id: UUID, who: Reader, ctx: Ctx, limit: Limit = 50, cursor: Cursor = None
) -> Page[TimelineEntry]:
    """Who did what, when and why; the oldest entry first."""
    async with ctx.database.reading() as connection:
        people = await queries.accused(connection, complaint_id)
        page = await queries.timeline(connection, complaint_id, limit, cursor)
    await must_not_be_accused(ctx, who, people)
    if not page.items and cursor is None:
        raise no_such_case()
    return page


@action(router, Action.ACCEPT)
async def accept_case(body: Acceptance, who: Worker, desk: AtDesk) -> Response:
    """The handler takes the case up. This is not yet a reply to the customer."""
    return await desk.act(who, lambda case, at: case.accept(body.handler_id, who.id, at))


@action(router, Action.ANSWER)
async def answer_case(body: Result, who: Worker, desk: AtDesk) -> Response:
    """What one can solve oneself is answered at once, without offers. Not for a major complaint."""
    said = Said({"body/result": body.result}, body.despite_findings)
    return await desk.act(who, lambda case, at: case.answer(body.result, who.id, at), said=said)


@action(router, Action.CARRY_OUT)
async def carry_out_solution(body: Result, who: Worker, desk: AtDesk) -> Response:
    """After the customer agreed, or after a judgement that the complaint is not valid. The customer is told
    the result and asked for an opinion."""
    said = Said({"body/result": body.result}, body.despite_findings)
    return await desk.act(who, lambda case, at: case.carry_out(body.result, who.id, at), said=said)


@action(router, Action.REPLY)
async def reply_to_customer(body: Reply, who: Worker, desk: AtDesk) -> Response:
    """Keeps the live promise and makes the next one: by the rulebook of clocks, or by a time that you choose."""
    chosen = await chosen_time(desk.editing.ctx, who, body.promise_by, body.approval_id)
    said = Said({"body/message": body.message}, body.despite_findings)
    return await desk.act(
        who, lambda case, at: case.reply(body.message, who.id, at, chosen.by), chosen.check, said
    )


@action(router, Action.CLOSE)
async def close_case(body: Closing, who: Worker, desk: AtDesk) -> Response:
    """When the opinion came another way than by the survey, or did not come after the follow-up.

    While the customer gets back less than they lost (`GET /cases/{id}/value`), somebody entitled closes, or permits it.
    """
    return await permitted(
        desk,
        who,
        body.approval_id,
        lambda case, at, may: case.close(body.outcome, body.reason, who.id, at, body.ending, permitted=may),
    )


@action(router, Action.RESUME)
async def resume_case(body: Resumption, who: Worker, desk: AtDesk) -> Response:
    """The customer said another way than by the survey that the result is not acceptable."""
    return await desk.act(who, lambda case, at: case.resume(body.reason, who.id, at))


for room in (*ROOMS, rulebooks.routes(*BOOKS)):
    router.include_router(room)
