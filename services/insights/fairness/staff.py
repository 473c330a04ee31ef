"""What an audit of how staff are treated looks at: accusations, appeals and loads, by groups of people. No person is
shown.

A person's department is the one for which they were last given a case, or that of the directory when they never had
one; team, layer and languages are those of the directory when the audit is made. Somebody is new until `new_days` after
the first case that they were given and did not give on.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.fairness.colleagues import STRANGER, Colleagues
from services.insights.fairness.estimate import Codes, Flags
from services.insights.fairness.measures import MeasureId
from services.insights.fairness.model import Sample, Stratum
from services.insights.fairness.reading import One, Seen, coded
from services.insights.ranges import moments
from shared import driver
from shared.database import sql
from shared.worktime import chinese_calendar

ZONE = "Asia/Shanghai"
"""Whose working days are counted."""
CHARACTERISTICS = ("department", "team", "layer", "languages", "experience")
WITHIN_DEPARTMENT = ("team", "languages", "experience")
"""By these, loads are compared among people of one department: a department that has much to do says nothing of how it
shares the work out."""
NOWHERE: Stratum = ("", "", "", "")

_GIVEN = """
given AS (SELECT handler_id AS person_id, min(assigned_at) AS since,
                 (array_agg(department ORDER BY assigned_at DESC, id DESC))[1] AS department
          FROM complaints WHERE handler_id IS NOT NULL GROUP BY 1)
"""
_ACCUSATIONS = sql(
    f"WITH {_GIVEN} "  # noqa: S608 - the part is our own
    "SELECT c.id, a.person_id, g.department, g.since, c.registered_at AS at, a.held, a.appeal, "
    "coalesce(c.category, '') AS category, coalesce(c.severity, '') AS severity, coalesce(c.loss, '') AS loss, "
    """to_char(c.registered_at AT TIME ZONE 'UTC', 'YYYY"Q"Q') AS quarter """
    "FROM accusations a JOIN complaints c ON c.id = a.complaint_id LEFT JOIN given g USING (person_id) "
    "WHERE c.registered_at >= :since AND c.registered_at < :until ORDER BY c.id, a.person_id"
)
_LOADS = sql(
    f"WITH {_GIVEN} "  # noqa: S608 - likewise
    "SELECT handler_id AS person_id, g.department, g.since, CAST(:until AS timestamptz) AS at, count(*) AS given, "
    "(array_agg(id ORDER BY assigned_at DESC, id DESC))[1] AS id "
    "FROM complaints c JOIN given g ON g.person_id = c.handler_id "
    "WHERE assigned_at >= :since AND assigned_at < :until GROUP BY 1, 2, 3 ORDER BY 1"
)
_ANYBODY = sql(
    "SELECT EXISTS (SELECT FROM complaints WHERE assigned_at >= :since AND assigned_at < :until "
    "AND handler_id IS NOT NULL) OR EXISTS (SELECT FROM accusations JOIN complaints c ON c.id = complaint_id "
    "WHERE c.registered_at >= :since AND c.registered_at < :until)"
)


async def anybody(connection: AsyncConnection, first: date, last: date) -> bool:
    """Was anybody given a case or accused in these days?"""
    return bool((await driver.run(connection, _ANYBODY, _span(first, last))).scalar_one())


async def staff(
    connection: AsyncConnection, first: date, last: date, known: Colleagues, new_days: int
) -> Seen:
    """Accusations by complaints received, and cases given, from `first` to `last` (UTC, included). A case that was
    given on counts for whom it was given to last."""
    span = _span(first, last)
    accused = (await driver.run(connection, _ACCUSATIONS, span)).all()
    loads = (await driver.run(connection, _LOADS, span)).all()
    named = [(row.category, row.severity, row.loss, row.quarter) for row in accused]
    together: list[Stratum] = [NOWHERE for _ in loads]
    desks: list[Stratum] = [("", "", "", "", row.department) for row in loads]
    codes, names = coded([*named, *together, *desks])
    of_accused, of_loads, of_desks = np.split(codes, [len(named), len(named) + len(loads)])
    groups = [memberships(row, known, new_days) for row in (*accused, *loads)]
    by = {
        name: np.array([each[place] for each in groups], dtype=np.str_)
        for place, name in enumerate(CHARACTERISTICS)
    }
    of = {name: (each[: len(accused)], each[len(accused) :]) for name, each in by.items()}
    held = np.array([row.held is not None for row in accused], dtype=np.bool_)
    decided = np.array([row.appeal is not None for row in accused], dtype=np.bool_)

    def shares(kept: Flags, values: Sequence[bool]) -> Sample:
        return Sample(
            of_accused[kept],
            np.array(values, dtype=np.float64)[kept],
            np.ones(int(kept.sum()), dtype=np.bool_),
            {name: mine[kept] for name, (mine, _) in of.items()},
            _people(accused)[kept],
        )

    days = WorkingDays(first, last)
    samples = {
        MeasureId.HELD_AGAINST: shares(held, [bool(row.held) for row in accused]),
        MeasureId.APPEAL_GRANTED: shares(decided, [row.appeal in {"upheld", "partly"} for row in accused]),
        MeasureId.LOAD: Sample(
            of_loads,
            np.array([row.given / days.since(row.since) for row in loads], dtype=np.float64),
            np.ones(len(loads), dtype=np.bool_),
            {name: mine for name, (_, mine) in of.items()},
            _people(loads),
            strata_of=dict.fromkeys(WITHIN_DEPARTMENT, of_desks),
        ),
    }
    rows = sorted(zip((*accused, *loads), groups, strict=True), key=lambda each: each[0].id)
    newest: Mapping[tuple[str, str], UUID] = {
        (name, group): row.id for row, each in rows for name, group in zip(CHARACTERISTICS, each, strict=True)
    }
    return Seen(len(accused) + len(loads), samples, names, newest)


def memberships(row: One, known: Colleagues, new_days: int) -> tuple[str, ...]:
    """To which groups the person of a row belongs, in the order of CHARACTERISTICS; '' is what is not known."""
    of = known.get(row.person_id, STRANGER)
    experience = ""
    if row.since is not None:
        experience = "new" if row.at - row.since < timedelta(days=new_days) else "experienced"
    return row.department or of.department, of.team, of.layer, of.languages, experience


class WorkingDays:
    """Days of a range on which the company works."""

    def __init__(self, first: date, last: date) -> None:
        calendar = chinese_calendar(ZONE)
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        self._first = first
        self._before: Codes = np.array(
            [0, *accumulate(int(bool(calendar.spans_on(day))) for day in days)], dtype=np.int64
        )

    def since(self, at: datetime) -> int:
        """From that day on to the last, or of the whole range if it is before; at least one."""
        begun = min(max(0, (at.astimezone(UTC).date() - self._first).days), len(self._before) - 1)
        return max(1, int(self._before[-1] - self._before[begun]))


def _people(rows: Sequence[Any]) -> Any:
    return np.array([row.person_id for row in rows], dtype=np.str_)


def _span(first: date, last: date) -> dict[str, datetime]:
    since, until = moments(first, last)
    return {"since": since, "until": until}
