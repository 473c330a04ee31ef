"""The sums of all contributions, by day, month and year: how they are added up, and how a change reaches the tables.

A month is the sum of its days, a year that of its months. Long ranges are answered from years and months, so that their
cost stays bounded.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import text

from services.insights.durations import packed
from services.insights.model import COUNTS, CUTS, JOIN, Cell, Dims, name_of
from services.insights.timed import BEGUN, CENSORED
from shared.database import Transaction

Key = tuple[str, date, str]
"""Dimension, day (or the first of a month), value."""
TimesKey = tuple[str, str, date, str]
"""Name of a duration, and the key."""

GRAINS = ("daily", "monthly", "yearly")
"""Tables of counts. The histograms of each are in the table of the same name with `_durations`."""
TIMED = tuple(cut for cut in CUTS if len(cut) < 3 and "loss" not in cut)
"""Cuts by which histograms are kept: those that the measures are broken down by."""

TIMES = ("begun", "finished", "buckets", "censored", "censored_buckets")
"""Columns of a histogram."""
_NONE = (b"", b"")
SQL_TYPE = {name: "bigint" if name.endswith("_seconds") else "integer" for name in COUNTS}
"""Of the columns. PostgreSQL adds up integers several times faster than what may be longer."""

_POSITION = {name: position for position, name in enumerate(COUNTS)}
_PLACES = [(name_of(cut), [Dims._fields.index(name) for name in cut], cut in TIMED) for cut in CUTS]


def _no_counts() -> list[int]:
    return [0] * len(COUNTS)


@dataclass
class Sums:
    """Contributions added up, once for every cut."""

    counts: defaultdict[Key, list[int]] = field(default_factory=lambda: defaultdict(_no_counts))
    """In the order of COUNTS."""
    times: defaultdict[TimesKey, defaultdict[int, int]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(int))
    )
    """Cases by their place; see `timed`."""

    def __len__(self) -> int:
        return len(self.counts) + len(self.times)

    def add(self, delta: Mapping[Cell, int]) -> None:
        """Contributions, or the difference of two."""
        counted: defaultdict[tuple[date, Dims], list[tuple[int, int]]] = defaultdict(list)
        timed: defaultdict[tuple[date, Dims], list[tuple[str, int, int]]] = defaultdict(list)
        for (day, dims, what), n in delta.items():
            if n == 0:
                continue
            if isinstance(what, str):
                counted[day, dims].append((_POSITION[what], n))
            else:
                timed[day, dims].append((*what, n))
        for (day, dims), changes in counted.items():
            for dimension, places, _ in _PLACES:
                row = self.counts[dimension, day, JOIN.join([dims[place] for place in places])]
                for position, n in changes:
                    row[position] += n
        for (day, dims), spans in timed.items():
            for dimension, places, is_timed in _PLACES:
                if is_timed:
                    value = JOIN.join([dims[place] for place in places])
                    for name, bucket, n in spans:
                        self.times[name, dimension, day, value][bucket] += n

    def coarser(self, first: Callable[[date], date]) -> "Sums":
        """The same by the longer times that the days lie in: `first` names the first day of each."""
        coarse = Sums()
        for (dimension, day, value), row in self.counts.items():
            into = coarse.counts[dimension, first(day), value]
            for position, n in enumerate(row):
                into[position] += n
        for (name, dimension, day, value), spans in self.times.items():
            among = coarse.times[name, dimension, first(day), value]
            for bucket, n in spans.items():
                among[bucket] += n
        return coarse

    def by_grain(self) -> dict[str, "Sums"]:
        """These are by day; with those by month and by year."""
        months = self.coarser(lambda day: day.replace(day=1))
        years = months.coarser(lambda day: day.replace(month=1))
        return dict(zip(GRAINS, (self, months, years), strict=True))

    def changes(self) -> "Sums":
        """Without what is zero."""
        changed = Sums()
        changed.counts.update((key, row) for key, row in self.counts.items() if any(row))
        for key, spans in self.times.items():
            left = {bucket: n for bucket, n in spans.items() if n}
            if left:
                changed.times[key].update(left)
        return changed


# MERGE and not INSERT .. ON CONFLICT: that checks the constraints on the delta, which may be negative, and it
# cannot delete. MERGE may collide with another inserter, hence the lock.
_COUNT = {
    grain: text(
        f"MERGE INTO {grain} AS t USING (SELECT * FROM unnest(CAST(:dimension AS text[]), CAST(:day AS date[]), "  # noqa: S608 - own names only
        f"CAST(:value AS text[]), {', '.join(f'CAST(:{name} AS {SQL_TYPE[name]}[])' for name in COUNTS)})) "
        f"AS d(dimension, day, value, {', '.join(COUNTS)}) "
        "ON t.dimension = d.dimension AND t.day = d.day AND t.value = d.value "
        f"WHEN MATCHED AND {' AND '.join(f't.{name} + d.{name} = 0' for name in COUNTS)} THEN DELETE "
        f"WHEN MATCHED THEN UPDATE SET {', '.join(f'{name} = t.{name} + d.{name}' for name in COUNTS)} "
        f"WHEN NOT MATCHED THEN INSERT (dimension, day, value, {', '.join(COUNTS)}) "
        f"VALUES (d.dimension, d.day, d.value, {', '.join(f'd.{name}' for name in COUNTS)})"
    )
    for grain in GRAINS
}
_KEYS = (
    "unnest(CAST(:name AS text[]), CAST(:dimension AS text[]), CAST(:day AS date[]), CAST(:value AS text[])"
)
_SAME = "t.name = d.name AND t.dimension = d.dimension AND t.day = d.day AND t.value = d.value"
_STORED = {
    grain: text(
        f"SELECT d.i, t.buckets, t.censored_buckets FROM {_KEYS}) WITH ORDINALITY AS d(name, dimension, day, value, i) "  # noqa: S608 - own names only
        f"JOIN {grain}_durations t ON {_SAME} WHERE t.finished + t.censored > 0"
    )
    for grain in GRAINS
}
_TIMES = {
    grain: text(
        f"MERGE INTO {grain}_durations AS t USING (SELECT * FROM {_KEYS}, CAST(:begun AS bigint[]), "  # noqa: S608 - own names only
        "CAST(:finished AS bigint[]), CAST(:buckets AS bytea[]), CAST(:censored AS bigint[]), "
        "CAST(:censored_buckets AS bytea[]))) "
        f"AS d(name, dimension, day, value, {', '.join(TIMES)}) ON {_SAME} "
        "WHEN MATCHED AND t.begun + d.begun = 0 THEN DELETE "
        "WHEN MATCHED THEN UPDATE SET begun = t.begun + d.begun, finished = t.finished + d.finished, "
        "buckets = d.buckets, censored = t.censored + d.censored, censored_buckets = d.censored_buckets "
        f"WHEN NOT MATCHED THEN INSERT (name, dimension, day, value, {', '.join(TIMES)}) "
        f"VALUES (d.name, d.dimension, d.day, d.value, {', '.join(f'd.{name}' for name in TIMES)})"
    )
    for grain in GRAINS
}


async def add_to_tables(transaction: Transaction, sums: Sums) -> None:
    """Add the sums by day to what is stored, and those by month and year: three statements each, however many rows."""
    if not len(sums):
        return
    # Replicas write the same few rows (today's), and would meet in them anyway. One lock, taken after all
    # others and held for these statements and the commit, keeps them from deadlocks and collisions, and lets a
    # histogram be read, changed here and written.
    await transaction.hold("rollups")
    for grain, part in sums.by_grain().items():
        changed = part.changes()
        if changed.counts:
            rows = [(*key, *row) for key, row in changed.counts.items()]
            await transaction.execute(_COUNT[grain], _columns(("dimension", "day", "value", *COUNTS), rows))
        if changed.times:
            await _add_times(transaction, grain, changed.times)


async def _add_times(
    transaction: Transaction, grain: str, times: Mapping[TimesKey, Mapping[int, int]]
) -> None:
    keys = _columns(("name", "dimension", "day", "value"), list(times))
    found = await transaction.execute(_STORED[grain], keys)
    stored = {place: histograms for place, *histograms in found.fetchall()}
    rows = [_packed(spans, *stored.get(place, _NONE)) for place, spans in enumerate(times.values(), 1)]
    changed = keys | _columns(TIMES, rows)
    await transaction.execute(_TIMES[grain], changed)


def _columns(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, list[Any]]:
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def rows_of(sums: Sums, table: str) -> list[dict[str, Any]]:
    """What one of the tables holds when these sums are all there are."""
    part = sums.by_grain()[table.removesuffix("_durations")].changes()
    if table in GRAINS:
        names = ("dimension", "day", "value", *COUNTS)
        return [dict(zip(names, (*key, *row), strict=True)) for key, row in part.counts.items()]
    names = ("name", "dimension", "day", "value", *TIMES)
    return [dict(zip(names, (*key, *_packed(spans)), strict=True)) for key, spans in part.times.items()]


def _packed(
    spans: Mapping[int, int], finished: bytes = b"", censored: bytes = b""
) -> tuple[int, int, bytes, int, bytes]:
    """TIMES: how many began, finished and were censored by the change, and the histograms after it."""
    ended = {place: n for place, n in spans.items() if BEGUN < place < CENSORED}
    left = {place - CENSORED: n for place, n in spans.items() if place >= CENSORED}
    counts = (spans.get(BEGUN, 0), sum(ended.values()), sum(left.values()))
    return counts[0], counts[1], packed(ended, finished), counts[2], packed(left, censored)
