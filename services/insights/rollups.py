"""Questions to the rollups. No measure reads the complaints: its cost depends on the days and the cuts.

Of a range the whole months are read from the sums by month and only what is left at its ends from those by day: for
each value at most 62 days, and twelve months a year.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.durations import Spans, added_up
from services.insights.measures import Totals
from services.insights.measures.cells import BY_DAY, OVERALL, Cells, cells_of
from services.insights.model import COUNTS

BY_DAY_SINCE = timedelta(days=92)
"""Ages of what waits are known to the half day when it began so long ago; of older ones to the half month. A
quantile below three months does not notice the difference."""

_SUMS = ", ".join(f"sum({name})::bigint AS {name}" for name in COUNTS)


def _pieces(table: str, columns: str, at: str, held: str) -> str:
    """Rows of what is held over a range, by month and by day: parameters are six days that begin with `at`."""
    return " UNION ALL ".join(
        f"SELECT {columns} FROM {grain}{table} WHERE {held} "  # noqa: S608 - own names only
        f"AND day BETWEEN :{at}_{piece}_from AND :{at}_{piece}_to"
        for grain, piece in (("monthly", "whole"), ("daily", "head"), ("daily", "tail"))
    )


# One statement, so that all parts are of one moment. The keys are columns of ours, never a caller's text.
_TOTALS = """
WITH counts AS (
    SELECT key, {sums} FROM ({counts}) c GROUP BY 1
), times AS (
    SELECT name, key, string_agg(buckets, ''::bytea) AS buckets, string_agg(censored_buckets, ''::bytea) AS censored
    FROM ({times}) t WHERE finished + censored > 0 GROUP BY 1, 2
), waiting AS (
    SELECT name, key, day, unit, begun - finished - censored AS n FROM ({waiting}) w
    WHERE begun > finished + censored
), stock AS (
    SELECT key, sum(received - merged - withdrawn - closed)::bigint AS n FROM ({stock}) s GROUP BY 1
)
SELECT (SELECT coalesce(json_agg(counts), '[]') FROM counts) AS counts,
       (SELECT coalesce(array_agg(name ORDER BY name, key), '{{}}') FROM times) AS names,
       (SELECT coalesce(array_agg(key ORDER BY name, key), '{{}}') FROM times) AS keys_,
       (SELECT coalesce(array_agg(buckets ORDER BY name, key), '{{}}') FROM times) AS buckets,
       (SELECT coalesce(array_agg(censored ORDER BY name, key), '{{}}') FROM times) AS censored,
       (SELECT coalesce(json_agg(waiting), '[]') FROM waiting) AS waiting,
       (SELECT coalesce(json_agg(stock), '[]') FROM stock) AS stock
"""
_OPEN = "received, merged, withdrawn, closed"
_ENDED = "finished, buckets, censored, censored_buckets"
_NOON = time(12, tzinfo=UTC)


def _part(position: int) -> str:
    return f"split_part(value, chr(31), {position + 1})"


@cache
def _question(by: str, key: int | None, held: tuple[int, ...]) -> TextClause:
    """The values that are held are the parameters `held_0`, `held_1` ..."""
    where = " AND ".join(
        ("dimension = :dimension", *(f"{_part(position)} = :held_{n}" for n, position in enumerate(held)))
    )
    if by == BY_DAY:
        days = f"WHERE {where} AND day BETWEEN :first AND :last"
        return text(
            _TOTALS.format(
                sums=_SUMS,
                counts=f"SELECT CAST(day AS text) AS key, {', '.join(COUNTS)} FROM daily {days}",  # noqa: S608
                times=f"SELECT name, CAST(day AS text) AS key, {_ENDED} FROM daily_durations {days}",  # noqa: S608
                waiting="SELECT name, CAST(day AS text) AS key, day, 'day' AS unit, begun, finished, censored "  # noqa: S608
                f"FROM daily_durations {days}",
                stock=f"SELECT CAST(day AS text) AS key, {_OPEN} FROM daily {days} UNION ALL "  # noqa: S608
                + _pieces("", f"'' AS key, {_OPEN}", "ever", where),
            )
        )
    of = "''" if key is None else _part(key)
    return text(
        _TOTALS.format(
            sums=_SUMS,
            counts=_pieces("", f"{of} AS key, {', '.join(COUNTS)}", "in", where),
            times=_pieces("_durations", f"name, {of} AS key, {_ENDED}", "in", where),
            waiting=" UNION ALL ".join(
                f"SELECT name, {of} AS key, day, '{unit}' AS unit, begun, finished, censored FROM {grain}_durations "  # noqa: S608
                f"WHERE {where} AND day BETWEEN :old_{piece}_from AND :old_{piece}_to"
                for grain, piece, unit in (
                    *(("monthly", "whole", "month"), ("daily", "head", "day")),
                    ("daily", "tail", "day"),
                )
            ),
            stock=_pieces("", f"{of} AS key, {_OPEN}", "ever", where),
        )
    )


DAY = timedelta(days=1)
_NO_DAYS = (date.max, date.min)


def pieces(at: str, first: date, last: date, months_until: date = date.max) -> dict[str, date]:
    """The range as its whole months and the days before and after them: six parameters that begin with `at`. Months
    that have not ended by `months_until` are given as days. A piece without a day ends before it begins."""
    begin = _month(first) + (first.day > 1)
    end = min(_month(day + DAY if day < date.max else day) for day in (last, months_until))
    if begin < end:
        since, until = _first_of(begin), _first_of(end)
        head = (first, since - DAY) if first < since else _NO_DAYS
        spans = {"whole": (since, until - DAY), "head": head, "tail": (until, last)}
    else:
        spans = {"whole": _NO_DAYS, "head": (first, last), "tail": _NO_DAYS}
    return {
        f"{at}_{piece}_{side}": day
        for piece, span in spans.items()
        for side, day in zip(("from", "to"), span, strict=True)
    }


def _month(day: date) -> int:
    """Months since the year 0."""
    return day.year * 12 + day.month - 1


def _first_of(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


async def totals(
    connection: AsyncConnection,
    by: str,
    first: date,
    last: date,
    now: datetime,
    held: Mapping[str, str] | None = None,
) -> dict[str, Totals]:
    """Totals of each group from `first` to `last`, both included; '' is the group of what is not known.

    `by` is a dimension or "day"; `held` are values of dimensions: only they count. Raises NotSummed when no sums are
    kept by these together. See BY_DAY_SINCE for the age of what waits.
    """
    cells: Cells = cells_of(by, held or {})
    by_day = by == BY_DAY
    given: dict[str, object] = {"dimension": cells.dimension}
    given |= {f"held_{n}": value for n, (_, value) in enumerate(cells.held)}
    if by_day:
        given |= {"first": first, "last": last}
        given |= pieces("ever", *((date.min, first - DAY) if first > date.min else _NO_DAYS))
    else:
        old = (now - BY_DAY_SINCE).date()
        given |= pieces("in", first, last) | pieces("old", first, last, old) | pieces("ever", date.min, last)
    question = _question(by, cells.key, tuple(position for position, _ in cells.held))
    found = await connection.execute(question, given)
    row = found.one()
    groups: defaultdict[str, Totals] = defaultdict(Totals)
    if by_day:
        for offset in range((last - first).days + 1):
            groups[str(first + timedelta(days=offset))] = Totals()
    elif by == OVERALL:
        groups[""] = Totals()
    for counted in row.counts:
        groups[counted.pop("key")].counts = counted
    spans = {
        (name, key): Spans(finished, censored)
        for name, key, finished, censored in zip(
            row.names, row.keys_, added_up(row.buckets), added_up(row.censored), strict=True
        )
    }
    for waits in row.waiting:
        spans.setdefault((waits["name"], waits["key"]), Spans()).waiting.append(
            (_age(waits, now), waits["n"])
        )
    for (name, key), known in spans.items():
        groups[key].spans[name] = known
    _add_stock(groups, {stock["key"]: stock["n"] for stock in row.stock}, running=by_day)
    return dict(groups)


def _age(waits: dict[str, Any], now: datetime) -> float:
    """Seconds since the noon of the day on which it began, or since the middle of the month."""
    since = datetime.combine(date.fromisoformat(waits["day"]), _NOON)
    if waits["unit"] == "month":
        since += timedelta(days=15)
    return max(0.0, (now - since).total_seconds())


def _add_stock(groups: defaultdict[str, Totals], stock: dict[str, int], *, running: bool) -> None:
    """What is open at the end: of the range for a dimension, of each day for days."""
    if running:
        level = stock.get("", 0)
        for day in sorted(groups):
            level += stock.get(day, 0)
            groups[day].open = level
        return
    for key, n in stock.items():
        if n or key in groups:
            groups[key].open = n


Row = dict[str, Any]


async def complaint(connection: AsyncConnection, complaint_id: object) -> Row | None:
    """The row of one complaint, for the story behind a number."""
    found = await connection.execute(text("SELECT * FROM complaints WHERE id = :id"), {"id": complaint_id})
    row = found.mappings().one_or_none()
    return dict(row) if row is not None else None
