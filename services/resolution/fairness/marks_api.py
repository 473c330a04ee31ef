"""HTTP in: marks against people, and sanctions that are proposed for them."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request, Response
from sqlalchemy import select

from services.resolution.fairness import shown
from services.resolution.fairness.acting import Overseer, must_not_be_accused
from services.resolution.fairness.book import FAIRNESS
from services.resolution.fairness.record import MarkState
from services.resolution.fairness.schemas import PERSON, HeldMark, NewSanction, SanctionShown
from services.resolution.fairness.tables import marks, sanctions
from services.resolution.store import store as cases
from shared import clock, driver, idempotency, pages, problems
from shared.aggregate import NotPossible, load_one, save_one
from shared.database import Transaction, sql
from shared.idempotency import Answer, IdempotencyKey
from shared.service import Ctx, api_router

router = api_router(tags=["fairness"])

_MARK = sql("SELECT complaint_id, person_id FROM marks WHERE mark_id = :id")


@router.get("/marks", summary="List marks against people", responses=problems.documented())
async def list_marks(
    who: Overseer,
    ctx: Ctx,
    person: Annotated[str | None, Query(pattern=PERSON, description="Only against this person.")] = None,
    state: Annotated[MarkState | None, Query(description="Only those in this state.")] = None,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[HeldMark]:
    """The newest first, with what followed. Only those that are `standing` count."""
    query = select(marks)
    if person is not None:
        query = query.where(marks.c.person_id == person)
    if state is not None:
        query = query.where(marks.c.state == state.value)
    async with ctx.database.reading() as connection:
        rows = (
            (
                await connection.execute(
                    pages.part(query, limit, cursor, marks.c.made_at, marks.c.mark_id, newest_first=True)
                )
            )
            .mappings()
            .all()
        )
        of = [row["mark_id"] for row in rows]
        following: dict[UUID, list[SanctionShown]] = {id: [] for id in of}
        found = select(sanctions).where(sanctions.c.mark_id.in_(of)).order_by(sanctions.c.proposed_at)
        for row in (await connection.execute(found)).mappings():
            following[row["mark_id"]].append(SanctionShown(id=row["sanction_id"], **row))
    return pages.page(
        rows,
        limit,
        lambda row: HeldMark(id=row["mark_id"], sanctions=following[row["mark_id"]], **row),
        lambda row: (row["made_at"], row["mark_id"]),
    )


@router.post(
    "/marks/{mark_id}/sanctions",
    status_code=201,
    summary="Propose a sanction for a mark",
    response_model=HeldMark,
    responses=problems.documented(403, 404, 409),
)
async def propose_sanction(
    mark_id: Annotated[UUID, Path(description="Id of the mark.")],
    body: NewSanction,
    request: Request,
    who: Overseer,
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """It takes effect by itself when the time to appeal has ended and no appeal runs; not before."""
    async with ctx.database.reading() as connection:
        row = (await driver.run(connection, _MARK, {"id": mark_id})).one_or_none()
        if row is None:
            raise problems.not_found("mark", "path/mark_id")
        case = (await cases.read(connection, [row.complaint_id]))[row.complaint_id]
    await must_not_be_accused(ctx, who, case.accused)
    if not case.books.read(FAIRNESS).knows_sanction(body.kind):
        known = ", ".join(each.code for each in case.books.read(FAIRNESS).sanctions)
        raise problems.invalid(
            "There is no such sanction",
            f"Take one of the rulebook `fairness`: {known}. 请使用规则表中的处理方式。",
            field="body/kind",
        )

    async def work(transaction: Transaction) -> Answer:
        case = await load_one(cases, transaction, row.complaint_id)
        of = case.accused[row.person_id]
        if of.live_mark is None or of.live_mark.id != mark_id:
            raise NotPossible("mark-removed", "The mark was removed.", "该责任记录已撤销。")
        case.propose(row.person_id, body.kind, body.reason, who.id, clock.now())
        await save_one(cases, transaction, case)
        return Answer(201, shown.held_mark(case.id, of, of.live_mark).model_dump_json().encode())

    return await idempotency.once(request, ctx.database, who.id, key, work)
