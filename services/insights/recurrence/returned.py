"""The table of problems that came back. A job fills it, so it stays when the read tables are made again."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ARRAY, CheckConstraint, Column, DateTime, Float, Index, Integer, Row, Table, Text, Uuid
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.model import DISSATISFIED
from services.insights.recurrence.judging import Watched
from services.insights.store import metadata
from shared import driver
from shared.database import Transaction, sql
from shared.events.learning import RecurredBy

recurred_problems = Table(
    "recurred_problems",
    metadata,
    Column("id", Uuid, primary_key=True, comment="derived from the improvement and its closing"),
    Column("improvement_id", Uuid, nullable=False),
    Column("closed_at", DateTime(timezone=True), nullable=False, comment="of the improvement"),
    Column("recurred_by", Text, nullable=False),
    Column("complaint_id", Uuid, nullable=False, comment="the newest that tells it"),
    Column("before", Integer, nullable=False),
    Column("days_before", Float, nullable=False),
    Column("after", Integer, nullable=False),
    Column("days_after", Float, nullable=False),
    Column("customers", Integer, nullable=False, comment="who told it since the closing"),
    Column("rate_ratio", Float, comment="null: there was nothing before"),
    Column("low", Float, nullable=False),
    Column("high", Float, comment="null: no upper bound"),
    Column("p_value", Float, nullable=False, comment="of so few or fewer after, had the rate not fallen"),
    Column("evidence", ARRAY(Uuid), nullable=False, comment="complaints since the closing, the newest first"),
    Column("rules_version", Integer, nullable=False, comment="of the rulebook recurred-problems"),
    Column("found_at", DateTime(timezone=True), nullable=False),
    CheckConstraint(f"recurred_by IN {tuple(each.value for each in RecurredBy)}", name="recurred_by"),
    CheckConstraint("before >= 0 AND after > 0 AND customers BETWEEN 1 AND after", name="counts"),
    CheckConstraint("days_before > 0 AND days_after > 0 AND found_at > closed_at", name="time"),
    CheckConstraint("low >= 0 AND low <= coalesce(high, low)", name="interval"),
    CheckConstraint("cardinality(evidence) BETWEEN 1 AND 50", name="evident"),
    comment="problems that came back after their improvement was closed",
)
Index(
    "uq_recurred_problems_closing",
    recurred_problems.c.improvement_id,
    recurred_problems.c.closed_at,
    unique=True,
)
Index("ix_recurred_problems_newest", recurred_problems.c.found_at, recurred_problems.c.id)

# Whoever wrote after the closing about a cause that somebody removes elsewhere does not count against this one.
_COUNTED = """
SELECT k.id, k.closed_at,
       count(*) FILTER (WHERE NOT c.later) AS before,
       count(*) FILTER (WHERE c.later) AS after,
       count(DISTINCT c.customer) FILTER (WHERE c.later) AS customers,
       (array_agg(c.id ORDER BY c.registered_at DESC, c.id DESC) FILTER (WHERE c.later))[1:50] AS evidence
FROM closed k CROSS JOIN LATERAL (
    SELECT c.id, c.registered_at, coalesce(c.customer_id, c.id) AS customer, c.registered_at > k.closed_at AS later
    FROM {complaints}
    WHERE c.kind = ANY(CAST(:kinds AS text[])) AND c.leading_id IS NULL AND c.withdrawn_at IS NULL
      AND ((c.registered_at >= k.opened_at - CAST(:compared AS interval) AND c.registered_at < k.opened_at)
           OR (c.registered_at > k.closed_at AND c.registered_at <= :until
               AND (c.improvement_id IS NULL OR c.improvement_id = k.id)))
) c
GROUP BY k.id, k.closed_at HAVING count(*) FILTER (WHERE c.later) > 0
"""
_CLOSED = """
WITH closed AS MATERIALIZED (
    SELECT i.id, i.category, i.product, i.opened_at, i.closed_at FROM improvements i
    WHERE i.closed_at > :since AND i.closed_at < :until AND i.opened_at IS NOT NULL
      AND NOT EXISTS (SELECT FROM recurred_problems r WHERE r.improvement_id = i.id AND r.closed_at = i.closed_at)
)
"""
_BY_WORDS = sql(
    _CLOSED
    + _COUNTED.format(
        complaints="""(
        SELECT DISTINCT s.recurrence_id FROM complaints j JOIN signatures s ON s.id = j.id
        WHERE j.improvement_id = k.id AND j.registered_at <= k.closed_at AND s.recurrence_id IS NOT NULL
    ) told JOIN signatures t ON t.recurrence_id = told.recurrence_id JOIN complaints c ON c.id = t.id"""
    )
)
_BY_RATE = sql(
    _CLOSED
    + _COUNTED.format(complaints="complaints c").replace(
        "    WHERE c.kind", "    WHERE c.category = k.category AND c.product = k.product AND c.kind"
    )
)


_FOUND = sql(
    "SELECT r.*, i.category, i.product FROM recurred_problems r LEFT JOIN improvements i ON i.id = r.improvement_id "
    "WHERE r.found_at >= :first AND r.found_at < :end ORDER BY r.found_at DESC, r.id DESC LIMIT :most"
)


async def found_between(
    connection: AsyncConnection, first: datetime, end: datetime, most: int
) -> Sequence[Row[Any]]:
    """Problems found in the time, the newest first, each with what its improvement is about."""
    return (await driver.run(connection, _FOUND, {"first": first, "end": end, "most": most})).all()


async def watched(
    transaction: Transaction, since: datetime, until: datetime, compare_days: int
) -> list[Watched]:
    """Of each improvement closed in the time, on which nothing was found since: what came before and after."""
    asked: dict[str, Any] = {"since": since, "until": until, "kinds": sorted(DISSATISFIED)}
    asked["compared"] = timedelta(days=compare_days)
    found = []
    for by, statement in ((RecurredBy.SAME_WORDS, _BY_WORDS), (RecurredBy.RATE, _BY_RATE)):
        rows = await transaction.execute(statement, asked)
        found += [
            Watched(row.id, row.closed_at, by, row.before, row.after, row.customers, tuple(row.evidence))
            for row in rows
        ]
    return found
