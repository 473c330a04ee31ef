"""HTTP in: whether customers come back with the same trouble, and whether a cause brings fewer complaints than before.

Of two complaints of one customer no sum can tell, so this reads the complaints closed in the range.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, timedelta
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from services.insights.exact import rate_ratio
from services.insights.measures.book import MEASURE_TARGETS
from services.insights.measures.comparing import CONFIDENCE, mid_p
from services.insights.model import DISSATISFIED
from services.insights.ranges import First, Last, Reader, before, checked, moments
from shared import clock, driver, problems
from shared.database import sql
from shared.rulebooks.store import load_books
from shared.service import Ctx, api_router

router = api_router(tags=["measures"])

DAYS = 90
MOST = 500

_COUNTED = """
WITH again AS (
    SELECT coalesce({key}, '') AS key,
        count(*) FILTER (WHERE watched) AS watched, count(*) FILTER (WHERE NOT watched) AS still_watched,
        count(*) FILTER (WHERE watched AND EXISTS (
            SELECT 1 FROM complaints n
            WHERE n.customer_id = c.customer_id AND n.category = c.category AND n.id <> c.id
              AND n.kind = ANY(CAST(:kinds AS text[])) AND n.leading_id IS DISTINCT FROM c.id
              AND n.registered_at > c.closed_at AND n.registered_at <= c.closed_at + CAST(:within AS interval)
        )) AS came_back
    FROM (SELECT *, closed_at + CAST(:within AS interval) <= CAST(:now AS timestamptz) AS watched FROM complaints
          WHERE closed_at >= :since AND closed_at < :until AND kind = ANY(CAST(:kinds AS text[]))
            AND customer_id IS NOT NULL AND category IS NOT NULL) c
    GROUP BY 1
), came AS (
    SELECT coalesce({key}, '') AS key, count(*) FILTER (WHERE registered_at >= :since) AS now,
           count(*) FILTER (WHERE registered_at < :since) AS before
    FROM complaints
    WHERE registered_at >= :before AND registered_at < :until AND kind = ANY(CAST(:kinds AS text[]))
      AND leading_id IS NULL AND withdrawn_at IS NULL
    GROUP BY 1
)
SELECT key, coalesce(watched, 0) AS watched, coalesce(still_watched, 0) AS still_watched,
       coalesce(came_back, 0) AS came_back, coalesce(now, 0) AS now, coalesce(before, 0) AS before
FROM again FULL JOIN came USING (key) ORDER BY 5 DESC, 2 DESC, 1 LIMIT {most}
"""


class RecurrenceBy(StrEnum):
    """What counts as the cause."""

    CATEGORY = "category"
    SUBCATEGORY = "subcategory"
    PRODUCT = "product"
    DEPARTMENT = "department"


_BY = {cause: sql(_COUNTED.format(key=cause.value, most=MOST)) for cause in RecurrenceBy}


class RecurringCause(BaseModel):
    """One cause."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    key: Annotated[str | None, Field(examples=["delivery"])]
    """Null: not known."""
    watched: int
    """Complaints closed in the range long enough ago that coming back would be known."""
    still_watched: int
    """Those closed too lately to tell; they are not in the rate."""
    came_back: int
    """Of `watched`, those whose customer complained of the same category again in time."""
    rate: float | None
    """Null when nothing was watched."""
    low: float | None
    high: float | None
    too_few: bool
    """So few were watched that the rate says little."""
    received: int
    """Complaints and criticisms received in the range; merged and withdrawn ones are not counted."""
    received_before: int
    """In as many days before."""
    ratio: float | None
    """Received in the range by before; null when there was nothing before."""
    ratio_low: float
    ratio_high: float | None
    """Null: no upper bound."""
    fell: bool
    """The whole interval lies below 1."""


class Recurrences(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    first: Annotated[date, Field(serialization_alias="from")]
    last: Annotated[date, Field(serialization_alias="to")]
    by: RecurrenceBy
    within_days: int
    confidence: float
    """Of all intervals."""
    causes: list[RecurringCause]
    """At most 500, those with most complaints first."""


@router.get(
    "/measures/recurrence",
    summary="Do customers come back with the same trouble?",
    responses=problems.documented(),
)
async def read_recurrence(
    who: Reader,
    ctx: Ctx,
    first: First = None,
    last: Last = None,
    by: Annotated[RecurrenceBy, Query(description="What counts as the cause.")] = RecurrenceBy.CATEGORY,
    within: Annotated[int, Query(ge=1, le=365, description="Days after the closing.")] = DAYS,
) -> Recurrences:
    """For each cause: of the complaints closed in the range, the share whose customer complained of the same category
    again within 90 days of the closing (mid-p interval); and the complaints received, beside as many days before (exact
    comparison of two counts). That they are fewer is no proof of why: see `/effect` for an improvement."""
    now = clock.now()
    first, last = checked(first, last, now.astimezone(UTC).date(), days=DAYS)
    since, until = moments(first, last)
    given = {
        **{"since": since, "until": until, "before": before(since, until), "now": now},
        **{"within": timedelta(days=within), "kinds": sorted(DISSATISFIED)},
    }
    async with ctx.database.reading() as connection:
        fewest = (await load_books(connection, MEASURE_TARGETS)).read(MEASURE_TARGETS).fewest
        rows = (await driver.run(connection, _BY[by], given)).all()
    causes = await asyncio.to_thread(_causes, rows, fewest)
    return Recurrences(
        first=first, last=last, by=by, within_days=within, confidence=CONFIDENCE, causes=causes
    )


def _causes(rows: Sequence[Any], fewest: int) -> list[RecurringCause]:
    """Exact intervals take a millisecond each, so this runs beside the event loop."""
    causes = []
    for row in rows:
        compared = rate_ratio(row.before, row.now, 1, 1)
        low, high = mid_p(row.came_back, row.watched) if row.watched else (None, None)
        causes.append(
            RecurringCause(
                key=row.key or None,
                watched=row.watched,
                still_watched=row.still_watched,
                came_back=row.came_back,
                rate=row.came_back / row.watched if row.watched else None,
                low=low,
                high=high,
                too_few=row.watched < fewest,
                received=row.now,
                received_before=row.before,
                ratio=compared.ratio,
                ratio_low=compared.low,
                ratio_high=compared.high,
                fell=compared.high is not None and compared.high < 1,
            )
        )
    return causes
