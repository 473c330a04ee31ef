"""How the complaints of several unusual series overlap, counted by the database; and what is part of what by it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.alerts.affected import BESIDE, range_of
from services.insights.alerts.book import EarlyWarning
from services.insights.alerts.findings import Finding
from services.insights.alerts.joining import Crowd, joined
from services.insights.alerts.series import Key
from services.insights.model import DISSATISFIED
from shared import driver
from shared.database import sql
from shared.events.insights import WarningStep, WarningTail

MOST = 200
"""Findings of a tail that are joined, the most unusual first: each is held against every kind of complaint."""
_NAMES = ("category", "subcategory", "product", "region", "channel", "supplier", "batch")

Series = tuple[Key, WarningTail]

_CROWDS = sql(
    f"WITH told AS (SELECT {', '.join(_NAMES)}, "  # noqa: S608 - our own words
    "count(*) FILTER (WHERE registered_at >= :since) AS late, count(*) FILTER (WHERE registered_at < :since) AS before "
    "FROM complaints WHERE registered_at >= :beside AND registered_at < :end "
    f"AND kind = ANY(CAST(:kinds AS text[])) GROUP BY {', '.join(_NAMES)}) "
    "SELECT m.series, CAST(sum(late) AS bigint) AS late, CAST(sum(before) AS bigint) AS before "
    "FROM told t CROSS JOIN LATERAL (SELECT array_agg(s.number ORDER BY s.number) AS series FROM "
    f"unnest(CAST(:numbers AS int[]), {', '.join(f'CAST(:{name} AS text[])' for name in _NAMES)}) "
    f"AS s(number, {', '.join(_NAMES)}) "
    f"WHERE {' AND '.join(f'(s.{name} IS NULL OR s.{name} = t.{name})' for name in _NAMES)}) m "
    "WHERE m.series IS NOT NULL GROUP BY 1 ORDER BY 1"
)


async def parts(
    connection: AsyncConnection, found: Sequence[Finding], step: WarningStep, starts: date, book: EarlyWarning
) -> dict[Series, Series]:
    """Which finding is part of which other of the same tail; those that lead are missing."""
    by_tail: defaultdict[WarningTail, list[Finding]] = defaultdict(list)
    for finding in sorted(found, key=lambda each: (each.evidence.calibrated, each.key)):
        by_tail[finding.tail].append(finding)
    known: dict[Series, Series] = {}
    for tail, several in by_tail.items():
        some = several[:MOST]
        if len(some) == 1:
            continue
        crowds = [] if tail is WarningTail.SEVERE else await _crowds(connection, some, step, starts)
        for part, leader in joined(some, crowds, book).items():
            known[some[part].key, tail] = some[leader].key, tail
    return known


async def _crowds(
    connection: AsyncConnection, found: Sequence[Finding], step: WarningStep, starts: date
) -> list[Crowd]:
    over = range_of(found[0], step, starts)
    given = {
        **{"since": over.since, "end": over.before, "beside": over.since - BESIDE},
        **{"kinds": sorted(DISSATISFIED), "numbers": list(range(len(found)))},
        **{name: [each.key.parts.get(name) for each in found] for name in _NAMES},
    }
    rows = await driver.run(connection, _CROWDS, given)
    return [Crowd(frozenset(row.series), row.late, row.before) for row in rows]
