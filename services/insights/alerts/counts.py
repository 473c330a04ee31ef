"""Complaints counted by series, week and day, each customer's matter once; and read as arrays.

The SQL counts as `warning.counting.once` does: a complaint is a repetition when the same customer told of the same
category at most so many days before, counted or not. Praise and suggestions are no complaints; of merged and withdrawn
ones the trouble was there all the same. Only the newest weeks are counted again.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.alerts.book import EarlyWarning
from services.insights.alerts.series import Dimension, Key
from services.insights.alerts.shapes import DAY_WINDOWS
from services.insights.model import DISSATISFIED, JOIN
from services.insights.warning.negbin import Floats
from shared import driver
from shared.database import Transaction, sql
from shared.events.insights import WarningStep

WEEK = timedelta(days=7)
_DAYS = DAY_WINDOWS[-1] + 1

TOLD = (
    # `before` is looked for among all that could make the first of them a repetition.
    "told AS (SELECT category, subcategory, product, region, channel, supplier, batch, severity, registered_at, "
    "(registered_at AT TIME ZONE 'UTC')::date AS day, lag((registered_at AT TIME ZONE 'UTC')::date) OVER "
    "(PARTITION BY coalesce(customer_id, id), category ORDER BY registered_at, id) AS before FROM complaints "
    "WHERE registered_at >= CAST(CAST(:first AS date) - CAST(:within AS int) AS timestamp) AT TIME ZONE 'UTC' "
    "AND registered_at < CAST(CAST(:end AS date) AS timestamp) AT TIME ZONE 'UTC' "
    "AND kind = ANY(CAST(:kinds AS text[])))"
)
"""All that was told from `first` to `end`, with the day on which the same customer told of the same before."""


def counted_by(book: EarlyWarning) -> str:
    """Names the rules of counting: with others, everything is counted anew."""
    rules = [sorted(book.dimensions), book.once_days, book.history_weeks, book.daily]
    return hashlib.sha256(json.dumps(rules).encode()).hexdigest()


async def recount(transaction: Transaction, book: EarlyWarning, end: date, *, whole: bool) -> None:
    """Count the weeks and days before `end` (the newest, or the `whole` of it) again. `end` need not be a Monday."""
    monday = end - timedelta(days=end.weekday())
    first = monday - (book.history_weeks if whole else book.recount_weeks) * WEEK
    days = end - timedelta(days=_DAYS) if book.daily else end
    given = {
        "first": first,
        "end": end,
        "monday": monday,
        "days": max(first, days),
        "kinds": sorted(DISSATISFIED),
        "within": book.once_days,
        "join": JOIN,
    }
    await transaction.execute(
        sql(
            "DELETE FROM series_counts "
            "WHERE starts < CASE step WHEN 'week' THEN CAST(:oldest AS date) ELSE CAST(:days AS date) END"
        ),
        {"oldest": monday - book.history_weeks * WEEK, "days": days},
    )
    await transaction.execute(sql(_recount(book.dimensions)), given)


def _recount(dimensions: Sequence[Dimension]) -> str:
    """Only what changed is written: of the weeks that were counted before, that is next to nothing."""
    cuts = cuts_of(dimensions)
    return (
        f"WITH {TOLD}, "  # noqa: S608 - our own words
        "first AS (SELECT d.dimension, d.value, day FROM told CROSS JOIN LATERAL (VALUES "
        f"{cuts}) AS d(dimension, value) "
        "WHERE day >= :first AND d.value IS NOT NULL AND (before IS NULL OR day - before > CAST(:within AS int))), "
        "counted AS ("
        "SELECT 'week' AS step, dimension, value, date_trunc('week', CAST(day AS timestamp))::date AS starts, "
        "count(*) AS n FROM first WHERE day < CAST(:monday AS date) GROUP BY 2, 3, 4 UNION ALL "
        "SELECT 'day', dimension, value, day, count(*) FROM first WHERE day >= CAST(:days AS date) GROUP BY 2, 3, 4"
        "), changed AS MATERIALIZED (SELECT step, dimension, value, starts, c.n FROM counted c "
        "FULL JOIN (SELECT * FROM series_counts WHERE starts >= :first) s USING (step, dimension, value, starts) "
        "WHERE c.n IS DISTINCT FROM s.n), gone AS (DELETE FROM series_counts s USING changed c WHERE c.n IS NULL "
        "AND s.step = c.step AND s.dimension = c.dimension AND s.value = c.value AND s.starts = c.starts) "
        "INSERT INTO series_counts (step, dimension, value, starts, n) "
        "SELECT step, dimension, value, starts, n FROM changed WHERE n IS NOT NULL "
        "ON CONFLICT (step, dimension, value, starts) DO UPDATE SET n = excluded.n"
    )


def cuts_of(dimensions: Sequence[Dimension]) -> str:
    """Rows of dimension and value, for VALUES; the value is null where a part of it is not known."""
    return ", ".join(
        f"('{each.value}', {' || CAST(:join AS text) || '.join(each.columns) or repr('')})"
        for each in dimensions
    )


@dataclass(frozen=True, slots=True)
class Counted:
    """S series of T steps."""

    keys: list[Key]
    starts: date
    """Of the newest step."""
    counts: Floats
    """(S, T)"""
    history: NDArray[np.int64]
    """(S,): steps before the newest in which it could have had complaints."""


_READ = sql(
    "SELECT dimension, value, array_agg(starts - CAST(:first AS date)) AS places, array_agg(n) AS numbers "
    "FROM series_counts WHERE step = :step AND starts BETWEEN :first AND :newest "
    "AND dimension = ANY(CAST(:dimensions AS text[])) GROUP BY 1, 2 "
    "HAVING coalesce(sum(n) FILTER (WHERE starts > :recent), 0) >= :least OR sum(n) >= :much "
    "ORDER BY sum(n) DESC, 1, 2 LIMIT :most"
)
_BORN = sql(
    "SELECT dimension, value, min(starts) AS born FROM series_counts WHERE step = :step AND starts <= :newest "
    "AND dimension = ANY(CAST(:born AS text[])) GROUP BY 1, 2"
)
_FIRST = sql("SELECT min(starts) FROM series_counts WHERE step = :step AND starts <= :newest")


async def read(
    connection: AsyncConnection, step: WarningStep, newest: date, book: EarlyWarning
) -> Counted | None:
    """The series of which anything could be said, up to the step that starts on `newest`. None: nothing was counted.

    Those with fewer than `least` complaints lately and too few in all for silence are not read: no p value of theirs
    would count.
    """
    days = 7 if step is WarningStep.WEEK else 1
    began = (await driver.run(connection, _FIRST, {"step": step, "newest": newest})).scalar_one()
    if began is None:
        return None
    steps = book.history_weeks if days == 7 else _DAYS
    first = max(began, newest - timedelta(days=days * (steps - 1)))
    given = {
        **{"step": step, "first": first, "newest": newest, "dimensions": list(book.dimensions)},
        **{"recent": newest - book.recent * WEEK, "least": book.least},
        # Silence needs so many in eight weeks; days are not judged for it.
        **{"much": book.silence_least if days == 7 else 2**31 - 1, "most": book.most_series},
    }
    rows = sorted(
        (await driver.run(connection, _READ, given)).all(), key=lambda row: (row.dimension, row.value)
    )
    born = {
        Key(Dimension(row.dimension), row.value): row.born
        for row in await driver.run(
            connection, _BORN, {"step": step, "newest": newest, "born": ["product", "supplier", "batch"]}
        )
    }
    keys = [Key(Dimension(row.dimension), row.value) for row in rows]
    counts = np.zeros((len(keys), (newest - first).days // days + 1))
    for number, row in enumerate(rows):
        counts[number, np.array(row.places) // days] = row.numbers
    since = [max(born.get(key.born, began), first) for key in keys]
    history = np.array([(newest - each).days // days for each in since], dtype=np.int64)
    return Counted(keys, newest, counts, history)
