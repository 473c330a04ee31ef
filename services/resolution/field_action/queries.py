"""Reads for the GET endpoints of field actions."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.resolution.field_action.customers import Standing
from services.resolution.field_action.lifecycle import ActionState
from services.resolution.field_action.views import (
    ActionDay,
    CustomerView,
    FieldActionSummary,
    PublicWarning,
    PublicWarnings,
    reference_of,
    summary,
)
from services.resolution.tables import field
from services.resolution.views import Bilingual
from shared import driver, pages
from shared.database import sql
from shared.events.field_action import Announcement

_WARNINGS = sql(
    "SELECT * FROM field_actions WHERE state IN ('running', 'suspended') AND 'public_warning' = ANY(measures) "
    "ORDER BY started_at DESC, id DESC LIMIT 100"
)
# Running sums over the days on which something happened.
_DAYS = sql(
    """
WITH happened AS (
    SELECT date_trunc('day', at) AS day, count(*) FILTER (WHERE what = 'joined') AS joined,
           count(*) FILTER (WHERE what = 'told') AS told, count(*) FILTER (WHERE what = 'done') AS done
    FROM field_action_customers c, LATERAL (VALUES ('joined', c.joined_at), ('told', c.told_at),
        ('done', CASE WHEN c.state = 'carried_out' THEN c.settled_at END)) AS v(what, at)
    WHERE c.field_action_id = :id AND at IS NOT NULL GROUP BY 1
), sums AS (
    SELECT day, sum(joined) OVER w AS joined, sum(told) OVER w AS told, sum(done) OVER w AS carried_out
    FROM happened WINDOW w AS (ORDER BY day)
)
SELECT day, joined::int, told::int, carried_out::int FROM sums ORDER BY day DESC LIMIT 366
"""
)


async def listed(
    connection: AsyncConnection,
    state: ActionState | None,
    complaint_id: UUID | None,
    limit: int,
    cursor: str | None,
) -> pages.Page[FieldActionSummary]:
    """The newest first."""
    c = field.actions.c
    query: Select[Any] = select(field.actions)
    if state is not None:
        query = query.where(c.state == state.value)
    if complaint_id is not None:
        query = query.where(c.complaint_id == complaint_id)
    query = pages.part(query, limit, cursor, c.drafted_at, c.id, newest_first=True)
    rows = (await connection.execute(query)).mappings().all()
    return pages.page(rows, limit, summary, lambda row: (row["drafted_at"], row["id"]))


async def customers(
    connection: AsyncConnection, action_id: UUID, state: Standing | None, limit: int, cursor: str | None
) -> pages.Page[CustomerView]:
    """By id, so that a page stays while people are told."""
    c = field.customers.c
    query = select(field.customers).where(c.field_action_id == action_id)
    if state is not None:
        query = query.where(c.state == state.value)
    return await pages.read(connection, query, limit, cursor, lambda row: CustomerView(**row), c.customer_id)


async def days(connection: AsyncConnection, action_id: UUID) -> list[ActionDay]:
    rows = (await driver.run(connection, _DAYS, {"id": action_id})).mappings().all()
    return [ActionDay(**row) for row in reversed(rows)]


async def warnings(connection: AsyncConnection) -> PublicWarnings:
    rows = (await driver.run(connection, _WARNINGS, {})).mappings().all()
    return PublicWarnings(warnings=[_warning(row) for row in rows])


def _warning(row: Any) -> PublicWarning:
    told = Announcement.model_validate(row["announcement"])
    words = {
        name: Bilingual(en=getattr(told, name).en, zh=getattr(told, name).zh)
        for name in ("title", "hazard", "instruction")
    }
    return PublicWarning(
        reference=reference_of(row["id"]),
        act_by=told.act_by,
        hotline=told.hotline,
        since=row["started_at"],
        **{name: row[name] for name in ("products", "batches", "measures")},
        **words,
    )
