"""What speaks for a suggestion, counted in the read tables; and counted again afterwards, to see whether it helped."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.suggestions.book import Suggestions
from shared import driver
from shared.database import sql
from shared.events.learning import SuggestionSource


@dataclass(frozen=True, slots=True)
class Evidence:
    source: SuggestionSource
    subject: tuple[str, ...]
    events: int
    cases: int | None
    """Of so many; None where they are counted by days."""
    complaints: tuple[UUID, ...]
    """The newest first, at most 50."""
    before: int
    """How often the same was suggested, and ended."""
    ended_at: datetime | None
    """When it ended last: only what happened since is counted."""


# What was decided or judged is not suggested again by what was known then.
_ENDED = """
WITH ended AS (
    SELECT source, subject, count(*) FILTER (WHERE state IN ('declined', 'judged')) AS number,
           max(coalesce(judged_at, decided_at)) FILTER (WHERE state IN ('declined', 'judged')) AS at,
           bool_or(state NOT IN ('declined', 'judged')) AS live
    FROM suggestions GROUP BY 1, 2
)
"""
_HAZARDS = sql(
    _ENDED  # noqa: S608 - our own words
    + """
SELECT 'hazard_again' AS source, h.subject, count(*) AS events, CAST(NULL AS bigint) AS cases,
       (array_agg(h.complaint ORDER BY h.registered_at DESC, h.id))[1:50] AS complaints,
       coalesce(e.number, 0) AS before, e.at AS ended_at
FROM (SELECT id, registered_at, ARRAY[danger, coalesce(product, '')] AS subject, evidence[1] AS complaint
      FROM hazards WHERE danger IS NOT NULL AND registered_at >= :since AND registered_at <= :until) h
LEFT JOIN ended e ON e.source = 'hazard_again' AND e.subject = h.subject
WHERE NOT coalesce(e.live, false) AND (e.at IS NULL OR h.registered_at > e.at)
GROUP BY h.subject, e.number, e.at HAVING count(*) >= :least ORDER BY h.subject
"""
)
_NEEDS = sql(
    _ENDED  # noqa: S608 - our own words
    + """
SELECT 'training_again' AS source, t.subject, count(*) AS events, CAST(NULL AS bigint) AS cases,
       (array_agg(t.complaint_id ORDER BY t.found_at DESC, t.id))[1:50] AS complaints,
       coalesce(e.number, 0) AS before, e.at AS ended_at
FROM (SELECT id, found_at, ARRAY[department, lapse] AS subject, complaint_id
      FROM training_needs WHERE department IS NOT NULL AND found_at >= :since AND found_at <= :until) t
LEFT JOIN ended e ON e.source = 'training_again' AND e.subject = t.subject
WHERE NOT coalesce(e.live, false) AND (e.at IS NULL OR t.found_at > e.at)
GROUP BY t.subject, e.number, e.at HAVING count(*) >= :least ORDER BY t.subject
"""
)
_PERMITS = sql(
    _ENDED  # noqa: S608 - our own words
    + """
, cases AS MATERIALIZED (
    SELECT c.id, c.category, c.accepted_at, w.permits_asked, w.permits_granted
    FROM complaints c JOIN conduct w ON w.id = c.id
    WHERE c.accepted_at >= :since AND c.accepted_at <= :until AND c.category IS NOT NULL
), needed AS (
    SELECT id, category, 'authority_lacking' AS source, 'beyond_limits' AS permit
    FROM cases WHERE 'beyond_limits' = ANY(permits_asked)
    UNION
    SELECT k.id, k.category, 'exception_usual', p.permit
    FROM cases k CROSS JOIN unnest(k.permits_granted) AS p(permit) WHERE p.permit <> 'beyond_limits'
)
SELECT s.source, ARRAY[s.permit, s.category] AS subject, count(n.id) AS events, count(*) AS cases,
       (array_agg(n.id ORDER BY k.accepted_at DESC, n.id) FILTER (WHERE n.id IS NOT NULL))[1:50] AS complaints,
       coalesce(e.number, 0) AS before, e.at AS ended_at
FROM (SELECT DISTINCT source, permit, category FROM needed) s
JOIN cases k ON k.category = s.category
LEFT JOIN needed n ON n.id = k.id AND n.source = s.source AND n.permit = s.permit
LEFT JOIN ended e ON e.source = s.source AND e.subject = ARRAY[s.permit, s.category]
WHERE NOT coalesce(e.live, false) AND (e.at IS NULL OR k.accepted_at > e.at)
GROUP BY s.source, s.permit, s.category, e.number, e.at HAVING count(n.id) >= :least ORDER BY 1, 2
"""
)

_DAYS = "extract(epoch FROM CAST(:end AS timestamptz) - CAST(:first AS timestamptz)) / 86400.0"
_CASES_BY = """
SELECT count(*) FILTER (WHERE :one = ANY(w.{permits})) AS events, CAST(count(*) AS float) AS exposure
FROM complaints c JOIN conduct w ON w.id = c.id
WHERE c.accepted_at >= :first AND c.accepted_at < :end AND c.category = :other
"""
_COUNTED = {
    # Heard in the words of complaints, whether it was registered by then or not.
    SuggestionSource.HAZARD_AGAIN: sql(
        f"SELECT count(*) AS events, CAST({_DAYS} AS float) AS exposure FROM voices "  # noqa: S608 - our own words
        "WHERE registered_at >= :first AND registered_at < :end AND dangers @> ARRAY[CAST(:one AS text)] "
        "AND coalesce(product, '') = :other"
    ),
    SuggestionSource.AUTHORITY_LACKING: sql(_CASES_BY.format(permits="permits_asked")),
    SuggestionSource.EXCEPTION_USUAL: sql(_CASES_BY.format(permits="permits_granted")),
    SuggestionSource.TRAINING_AGAIN: sql(
        f"SELECT count(*) AS events, CAST({_DAYS} AS float) AS exposure FROM training_needs "  # noqa: S608 - own names only
        "WHERE found_at >= :first AND found_at < :end AND department = :one AND lapse = :other"
    ),
}


async def found(
    connection: AsyncConnection, rules: Suggestions, since: datetime, until: datetime
) -> list[Evidence]:
    """Of everything on which no suggestion lies: what happened often enough to look at."""
    asked: dict[str, Any] = {"since": since, "until": until}
    rows = [
        row
        for statement, least in (
            (_HAZARDS, rules.least_hazards),
            (_PERMITS, rules.least_permits),
            (_NEEDS, rules.least_needs),
        )
        for row in await driver.run(connection, statement, asked | {"least": least})
    ]
    return [
        Evidence(
            SuggestionSource(row.source),
            tuple(row.subject),
            row.events,
            row.cases,
            tuple(dict.fromkeys(row.complaints)),
            row.before,
            row.ended_at,
        )
        for row in rows
    ]


async def counted(
    connection: AsyncConnection,
    source: SuggestionSource,
    subject: tuple[str, ...],
    first: datetime,
    end: datetime,
) -> tuple[int, float]:
    """How often it happened in the time, and of how many cases or in how many days."""
    asked = {"first": first, "end": end, "one": subject[0], "other": subject[1]}
    row = (await driver.run(connection, _COUNTED[source], asked)).one()
    return row.events, row.exposure
