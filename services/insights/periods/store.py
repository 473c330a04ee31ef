"""What happened in a period, to the moment: its whole days from the sums, and only what is left at its ends from the
complaints of those hours. So the cost depends on the days, and on the complaints of a few of them, not on all there
are."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import TextClause
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.model import DISSATISFIED, JOIN
from services.insights.pieces import NO_DAYS, pieces, rows
from shared import driver
from shared.database import sql

DAY = timedelta(days=1)
COUNTED = ("received", "closed", "satisfied", "dissatisfied", "converted", "promises_kept", "promises_broken")
_OURS = "registered_at IS NOT NULL AND (CAST(:department AS text) IS NULL OR department = :department)"
_CUT = "dimension = :dimension AND value = :value"
_MERGED = "leading_id IS NOT NULL AND withdrawn_at IS NULL AND carried_out_at IS NULL AND closed_at IS NULL"

_SUMS = ("received", "closed", "satisfied", "began_dissatisfied", "turned_satisfied")
_READ = (*_SUMS, *COUNTED[-2:])
_ADDED = ", ".join(f"coalesce(sum({name}), 0)::bigint" for name in _READ)
_WHOLE = sql(f"SELECT {_ADDED} FROM ({rows(', '.join(_READ), 'in', _CUT)}) s")  # noqa: S608 - own names only


def _promises(column: str) -> str:
    # They are in the order of their times: whose newest came before has none in these hours.
    return (
        f"(SELECT count(*) FROM complaints, unnest({column}) AS p(at) WHERE {_OURS} "  # noqa: S608 - own names only
        f"AND {column}[cardinality({column})] >= :since AND at >= :since AND at < :until)"
    )


_HOURS = sql(
    "SELECT (SELECT count(*) FROM complaints WHERE registered_at >= :since AND registered_at < :until "  # noqa: S608 - own names only
    f"AND {_OURS}) AS received, count(*) AS closed, count(*) FILTER (WHERE outcome = 'satisfied') AS satisfied, "
    "count(*) FILTER (WHERE kind = ANY(CAST(:kinds AS text[]))) AS dissatisfied, "
    "count(*) FILTER (WHERE kind = ANY(CAST(:kinds AS text[])) AND outcome = 'satisfied') AS converted, "
    f"{_promises('promises_kept_at')} AS promises_kept, {_promises('promises_broken_at')} AS promises_broken "
    f"FROM complaints WHERE closed_at >= :since AND closed_at < :until AND {_OURS}"
)
_OPEN_BEFORE = sql(
    "SELECT coalesce(sum(n), 0)::bigint FROM ("  # noqa: S608 - own names only
    f"{rows('received - merged - withdrawn - closed AS n', 'in', _CUT)}) s"
)
_OPEN_SINCE = sql(
    "SELECT (SELECT count(*) FROM complaints WHERE registered_at >= :since AND registered_at < :until "  # noqa: S608 - own names only
    f"AND withdrawn_at IS NULL AND NOT ({_MERGED}) AND {_OURS}) - (SELECT count(*) FROM complaints "
    f"WHERE closed_at >= :since AND closed_at < :until AND {_OURS}) + (SELECT count(*) FROM complaints "
    f"WHERE withdrawn_at >= :until AND registered_at < :until AND {_OURS})"
)
_ALL = rows("value AS key, received", "in", "dimension = 'category'")
_THEIRS = rows(
    "split_part(value, chr(31), 2) AS key, received",
    *("in", "dimension = 'department+category' AND value LIKE :theirs"),
)
_CATEGORIES = {
    theirs: sql(f"SELECT key, sum(received)::bigint AS n FROM ({some}) s GROUP BY 1")  # noqa: S608 - own names only
    for theirs, some in ((False, _ALL), (True, _THEIRS))
}
_CATEGORIES_IN_HOURS = sql(
    "SELECT coalesce(category, '') AS key, count(*) AS n FROM complaints "  # noqa: S608 - own names only
    f"WHERE registered_at >= :since AND registered_at < :until AND {_OURS} GROUP BY 1"
)


def _by_day(column: str) -> TextClause:
    return sql(
        f"SELECT ({column} AT TIME ZONE :zone)::date AS day, count(*) AS n FROM complaints WHERE {_OURS} "  # noqa: S608 - own names only
        f"AND {column} >= CAST(CAST(:first AS date) AS timestamp) AT TIME ZONE :zone "
        f"AND {column} < CAST(CAST(:beyond AS date) AS timestamp) AT TIME ZONE :zone GROUP BY 1"
    )


_RECEIVED_BY_DAY, _CLOSED_BY_DAY = _by_day("registered_at"), _by_day("closed_at")
_NEWEST = sql(
    "SELECT id AS complaint_id, category, kind FROM complaints WHERE registered_at >= :since "  # noqa: S608 - own names only
    f"AND registered_at < :until AND NOT ({_MERGED}) AND {_OURS} ORDER BY registered_at DESC, id DESC LIMIT :most"
)


@dataclass(frozen=True, slots=True)
class Split:
    """A time as whole UTC days and the hours before and after them."""

    first: date
    last: date
    """Before `first` when there is no whole day in it."""
    hours: tuple[tuple[datetime, datetime], ...]


def split(since: datetime, until: datetime) -> Split:
    since, until = since.astimezone(UTC), until.astimezone(UTC)
    begin, end = since.date(), until.date()
    if _midnight(begin) < since:
        begin = begin + DAY if begin < date.max else begin
    if begin >= end:
        return Split(*NO_DAYS, ((since, until),))
    both = (since, _midnight(begin)), (_midnight(end), until)
    return Split(begin, end - DAY, tuple((a, b) for a, b in both if a < b))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


class Reader:
    """Of one department, or of all complaints; all of it is of one moment."""

    def __init__(self, connection: AsyncConnection, department: str | None) -> None:
        self._connection = connection
        self._department = department
        self._given: dict[str, Any] = {
            "department": department,
            "dimension": "department" if department else "none",
            "value": department or "",
            "theirs": f"{_escaped(department or '')}{JOIN}%",
            "kinds": sorted(DISSATISFIED),
        }

    async def _read(self, statement: TextClause, **given: object) -> list[Any]:
        found = await driver.run(self._connection, statement, self._given | given)
        return list(found.all())

    async def counts(self, since: datetime, until: datetime) -> dict[str, int]:
        """By the names of COUNTED, and how many are `open` at the end."""
        of = split(since, until)
        [whole] = await self._read(_WHOLE, **pieces("in", of.first, of.last))
        total = dict(zip(COUNTED, whole, strict=True))
        for begin, end in of.hours:
            [found] = await self._read(_HOURS, since=begin, until=end)
            for name in COUNTED:
                total[name] += getattr(found, name)
        return total | {"open": await self._open(until)}

    async def _open(self, until: datetime) -> int:
        """Neither merged, withdrawn nor closed at that moment, as far as is known now."""
        today = until.astimezone(UTC).date()
        days = (date.min, today - DAY) if today > date.min else NO_DAYS
        [[before]] = await self._read(_OPEN_BEFORE, **pieces("in", *days))
        [[since]] = await self._read(_OPEN_SINCE, since=_midnight(today), until=until)
        return int(before + since)

    async def categories(self, since: datetime, until: datetime) -> Mapping[str, int]:
        """Received by category; '' is what is not known."""
        of = split(since, until)
        total: dict[str, int] = {}
        found = await self._read(_CATEGORIES[self._department is not None], **pieces("in", of.first, of.last))
        for begin, end in of.hours:
            found += await self._read(_CATEGORIES_IN_HOURS, since=begin, until=end)
        for row in found:
            total[row.key] = total.get(row.key, 0) + row.n
        return {key: n for key, n in total.items() if n}

    async def days(self, first: date, last: date, zone: str) -> list[tuple[date, int, int]]:
        """Each day of the zone, with how many were received and closed."""
        given = {"first": first, "beyond": last + DAY, "zone": zone}
        received, closed = [
            {row.day: row.n for row in await self._read(statement, **given)}
            for statement in (_RECEIVED_BY_DAY, _CLOSED_BY_DAY)
        ]
        days = [first + timedelta(n) for n in range((last - first).days + 1)]
        return [(day, received.get(day, 0), closed.get(day, 0)) for day in days]

    async def newest(self, since: datetime, until: datetime, most: int) -> list[Any]:
        return await self._read(_NEWEST, since=since, until=until, most=most)


@asynccontextmanager
async def reading(connection: AsyncConnection, department: str | None) -> AsyncIterator[Reader]:
    async with driver.transaction(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"):
        yield Reader(connection, department)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
