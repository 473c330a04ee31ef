"""HTTP in: drills that are run, and needs for training."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request, Response
from pydantic_core import to_json
from sqlalchemy import select

from services.routing.directory.acting import known_as
from services.routing.directory.named import must_be_people
from services.routing.directory.schemas import PersonId
from services.routing.store import training
from services.routing.training.api import must_be_others, take_part
from services.routing.training.book import COURSES, DRILLS, Code
from services.routing.training.confiding import confided
from services.routing.training.keeping import keep
from services.routing.training.model import Misgraded, grade, result
from services.routing.training.schemas import (
    AssignNeed,
    DrillRunShown,
    NeedShown,
    NewDrillRun,
    SettleNeed,
)
from shared import clock, idempotency, ids, pages, problems
from shared.auth import Principal, may
from shared.bulk import insert_rows
from shared.database import Transaction, sql
from shared.idempotency import Answer, IdempotencyKey
from shared.rulebooks import store as rulebook_store
from shared.service import Ctx, api_router

router = api_router(tags=["training"])


@router.post(
    "/training/drills/{drill}/runs",
    status_code=201,
    response_model=DrillRunShown,
    response_model_exclude_none=True,
    summary="Grade a simulated complaint",
    responses=problems.documented(403, 404, 422),
)
async def add_drill_run(
    drill: Annotated[Code, Path(description="Code in the rulebook `drills`.")],
    wanted: NewDrillRun,
    request: Request,
    who: Annotated[Principal, may("training:write")],
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """By somebody else than whoever ran it. It counts as practice: passing it passes the courses that it belongs
    to."""

    async def work(transaction: Transaction) -> Answer:
        books = await rulebook_store.load_books(transaction.connection, COURSES, DRILLS)
        run = books.read(DRILLS).drill(drill)
        if run is None:
            raise problems.not_found("drill", "path/drill")
        await must_be_people(transaction.connection, {"body/person": wanted.person})
        await must_be_others(transaction, [wanted.person], who)
        try:
            graded = grade(run, wanted.grades)
        except Misgraded as no:
            raise problems.invalid(
                "The grades do not fit the checklist",
                f"{no.english} {no.chinese}",
                field=f"body/grades/{no.field}",
            ) from None
        now = clock.now()
        row: dict[str, Any] = {
            "id": ids.new_id(),
            "drill": drill,
            "book_version": books.version(DRILLS),
            **wanted.model_dump(),
            "points": graded.points,
            "most": graded.most,
            "passed": graded.passed,
            "graded_by": who.id,
            "graded_at": now,
        }
        await insert_rows(transaction, training.drill_runs, [row])
        results = [
            result(
                course,
                ids.derived_id("drill-result", row["id"], course.code),
                wanted.person,
                graded.score,
                wanted.feedback,
                who.id,
                now,
                drill=(row["id"], graded.passed),
            )
            for course in books.read(COURSES).courses
            if course.drill == drill
        ]
        await keep(transaction, results, who.id, now)
        return Answer(201, to_json(DrillRunShown(**row), exclude_none=True))

    return await idempotency.once(request, ctx.database, who.id, key, work)


@router.get(
    "/training/drills/runs",
    response_model=pages.Page[DrillRunShown],
    response_model_exclude_none=True,
    summary="List drills that were run",
    responses=problems.documented(),
)
async def list_drill_runs(
    who: Annotated[Principal, may("cases:read")],
    ctx: Ctx,
    person: Annotated[PersonId | None, Query(description="Only of this person.")] = None,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[DrillRunShown]:
    """The newest first, with the points for each item. What was said, and the feedback, is shown to the person and to
    whoever may `training:write`."""
    c = training.drill_runs.c
    query = select(training.drill_runs)
    if person is not None:
        query = query.where(c.person == person)
    async with ctx.database.reading() as connection:
        me = await known_as(connection, who)
        return await pages.read(
            connection,
            query,
            limit,
            cursor,
            lambda row: DrillRunShown(**confided(who, me, row)),
            c.graded_at,
            c.id,
            newest_first=True,
        )


@router.get(
    "/training/needs",
    response_model=pages.Page[NeedShown],
    response_model_exclude_none=True,
    summary="Training that complaints call for",
    responses=problems.documented(),
)
async def list_needs(
    who: Annotated[Principal, may("cases:read")],
    ctx: Ctx,
    person: Annotated[PersonId | None, Query(description="Only of this person.")] = None,
    settled: Annotated[bool, Query(description="Also those that are settled.")] = False,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[NeedShown]:
    """The newest first."""
    c = training.needs.c
    query = select(training.needs)
    if person is not None:
        query = query.where(c.person == person)
    if not settled:
        query = query.where(c.settled_at.is_(None))
    async with ctx.database.reading() as connection:
        return await pages.read(
            connection,
            query,
            limit,
            cursor,
            lambda row: NeedShown(**row),
            c.found_at,
            c.id,
            newest_first=True,
        )


@router.post(
    "/training/needs/{need_id}/assign",
    response_model=NeedShown,
    response_model_exclude_none=True,
    summary="Say which session is to meet a need",
    responses=problems.documented(404, 409, 422),
)
async def assign_need(
    need_id: UUID,
    wanted: AssignNeed,
    request: Request,
    who: Annotated[Principal, may("training:write")],
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """Whose need it is takes part in the session; for a department, everybody who works there. Passing its course
    meets the need if it is of that kind."""

    async def work(transaction: Transaction) -> Answer:
        need = await _open_need(transaction, need_id)
        sessions = training.sessions.c
        found = await transaction.execute(select(sessions.id).where(sessions.id == wanted.session))
        if found.first() is None:
            raise problems.invalid(
                "No such session",
                "`/training/sessions` lists them. 没有该场培训，请见 /training/sessions。",
                field="body/session",
            )
        whose = await transaction.execute(
            sql("SELECT id FROM people WHERE active AND (id = :person OR department = :department)"),
            {"person": need.person, "department": need.department},
        )
        await take_part(transaction, wanted.session, [row.id for row in whose])
        await transaction.execute(
            sql("UPDATE training_needs SET session = :session WHERE id = :id"),
            {"session": wanted.session, "id": need_id},
        )
        assigned = need.model_copy(update={"session": wanted.session})
        return Answer(200, to_json(assigned, exclude_none=True))

    return await idempotency.once(request, ctx.database, who.id, key, work)


@router.post(
    "/training/needs/{need_id}/settle",
    response_model=NeedShown,
    response_model_exclude_none=True,
    summary="A need is met otherwise, or was none",
    responses=problems.documented(404, 409),
)
async def settle_need(
    need_id: UUID,
    wanted: SettleNeed,
    request: Request,
    who: Annotated[Principal, may("training:write")],
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """With the reason. Most needs are met by a passed course, and settle by themselves."""

    async def work(transaction: Transaction) -> Answer:
        need = await _open_need(transaction, need_id)
        said = {
            "settled_at": clock.now(),
            "settled_by": who.id,
            "settled_how": "by_hand",
            "note": wanted.note,
        }
        await transaction.execute(
            training.needs.update().where(training.needs.c.id == need_id).values(**said)
        )
        return Answer(200, to_json(need.model_copy(update=said), exclude_none=True))

    return await idempotency.once(request, ctx.database, who.id, key, work)


async def _open_need(transaction: Transaction, need_id: UUID) -> NeedShown:
    """Held until the transaction ends. Raises a 404 or 409 problem."""
    query = select(training.needs).where(training.needs.c.id == need_id).with_for_update()
    row = (await transaction.execute(query)).mappings().one_or_none()
    if row is None:
        raise problems.not_found("need", "path/need_id")
    need = NeedShown(**row)
    if need.settled_at is not None:
        raise problems.conflict(
            "The need is settled. 该培训需求已了结。",
            "Nothing is left to do; a new need comes with new complaints. 无需处理，新的投诉会带来新的需求。",
            settled_how=need.settled_how,
        )
    return need
