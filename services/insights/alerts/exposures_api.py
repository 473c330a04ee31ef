"""HTTP in: how much was sold or used, so that growth is no surge and a closed shop is no silence."""

from datetime import date
from typing import Annotated

from fastapi import Path, Query, Request, Response
from pydantic_core import to_json
from sqlalchemy import RowMapping, select

from services.insights.alerts.schemas import ExposuresGiven, ExposureShown, ExposuresTaken
from services.insights.alerts.series import Dimension
from services.insights.alerts.store import exposures
from services.insights.model import JOIN
from services.insights.ranges import Reader
from shared import clock, idempotency, pages, problems
from shared.auth import Principal, may
from shared.bulk import save_rows
from shared.database import Transaction
from shared.idempotency import Answer, IdempotencyKey
from shared.pages import Cursor, Limit, Page
from shared.problems import Problem
from shared.service import Ctx, api_router

router = api_router(tags=["warnings"])


@router.put(
    "/exposures/{dimension}/{week}",
    response_model=ExposuresTaken,
    summary="Tell how much there was in a week",
    responses=problems.documented(422),
)
async def put_exposures(
    dimension: Dimension,
    week: Annotated[date, Path(description="Its Monday.", examples=["2026-11-16"])],
    given: ExposuresGiven,
    request: Request,
    who: Annotated[Principal, may("rulebooks:write")],
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """Units sold or in use, or orders, by value of the dimension. A series is compared with it as soon as it is known
    for all weeks that are looked at; values told again replace those before."""
    if week.weekday() or not date(1900, 1, 1) <= week <= date(8999, 12, 31):
        raise _bad("path/week", "Give the Monday with which the week begins. 请填写该周的星期一。")
    values = [item.value for item in given.items]
    for number, value in enumerate(values):
        parts = value.split(JOIN) if value else []
        if len(parts) != len(dimension.columns) or any(not part or "\x00" in part for part in parts):
            raise _bad(
                f"body/items/{number}/value",
                f"It needs a value for each of {list(dimension.columns)}. 请按维度填写各部分的值。",
            )
        if value in values[:number]:
            raise _bad(f"body/items/{number}/value", "Name each value once. 每个值只能出现一次。")

    async def work(transaction: Transaction) -> Answer:
        fixed = {"dimension": dimension, "week": week, "told_by": who.id, "told_at": clock.now()}
        rows = [fixed | {"value": item.value, "amount": item.amount} for item in given.items]
        await save_rows(transaction, exposures, sorted(rows, key=lambda row: str(row["value"])))
        return Answer(200, to_json(ExposuresTaken(taken=len(rows))))

    return await idempotency.once(request, ctx.database, who.id, key, work)


@router.get("/exposures", summary="List what was told of exposure", responses=problems.documented())
async def list_exposures(
    who: Reader,
    ctx: Ctx,
    dimension: Annotated[Dimension | None, Query(description="Only of it.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ExposureShown]:
    """By dimension, value and week."""
    query = select(exposures)
    if dimension is not None:
        query = query.where(exposures.c.dimension == dimension.value)
    async with ctx.database.reading() as connection:
        return await pages.read(
            connection,
            query,
            limit,
            cursor,
            _shown,
            *(exposures.c.dimension, exposures.c.value, exposures.c.week),
        )


def _shown(row: RowMapping) -> ExposureShown:
    return ExposureShown(**row)


def _bad(field: str, detail: str) -> Problem:
    return problems.invalid("The exposure is not valid", detail, field=field)
