"""Questions to the rollups. No measure reads the complaints: its cost depends on the days and the cuts.

Of a range the whole years and months are read from their sums, and only what is left at its ends from those by day.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.durations import Durations, Waiting, added_up
from services.insights.measures.cells import BY_DAY, OVERALL, Cells, cells_of
from services.insights.measures.model import Groups
from services.insights.model import COUNTS
from services.insights.pieces import NO_DAYS, pieces, rows
from services.insights.timed import DURATIONS
from shared import driver

BY_DAY_SINCE = timedelta(days=92)
"""Ages of what waits are known to the half day when it began so long ago; of older ones to the half month. A quantile
below three months does not notice the difference. A longer one can: when all cases of a month wait to its middle, none
is left to speak against those that took longer, and what is only known to be slow is told as if it were known."""
BY_MONTH_SINCE = timedelta(days=731)
"""Of still older ones to the half year."""
_SINCE = datetime(2000, 1, 1, 12, tzinfo=UTC)
"""Days come as their distance from this one; what began on a day counts as begun at noon."""
_DAY = 86_400

_COUNTED, _TIMED, _WAITING, _OPEN = range(4)
_ENDED = "finished, buckets, censored, censored_buckets"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is read of each group. The fewer, the quicker."""

    counts: tuple[str, ...] = tuple(COUNTS)
    durations: tuple[str, ...] = tuple(DURATIONS)
    open: bool = True

    @classmethod
    def some(
        cls, counts: Collection[str], durations: Collection[str] = (), *, open: bool = False
    ) -> "Wanted":
        """In the order of the catalogues, so that the same question is the same statement."""
        return cls(
            tuple(name for name in COUNTS if name in counts),
            tuple(name for name in DURATIONS if name in durations),
            open,
        )


EVERYTHING = Wanted()


def _part(position: int) -> str:
    return f"split_part(value, chr(31), {position + 1})"


# One statement, so that all parts are of one moment. The keys are columns of ours, never a caller's text: what is kept
# is kept for ever.
@cache
def _question(cells: Cells, by: str, wanted: Wanted) -> TextClause:
    """Rows of (kind, name, key, n, days, buckets, censored); the values that are held are `held_0`, `held_1` ..."""
    where = " AND ".join(
        (
            "dimension = :dimension",
            *(f"{_part(place)} = :held_{n}" for n, (place, _) in enumerate(cells.held)),
        )
    )
    timed = f"name = ANY(CAST(:names AS text[])) AND {where}"
    of = "''" if cells.key is None else "value" if "+" not in cells.dimension else _part(cells.key)
    open_ = "received - merged - withdrawn - closed AS n"
    if by == BY_DAY:
        of, span = "CAST(day AS text)", "AND day BETWEEN :first AND :last"
        counts = f"SELECT {of} AS key, {', '.join(wanted.counts)} FROM daily WHERE {where} {span}"  # noqa: S608 - own names only
        times = waiting = (
            f"SELECT name, {of} AS key, day - DATE '2000-01-01' AS at, begun, {_ENDED} "  # noqa: S608 - own names only
            f"FROM daily_durations WHERE {timed} {span}"
        )
        stock = (
            f"SELECT {of} AS key, {open_} FROM daily WHERE {where} {span} UNION ALL "  # noqa: S608 - own names only
            + rows(f"'' AS key, {open_}", "ever", where)
        )
    else:
        counts = rows(", ".join((f"{of} AS key", *wanted.counts)), "in", where)
        times = rows(f"name, {of} AS key, {_ENDED}", "in", timed, "_durations")
        waiting = rows(
            f"name, {of} AS key, day - DATE '2000-01-01' + {{middle}} AS at, begun, finished, censored",
            *("old", timed, "_durations"),
        )
        stock = rows(f"{of} AS key, {open_}", "ever", where)
    sums = ", ".join(f"sum({name})::bigint" for name in wanted.counts)
    parts = [
        f"SELECT {_COUNTED} AS kind, NULL AS name, key, ARRAY[{sums}]::bigint[] AS n, NULL::int[] AS days, "  # noqa: S608 - own names only
        f"NULL::bytea AS buckets, NULL::bytea AS censored FROM ({counts}) c GROUP BY key"
    ]
    if wanted.durations:
        parts.append(
            f"SELECT {_TIMED}, name, key, NULL, NULL, string_agg(buckets, ''::bytea), "  # noqa: S608 - own names only
            f"string_agg(censored_buckets, ''::bytea) FROM ({times}) t WHERE finished + censored > 0 GROUP BY name, key"
        )
        parts.append(
            f"SELECT {_WAITING}, name, key, array_agg(begun - finished - censored), array_agg(at), NULL, NULL "  # noqa: S608 - own names only
            f"FROM ({waiting}) w WHERE begun > finished + censored GROUP BY name, key"
        )
    if wanted.open:
        parts.append(
            f"SELECT {_OPEN}, NULL, key, ARRAY[sum(n)::bigint], NULL, NULL, NULL FROM ({stock}) s "  # noqa: S608 - own names only
            "GROUP BY key"
        )
    return text(" UNION ALL ".join(parts))


async def totals(
    connection: AsyncConnection,
    by: str,
    first: date,
    last: date,
    now: datetime,
    held: Mapping[str, str] | None = None,
    wanted: Wanted = EVERYTHING,
) -> Groups:
    """Totals of each group from `first` to `last`, both included; '' is the group of what is not known.

    `by` is a dimension or "day"; `held` are values of dimensions: only they count. Raises NotSummed when no sums are
    kept by these together. See BY_DAY_SINCE for the age of what waits.
    """
    cells: Cells = cells_of(by, held or {})
    given: dict[str, object] = {"dimension": cells.dimension, "names": list(wanted.durations)}
    given |= {f"held_{n}": value for n, (_, value) in enumerate(cells.held)}
    if by == BY_DAY:
        given |= {"first": first, "last": last}
        given |= pieces("ever", *((date.min, first - timedelta(days=1)) if first > date.min else NO_DAYS))
    else:
        by_day, by_month = ((now - age).date() for age in (BY_DAY_SINCE, BY_MONTH_SINCE))
        given |= pieces("in", first, last) | pieces("old", first, last, by_day, by_month)
        given |= pieces("ever", date.min, last)
    found = (await driver.run(connection, _question(cells.form, by, wanted), given)).all()
    keys = {OVERALL: [""], BY_DAY: [str(date.fromordinal(n)) for n in _days(first, last)]}.get(by, [])
    return _groups(found, keys, wanted, now, running=by == BY_DAY)


def _days(first: date, last: date) -> range:
    return range(first.toordinal(), last.toordinal() + 1)


def _groups(found: Sequence[Any], keys: list[str], wanted: Wanted, now: datetime, *, running: bool) -> Groups:
    """The rows of `_question` as columns. `keys` are groups even when nothing is known of them."""
    shown = dict.fromkeys(keys) | {
        row.key: None for row in found if row.kind != _OPEN or (row.n[0] and not running)
    }
    place = {key: number for number, key in enumerate(shown)}
    counts = np.zeros((len(wanted.counts), len(place)), dtype=np.int64)
    stock = np.zeros(len(place), dtype=np.int64)
    level = 0
    for row in found:
        if row.kind == _COUNTED:
            counts[:, place[row.key]] = row.n
        elif row.kind == _OPEN and row.key in place:
            stock[place[row.key]] = row.n[0]
        elif row.kind == _OPEN:
            level = row.n[0]  # before the first day
    return Groups(
        list(place),
        dict(zip(wanted.counts, counts, strict=True)),
        {
            name: _durations([row for row in found if row.name == name], place, now)
            for name in wanted.durations
        },
        level + np.cumsum(stock) if running else stock,
    )


def _durations(found: Sequence[Any], place: Mapping[str, int], now: datetime) -> Durations:
    ended, waits = ([row for row in found if row.kind == kind] for kind in (_TIMED, _WAITING))
    groups = [place[row.key] for row in ended]
    known = Durations(
        added_up([row.buckets for row in ended], groups, len(place)),
        added_up([row.censored for row in ended], groups, len(place)),
    )
    if waits:
        days = np.array([day for row in waits for day in row.days], dtype=np.float64)
        known.waiting = Waiting(
            np.repeat([place[row.key] for row in waits], [len(row.n) for row in waits]),
            np.maximum(0.0, (now - _SINCE).total_seconds() - days * _DAY),
            np.array([n for row in waits for n in row.n], dtype=np.int64),
        )
    return known


Row = dict[str, Any]


async def complaint(connection: AsyncConnection, complaint_id: object) -> Row | None:
    """The row of one complaint, for the story behind a number."""
    found = await connection.execute(text("SELECT * FROM complaints WHERE id = :id"), {"id": complaint_id})
    row = found.mappings().one_or_none()
    return dict(row) if row is not None else None
