"""HTTP in: how people compare, minding what each of them had to handle."""

import asyncio
from collections import defaultdict
from dataclasses import asdict
from datetime import date
from typing import Annotated
from urllib.parse import quote

import httpx
from fastapi import Depends, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.measures.asking import OVERSEE
from services.insights.measures.book import MEASURE_TARGETS, MeasureId
from services.insights.measures.catalogue import BY_ID, MEASURES
from services.insights.measures.comparing import CONFIDENCE, Standing, Stratum, compare
from services.insights.measures.model import Measure, Terms, Unit
from services.insights.measures.people_schemas import FunnelLimits, People, PersonShown
from services.insights.model import JOIN, name_of
from services.insights.pieces import pieces, rows
from services.insights.ranges import First, Last, checked
from shared import clock, driver, problems
from shared.auth import Principal, may
from shared.database import sql
from shared.problems import Problem
from shared.rulebooks.store import load_books
from shared.service import Context, Ctx, api_router

router = api_router(tags=["measures"])

DAYS = 90
COMPARED = tuple(m.id for m in MEASURES if m.unit is Unit.SHARE and m.direction is not None)
"""Shares with a better and a worse: those by which people can be compared."""
STRATA = ("handler", "category", "severity")


def _compared(
    measure: Annotated[MeasureId, Query(description="A share with a better and a worse.")],
) -> Measure:
    if measure not in COMPARED:
        detail = (
            f"Compare people by one of {', '.join(COMPARED)}. 请从以上指标中选择一个具有优劣方向的占比指标。"
        )
        raise problems.invalid("People cannot be compared by this measure", detail, field="query/measure")
    return BY_ID[measure]


Compared = Annotated[Measure, Depends(_compared)]


@router.get(
    "/measures/people", summary="How people compare, with the same cases", responses=problems.documented()
)
async def compare_people(
    who: Annotated[Principal, may("measures:read", OVERSEE)],
    ctx: Ctx,
    measure: Compared,
    first: First = None,
    last: Last = None,
) -> People:
    """For each person what they reached beside what all people together would have reached with cases of the same
    categories and severities; with an interval, an estimate that few cases draw towards 1, and the limits of chance for
    a funnel plot. Ordered by id: it is no ranking. A case counts for whoever has it now. Few cases: nothing is said.
    What lies outside of the wide limits is a reason to look, and no proof. 90 days unless a range is given."""
    return await _people(ctx, measure, first, last)


@router.get(
    "/measures/people/me", summary="How you compare, with the same cases", responses=problems.documented(403)
)
async def compare_me(
    who: Annotated[Principal, may()],
    ctx: Ctx,
    measure: Compared,
    first: First = None,
    last: Last = None,
) -> People:
    """The same of yourself alone. It takes no scope, only an account in the directory."""
    return await _people(ctx, measure, first, last, await _person_of(ctx, who))


async def _person_of(ctx: Context, who: Principal) -> str:
    """Their id in the directory. Raises a 403 problem when it does not know the account."""
    path = f"/routing/v1/directory/authority?account={quote(who.id, safe='')}"
    try:
        return str((await ctx.ask("routing", path, "cases:read"))["person"])
    except httpx.HTTPStatusError as error:
        if error.response.status_code != 404:
            raise
    raise Problem(
        403,
        "forbidden",
        "This account belongs to nobody in the directory",
        f"Let an administrator set `account` of your person to {who.id!r}. "
        f"请管理员将您的人员记录的 account 设为 {who.id!r}。",
        field="header/Authorization",
    )


async def _people(
    ctx: Context, measure: Measure, first: date | None, last: date | None, only: str | None = None
) -> People:
    first, last = checked(first, last, clock.today(), days=DAYS)
    async with ctx.database.reading() as connection:
        compared, fewest = await standings_of(connection, measure, first, last)
    standings = [each for each in compared if only in (None, each.person)]
    return People(
        first=first,
        last=last,
        measure=measure.id,
        direction=measure.direction,
        fewest=fewest,
        confidence=CONFIDENCE,
        people=[
            PersonShown(
                **{name: value for name, value in asdict(each).items() if not name.startswith("funnel")},
                funnel=FunnelLimits(**asdict(each.funnel)) if each.funnel else None,
                funnel_wide=FunnelLimits(**asdict(each.funnel_wide)) if each.funnel_wide else None,
            )
            for each in standings
        ],
    )


async def standings_of(
    connection: AsyncConnection, measure: Measure, first: date, last: date
) -> tuple[list[Standing], int]:
    """Everybody by their ids, and with how many cases anything is said of somebody."""
    fewest = (await load_books(connection, MEASURE_TARGETS)).read(MEASURE_TARGETS).fewest
    cases = await _cases(connection, measure, first, last)
    return await asyncio.to_thread(compare, cases, fewest), fewest


async def _cases(
    connection: AsyncConnection, measure: Measure, first: date, last: date
) -> dict[str, dict[Stratum, tuple[int, int]]]:
    """By handler and (category, severity): the measure's numerator and denominator, from the sums."""
    part, whole = (_sum(terms) for terms in (measure.making.part, measure.making.whole))
    counted = ", ".join(("value", *sorted(measure.making.needs)))
    some = rows(counted, "in", "dimension = :dimension AND value NOT LIKE :nobody")
    statement = sql(
        f"SELECT value, {part} AS part, {whole} AS whole FROM ({some}) s GROUP BY value HAVING {whole} > 0"  # noqa: S608 - names of our own counts
    )
    given = {"dimension": name_of(STRATA), "nobody": f"{JOIN}%", **pieces("in", first, last)}
    found: defaultdict[str, dict[Stratum, tuple[int, int]]] = defaultdict(dict)
    for row in await driver.run(connection, statement, given):
        handler, *stratum = row.value.split(JOIN)
        found[handler][tuple(stratum)] = (row.part, row.whole)
    return found


def _sum(terms: Terms) -> str:
    return f"sum({' + '.join(f'{sign} * {name}' for name, sign in terms.items())})::bigint"
