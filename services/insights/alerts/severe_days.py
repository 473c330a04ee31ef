"""Days of severe complaints by series, each customer's matter once."""

from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.alerts.book import EarlyWarning
from services.insights.alerts.counts import TOLD, cuts_of
from services.insights.alerts.series import Dimension, Key
from services.insights.alerts.severe import MOST
from services.insights.model import DISSATISFIED, JOIN
from shared import driver
from shared.database import sql
from shared.events.insights import WarningStep
from shared.events.vocabulary import Severity

DIMENSIONS = (Dimension.CATEGORY, Dimension.PRODUCT, Dimension.PRODUCT_CATEGORY)
"""Of those that are watched, by which severe complaints are told apart: more would say the same again."""


async def severe_days(
    connection: AsyncConnection, step: WarningStep, starts: date, book: EarlyWarning
) -> list[tuple[Key, list[date]]]:
    """Of the series with a severe complaint in the step: the newest days, the oldest first."""
    watched = [each for each in DIMENSIONS if each in book.dimensions]
    if not watched:
        return []
    end = starts + timedelta(days=7 if step is WarningStep.WEEK else 1)
    rows = await driver.run(
        connection,
        sql(
            f"WITH {TOLD} SELECT dimension, value, "  # noqa: S608 - our own words
            "(array_agg(day ORDER BY registered_at DESC))[1:CAST(:most AS int)] AS days FROM told "
            f"CROSS JOIN LATERAL (VALUES {cuts_of(watched)}) AS d(dimension, value) "
            "WHERE severity = :severe AND d.value IS NOT NULL AND day >= :first "
            "AND (before IS NULL OR day - before > CAST(:within AS int)) "
            "GROUP BY 1, 2 HAVING max(day) >= :starts ORDER BY 1, 2 LIMIT :series"
        ),
        {
            **{"first": end - timedelta(weeks=book.history_weeks), "end": end, "within": book.once_days},
            **{"kinds": sorted(DISSATISFIED), "join": JOIN, "severe": Severity.MAJOR, "most": MOST + 1},
            **{"starts": starts, "series": book.most_series},
        },
    )
    return [(Key(Dimension(row.dimension), row.value), row.days[::-1]) for row in rows]
