"""HTTP in: the accountability record, and how many promises were kept."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from sqlalchemy import ColumnElement, Float, Select, cast, func, select

from services.resolution.clocks.schemas import By, KeptRate, LapseView
from services.resolution.desk import Reader
from services.resolution.promises import PromiseState
from services.resolution.tables import cases, lapses, promises
from shared import pages, problems
from shared.events.clocks import Clock
from shared.pages import Cursor, Limit, Moment, Page
from shared.service import Ctx, api_router
from shared.text import SoughtText

router = api_router(tags=["accountability"])

Name = SoughtText | None
Since = Annotated[Moment | None, Query(description="Not before this time.")]
Until = Annotated[Moment | None, Query(description="Before this time.")]


@router.get(
    "/accountability", summary="List what was late, and who answers for it", responses=problems.documented()
)
async def list_lapses(
    who: Reader,
    ctx: Ctx,
    handler: Name = None,
    department: Name = None,
    clock: Clock | None = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[LapseView]:
    """The accountability record (追责记录), the newest first. A row stays, whatever happens later."""
    query = select(lapses, cases.c.reference).join(cases, cases.c.id == lapses.c.complaint_id)
    asked: list[ColumnElement[bool]] = []
    if handler is not None:
        asked.append(lapses.c.handler_id == handler)
    if department is not None:
        asked.append(lapses.c.department == department)
    if clock is not None:
        asked.append(lapses.c.clock == clock.value)
    asked += _within(lapses.c.due_at, since, until)
    async with ctx.database.reading() as connection:
        return await pages.read(
            connection,
            query.where(*asked),
            limit,
            cursor,
            lambda row: LapseView.model_validate(dict(row)),
            lapses.c.due_at,
            lapses.c.id,
            newest_first=True,
        )


@router.get("/kept-rates", summary="How many promises were kept", responses=problems.documented())
async def read_kept_rates(
    who: Reader,
    ctx: Ctx,
    by: By = By.PERSON,
    handler: Name = None,
    department: Name = None,
    since: Since = None,
    until: Until = None,
) -> list[KeptRate]:
    """Of the promises that were settled in the period, by whose case it was then; at most 1,000, the lowest rate first
    (承诺兑现率). A promise whose time passed while the customer was waited for is counted apart."""
    whose = promises.c.handler_id if by is By.PERSON else promises.c.department
    asked = _within(promises.c.settled_at, since, until)
    if handler is not None:
        asked.append(promises.c.handler_id == handler)
    if department is not None:
        asked.append(promises.c.department == department)
    is_kept = promises.c.state == PromiseState.KEPT.value
    kept = func.count().filter(is_kept)
    broken = func.count().filter(~is_kept, ~promises.c.excused)
    rate = cast(kept, Float) / func.nullif(kept + broken, 0)
    query: Select[Any] = (
        select(
            whose.label("who"),
            kept.label("kept"),
            broken.label("broken"),
            func.count().filter(promises.c.excused).label("excused"),
            rate.label("rate"),
        )
        .where(promises.c.state.in_([PromiseState.KEPT.value, PromiseState.BROKEN.value]), *asked)
        .group_by(whose)
        .order_by(rate.asc().nulls_last(), whose)
        .limit(1000)
    )
    async with ctx.database.reading() as connection:
        return [KeptRate.model_validate(dict(row)) for row in (await connection.execute(query)).mappings()]


def _within(
    column: ColumnElement[Any], since: datetime | None, until: datetime | None
) -> list[ColumnElement[bool]]:
    """The period, as far as it was given."""
    return [
        *([column >= since] if since is not None else []),
        *([column < until] if until is not None else []),
    ]
