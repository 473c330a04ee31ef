"""HTTP in: who is away, and when they are back."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic_core import to_json
from sqlalchemy import select

from services.routing.directory.people_api import OnePerson
from services.routing.directory.schemas import PersonId
from services.routing.directory.staff_schemas import AbsenceShown, EndAbsence, NewAbsence
from services.routing.directory.store import lock_directory
from services.routing.store import directory
from shared import clock, idempotency, ids, pages, problems
from shared.auth import Principal, may
from shared.bulk import insert_rows
from shared.database import Transaction, sql
from shared.idempotency import Answer, IdempotencyKey
from shared.problems import Problem
from shared.service import Ctx, api_router

router = api_router(tags=["directory"])


@router.get(
    "/directory/absences",
    response_model=pages.Page[AbsenceShown],
    summary="Who is away",
    responses=problems.documented(),
)
async def list_absences(
    who: Annotated[Principal, may("cases:read")],
    ctx: Ctx,
    person: Annotated[PersonId | None, Query(description="Only of this person.")] = None,
    past: Annotated[bool, Query(description="Also those that are over.")] = False,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[AbsenceShown]:
    """By their begin, those of now and to come."""
    c = directory.absences.c
    query = select(directory.absences)
    if person is not None:
        query = query.where(c.person == person)
    if not past:
        query = query.where(c.until > clock.now())
    async with ctx.database.reading() as connection:
        return await pages.read(
            connection, query, limit, cursor, lambda row: AbsenceShown(**row), c.since, c.id
        )


@router.post(
    "/directory/people/{person_id}/absences",
    status_code=201,
    response_model=AbsenceShown,
    summary="A person is away",
    responses=problems.documented(404, 409, 422),
)
async def add_absence(
    person_id: OnePerson,
    wanted: NewAbsence,
    request: Request,
    who: Annotated[Principal, may("directory:write")],
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """Meanwhile they get no complaints, and their deputy approves for them. Absences of a person do not overlap."""

    async def work(transaction: Transaction) -> Answer:
        await lock_directory(transaction)
        people = directory.people.c
        known = await transaction.execute(select(people.id).where(people.id == person_id))
        if known.first() is None:
            raise problems.not_found("person", "path/person_id")
        overlapping = await transaction.execute(
            sql(
                "SELECT id, since, until FROM absences WHERE person = :person AND since < :until AND :since < until"
            ),
            {"person": person_id, "since": wanted.since, "until": wanted.until},
        )
        if other := overlapping.first():
            raise Problem(
                409,
                "conflict",
                "The person is away then already",
                f"From {other.since.isoformat()} until {other.until.isoformat()}; end that absence, or choose "
                "another time. 与已有缺勤重叠，请先结束该缺勤或改用其他时间。",
                field="body/since",
                absence=str(other.id),
            )
        row = {"id": ids.new_id(), "person": person_id, **wanted.model_dump()}
        await insert_rows(transaction, directory.absences, [row])
        return Answer(201, to_json(AbsenceShown(**row)))

    return await idempotency.once(request, ctx.database, who.id, key, work)


@router.post(
    "/directory/absences/{absence_id}/end",
    status_code=204,
    summary="A person is back",
    responses=problems.documented(404, 422),
)
async def end_absence(
    absence_id: UUID,
    wanted: EndAbsence,
    request: Request,
    who: Annotated[Principal, may("directory:write")],
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """Now, or at the time that is given. One that would end before it began is gone. It can be said again."""

    async def work(transaction: Transaction) -> Answer:
        await lock_directory(transaction)
        at, c = wanted.at or clock.now(), directory.absences.c
        found = await transaction.execute(select(directory.absences).where(c.id == absence_id))
        absence = found.mappings().one_or_none()
        if absence is None:
            raise problems.not_found("absence", "path/absence_id")
        if at > absence["until"]:
            raise problems.invalid(
                "The absence ends before",
                "Add another absence for the time after it. 该缺勤在此之前已结束，请另行登记。",
                field="body/at",
            )
        if at <= absence["since"]:
            await transaction.execute(sql("DELETE FROM absences WHERE id = :id"), {"id": absence_id})
        else:
            await transaction.execute(
                sql("UPDATE absences SET until = :at WHERE id = :id"), {"at": at, "id": absence_id}
            )
        return Answer(204, b"")

    return await idempotency.once(request, ctx.database, who.id, key, work)
