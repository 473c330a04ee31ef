"""Series from the rollups: their cost depends on the days, not on the number of complaints."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.charts.model import Span
from services.insights.model import COUNTS
from shared import driver
from shared.database import sql

Day = dict[str, int]

_SERIES = sql(
    f"SELECT day, {', '.join(COUNTS)} FROM daily "  # noqa: S608 - own names only
    "WHERE dimension = :dimension AND value = :value AND day BETWEEN :first AND :last ORDER BY day"
)


async def series(
    connection: AsyncConnection, by: str, value: str, first: date, last: date
) -> list[tuple[date, Day]]:
    """The counts of each day on which something was counted, oldest first."""
    given = {"dimension": by, "value": value, "first": first, "last": last}
    found = await driver.run(connection, _SERIES, given)
    return [(row.day, {name: getattr(row, name) for name in COUNTS}) for row in found]


def summed(days: Sequence[tuple[date, Day]], names: Sequence[str], spans: Sequence[Span]) -> list[int]:
    """The sum of these counts in each span; the spans follow each other without a gap."""
    if not spans:
        return []
    length = (spans[0].last - spans[0].first).days + 1
    sums = [0] * len(spans)
    for day, counts in days:
        place = (day - spans[0].first).days // length
        if 0 <= place < len(spans):
            sums[place] += sum(counts[name] for name in names)
    return sums
