"""How late complaints become known, dimension by dimension: by what rounds counted of the same weeks and days.

A complaint counts in a category once somebody has classified it, in a product once the product is known: the newest
steps are never complete. Each round notes how many it knows of each of the newest steps, and what was added from one
round to the next is the delay (`warning.delay`). Of days it is learned for each day of the week: on Sunday nobody
classifies.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.alerts.book import EarlyWarning
from services.insights.alerts.counts import Counted
from services.insights.alerts.judging import NEWEST, Known
from services.insights.alerts.series import Dimension
from services.insights.warning import delay
from services.insights.warning.delay import Arrival
from services.insights.warning.negbin import Floats
from shared import driver
from shared.database import Transaction, sql
from shared.events.insights import WarningStep

LONGEST = {WarningStep.WEEK: 8, WarningStep.DAY: 21}
"""Steps after which all is known that ever will be, or as good as."""
ON_TIME = 0.25
"""A round that is later than this part of a step is not noted: more was known then than usually is."""

# A step of which nothing is known is noted, too: by noughts.
_NOTE = sql(
    "INSERT INTO counts_known (step, dimension, starts, age, n) SELECT CAST(:step AS text), d.dimension, "
    "CAST(:newest AS date) - a.age * CAST(:days AS int) AS starts, a.age, coalesce(sum(c.n), 0) "
    "FROM unnest(CAST(:dimensions AS text[])) AS d(dimension) "
    "CROSS JOIN generate_series(0, CAST(:oldest AS int)) AS a(age) "
    "LEFT JOIN series_counts c ON c.step = :step AND c.dimension = d.dimension "
    "AND c.starts = CAST(:newest AS date) - a.age * CAST(:days AS int) GROUP BY 2, 3, 4"
)
_FORGET = sql("DELETE FROM counts_known WHERE CAST(:whole AS boolean) OR starts < :oldest")
_READ = sql(
    "SELECT dimension, starts, array_agg(age) AS ages, array_agg(n) AS numbers FROM counts_known "
    "WHERE step = :step AND starts >= :since AND starts <= :newest AND age <= :longest GROUP BY 1, 2 ORDER BY 1, 2"
)


@dataclass(frozen=True, slots=True)
class Round:
    """What is judged, and when."""

    step: WarningStep
    starts: date
    at: datetime

    @property
    def days(self) -> int:
        return 7 if self.step is WarningStep.WEEK else 1

    def late(self, book: EarlyWarning) -> float:
        """In steps, after it could first have been judged."""
        due = datetime.combine(self.starts, time(), UTC) + timedelta(days=self.days, hours=book.settle_hours)
        return max(0.0, (self.at - due) / timedelta(days=self.days))


async def note(transaction: Transaction, of: Round, book: EarlyWarning, *, anew: bool) -> None:
    """Once the counts are those of this round. `anew`: they are counted by other rules than before, so that nothing
    that was noted can be compared with them."""
    oldest = of.starts - timedelta(weeks=book.delay_weeks)
    await transaction.execute(_FORGET, {"whole": anew, "oldest": oldest})
    if of.late(book) > ON_TIME or not book.delay_weeks:
        return
    given = {
        **{"step": of.step, "newest": of.starts, "days": of.days, "dimensions": list(book.dimensions)},
        # What is older than the newest weeks is not counted again.
        "oldest": min(LONGEST[of.step], book.recount_weeks * 7 // of.days - 1),
    }
    await transaction.execute(_NOTE, given)


async def known(connection: AsyncConnection, of: Round, counted: Counted, book: EarlyWarning) -> Known | None:
    """Of the newest steps of each series. None: all is known of all of them, or nobody can tell."""
    given = {
        **{"step": of.step, "since": of.starts - timedelta(weeks=book.delay_weeks), "newest": of.starts},
        "longest": LONGEST[of.step],
    }
    rows: defaultdict[tuple[str, int], list[tuple[list[int], list[int]]]] = defaultdict(list)
    for row in await driver.run(connection, _READ, given):
        rows[row.dimension, _kind(of.step, row.starts)].append((row.ages, row.numbers))
    arrivals = {key: _arrival(some, LONGEST[of.step] + 1) for key, some in rows.items()}
    shares = {
        each: _newest(each, arrivals, of, of.late(book)) for each in {key.dimension for key in counted.keys}
    }
    if all((share == 1).all() for share, _ in shares.values()):
        return None
    return Known(*(np.stack([shares[key.dimension][number] for key in counted.keys]) for number in (0, 1)))


def _kind(step: WarningStep, starts: date) -> int:
    return starts.weekday() if step is WarningStep.DAY else 0


def _arrival(rows: list[tuple[list[int], list[int]]], ages: int) -> Arrival:
    triangle = np.full((len(rows), ages), np.nan)
    for place, (at, numbers) in enumerate(rows):
        triangle[place, at] = numbers
    return delay.learn(triangle)


def _newest(
    dimension: Dimension, arrivals: Mapping[tuple[str, int], Arrival], of: Round, late: float
) -> tuple[Floats, Floats]:
    """Share and error of each of the newest steps, the oldest first."""
    share, error = np.ones(NEWEST), np.zeros(NEWEST)
    for age in range(NEWEST):
        kind = _kind(of.step, of.starts - timedelta(days=age * of.days))
        if (found := arrivals.get((dimension, kind))) is not None:
            place = NEWEST - 1 - age
            share[place], error[place] = found.at(age + late)
    return share, error
