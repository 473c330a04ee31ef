"""Complaints of the last two years by day of registration and age at their end, for the forecast. The cost depends on
the days, not on the number of complaints."""

from datetime import date, timedelta

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.forecast.survival import History
from services.insights.journeys.model import GOES_ON
from shared import driver
from shared.database import sql

DAYS = 728
"""Of registrations: 104 weeks. What is open for longer is not counted."""

_HISTORY = sql(
    "SELECT day, array_agg(age) AS ages, array_agg(n) AS n FROM journey_ages "
    "WHERE month >= :month AND day BETWEEN :first AND :as_of GROUP BY day ORDER BY day"
)


async def history(connection: AsyncConnection, as_of: date) -> History | None:
    """From the first day on which there was anything, up to the end of `as_of`; None when there was nothing."""
    first = as_of - timedelta(days=DAYS - 1)
    given = {"month": first.replace(day=1), "first": first, "as_of": as_of}
    rows = (await driver.run(connection, _HISTORY, given)).all()
    if not rows:
        return None
    days = (as_of - rows[0].day).days + 1
    ended, open_ = np.zeros((days, days)), np.zeros((days, days))
    for row in rows:
        longest = (as_of - row.day).days
        ages, n = np.array(row.ages), np.array(row.n)
        known = (ages != GOES_ON) & (ages <= longest)  # what ended later was open on that day
        ended[days - 1 - longest, ages[known]] = n[known]
        open_[days - 1 - longest, longest] = n[~known].sum()
    return History(ended, open_)
