"""Questions to the sums of journeys. Their cost depends on the months, not on the number of complaints."""

from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared import driver
from shared.database import Database, sql

PAGE = 1000
"""Complaints that an export reads at a time."""

_FUNNEL = sql(
    "SELECT stage, state, bucket, sum(n)::bigint AS n FROM journey_funnel "
    "WHERE month BETWEEN :first AND :last GROUP BY 1, 2, 3"
)
_EDGES = sql(
    "SELECT source, target, again, bucket, sum(n)::bigint AS n FROM journey_edges "
    "WHERE month BETWEEN :first AND :last GROUP BY 1, 2, 3, 4"
)
_VARIANTS = sql(
    "SELECT variant, again, sum(n)::bigint AS n, (sum(sum(n)) OVER ())::bigint AS complaints, "
    "coalesce(sum(sum(n)) FILTER (WHERE again) OVER (), 0)::bigint AS reworked, count(*) OVER () AS variants "
    "FROM journey_variants WHERE month BETWEEN :first AND :last GROUP BY 1, 2 "
    "ORDER BY 3 DESC, 1 LIMIT :most"
)
_TALLIES = sql(
    "SELECT value, severity, loss, ending, slow, sum(n)::bigint AS n FROM journey_tallies "
    "WHERE dimension = :dimension AND month BETWEEN :first AND :last GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"
)
_LOG = sql(
    "SELECT id, registered_at, kind, category, subcategory, product, region, department, severity, steps, times "
    "FROM journeys WHERE leading_id IS NULL AND registered_at < :until "
    "AND (registered_at, id) > (:since, :after) ORDER BY registered_at, id LIMIT :page"
)
_NOBODY = UUID(int=0)


def months(first: date, last: date) -> dict[str, date]:
    return {"first": first.replace(day=1), "last": last.replace(day=1)}


@dataclass
class Stage:
    reached: dict[int, int] = field(default_factory=dict)
    """Complaints by bucket of the time since the stage before."""
    waiting: int = 0
    left: int = 0


async def funnel(connection: AsyncConnection, first: date, last: date) -> dict[str, Stage]:
    stages: defaultdict[str, Stage] = defaultdict(Stage)
    for row in await driver.run(connection, _FUNNEL, months(first, last)):
        stage = stages[row.stage]
        if row.state == "reached":
            stage.reached[row.bucket] = row.n
        elif row.state == "waiting":
            stage.waiting += row.n
        else:
            stage.left += row.n
    return stages


@dataclass
class Edge:
    times: dict[int, int] = field(default_factory=dict)
    """By bucket of the time between the two steps."""
    again: int = 0
    """Of them, those whose second step the complaint had taken before."""

    @property
    def n(self) -> int:
        return sum(self.times.values())


async def edges(connection: AsyncConnection, first: date, last: date) -> dict[tuple[str, str], Edge]:
    found: defaultdict[tuple[str, str], Edge] = defaultdict(Edge)
    for row in await driver.run(connection, _EDGES, months(first, last)):
        edge = found[row.source, row.target]
        edge.times[row.bucket] = edge.times.get(row.bucket, 0) + row.n
        if row.again:
            edge.again += row.n
    return found


async def variants(connection: AsyncConnection, first: date, last: date, most: int) -> list[Any]:
    """The most frequent, each with the totals over all of them."""
    return list(await driver.run(connection, _VARIANTS, months(first, last) | {"most": most}))


async def tallies(connection: AsyncConnection, dimension: str, first: date, last: date) -> list[Any]:
    return list(await driver.run(connection, _TALLIES, months(first, last) | {"dimension": dimension}))


async def ways(database: Database, first: date, last: date) -> AsyncIterator[list[Any]]:
    """The complaints registered from `first` to `last`, both included, a page at a time, oldest first."""
    given: dict[str, Any] = {
        "since": datetime.combine(first, time(), UTC),
        "until": datetime.combine(last, time(), UTC) + timedelta(days=1),
        "after": _NOBODY,
        "page": PAGE,
    }
    while True:
        async with database.reading() as connection:
            page = list(await driver.run(connection, _LOG, given))
        if page:
            yield page
        if len(page) < PAGE:
            return
        given |= {"since": page[-1].registered_at, "after": page[-1].id}
