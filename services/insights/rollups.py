"""Questions to the rollups. No measure reads the complaints: its cost depends on the days and the cuts."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.measures import Totals
from services.insights.measures.cells import BY_DAY, OVERALL, Cells, cells_of
from services.insights.model import COUNTS

# One statement, so that all parts are of one moment. The keys are columns of ours, never a caller's text.
_TOTALS = """
WITH counts AS (
    SELECT {key} AS key, {sums} FROM daily
    WHERE {held} AND day BETWEEN :first AND :last GROUP BY 1
), times AS (
    SELECT key, array_agg(bucket) AS buckets, array_agg(n) AS n FROM (
        SELECT {key} AS key, bucket, sum(n)::bigint AS n FROM handling_times
        WHERE {held} AND day BETWEEN :first AND :last GROUP BY 1, 2
    ) b GROUP BY 1
), waiting AS (
    SELECT {key} AS key, day, received - merged - withdrawn - handled AS n FROM daily
    WHERE {held} AND day BETWEEN :first AND :last AND received - merged - withdrawn > handled
), stock AS (
    SELECT {stock_key} AS key, sum(received - merged - withdrawn - closed)::bigint AS n FROM daily
    WHERE {held} AND day <= :last GROUP BY 1
)
SELECT (SELECT coalesce(json_agg(counts), '[]') FROM counts) AS counts,
       (SELECT coalesce(json_agg(times), '[]') FROM times) AS times,
       (SELECT coalesce(json_agg(waiting), '[]') FROM waiting) AS waiting,
       (SELECT coalesce(json_agg(stock), '[]') FROM stock) AS stock
"""
_SUMS = ", ".join(f"sum({name})::bigint AS {name}" for name in COUNTS)
_NOON = time(12, tzinfo=UTC)


def _part(position: int) -> str:
    return f"split_part(value, chr(31), {position + 1})"


@cache
def _question(by: str, key: int | None, held: tuple[int, ...]) -> TextClause:
    """The values that are held are the parameters `held_0`, `held_1` ..."""
    of = "CAST(day AS text)" if by == BY_DAY else "''" if key is None else _part(key)
    stock = "CASE WHEN day < :first THEN '' ELSE CAST(day AS text) END" if by == BY_DAY else of
    where = [f"{_part(position)} = :held_{n}" for n, position in enumerate(held)]
    held_by = " AND ".join(("dimension = :dimension", *where))
    return text(_TOTALS.format(key=of, stock_key=stock, sums=_SUMS, held=held_by))


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
    kept by these together. The age of a waiting complaint is known to the half day: `now` less the noon
    of the day of receipt.
    """
    cells: Cells = cells_of(by, held or {})
    by_day = by == BY_DAY
    found = await connection.execute(
        _question(by, cells.key, tuple(position for position, _ in cells.held)),
        {
            **{"dimension": cells.dimension, "first": first, "last": last},
            **{f"held_{n}": value for n, (_, value) in enumerate(cells.held)},
        },
    )
    row = found.one()
    groups: defaultdict[str, Totals] = defaultdict(Totals)
    if by_day:
        for offset in range((last - first).days + 1):
            groups[str(first + timedelta(days=offset))] = Totals()
    elif by == OVERALL:
        groups[""] = Totals()
    for counted in row.counts:
        groups[counted.pop("key")].counts = counted
    for timed in row.times:
        groups[timed["key"]].finished = dict(zip(timed["buckets"], timed["n"], strict=True))
    for waits in row.waiting:
        noon = datetime.combine(date.fromisoformat(waits["day"]), _NOON)
        groups[waits["key"]].waiting.append((max(0.0, (now - noon).total_seconds()), waits["n"]))
    _add_stock(groups, {stock["key"]: stock["n"] for stock in row.stock}, running=by_day)
    return dict(groups)


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
