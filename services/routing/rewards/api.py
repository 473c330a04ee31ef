"""HTTP in: points for how complaints were handled."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.directory.acting import person_of
from services.routing.directory.schemas import PersonId
from services.routing.rewards.book import REWARDS, Result, RewardTable
from services.routing.rewards.model import Standing, bounds, ranked
from services.routing.rewards.schemas import EarnedShown, ResultCount, Reward, Rewards
from services.routing.store import directory, earnings
from shared import driver, pages, problems
from shared.auth import Principal, may
from shared.database import sql
from shared.rulebooks import store as rulebook_store
from shared.service import Ctx, api_router

router = api_router(tags=["rewards"])

Period = Annotated[
    str, Query(max_length=7, description="`2026`, `2026-Q1` or `2026-03`.", examples=["2026-03"])
]

# Whoever takes up a case that nobody was given is known by their account only. An id goes before an account that
# reads the same, so that nothing counts for two.
_COUNTED = sql(
    "SELECT coalesce(p.id, a.id, e.person) AS person, coalesce(p.name, a.name) AS name, e.result, "
    "count(*) AS times, sum(e.points) AS points, count(DISTINCT e.complaint_id) AS complaints "
    "FROM earnings e LEFT JOIN people p ON p.id = e.person LEFT JOIN people a ON a.account = e.person AND p.id IS NULL "
    "WHERE e.counts AND e.earned_at >= :since AND e.earned_at < :until "
    "AND (CAST(:person AS text) IS NULL OR coalesce(p.id, a.id, e.person) = :person) "
    "GROUP BY 1, 2, e.result ORDER BY 1, e.result"
)


@router.get(
    "/rewards",
    response_model=Rewards,
    response_model_exclude_none=True,
    summary="What people earned in a period",
    responses=problems.documented(422),
)
async def list_rewards(who: Annotated[Principal, may("cases:read")], ctx: Ctx, period: Period) -> Rewards:
    """Best first, by points per handled case, with the number of cases beside it. Having few complaints earns
    nothing: points are for what was done with a complaint that came."""
    async with ctx.database.reading() as connection:
        return await _rewards(connection, period, None)


@router.get(
    "/rewards/me",
    response_model=Rewards,
    response_model_exclude_none=True,
    summary="What you earned in a period",
    responses=problems.documented(403, 422),
)
async def read_my_rewards(who: Annotated[Principal, may()], ctx: Ctx, period: Period) -> Rewards:
    """Without a rank. It takes no scope, only an account in the directory."""
    async with ctx.database.reading() as connection:
        mine = await _rewards(connection, period, await person_of(connection, who))
    return mine.model_copy(
        update={"people": [reward.model_copy(update={"rank": None}) for reward in mine.people]}
    )


async def _rewards(connection: AsyncConnection, period: str, person: str | None) -> Rewards:
    table = await _table(connection)
    since, until = _bounds(period, table)
    rows = (await driver.run(connection, _COUNTED, {"since": since, "until": until, "person": person})).all()
    counts: dict[str, list[ResultCount]] = {}
    names: dict[str, str | None] = {}
    handled: dict[str, int] = {}
    for row in rows:
        counts.setdefault(row.person, []).append(
            ResultCount(result=row.result, times=row.times, points=row.points)
        )
        names[row.person] = row.name
        if row.result == Result.CASE_HANDLED:
            handled[row.person] = row.complaints
    standings = [
        Standing(each, handled.get(each, 0), sum(count.points for count in made_up_of))
        for each, made_up_of in counts.items()
    ]
    return Rewards(
        period=period,
        since=since,
        until=until,
        least_cases=table.least_cases,
        people=[
            Reward(
                rank=rank,
                person=each.person,
                name=names[each.person],
                handled=each.handled,
                points=each.points,
                points_per_case=each.per_case,
                made_up_of=counts[each.person],
            )
            for rank, each in ranked(standings, table.least_cases)
        ],
    )


@router.get(
    "/rewards/earnings",
    response_model=pages.Page[EarnedShown],
    summary="The rows that make up what people earned",
    responses=problems.documented(422),
)
async def list_earnings(
    who: Annotated[Principal, may("cases:read")],
    ctx: Ctx,
    period: Period,
    person: Annotated[PersonId | None, Query(description="Only of this person.")] = None,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[EarnedShown]:
    """The newest first, each with the fact that it follows from."""
    c = earnings.c
    async with ctx.database.reading() as connection:
        since, until = _bounds(period, await _table(connection))
        query: Any = select(earnings).where(c.earned_at >= since, c.earned_at < until)
        if person is not None:
            people, namesake = directory.people.c, directory.people.alias()
            account = select(people.account).where(people.id == person)
            account = account.where(~exists().where(namesake.c.id == people.account))
            query = query.where(or_(c.person == person, c.person == account.scalar_subquery()))
        return await pages.read(
            connection,
            query,
            limit,
            cursor,
            lambda row: EarnedShown(**row),
            c.earned_at,
            c.id,
            newest_first=True,
        )


async def _table(connection: AsyncConnection) -> RewardTable:
    return (await rulebook_store.load_books(connection, REWARDS)).read(REWARDS)


def _bounds(period: str, table: RewardTable) -> tuple[datetime, datetime]:
    try:
        return bounds(period, table.zone)
    except ValueError:
        raise problems.invalid(
            "There is no such period",
            "Name a year, a quarter or a month: 2026, 2026-Q1, 2026-03. 请写年、季度或月份，如 2026-03。",
            field="query/period",
        ) from None
