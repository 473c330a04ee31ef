"""HTTP in: note contacts, read how a customer is listened to, look over one's words, score a closed case."""

import asyncio
from datetime import datetime
from uuid import UUID

from fastapi import Response
from sqlalchemy import select

from services.resolution import staff
from services.resolution.desk import AtDesk, CaseReader, Worker, action, no_such_case
from services.resolution.lifecycle import Action, State
from services.resolution.listening import queries
from services.resolution.listening.book import LISTENING
from services.resolution.listening.schemas import (
    ContactNoted,
    ContactShown,
    CorrectionGiven,
    ListeningShown,
    ScorecardGiven,
    ScorecardShown,
    Wording,
    WordsFound,
    WordsToSend,
)
from services.resolution.listening.scoring import Scorecard
from services.resolution.model import Case
from services.resolution.offers.explaining import EXPLANATIONS
from services.resolution.tables import contacts, scorecards
from services.resolution.timeline import Kind
from services.resolution.wording.said import Said
from shared import driver, ids, pages, problems
from shared.bulk import insert_rows
from shared.database import Transaction
from shared.idempotency import Answer
from shared.masking import mask
from shared.problems import Problem
from shared.reply_policy import REPLY_POLICY
from shared.rulebooks.store import load_books
from shared.service import Ctx, api_router

router = api_router(tags=["listening"])


@router.post(
    "/cases/{complaint_id}/contacts",
    status_code=201,
    response_model=ContactShown,
    summary="Note a contact with the customer",
    responses=problems.documented(404, 412),
)
async def note_contact(body: ContactNoted, who: Worker, desk: AtDesk) -> Response:
    """With the nine behaviours of listening as a checklist: what was met, what was missed, what does not apply."""
    contact_id = ids.new_id()

    def hold(case: Case, at: datetime) -> None:
        if body.held_at is not None and body.held_at > at:
            raise problems.invalid(
                "A contact is noted after it was held",
                "Leave held_at out, or give a moment that has passed. 请填写已发生的沟通时间。",
                field="body/held_at",
            )
        case.hold(body.contact(contact_id, case.id, who.id, at))

    async def show(transaction: Transaction) -> Answer:
        shown = await queries.contact(transaction.connection, contact_id)
        return Answer(201, shown.model_dump_json().encode())

    return await desk.work(who, hold, show)


@router.get(
    "/cases/{complaint_id}/contacts",
    response_model=pages.Page[ContactShown],
    summary="List a case's contacts",
    responses=problems.documented(404),
)
async def list_contacts(
    complaint_id: UUID, who: CaseReader, ctx: Ctx, limit: pages.Limit = 50, cursor: pages.Cursor = None
) -> pages.Page[ContactShown]:
    """The oldest first."""
    c = contacts.c
    query = select(contacts).where(c.complaint_id == complaint_id)
    async with ctx.database.reading() as connection:
        return await pages.read(connection, query, limit, cursor, queries.contact_of, c.held_at, c.id)


@router.get(
    "/cases/{complaint_id}/listening",
    summary="How a customer is listened to",
    responses=problems.documented(404),
)
async def read_listening(complaint_id: UUID, who: CaseReader, ctx: Ctx) -> ListeningShown:
    """Their emotions over the case, the follow-ups, and the taboos that were noticed."""
    async with ctx.database.reading() as connection:
        shown = await queries.listening(connection, complaint_id)
    if shown is None:
        raise no_such_case()
    return shown


@router.post("/wording", summary="Look over what is to be sent", responses=problems.documented())
async def check_wording(body: WordsToSend, who: Worker, ctx: Ctx) -> Wording:
    """What would be found if it were sent now, which of it would be refused, and what could be said instead. To ask
    costs nothing, and nothing is kept."""
    async with ctx.database.reading() as connection:
        books = await load_books(connection, LISTENING, EXPLANATIONS, REPLY_POLICY)
    judged = await asyncio.to_thread(Said({"body/text": body.text}, readers=body.readers).judged, books)
    return Wording(
        blocked=any(each.blocks for each in judged), findings=[WordsFound.of(each) for each in judged]
    )


@action(router, Action.CORRECT)
async def correct_problem(body: CorrectionGiven, who: Worker, desk: AtDesk) -> Response:
    """The third of three facts: found, solved, corrected. Also possible after the closing."""
    return await desk.act(who, lambda case, at: case.correct(body.correction, who.id, at))


@router.post(
    "/cases/{complaint_id}/scorecards",
    status_code=201,
    response_model=ScorecardShown,
    summary="Score how a closed case was worked",
    responses=problems.documented(404, 409, 412),
)
async def score_case(body: ScorecardGiven, who: Worker, desk: AtDesk) -> Response:
    """By somebody who did not work it."""
    standing = await staff.standing_of_account(desk.editing.ctx, who.id)
    card: list[Scorecard] = []

    def score(case: Case, at: datetime) -> None:
        if case.state is not State.CLOSED:
            raise problems.conflict(
                "Only a closed case is scored",
                "Score it when it is closed. 请在结案之后评分。",
                state=case.state.value,
            )
        if case.handler_id is not None and case.handler_id in {who.id, standing and standing.person}:
            raise _own_case()
        card.append(
            case.score(
                ids.new_id(),
                (body.strict, body.earnest, body.proactive, body.efficient),
                tuple(dict.fromkeys(body.taboos)),
                body.comment and mask(body.comment),
                who.id,
                at,
            )
        )

    async def show(transaction: Transaction) -> Answer:
        given = {"id": desk.complaint_id, "looking": [Kind.SCORED.value]}
        worked = (await driver.run(transaction.connection, queries.WORKED, given)).scalars().all()
        if who.id in worked:
            raise _own_case()
        await insert_rows(transaction, scorecards, [each.row for each in card])
        shown = await queries.scorecard(transaction.connection, card[0].id)
        return Answer(201, shown.model_dump_json().encode())

    return await desk.work(who, score, show)


@router.get(
    "/cases/{complaint_id}/scorecards",
    response_model=pages.Page[ScorecardShown],
    summary="List a case's scorecards",
    responses=problems.documented(404),
)
async def list_scorecards(
    complaint_id: UUID, who: CaseReader, ctx: Ctx, limit: pages.Limit = 50, cursor: pages.Cursor = None
) -> pages.Page[ScorecardShown]:
    """The oldest first."""
    c = scorecards.c
    query = select(scorecards).where(c.complaint_id == complaint_id)
    async with ctx.database.reading() as connection:
        return await pages.read(connection, query, limit, cursor, queries.scorecard_of, c.reviewed_at, c.id)


def _own_case() -> Problem:
    return problems.conflict(
        "Nobody scores their own work",
        "Somebody who did not work the case scores it. 评分人不得参与过该投诉的处理。",
    )
