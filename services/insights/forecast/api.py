"""HTTP in: the forecast of the backlog."""

import asyncio
from datetime import timedelta
from typing import Annotated

import numpy as np
from fastapi import Query

from services.insights.forecast import store
from services.insights.forecast.model import forecast
from services.insights.forecast.schemas import BacklogForecast, LittlesLaw, WeekAhead
from services.insights.ranges import Reader
from shared import clock, problems
from shared.service import Ctx, api_router

router = api_router(tags=["forecast"])

QUANTILES = (0.1, 0.5, 0.9)
MONTH = 28


@router.get("/forecast/backlog", summary="How many will be open", responses=problems.documented())
async def read_backlog(
    who: Reader,
    ctx: Ctx,
    weeks: Annotated[int, Query(ge=4, le=12, description="How far ahead.")] = 8,
) -> BacklogForecast:
    """Open complaints at the end of each coming week, from a thousand draws: what is expected to arrive, and how long
    complaints of each age stay open. The draws of a day are always the same."""
    as_of = clock.today() - timedelta(days=1)
    async with ctx.database.reading() as connection:
        known = await store.history(connection, as_of)
    found = await asyncio.to_thread(forecast, known, weeks, as_of.toordinal()) if known else None
    if known is None or found is None:
        return BacklogForecast(
            as_of=as_of,
            open_now=int(known.stock.sum()) if known else 0,
            history_weeks=known.arrivals.size // 7 if known else 0,
            enough=False,
            weeks=[],
            littles_law=None,
        )
    quantiles = np.quantile(found.backlog, QUANTILES, axis=0)
    a_day = float(known.arrivals[-MONTH:].mean())
    steady = a_day * found.mean_open_days
    return BacklogForecast(
        as_of=as_of,
        open_now=int(known.stock.sum()),
        history_weeks=known.arrivals.size // 7,
        enough=True,
        weeks=[
            WeekAhead(
                last=as_of + timedelta(weeks=week + 1),
                arrivals=round(float(found.arrivals[week]), 2),
                low=float(quantiles[0, week]),
                middle=float(quantiles[1, week]),
                high=float(quantiles[2, week]),
            )
            for week in range(weeks)
        ],
        littles_law=LittlesLaw(
            arrivals_a_day=round(a_day, 4),
            days_open=round(found.mean_open_days, 2),
            steady_backlog=round(steady, 2),
            ratio=round(float(known.stock.sum()) / steady, 4) if steady else None,
        ),
    )
