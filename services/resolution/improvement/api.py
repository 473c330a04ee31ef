"""HTTP in: open improvements, list and read them, join complaints, go from step to step."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from services.resolution.approvals.permits import use_permit
from services.resolution.approvals.terms import Terms
from services.resolution.books import BOOKS
from services.resolution.desk import Reader, Worker
from services.resolution.improvement import lists
from services.resolution.improvement.commands import (
    ImprovementReason,
    NewCarried,
    NewImprovement,
    RecurrenceDecided,
    SentBack,
    StepPassed,
    StepSkipped,
)
from services.resolution.improvement.desk import (
    AtImprovementDesk,
    answered,
    begun,
    join,
    no_such_improvement,
    opened_cases,
)
from services.resolution.improvement.findings_api import router as findings
from services.resolution.improvement.model import Improvement
from services.resolution.improvement.plan_api import router as plan
from services.resolution.improvement.report_api import router as report
from services.resolution.improvement.steps import ImprovementState, Step
from services.resolution.improvement.store import store
from services.resolution.improvement.team_api import router as team
from services.resolution.improvement.views import ImprovementSummary, ImprovementView, shown
from services.resolution.model import Case
from services.resolution.store import store as cases
from shared import clock, etag, idempotency, ids, problems
from shared.aggregate import save_one
from shared.database import Transaction
from shared.events.approvals import Permit
from shared.idempotency import Answer, IdempotencyKey
from shared.masking import mask
from shared.openapi import TAGGED
from shared.pages import Cursor, Limit, Page
from shared.rulebooks.store import load_books
from shared.service import Ctx, api_router

router = api_router(tags=["improvements"])
CHANGED = problems.documented(404, 409, 412, 422)


@router.post(
    "/improvements",
    status_code=201,
    response_model=ImprovementView,
    summary="Open an improvement",
    responses=problems.documented(422),
)
async def open_improvement(
    new: NewImprovement, request: Request, who: Worker, ctx: Ctx, key: IdempotencyKey = None
) -> Response:
    """For one complaint or many with the same cause. It begins with the record of what is wrong."""

    async def work(transaction: Transaction) -> Answer:
        wanted = {each: f"body/complaint_ids/{n}" for n, each in reversed(list(enumerate(new.complaint_ids)))}
        improvement_id = ids.new_id()
        await transaction.lock([improvement_id, *wanted])
        found = await opened_cases(transaction, wanted)
        improvement = begun(
            improvement_id,
            [found[each] for each in dict.fromkeys(new.complaint_ids)],
            await load_books(transaction.connection, *BOOKS),
            title=mask(new.title),
            problem=mask(new.problem),
            category=new.category,
            subcategory=new.subcategory,
            product=new.product,
            by=who.id,
            at=clock.now(),
        )
        await save_one(store, transaction, improvement)
        for case in found.values():
            case.publish_to(transaction)
        await cases.save(transaction, found.values())
        return await answered(transaction, 201, improvement_id)

    return etag.tagged(await idempotency.once(request, ctx.database, who.id, key, work))


@router.get("/improvements", summary="List improvements", responses=problems.documented())
async def list_improvements(
    who: Reader,
    ctx: Ctx,
    state: ImprovementState | None = None,
    step: Step | None = None,
    responsible: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=100,
            pattern=r"^[^\x00-\x1f]*$",
            description="Somebody who leads it, or has an open action in it.",
        ),
    ] = None,
    complaint_id: Annotated[UUID | None, Query(description="Only those that carry this complaint.")] = None,
    overdue: Annotated[bool, Query(description="Only those with an action that is late.")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ImprovementSummary]:
    """Those opened last first."""
    wanted = lists.Wanted(state, step, responsible, complaint_id, overdue)
    async with ctx.database.reading() as connection:
        return await lists.listed(connection, wanted, limit, cursor)


@router.get(
    "/improvements/{improvement_id}",
    summary="Read an improvement",
    responses=problems.documented(404) | TAGGED,
)
async def read_improvement(
    improvement_id: UUID, who: Reader, ctx: Ctx, response: Response
) -> ImprovementView:
    """Where it stands, what is missing in the present step, and all that was found and done."""
    async with ctx.database.reading() as connection:
        found = (await store.read(connection, [improvement_id])).get(improvement_id)
    if found is None:
        raise no_such_improvement()
    response.headers["ETag"] = etag.tag(found.version)
    return shown(found)


@router.post(
    "/improvements/{improvement_id}/complaints",
    response_model=ImprovementView,
    summary="Join a complaint to an improvement",
    responses=CHANGED,
)
async def join_complaint(body: NewCarried, who: Worker, desk: AtImprovementDesk) -> Response:
    """A complaint with the same cause. One that came after the improvement was closed reopens it."""
    return await desk.act_with_case(
        who,
        body.complaint_id,
        "body/complaint_id",
        lambda improvement, case, at: join(improvement, case, mask(body.reason), who.id, at),
    )


@router.post(
    "/improvements/{improvement_id}/complaints/{complaint_id}/leave",
    response_model=ImprovementView,
    summary="Take a complaint off an improvement",
    responses=CHANGED,
)
async def take_complaint_off(
    complaint_id: UUID, body: ImprovementReason, who: Worker, desk: AtImprovementDesk
) -> Response:
    """It has another cause. An improvement keeps at least one complaint."""
    return await desk.act_with_case(
        who,
        complaint_id,
        "path/complaint_id",
        lambda i, case, at: _leave(i, case, mask(body.reason), who.id, at),
    )


def _leave(improvement: Improvement, case: Case, reason: str, by: str, at: datetime) -> None:
    if case.id not in improvement.complaints:
        raise problems.not_found("complaint in this improvement", "path/complaint_id")
    improvement.leave(case.id)
    case.leave_improvement(improvement.id, reason, by, at)


@router.post(
    "/improvements/{improvement_id}/pass",
    response_model=ImprovementView,
    summary="Pass the present step",
    responses=CHANGED,
)
async def pass_step(body: StepPassed, who: Worker, desk: AtImprovementDesk) -> Response:
    """Only when nothing is missing in it. Passing the last one closes the improvement."""
    return await desk.act(who, lambda improvement, at: improvement.pass_step(body.step, who.id, at))


@router.post(
    "/improvements/{improvement_id}/skip",
    response_model=ImprovementView,
    summary="Skip the present step",
    responses=CHANGED,
)
async def skip_step(body: StepSkipped, who: Worker, desk: AtImprovementDesk) -> Response:
    """Although something is missing, because somebody entitled has approved it: ask with `POST /approvals`, permit
    `skip_gate`, the improvement's id as `subject_id`, and terms that say exactly the step and the round."""

    async def permit(transaction: Transaction, improvement: Improvement) -> None:
        terms = Terms(exact={"step": body.step.value, "round": improvement.round})
        await use_permit(transaction, body.approval_id, Permit.SKIP_GATE, improvement.id, terms, who.id)

    return await desk.act(
        who,
        lambda improvement, at: improvement.skip_step(
            body.step, mask(body.reason), body.approval_id, who.id, at
        ),
        permit,
    )


@router.post(
    "/improvements/{improvement_id}/back",
    response_model=ImprovementView,
    summary="Send an improvement back to an earlier step",
    responses=CHANGED,
)
async def send_back(body: SentBack, who: Worker, desk: AtImprovementDesk) -> Response:
    """What was done stays in its history. From behind the cause back to it, the cause is looked for anew."""
    return await desk.act(
        who, lambda improvement, at: improvement.send_back(body.to, mask(body.reason), who.id, at)
    )


@router.post(
    "/improvements/{improvement_id}/drop",
    response_model=ImprovementView,
    summary="Drop an improvement",
    responses=CHANGED,
)
async def drop_improvement(body: ImprovementReason, who: Worker, desk: AtImprovementDesk) -> Response:
    """It was opened in error, none of its complaints is valid, or another improvement does the same."""
    return await desk.act(who, lambda improvement, at: improvement.drop(mask(body.reason), who.id, at))


@router.post(
    "/improvements/{improvement_id}/recurrences/{complaint_id}",
    response_model=ImprovementView,
    summary="Say whether a new complaint has the same cause",
    responses=CHANGED,
)
async def decide_recurrence(
    complaint_id: UUID, body: RecurrenceDecided, who: Worker, desk: AtImprovementDesk
) -> Response:
    """Of a complaint that was found to look like it. The same cause: it is joined, and the improvement reopens."""
    reason = mask(body.reason)

    def decide(improvement: Improvement, case: Case, at: datetime) -> None:
        if case.id not in improvement.recurrences:
            raise problems.not_found("recurrence of this improvement", "path/complaint_id")
        if body.same_cause:
            join(improvement, case, reason, who.id, at)
        else:
            improvement.refuse_recurrence(case.id, reason, who.id, at)

    return await desk.act_with_case(who, complaint_id, "path/complaint_id", decide)


for part in (team, findings, plan, report):
    router.include_router(part)
