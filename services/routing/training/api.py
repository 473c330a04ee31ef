"""HTTP in: courses that are held, and what became of those who took part."""

from collections.abc import Collection, Iterable
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic_core import to_json
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.directory.named import must_be_people
from services.routing.store import training
from services.routing.training.book import COURSES, Catalogue, CourseBook, catalogue
from services.routing.training.keeping import keep
from services.routing.training.model import result
from services.routing.training.schemas import (
    NewParticipants,
    NewResults,
    NewSession,
    ResultShown,
    ResultsKept,
    SessionShown,
)
from shared import clock, driver, idempotency, ids, pages, problems
from shared.auth import Principal, may
from shared.bulk import insert_rows, save_rows
from shared.database import Transaction, sql
from shared.idempotency import Answer, IdempotencyKey
from shared.problems import FieldError, Problem
from shared.rulebooks import store as rulebook_store
from shared.service import Ctx, api_router

router = api_router(tags=["training"])

_TAKE_PART = sql(
    "SELECT session, person FROM training_participants WHERE session = ANY(CAST(:ids AS uuid[])) ORDER BY person"
)


@router.get("/training/catalogue", summary="Kinds of training", responses=problems.documented())
async def read_catalogue() -> Catalogue:
    """The five kinds, the modes, and how it is assessed, in both languages. No key needed. The courses are a
    rulebook: `/rulebooks/courses`."""
    return catalogue()


@router.get(
    "/training/sessions",
    response_model=pages.Page[SessionShown],
    summary="List the sessions",
    responses=problems.documented(),
)
async def list_sessions(
    who: Annotated[Principal, may("cases:read")],
    ctx: Ctx,
    course: Annotated[str | None, Query(max_length=50, description="Only of this course.")] = None,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[SessionShown]:
    """The last to start first, with whoever takes part."""
    c = training.sessions.c
    query = select(training.sessions)
    if course is not None:
        query = query.where(c.course == course)
    query = pages.part(query, limit, cursor, c.starts_at, c.id, newest_first=True)
    async with ctx.database.reading() as connection:
        rows = (await connection.execute(query)).mappings().all()
        people = await _participants(connection, [row["id"] for row in rows])
    return pages.page(
        rows,
        limit,
        lambda row: _session(dict(row), people),
        lambda row: (row["starts_at"], row["id"]),
    )


@router.post(
    "/training/sessions",
    status_code=201,
    response_model=SessionShown,
    summary="Hold a course",
    responses=problems.documented(422),
)
async def add_session(
    wanted: NewSession,
    request: Request,
    who: Annotated[Principal, may("training:write")],
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """It is held by the courses that are in force now: a change of their pass mark is for sessions to come."""

    async def work(transaction: Transaction) -> Answer:
        version, courses = await _courses(transaction.connection)
        if courses.course(wanted.course) is None:
            raise problems.invalid(
                "No such course",
                "`/rulebooks/courses` lists them. 没有该课程，请见 /rulebooks/courses。",
                field="body/course",
            )
        await must_be_people(transaction.connection, _numbered("body/participants", wanted.participants))
        row = {
            "id": ids.new_id(),
            **wanted.model_dump(exclude={"participants"}),
            "book_version": version,
            "made_by": who.id,
            "made_at": clock.now(),
        }
        await insert_rows(transaction, training.sessions, [row])
        await take_part(transaction, row["id"], wanted.participants)
        shown = _session(row, {row["id"]: sorted(set(wanted.participants))})
        return Answer(201, to_json(shown))

    return await idempotency.once(request, ctx.database, who.id, key, work)


@router.post(
    "/training/sessions/{session_id}/participants",
    response_model=SessionShown,
    summary="Let people take part in a session",
    responses=problems.documented(404, 422),
)
async def add_participants(
    session_id: UUID,
    wanted: NewParticipants,
    request: Request,
    who: Annotated[Principal, may("training:write")],
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """Whoever takes part already is not added again."""

    async def work(transaction: Transaction) -> Answer:
        session = await session_of(transaction, session_id)
        await must_be_people(transaction.connection, _numbered("body/people", wanted.people))
        await take_part(transaction, session_id, wanted.people)
        people = await _participants(transaction.connection, [session_id])
        return Answer(200, to_json(_session(session, people)))

    return await idempotency.once(request, ctx.database, who.id, key, work)


@router.post(
    "/training/sessions/{session_id}/results",
    status_code=201,
    response_model=ResultsKept,
    response_model_exclude_none=True,
    summary="Say what became of participants",
    responses=problems.documented(403, 404, 409, 422),
)
async def add_results(
    session_id: UUID,
    wanted: NewResults,
    request: Request,
    who: Annotated[Principal, may("training:write")],
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """Of others than yourself. Passing gives the course's certificate, and meets the needs for training of that kind.
    A result stays."""

    async def work(transaction: Transaction) -> Answer:
        session = await session_of(transaction, session_id)
        courses = await rulebook_store.content_of(transaction.connection, COURSES, session["book_version"])
        course = courses.course(session["course"]) if courses else None
        assert course is not None  # it was there when the session was made, and versions never change
        taking = (await _participants(transaction.connection, [session_id])).get(session_id, [])
        done = await transaction.execute(
            sql("SELECT person FROM training_results WHERE session = :session"), {"session": session_id}
        )
        _must_fit(wanted, taking, {row.person for row in done})
        await must_be_others(transaction, [each.person for each in wanted.results], who)
        now = clock.now()
        results = [
            result(
                course,
                ids.derived_id("training-result", session_id, each.person),
                each.person,
                each.score,
                each.feedback,
                who.id,
                now,
                session=session_id,
            )
            for each in wanted.results
        ]
        await keep(transaction, results, who.id, now)
        shown = ResultsKept(
            results=[ResultShown.model_validate(each, from_attributes=True) for each in results]
        )
        return Answer(201, to_json(shown, exclude_none=True))

    return await idempotency.once(request, ctx.database, who.id, key, work)


def _must_fit(wanted: NewResults, taking: Collection[str], done: Collection[str]) -> None:
    strangers: list[FieldError] = []
    twice: list[FieldError] = []
    seen = set(done)
    for number, each in enumerate(wanted.results):
        field = f"body/results/{number}/person"
        if each.person not in taking:
            detail = "They do not take part; add them first. 该人员未参加，请先添加。"
            strangers.append(FieldError(field=field, detail=detail))
        elif each.person in seen:
            detail = "There is a result already; hold another session. 已有成绩，请另行安排。"
            twice.append(FieldError(field=field, detail=detail))
        seen.add(each.person)
    detail = "Correct what is listed in errors. 请更正所列各项。"
    if strangers:
        raise problems.invalid("They do not take part", detail, errors=strangers + twice)
    if twice:
        raise Problem(409, "conflict", "There are results already", detail, errors=twice)


async def _courses(connection: AsyncConnection) -> tuple[int, CourseBook]:
    books = await rulebook_store.load_books(connection, COURSES)
    return books.version(COURSES), books.read(COURSES)


async def session_of(transaction: Transaction, session_id: UUID) -> dict[str, Any]:
    """The session, held until the transaction ends. Raises a 404 problem.

    Others may refer to it meanwhile: whoever holds a need and lets people take part must not wait for it.
    """
    query = select(training.sessions).where(training.sessions.c.id == session_id)
    query = query.with_for_update(key_share=True)
    row = (await transaction.execute(query)).mappings().one_or_none()
    if row is None:
        raise problems.not_found("session", "path/session_id")
    return dict(row)


def _numbered(field: str, people: Iterable[str]) -> dict[str, str]:
    return {f"{field}/{number}": person for number, person in enumerate(people)}


async def must_be_others(transaction: Transaction, people: Collection[str], who: Principal) -> None:
    """Raises a 403 problem when the caller is among those who are to be assessed."""
    found = await transaction.execute(
        sql("SELECT FROM people WHERE account = :account AND id = ANY(CAST(:people AS text[]))"),
        {"account": who.id, "people": list(people)},
    )
    if found.first() is not None:
        raise Problem(
            403,
            "forbidden",
            "Somebody else must grade it",
            "Nobody grades themselves; ask a colleague. 不能给自己评分，请由他人评分。",
            field="header/Authorization",
        )


async def take_part(transaction: Transaction, session_id: UUID, people: Collection[str]) -> None:
    rows = [{"session": session_id, "person": person} for person in sorted(set(people))]
    await save_rows(transaction, training.participants, rows, changing=("person",))


async def _participants(connection: AsyncConnection, sessions: Collection[UUID]) -> dict[UUID, list[str]]:
    found: dict[UUID, list[str]] = {}
    for row in await driver.run(connection, _TAKE_PART, {"ids": list(sessions)}):
        found.setdefault(row.session, []).append(row.person)
    return found


def _session(row: dict[str, Any], people: dict[UUID, list[str]]) -> SessionShown:
    names = ("id", "course", "book_version", "starts_at", "ends_at", "trainer")
    return SessionShown(**{name: row[name] for name in names}, participants=people.get(row["id"], []))
