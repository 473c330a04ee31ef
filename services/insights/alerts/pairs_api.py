"""HTTP in: which products and defects are told together more often than chance, and which of these pairs are new."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

import numpy as np
from fastapi import Query
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.alerts.explaining import PAIRS
from services.insights.alerts.schemas import DisproportionalityShown, PairShown
from services.insights.model import DISSATISFIED
from services.insights.ranges import COMMON_DAYS, Reader, must_lie
from services.insights.warning.disproportionality import (
    NotFitted,
    expected,
    fit,
    information_component,
    scores,
)
from services.insights.warning.negbin import Floats
from shared import clock, driver, problems
from shared.database import sql
from shared.service import Ctx, api_router

router = api_router(tags=["warnings"])

QUARTER = timedelta(weeks=13)
SIGNAL = 2.0
"""EB05 from which a pair is a signal (DuMouchel 1999)."""
MOST_PAIRS = 50_000

_COUNT = sql(
    "SELECT product, subcategory, coalesce(channel, '') AS channel, count(*) AS n FROM complaints "
    "WHERE registered_at >= :since AND registered_at < :before AND kind = ANY(CAST(:kinds AS text[])) "
    "AND product IS NOT NULL AND subcategory IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3 LIMIT :most"
)
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Scored:
    """One quarter's pairs."""

    pairs: list[Pair]
    n: Floats
    e: Floats
    ebgm: Floats
    eb05: Floats
    eb95: Floats
    ic: Floats
    ic025: Floats

    def signals(self) -> set[Pair]:
        known = np.where(np.isnan(self.eb05), self.ic025 > 0, self.eb05 >= SIGNAL)
        return {pair for pair, is_one in zip(self.pairs, known, strict=True) if is_one}


@router.get(
    "/disproportionality",
    summary="Which products and defects are told together too often?",
    responses=problems.documented(),
)
async def read_disproportionality(
    who: Reader,
    ctx: Ctx,
    last: Annotated[
        date | None,
        Query(alias="to", description="Last day (UTC), included, of thirteen weeks; yesterday if left out."),
    ] = None,
    new: Annotated[bool, Query(description="Only signals that were none in the quarter before.")] = False,
    limit: Annotated[int, Query(ge=1, le=200, description="Pairs, the surest first.")] = 50,
) -> DisproportionalityShown:
    """Products by subcategories over thirteen weeks, beside the thirteen before: EBGM (DuMouchel 1999) and IC (Norén
    et al. 2013), each channel compared within itself, so that what a channel's customers tell of anyway is no
    signal."""
    last = last or clock.today() - timedelta(days=1)
    must_lie(last, COMMON_DAYS, "query/to")
    end = datetime.combine(last + timedelta(days=1), time(), UTC)
    async with ctx.database.reading() as connection:
        now = await _told(connection, end - QUARTER, end)
        before = await _told(connection, end - 2 * QUARTER, end - QUARTER)
    here, earlier = await asyncio.gather(asyncio.to_thread(scored, now), asyncio.to_thread(scored, before))
    known, fresh = dict(zip(earlier.pairs, earlier.n, strict=True)), here.signals() - earlier.signals()
    order = np.lexsort((-here.ic025, np.where(np.isnan(here.eb05), 0.0, -here.eb05)))
    chosen = [i for i in order if not new or here.pairs[i] in fresh][:limit]
    return DisproportionalityShown(
        first=last - QUARTER + timedelta(days=1),
        last=last,
        pairs=len(here.pairs),
        complaints=int(here.n.sum()),
        items=[
            PairShown(
                product=here.pairs[i][0],
                subcategory=here.pairs[i][1],
                n=int(here.n[i]),
                expected=float(here.e[i]),
                ebgm=_number(here.ebgm[i]),
                eb05=_number(here.eb05[i]),
                eb95=_number(here.eb95[i]),
                ic=float(here.ic[i]),
                ic025=float(here.ic025[i]),
                before=int(known.get(here.pairs[i], 0)),
                new=here.pairs[i] in fresh,
            )
            for i in chosen
        ],
    )


async def _told(connection: AsyncConnection, since: datetime, before: datetime) -> Sequence[Any]:
    given = {"since": since, "before": before, "kinds": sorted(DISSATISFIED), "most": MOST_PAIRS}
    return (await driver.run(connection, _COUNT, given)).all()


def scored(rows: Sequence[Any]) -> Scored:
    """Of counts by product, subcategory and channel. With fewer than PAIRS pairs there is no prior, and no EBGM."""
    names: list[dict[str, int]] = [{}, {}, {}]
    for row in rows:
        for known, value in zip(names, (row.product, row.subcategory, row.channel), strict=True):
            known.setdefault(value, len(known))
    products, defects, channels = names
    table = np.zeros((len(channels), len(products), len(defects)))
    for row in rows:
        table[channels[row.channel], products[row.product], defects[row.subcategory]] = row.n
    summed = table.sum(axis=0)
    which = np.nonzero(summed)
    n, e = summed[which], expected(table)[which] if rows else np.empty(0)
    nothing = np.full(n.size, np.nan)
    ebgm = eb05 = eb95 = nothing
    if n.size >= PAIRS:
        try:
            found = scores(n, e, fit(n, e))
            ebgm, eb05, eb95 = found.ebgm, found.eb05, found.eb95
        except NotFitted:
            pass
    labels, codes = list(products), list(defects)
    pairs = [(labels[p], codes[d]) for p, d in zip(*which, strict=True)]
    ic, ic025 = information_component(n, e)
    return Scored(pairs, n, e, ebgm, eb05, eb95, ic, ic025)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
