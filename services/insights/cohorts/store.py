"""Customers by how their complaint ended and when they bought again. The cost follows the complaints of the range."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.cohorts.model import WINDOWS, Watched
from services.insights.journeys.steps import ENDS
from services.insights.model import DISSATISFIED
from shared import driver
from shared.database import sql

Cohort = tuple[str, str]
"""The last step, and the band of the loss ('' when none was named)."""

_WATCHED = sql(
    """
SELECT ending, loss, bought, count(*) AS n,
    least(floor(extract(epoch FROM watched) / 86400), CAST(:most AS int))::int AS days
FROM (
    SELECT ending, loss, again IS NOT NULL AS bought, coalesce(again, :now) - ended_at AS watched
    FROM (
        SELECT e.ending, coalesce(e.loss, '') AS loss, e.ended_at, (
            SELECT min(at) FROM journeys o, unnest(o.bought_at) AS at
            WHERE o.customer_id = e.customer_id AND at > e.ended_at AND at <= :now
        ) AS again
        FROM (
            SELECT customer_id, loss, steps[cardinality(steps)] AS ending, times[cardinality(times)] AS ended_at
            FROM journeys
            WHERE registered_at >= :since AND registered_at < :until AND leading_id IS NULL
              AND customer_id IS NOT NULL AND kind = ANY(CAST(:kinds AS text[]))
        ) e
        WHERE ending = ANY(CAST(:ends AS text[])) AND ended_at <= :now
    ) a
) w
GROUP BY 1, 2, 3, 5
"""
)


async def cohorts(
    connection: AsyncConnection, first: date, last: date, now: datetime
) -> dict[Cohort, Watched]:
    """Of the complaints and criticisms registered from `first` to `last` that have ended by `now`."""
    given = {
        "since": datetime.combine(first, time(), UTC),
        "until": datetime.combine(last, time(), UTC) + timedelta(days=1),
        "now": now,
        "most": max(WINDOWS),
        "kinds": sorted(DISSATISFIED),
        "ends": sorted(ENDS),
    }
    found: defaultdict[Cohort, tuple[Counter[int], Counter[int]]] = defaultdict(
        lambda: (Counter(), Counter())
    )
    for row in await driver.run(connection, _WATCHED, given):
        found[row.ending, row.loss][0 if row.bought else 1][row.days] += row.n
    return {cohort: Watched(*counted) for cohort, counted in found.items()}


def together(found: dict[Cohort, Watched], endings: frozenset[str], losses: frozenset[str]) -> Watched:
    """The customers of several cohorts as one."""
    bought: Counter[int] = Counter()
    not_yet: Counter[int] = Counter()
    for (ending, loss), watched in found.items():
        if ending in endings and loss in losses:
            bought.update(watched.bought)
            not_yet.update(watched.not_yet)
    return Watched(bought, not_yet)
