"""What an audit of how staff are treated looks at: accusations, appeals and loads, by department. No person is shown.

A person's department is the one for which they were last given a case; of people who never had one it is not known.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.fairness.measures import MeasureId
from services.insights.fairness.model import Sample
from services.insights.fairness.reading import One, Seen, coded
from shared import driver
from shared.database import sql
from shared.worktime import chinese_calendar

ZONE = "Asia/Shanghai"
"""Whose working days are counted."""

_DEPARTMENTS = """
last_given AS (SELECT DISTINCT ON (handler_id) handler_id AS person_id, department FROM complaints
               WHERE handler_id IS NOT NULL ORDER BY handler_id, assigned_at DESC, id DESC)
"""
_ACCUSATIONS = sql(
    f"WITH {_DEPARTMENTS} "  # noqa: S608 - the part is our own
    "SELECT c.id, a.person_id, coalesce(d.department, '') AS department, a.held, a.appeal, "
    "coalesce(c.category, '') AS category, coalesce(c.severity, '') AS severity, coalesce(c.loss, '') AS loss, "
    """to_char(c.registered_at AT TIME ZONE 'UTC', 'YYYY"Q"Q') AS quarter """
    "FROM accusations a JOIN complaints c ON c.id = a.complaint_id LEFT JOIN last_given d USING (person_id) "
    "WHERE c.registered_at >= :since AND c.registered_at < :until ORDER BY c.id, a.person_id"
)
_LOADS = sql(
    f"WITH {_DEPARTMENTS} "  # noqa: S608 - likewise
    "SELECT handler_id AS person_id, d.department, count(*) AS given, "
    "(array_agg(id ORDER BY assigned_at DESC, id DESC))[1] AS id "
    "FROM complaints c JOIN last_given d ON d.person_id = c.handler_id "
    "WHERE assigned_at >= :since AND assigned_at < :until GROUP BY 1, 2 ORDER BY 1"
)


async def staff(connection: AsyncConnection, first: date, last: date, now: datetime) -> Seen:
    """Accusations by complaints received, and cases given, from `first` to `last` (UTC, included). A case that was
    given on counts for whom it was given to last."""
    given = {
        "since": datetime.combine(first, time(), UTC),
        "until": datetime.combine(last + timedelta(days=1), time(), UTC),
    }
    accused = (await driver.run(connection, _ACCUSATIONS, given)).all()
    loads = (await driver.run(connection, _LOADS, given)).all()
    load = ("", "", "", "")
    named = [(row.category, row.severity, row.loss, row.quarter) for row in accused]
    codes, names = coded([*named, load])
    held = np.array([row.held is not None for row in accused], dtype=np.bool_)
    decided = np.array([row.appeal is not None for row in accused], dtype=np.bool_)
    days = max(1, working_days(first, last))
    samples = {
        MeasureId.HELD_AGAINST: _sample(accused, codes[:-1], held, [bool(row.held) for row in accused]),
        MeasureId.APPEAL_GRANTED: _sample(
            *(accused, codes[:-1], decided, [row.appeal in {"upheld", "partly"} for row in accused])
        ),
        MeasureId.LOAD: _sample(
            *(loads, np.full(len(loads), codes[-1]), np.ones(len(loads), dtype=np.bool_)),
            [row.given / days for row in loads],
        ),
    }
    newest: Mapping[tuple[str, str], UUID] = {
        ("department", row.department): row.id for row in sorted([*accused, *loads], key=lambda row: row.id)
    }
    return Seen(len(accused) + len(loads), samples, names, newest)


def _sample(rows: Any, codes: Any, kept: Any, values: list[float] | list[bool]) -> Sample:
    of: list[One] = [row for row, one in zip(rows, kept, strict=True) if one]
    return Sample(
        codes[kept],
        np.array(values, dtype=np.float64)[kept],
        np.ones(len(of), dtype=np.bool_),
        {"department": np.array([row.department for row in of], dtype=np.str_)},
        np.array([row.person_id for row in of], dtype=np.str_),
    )


def working_days(first: date, last: date) -> int:
    """Days on which the company works, both included."""
    calendar = chinese_calendar(ZONE)
    return sum(
        bool(calendar.spans_on(first + timedelta(days=number))) for number in range((last - first).days + 1)
    )
