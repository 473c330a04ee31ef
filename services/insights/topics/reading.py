"""How topics are read."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.topics.model import TopicState
from services.insights.topics.schemas import Label, TopicQuote, TopicSummary, TopicView, TopicWeek
from services.insights.topics.tables import topic_complaints, topics
from shared import driver, pages
from shared.database import sql
from shared.pages import Page

QUOTED = 300
"""Characters of a quote."""

_NUMBER = (
    select(func.count())
    .where(topic_complaints.c.topic_id == topics.c.id)
    .scalar_subquery()
    .label("complaints")
)
_WEEKS = sql(
    "SELECT week, count(*) AS complaints FROM topic_complaints WHERE topic_id = :id "
    "GROUP BY week ORDER BY week DESC LIMIT 52"
)
_COURSES = sql(
    "SELECT topic_id, week, count(*) AS complaints FROM topic_complaints WHERE topic_id = ANY(CAST(:ids AS uuid[])) "
    "GROUP BY 1, 2 ORDER BY 1, 2"
)
_QUOTES = sql(
    "SELECT c.complaint_id, c.language, left(t.what_went_wrong, :quoted) AS words "
    "FROM topic_complaints c JOIN tellings t ON t.id = c.complaint_id "
    "WHERE c.topic_id = :id AND c.medoid IS NOT NULL AND t.what_went_wrong IS NOT NULL "
    "ORDER BY c.language, c.medoid, c.complaint_id"
)


async def listed(
    connection: AsyncConnection,
    state: TopicState | None,
    category: str | None,
    limit: int,
    cursor: str | None,
) -> Page[TopicSummary]:
    query = select(topics, _NUMBER)
    if state is not None:
        query = query.where(topics.c.state == state.value)
    if category is not None:
        query = query.where(topics.c.category == category)
    keys = (topics.c.found_at, topics.c.id)
    return await pages.read(
        connection, query, limit, cursor, lambda row: TopicSummary(**_plain(row)), *keys, newest_first=True
    )


async def between(connection: AsyncConnection, first: date, last: date, most: int) -> list[TopicSummary]:
    """Those that were told more than expected in a week with days from `first` to `last`, the newest first."""
    week = first - min(timedelta(days=6), first - date.min)
    query = (
        select(topics, _NUMBER)
        .where(topics.c.first_week <= last, topics.c.last_week >= week)
        .order_by(topics.c.found_at.desc(), topics.c.id.desc())
        .limit(most)
    )
    return [TopicSummary(**_plain(row)) for row in (await connection.execute(query)).mappings()]


async def courses(connection: AsyncConnection, ids: Sequence[UUID]) -> dict[UUID, list[TopicWeek]]:
    """By topic the weeks with complaints, the oldest first."""
    found: defaultdict[UUID, list[TopicWeek]] = defaultdict(list)
    for row in await driver.run(connection, _COURSES, {"ids": list(ids)}):
        found[row.topic_id].append(TopicWeek(week=row.week, complaints=row.complaints))
    return found


async def view(connection: AsyncConnection, topic_id: UUID) -> TopicView | None:
    """None: there is no such topic."""
    query = select(topics, _NUMBER).where(topics.c.id == topic_id)
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        return None
    weeks = (await driver.run(connection, _WEEKS, {"id": topic_id})).mappings().all()
    quotes = (await driver.run(connection, _QUOTES, {"id": topic_id, "quoted": QUOTED})).mappings()
    return TopicView(
        **_plain(row),
        weeks=[TopicWeek(**each) for each in reversed(weeks)],
        quotes=[TopicQuote(**each) for each in quotes],
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
        reason=row["reason"],
    )


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    label = Label(en=row["labels"].get("en", []), zh=row["labels"].get("zh", []))
    names = TopicSummary.model_fields.keys() - {"label"}
    return {name: row[name] for name in names} | {"label": label}
