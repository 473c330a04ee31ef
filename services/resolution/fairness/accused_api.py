"""HTTP in: the person complained about reads what concerns them, gives their side, and appeals."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

import httpx
from fastapi import Path, Request, Response
from pydantic import AwareDatetime

from services.resolution.desk import AtDesk, Worker
from services.resolution.fairness import shown
from services.resolution.fairness.acting import Anybody, person_acting
from services.resolution.fairness.model import filed
from services.resolution.fairness.schemas import (
    AboutMe,
    AboutMeDetails,
    AppealDetails,
    NewAppeal,
    NotHeld,
    OwnSide,
    PersonPath,
    StatementShown,
    Unheard,
)
from services.resolution.fairness.store import store as appeals
from services.resolution.lifecycle import State
from services.resolution.model import Case
from services.resolution.store import store
from services.resolution.timeline import Kind
from services.resolution.views import CaseView
from shared import clock, driver, etag, idempotency, pages, problems
from shared.aggregate import load_one, save_one
from shared.auth import Principal
from shared.database import Transaction, sql
from shared.events.fairness import Clearing
from shared.idempotency import Answer, IdempotencyKey
from shared.ids import new_id
from shared.masking import mask
from shared.openapi import TAGGED
from shared.problems import Problem
from shared.service import Context, Ctx, api_router

router = api_router(tags=["fairness"])

OneCase = Annotated[UUID, Path(description="Id of the complaint.")]

_MINE = (
    "SELECT a.complaint_id, c.category, c.severity, c.state, c.registered_at, a.named_at, a.answer_by, a.hearing, "
    "a.cleared_because, (SELECT m.state FROM marks m WHERE m.complaint_id = a.complaint_id "
    "AND m.person_id = a.person_id ORDER BY m.number DESC LIMIT 1) AS mark "
    "FROM accusations a JOIN cases c ON c.id = a.complaint_id WHERE a.person_id = :person AND c.state <> 'unopened' {}"
    "ORDER BY a.named_at DESC, a.complaint_id DESC LIMIT :limit"
)


@router.get("/accused/cases", summary="Complaints about yourself", responses=problems.documented(403))
async def list_cases_about_me(
    who: Anybody, ctx: Ctx, limit: pages.Limit = 50, cursor: pages.Cursor = None
) -> pages.Page[AboutMe]:
    """The newest first. It takes no scope, only an account in the directory."""
    given: dict[str, Any] = {"person": (await person_acting(ctx, who)).person, "limit": limit + 1}
    behind = ""
    if cursor is not None:
        behind = "AND (a.named_at, a.complaint_id) < (:named_at, :id) "
        given["named_at"], given["id"] = pages.decode(cursor, AwareDatetime, UUID)
    async with ctx.database.reading() as connection:
        rows = (await driver.run(connection, sql(_MINE.format(behind)), given)).mappings().all()
    return pages.page(
        rows, limit, lambda row: AboutMe(**row), lambda row: (row["named_at"], row["complaint_id"])
    )


@router.get(
    "/accused/cases/{complaint_id}",
    summary="Read a complaint about yourself",
    responses=problems.documented(403, 404),
)
async def read_case_about_me(complaint_id: OneCase, who: Anybody, ctx: Ctx) -> AboutMeDetails:
    """What was said, how it goes on, and what is held against you; nothing that identifies the customer. It takes no
    scope, only an account in the directory. That you read it stands in the case's timeline."""
    me = (await person_acting(ctx, who)).person
    async with ctx.database.reading() as connection:
        case = (await store.read(connection, [complaint_id]))[complaint_id]
    _must_be_about(case, me)
    statement = None
    if case.accused[me].cleared_because is not Clearing.NAMED_WRONGLY:
        statement = await _statement(ctx, complaint_id)
    async with ctx.database.transaction() as transaction:
        case = await load_one(store, transaction, complaint_id)
        case.read_by_accused(me, clock.now())
        await save_one(store, transaction, case)
        return await shown.about_me(transaction.connection, case, case.accused[me], statement)


async def _statement(ctx: Context, complaint_id: UUID) -> StatementShown | None:
    """Intake masks it by what the customer gave as theirs, which nobody else knows."""
    try:
        told = await ctx.ask("intake", f"/intake/v1/complaints/{complaint_id}", "complaints:read")
    except httpx.HTTPStatusError as error:
        if error.response.status_code == 404:
            return None
        raise
    return StatementShown.model_validate(told["statement"])


@router.post(
    "/accused/cases/{complaint_id}/answer",
    summary="Give your side of a complaint about yourself",
    response_model=AboutMeDetails,
    responses=problems.documented(403, 404, 409),
)
async def answer_case_about_me(
    complaint_id: OneCase,
    body: OwnSide,
    request: Request,
    who: Anybody,
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """The handler reads it before anything is judged. A later word takes the place of the former; both stand in the
    timeline."""

    async def work(transaction: Transaction, case: Case, me: str) -> Answer:
        case.defend(me, body.answer, clock.now())
        await save_one(store, transaction, case)
        mine = await shown.about_me(transaction.connection, case, case.accused[me], None)
        return Answer(200, mine.model_dump_json().encode())

    return await _for_myself(complaint_id, request, who, ctx, key, work)


@router.post(
    "/accused/cases/{complaint_id}/appeals",
    status_code=201,
    summary="Appeal against the mark that a complaint made against you",
    response_model=AppealDetails,
    responses=problems.documented(403, 404, 409) | TAGGED,
)
async def file_appeal(
    complaint_id: OneCase,
    body: NewAppeal,
    request: Request,
    who: Anybody,
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """The mark does not count until somebody independent has decided. A second appeal needs new evidence."""

    async def work(transaction: Transaction, case: Case, me: str) -> Answer:
        at, appeal_id = clock.now(), new_id()
        case.note_appeal(Kind.APPEAL_FILED, me, at, who.id, mask(body.grounds))
        mark = case.contest(me, appeal_id, new_evidence=body.new_evidence is not None, at=at)
        appeal = filed(
            appeal_id,
            complaint_id,
            me,
            mark.id,
            body.grounds,
            body.new_evidence,
            case.calendars.usual,
            case.books,
            at,
        )
        appeal.publish_to(transaction)
        case.publish_to(transaction)
        await appeals.save(transaction, [appeal])
        await store.save(transaction, [case])
        view = await shown.appeal(transaction.connection, appeal_id)
        assert view is not None
        return Answer(201, view.model_dump_json().encode())

    return etag.tagged(await _for_myself(complaint_id, request, who, ctx, key, work))


async def _for_myself(
    complaint_id: UUID,
    request: Request,
    who: Principal,
    ctx: Context,
    key: str | None,
    change: Callable[[Transaction, Case, str], Awaitable[Answer]],
) -> Response:
    me = (await person_acting(ctx, who)).person

    async def work(transaction: Transaction) -> Answer:
        case = await load_one(store, transaction, complaint_id)
        _must_be_about(case, me)
        return await change(transaction, case, me)

    return await idempotency.once(request, ctx.database, who.id, key, work)


def _must_be_about(case: Case, person: str) -> None:
    """Raises a 404 problem: whom a complaint is not about learns nothing of it here."""
    if case.state is State.UNOPENED or person not in case.accused:
        raise problems.not_found("complaint about you", "path/complaint_id")


# What the handler does


@router.post(
    "/cases/{complaint_id}/accused/{person}/unheard",
    summary="Judge without waiting for the answer of the person complained about",
    response_model=CaseView,
    responses=problems.documented(403, 404, 409, 412),
)
async def judge_unheard(body: Unheard, person: PersonPath, who: Worker, desk: AtDesk) -> Response:
    """With a reason, which stands in the timeline."""
    return await desk.act(who, lambda case, at: _of(case, person).waive(person, body.reason, who.id, at))


@router.post(
    "/cases/{complaint_id}/accused/{person}/clear",
    summary="Say that a complaint is not held against a person",
    response_model=CaseView,
    responses=problems.documented(403, 404, 409, 412),
)
async def clear_person(body: NotHeld, person: PersonPath, who: Worker, desk: AtDesk) -> Response:
    """They were named wrongly, or were not at fault. A mark that was made goes, and an appeal ends."""
    because = Clearing(body.because)
    return await desk.act(
        who, lambda case, at: _of(case, person).clear(person, because, body.reason, who.id, at)
    )


def _of(case: Case, person: str) -> Case:
    if person not in case.accused:
        raise Problem(
            404,
            "not-found",
            "No such person",
            "The complaint is not about this person. 该投诉未涉及此人。",
            field="path/person",
        )
    return case
