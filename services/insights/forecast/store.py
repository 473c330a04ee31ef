"""Complaints of the last two years by day of registration and age at their end, for the forecast."""

from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.forecast.survival import History
from services.insights.journeys.steps import ENDS
from shared import driver
from shared.database import sql

DAYS = 728
"""Of registrations: 104 weeks. What is open for longer is not counted."""

_HISTORY = sql(
    """
SELECT day, CASE WHEN ended_on <= :as_of THEN ended_on - day END AS age, count(*) AS n FROM (
    SELECT CAST(registered_at AT TIME ZONE 'UTC' AS date) AS day,
           CASE WHEN steps[cardinality(steps)] = ANY(CAST(:ends AS text[]))
                THEN CAST(times[cardinality(times)] AT TIME ZONE 'UTC' AS date) END AS ended_on
    FROM journeys WHERE registered_at >= :since AND registered_at < :until AND leading_id IS NULL
) j GROUP BY 1, 2
"""
)


async def history(connection: AsyncConnection, as_of: date) -> History | None:
    """From the first day on which there was anything, up to the end of `as_of`; None when there was nothing."""
    given = {
        "since": datetime.combine(as_of - timedelta(days=DAYS - 1), time(), UTC),
        "until": datetime.combine(as_of + timedelta(days=1), time(), UTC),
        "as_of": as_of,
        "ends": sorted(ENDS),
    }
    rows = list(await driver.run(connection, _HISTORY, given))
    if not rows:
        return None
    first = min(row.day for row in rows)
    days = (as_of - first).days + 1
    ended, open_ = np.zeros((days, days)), np.zeros((days, days))
    for row in rows:
        place = (row.day - first).days
        if row.age is None:
            open_[place, days - 1 - place] += row.n
        else:
            ended[place, max(0, row.age)] += row.n
    return History(ended, open_)
