"""HTTP in: read cases, and work them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.resolution import queries
from services.resolution.commands import (
    Acceptance,
    Closing,
    Consent,
    JudgementGiven,
    Objection,
    OffersProposed,
    Reply,
    Result,
    Resumption,
)
from services.resolution.lifecycle import LIFECYCLE, Action, State
from services.resolution.model import Case, Judgement, NotNow
from services.resolution.store import store
from services.resolution.views import Bilingual, CaseSummary, CaseView, TimelineEntry, possible_actions
from shared import clock, etag, idempotency, problems
from shared.aggregate import load_one, save_one
from shared.auth import Principal, may
from shared.database import Transaction
from shared.etag import IfMatch
from shared.idempotency import Answer, IdempotencyKey
from shared.openapi import TAGGED
from shared.pages import Cursor, Limit, Page
from shared.problems import Problem
from shared.service import Context, Ctx, api_router

router = api_router(tags=["cases"])

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

Reader = Annotated[Principal, may("cases:read")]
Worker = Annotated[Principal, may("cases:work")]
Name = Annotated[str | None, Query(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")]


@router.get("/cases", summary="List cases", responses=problems.documented())
async def list_cases(
    who: Reader,
    ctx: Ctx,
    state: State | None = None,
    handler: Name = None,
    department: Name = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[CaseSummary]:
    """The cases, those registered last first."""
    filters = {"state": state and state.value, "handler_id": handler, "department": department}
    async with ctx.database.reading() as connection:
        return await queries.listed(connection, filters, limit, cursor)


@router.get("/cases/{complaint_id}", summary="Read a case", responses=problems.documented(404) | TAGGED)
async def read_case(complaint_id: UUID, who: Reader, ctx: Ctx, response: Response) -> CaseView:
    """One case: where it stands, what can be done now and why the rest cannot, and its story."""
    async with ctx.database.reading() as connection:
        view = await queries.case(connection, complaint_id)
    if view is None:
        raise _no_such_case()
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
        page = await queries.timeline(connection, complaint_id, limit, cursor)
    if not page.items and cursor is None:
        raise _no_such_case()
    return page


@dataclass(frozen=True, slots=True)
class Desk:
    """One action on one case: at most once per Idempotency-Key, on the version that the caller saw."""

    complaint_id: UUID
    request: Request
    ctx: Context
    key: str | None
    if_match: str | None

    async def act(self, who: Principal, change: Callable[[Case, datetime], None]) -> Response:
        """Answers with the case as it then is. Raises problems: 404, 409, 412."""

        async def work(transaction: Transaction) -> Answer:
            case = await load_one(store, transaction, self.complaint_id)
            if case.state is State.UNOPENED:
                raise _no_such_case()
            etag.must_match(self.if_match, case.version, "case", "投诉", **_present(case))
            try:
                # Read while the case is held, so that what happens to it happens in the order of its times.
                change(case, clock.now())
            except NotNow as refusal:
                raise _not_now(refusal, case) from None
            await save_one(store, transaction, case)
            view = await queries.case(transaction.connection, self.complaint_id)
            assert view is not None
            return Answer(200, view.model_dump_json().encode())

        return etag.tagged(await idempotency.once(self.request, self.ctx.database, who.id, self.key, work))


async def _desk(
    complaint_id: UUID, request: Request, ctx: Ctx, key: IdempotencyKey = None, if_match: IfMatch = None
) -> Desk:
    # A coroutine, because FastAPI calls what is none (a class, too) in a thread.
    return Desk(complaint_id, request, ctx, key, if_match)


AtDesk = Annotated[Desk, Depends(_desk)]


def _action(name: Action) -> Callable[[Endpoint], Endpoint]:
    """An endpoint that acts on one case and answers with it."""
    return router.post(
        f"/cases/{{complaint_id}}/{name}",
        summary=LIFECYCLE[name].title.en,
        response_model=CaseView,
        responses=problems.documented(404, 409, 412),
    )


@_action(Action.ACCEPT)
async def accept_case(body: Acceptance, who: Worker, desk: AtDesk) -> Response:
    """The handler takes the case up. This is not yet a reply to the customer."""
    return await desk.act(who, lambda case, at: case.accept(body.handler_id, who.id, at))


@_action(Action.JUDGE)
async def judge_case(body: JudgementGiven, who: Worker, desk: AtDesk) -> Response:
    """Is the reason sufficient, is the demand reasonable? The customer is told the explanation."""
    judgement = Judgement(body.reason_sufficient, body.demand_reasonable)
    return await desk.act(who, lambda case, at: case.judge(judgement, body.explanation, who.id, at))


@_action(Action.OFFER)
async def offer_solutions(body: OffersProposed, who: Worker, desk: AtDesk) -> Response:
    """Up to four solutions, the best first. Nothing is carried out before the customer agrees to one."""
    solutions = [proposed.solution() for proposed in body.offers]
    return await desk.act(who, lambda case, at: case.offer(solutions, who.id, at))


@_action(Action.CONSENT)
async def record_consent(body: Consent, who: Worker, desk: AtDesk) -> Response:
    """The customer agreed to an offer by another way than tracking."""
    return await desk.act(who, lambda case, at: case.consent(body.offer_id, body.via.value, who.id, at))


@_action(Action.OBJECT)
async def record_objection(body: Objection, who: Worker, desk: AtDesk) -> Response:
    """The customer objected to all offers by another way than tracking; a new round is possible."""
    return await desk.act(who, lambda case, at: case.object(body.reason, body.via.value, who.id, at))


@_action(Action.ANSWER)
async def answer_case(body: Result, who: Worker, desk: AtDesk) -> Response:
    """What one can solve oneself is answered at once, without offers. Not for a major complaint."""
    return await desk.act(who, lambda case, at: case.answer(body.result, who.id, at))


@_action(Action.CARRY_OUT)
async def carry_out_solution(body: Result, who: Worker, desk: AtDesk) -> Response:
    """After the customer agreed, or after a judgement that the complaint is not valid. The customer is told
    the result and asked for an opinion."""
    return await desk.act(who, lambda case, at: case.carry_out(body.result, who.id, at))


@_action(Action.REPLY)
async def reply_to_customer(body: Reply, who: Worker, desk: AtDesk) -> Response:
    """Keeps the live promise and makes the next one."""
    return await desk.act(who, lambda case, at: case.reply(body.message, who.id, at))


@_action(Action.CLOSE)
async def close_case(body: Closing, who: Worker, desk: AtDesk) -> Response:
    """When the opinion came another way than by the survey, or did not come after the follow-up."""
    return await desk.act(who, lambda case, at: case.close(body.outcome, body.reason, who.id, at))


@_action(Action.RESUME)
async def resume_case(body: Resumption, who: Worker, desk: AtDesk) -> Response:
    """The customer said another way than by the survey that the result is not acceptable."""
    return await desk.act(who, lambda case, at: case.resume(body.reason, who.id, at))


def _no_such_case() -> Problem:
    return problems.not_found("case", "path/complaint_id")


def _present(case: Case) -> dict[str, Any]:
    """The state of the case for a caller whose request did not fit it."""
    return {
        "state": case.state.value,
        "version": case.version,
        "possible": [action.model_dump(mode="json") for action in possible_actions(case)],
    }


def _not_now(refusal: NotNow, case: Case) -> Problem:
    reason = Bilingual.of(refusal.reason).model_dump()
    return problems.conflict(
        "The case is not in a state for this",
        refusal.reason.en,
        action=refusal.action.value,
        reason=reason,
        **_present(case),
    )
