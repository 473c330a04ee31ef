"""What was told, day by day and week by week: read from the words of complaints, counted, and the counts kept."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.topics import together
from services.insights.topics.counts import Counts, Told, count, summed
from services.insights.topics.tables import term_days
from services.insights.topics.together import Keys, Together, keys_of
from shared import driver
from shared.bulk import as_bytes, save_rows
from shared.database import Database, sql

DAY = timedelta(days=1)
AT_ONCE = 2000
"""Complaints in one question."""
SAMPLED = 3000
"""Complaints of a past week of which the combinations are counted: those of the customers with the smallest digests."""
MOST_COMBINATIONS = 1_000_000
"""Of a past week, ten bytes each: with long complaints, fewer of them are counted."""

_TOLD = sql(
    """
SELECT id, registered_at, language, customer_id,
       concat_ws(E'\\n', what_went_wrong, array_to_string(added, E'\\n')) AS words
FROM tellings WHERE (registered_at, id) > (CAST(:since AS timestamptz), CAST(:after AS uuid))
  AND registered_at < CAST(:until AS timestamptz) AND NOT erased
ORDER BY registered_at, id LIMIT :limit
"""
)
_STALE = sql(
    """
SELECT day FROM (SELECT CAST(registered_at AT TIME ZONE 'UTC' AS date) AS day, count(*) AS told
                 FROM tellings WHERE registered_at >= CAST(:since AS timestamptz)
                   AND registered_at < CAST(:until AS timestamptz) AND NOT erased GROUP BY 1) t
WHERE told <> (SELECT coalesce(sum(d.told), 0) FROM term_days d WHERE d.day = t.day) ORDER BY day
"""
)
_SAMPLE = sql(
    """
SELECT coalesce(customer_id, id) AS teller, language,
       concat_ws(E'\\n', what_went_wrong, array_to_string(added, E'\\n')) AS words
FROM tellings WHERE registered_at >= CAST(:since AS timestamptz) AND registered_at < CAST(:until AS timestamptz)
  AND NOT erased ORDER BY md5(CAST(coalesce(customer_id, id) AS text)), id LIMIT :most
"""
)
_COUNTS = sql("SELECT * FROM term_days WHERE day >= :first AND day < :behind ORDER BY day, language")
_NOBODY = UUID(int=0)

Words = dict[str, list[Told]]
"""What was told, by language."""


def begin(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


async def told(connection: AsyncConnection, first: date, behind: date) -> AsyncIterator[Words]:
    """A portion at a time, in the order in which it was told. Words of erased customers are gone."""
    since, after = begin(first), _NOBODY
    while True:
        given = {"since": since, "after": after, "until": begin(behind), "limit": AT_ONCE}
        rows = (await driver.run(connection, _TOLD, given)).all()
        if not rows:
            return
        yield await asyncio.to_thread(_read, rows)
        since, after = rows[-1].registered_at, rows[-1].id


def _read(rows: Sequence[Row[Any]]) -> Words:
    found: defaultdict[str, list[Told]] = defaultdict(list)
    for row in rows:
        found[row.language].append(Told.of(row.id, row.customer_id, row.words))
    return found


async def whole(connection: AsyncConnection, first: date, behind: date) -> Words:
    found: defaultdict[str, list[Told]] = defaultdict(list)
    async for portion in told(connection, first, behind):
        for language, some in portion.items():
            found[language] += some
    return found


async def keep_counts(database: Database, first: date, behind: date) -> None:
    """Count the days that are not counted yet, or that more was told of since. What a customer had told before they
    were erased stays counted, unless the day is counted again."""
    async with database.reading() as connection:
        given = {"since": begin(first), "until": begin(behind)}
        days = (await driver.run(connection, _STALE, given)).scalars().all()
    for day in days:
        async with database.reading() as connection:
            words = await whole(connection, day, day + DAY)
        rows = await asyncio.to_thread(_rows, day, words)
        async with database.transaction() as transaction:
            await save_rows(transaction, term_days, rows)


def _rows(day: date, words: Words) -> list[dict[str, object]]:
    counted = {language: count(some) for language, some in words.items()}
    return [
        {
            "day": day,
            "language": language,
            "told": len(words[language]),
            "customers": counts.customers,
            "counts": as_bytes(counts.packed()),
        }
        for language, counts in sorted(counted.items())
    ]


async def weekly(connection: AsyncConnection, first: date, weeks: int) -> dict[str, list[Counts]]:
    """By language, for each of so many weeks from `first` on; empty ones included."""
    given = {"first": first, "behind": first + 7 * weeks * DAY}
    rows = (await driver.run(connection, _COUNTS, given)).all()
    found: defaultdict[str, list[list[Counts]]] = defaultdict(lambda: [[] for _ in range(weeks)])
    for row in rows:
        found[row.language][(row.day - first).days // 7].append(Counts.unpacked(row.customers, row.counts))
    return await asyncio.to_thread(
        lambda: {language: [summed(days) for days in all_weeks] for language, all_weeks in found.items()}
    )


async def told_together(connection: AsyncConnection, week: date) -> dict[str, Together]:
    """Of a sample of the week that begins on this Monday, by language."""
    given = {"since": begin(week), "until": begin(week + 7 * DAY), "most": SAMPLED}
    rows = (await driver.run(connection, _SAMPLE, given)).all()
    return await asyncio.to_thread(_together, rows)


def _together(rows: Sequence[Row[Any]]) -> dict[str, Together]:
    found: defaultdict[str, list[tuple[UUID, Keys]]] = defaultdict(list)
    left = MOST_COMBINATIONS
    for row in rows:
        if left <= 0:
            break
        keys = keys_of(row.words)
        found[row.language].append((row.teller, keys))
        left -= keys.size
    return {language: together.count(some) for language, some in found.items()}
