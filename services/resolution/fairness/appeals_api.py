"""HTTP in: appeals, seen and worked by whoever appealed and whoever reviews; and those who oversee all of them."""

from datetime import datetime

from fastapi import Response
from sqlalchemy import or_, select

from services.resolution.fairness import shown
from services.resolution.fairness.acting import (
    OVERSEE,
    Anybody,
    Overseer,
    must_not_be_accused,
    person_or_overseer,
)
from services.resolution.fairness.appeal_desk import AtAppeal, OneAppeal, Part, held, no_such_appeal
from services.resolution.fairness.model import Appeal
from services.resolution.fairness.reviewers import candidates, named
from services.resolution.fairness.schemas import (
    AppealDetails,
    AppealShown,
    FurtherWord,
    NewDecision,
    NewReviewer,
    Question,
)
from services.resolution.fairness.tables import appeals as table
from services.resolution.model import Case
from services.resolution.store import store as cases
from services.resolution.timeline import Kind
from shared import etag, pages, problems
from shared.database import Transaction
from shared.idempotency import Answer
from shared.openapi import TAGGED
from shared.service import Ctx, api_router

router = api_router(tags=["fairness"])

CHANGES = problems.documented(403, 404, 409, 412) | TAGGED


@router.get("/appeals", summary="List appeals", responses=problems.documented(403))
async def list_appeals(
    who: Anybody, ctx: Ctx, limit: pages.Limit = 50, cursor: pages.Cursor = None
) -> pages.Page[AppealShown]:
    """The newest first: your own, and those that you review; with the scope `appeals:oversee` all of them."""
    me = await person_or_overseer(ctx, who)
    query = select(table)
    if not who.may(OVERSEE):
        query = query.where(or_(table.c.person_id == me, table.c.reviewer_id == me))
    async with ctx.database.reading() as connection:
        return await pages.read(
            connection,
            query,
            limit,
            cursor,
            shown.appeal_in_list,
            table.c.filed_at,
            table.c.id,
            newest_first=True,
        )


@router.get(
    "/appeals/{appeal_id}", summary="Read an appeal", responses=problems.documented(403, 404) | TAGGED
)
async def read_appeal(appeal_id: OneAppeal, who: Anybody, ctx: Ctx, response: Response) -> AppealDetails:
    """For whoever appealed, whoever reviews it, and those with the scope `appeals:oversee`."""
    me = await person_or_overseer(ctx, who)
    async with ctx.database.reading() as connection:
        found = await shown.appeal(connection, appeal_id)
    if found is None or not (who.may(OVERSEE) or me in {found.person_id, found.reviewer_id}):
        raise no_such_appeal()
    response.headers["ETag"] = etag.tag(found.version)
    return found


@router.post(
    "/appeals/{appeal_id}/questions",
    summary="Ask whoever appealed",
    response_model=AppealDetails,
    responses=CHANGES,
)
async def ask_appellant(body: Question, who: Anybody, desk: AtAppeal) -> Response:
    """For the reviewer."""
    return await desk.act(who, Part.REVIEWER, lambda appeal, case, at: appeal.ask(body.question, at))


@router.post(
    "/appeals/{appeal_id}/answers",
    summary="Answer the reviewer, or add something",
    response_model=AppealDetails,
    responses=CHANGES,
)
async def answer_reviewer(body: FurtherWord, who: Anybody, desk: AtAppeal) -> Response:
    """For whoever appealed."""
    return await desk.act(who, Part.APPELLANT, lambda appeal, case, at: appeal.answer(body.answer, at))


@router.post(
    "/appeals/{appeal_id}/decision",
    summary="Decide an appeal",
    response_model=AppealDetails,
    responses=CHANGES,
)
async def decide_appeal(body: NewDecision, who: Anybody, desk: AtAppeal) -> Response:
    """For the reviewer, once. The mark goes or counts again at the same moment."""

    def decide(appeal: Appeal, case: Case, at: datetime) -> None:
        appeal.decide(body.decision, body.reasons, at)
        case.note_appeal(Kind.APPEAL_DECIDED, appeal.person_id, at, who.id, body.decision.value)
        case.conclude(appeal.person_id, body.decision, at)

    return await desk.act(who, Part.REVIEWER, decide)


@router.post(
    "/appeals/{appeal_id}/withdraw",
    summary="Withdraw your appeal",
    response_model=AppealDetails,
    responses=CHANGES,
)
async def withdraw_appeal(who: Anybody, desk: AtAppeal) -> Response:
    """For whoever appealed. The mark counts again."""

    def withdraw(appeal: Appeal, case: Case, at: datetime) -> None:
        appeal.withdraw(at)
        case.note_appeal(Kind.APPEAL_WITHDRAWN, appeal.person_id, at, who.id)
        case.give_in(appeal.person_id, at)

    return await desk.act(who, Part.APPELLANT, withdraw)


@router.post(
    "/appeals/{appeal_id}/reviewer",
    summary="Name the reviewer of an appeal",
    response_model=AppealDetails,
    responses=CHANGES,
)
async def name_reviewer(body: NewReviewer, who: Overseer, ctx: Ctx, desk: AtAppeal) -> Response:
    """Where nobody was found by itself, or another person shall do it. They must be independent and there."""
    async with ctx.database.reading() as connection:
        found = await shown.appeal(connection, desk.appeal_id)
        if found is None:
            raise no_such_appeal()
        case = (await cases.read(connection, [found.complaint_id]))[found.complaint_id]
    await must_not_be_accused(ctx, who, case.accused)
    if not any(each.present for each in await candidates(ctx, case, body.person_id)):
        raise problems.invalid(
            "This person cannot review the appeal",
            "Name somebody who is there, works in a layer that may review, and is bound to nobody whom it is about: "
            "/routing/v1/directory/independent lists them. 须指定在岗、层次符合且与当事人、处理人无隶属关系的人员。",
            field="body/person_id",
        )

    async def work(transaction: Transaction) -> Answer:
        appeal = await held(transaction, desk.appeal_id)
        desk.editing.must_match(appeal.version, "appeal", "申诉", stage=appeal.stage.value)
        await named(transaction, appeal, body.person_id, who.id)
        return await desk.answer(transaction)

    return await desk.editing.once_tagged(who.id, work)
