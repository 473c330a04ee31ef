"""Made-up complaints of three years as columns, and the sums of them. The same number gives the same complaints."""

from collections.abc import Iterator
from datetime import date, timedelta

import asyncpg
import numpy as np
from numpy.typing import NDArray

from bench.insights_questions.copying import Column, copy
from services.insights.durations import BOUNDS
from services.insights.losses import Band
from services.insights.model import COUNTS, CUTS, JOIN, name_of
from services.insights.store import SUMS
from services.insights.summing import SQL_TYPE, TIMED

Codes = NDArray[np.int64]
FIRST, DAYS = date(2023, 3, 11), 1096
SIZES = {"category": 40, "severity": 4, "department": 8, "channel": 9, "product": 200, "region": 30}
SIZES |= {"handler": 100, "loss": 4}
LOSSES = ["", *(band.value for band in Band)]
EPOCH = date(2000, 1, 1)
"""PostgreSQL's."""


class MadeUp:
    def __init__(self, n: int) -> None:
        draw = np.random.default_rng(n)
        self.dims = {name: (draw.random(n) ** 1.5 * size).astype(np.int64) for name, size in SIZES.items()}
        self.received = draw.integers(0, DAYS, n)
        took = np.minimum(draw.lognormal(10.5, 1.3, n), BOUNDS[-1]).astype(np.int64)
        ended = self.received + took // 86_400
        self.handled = (draw.random(n) < 0.97) & (ended < DAYS)
        self.took = np.where(self.handled, took, 0)
        self.closed_on = np.minimum(ended + 1, DAYS - 1)
        self.outcome = draw.integers(0, 3, n)
        answered = np.minimum(draw.lognormal(9.5, 1.5, n), BOUNDS[-1]).astype(np.int64)
        self.durations = {
            "handling": (self.handled, np.searchsorted(np.array(BOUNDS), self.took)),
            "response": (draw.random(n) < 0.98, np.searchsorted(np.array(BOUNDS), answered)),
        }
        self.prompt = self.durations["response"][0] & (answered <= 86_400)

    def value(self, cut: tuple[str, ...]) -> tuple[Codes, list[str]]:
        """The code of each complaint, and the value that each code stands for."""
        codes, values = np.zeros_like(self.received), [""]
        for name in cut:
            codes = codes * SIZES[name] + self.dims[name]
            own = LOSSES if name == "loss" else [f"{name}-{number}" for number in range(SIZES[name])]
            values = [f"{a}{JOIN if a else ''}{b}" for a in values for b in own]
        return codes, values

    def counts(self) -> Iterator[tuple[str, Codes, NDArray[np.float64]]]:
        """Each count that is not 0, on which day each complaint counts, and how much."""
        done, all_ = self.handled.astype(float), np.ones(len(self.received))
        for name in ("received", "dissatisfied", "triaged"):
            yield name, self.received, all_
        yield "handled", self.received, done
        yield "handling_seconds", self.received, self.took.astype(float)
        yield "responded_promptly", self.received, self.prompt.astype(float)
        for name in ("closed", "first_closed", "promises_kept"):
            yield name, self.closed_on, done
        for code, name in enumerate(("satisfied", "acceptable", "not_acceptable")):
            yield name, self.closed_on, done * (self.outcome == code)


def dates(grain: str) -> tuple[list[date], Codes]:
    """The days of the rows, and the place of each day among them."""
    days = [FIRST + timedelta(days=number) for number in range(DAYS)]
    coarser: dict[str, dict[str, int]] = {
        "daily": {},
        "monthly": {"day": 1},
        "yearly": {"month": 1, "day": 1},
    }

    def first(day: date) -> date:
        return date(day.year, coarser[grain].get("month", day.month), coarser[grain].get("day", day.day))

    found = sorted({first(day) for day in days})
    places = {day: place for place, day in enumerate(found)}
    return found, np.array([places[first(day)] for day in days])


async def fill(connection: asyncpg.Connection, made: MadeUp) -> None:
    """All tables of sums, in the order of the days as they are in life. Their keys are made afterwards, which is much
    quicker."""
    keys = {table.name: ", ".join(column.name for column in table.primary_key) for table in SUMS}
    for table in keys:
        await connection.execute(f"ALTER TABLE insights.{table} DROP CONSTRAINT pk_{table}")
    for cut in CUTS:
        codes, values = made.value(cut)
        for grain in ("daily", "monthly", "yearly"):
            await _fill_counts(connection, made, cut, grain, codes, values)
            if cut in TIMED:
                for name in made.durations:
                    await _fill_times(connection, made, name, name_of(cut), grain, codes, values)
    for table, key in keys.items():
        await connection.execute(
            f"ALTER TABLE insights.{table} ADD CONSTRAINT pk_{table} PRIMARY KEY ({key})"
        )


async def _fill_counts(
    connection: asyncpg.Connection,
    made: MadeUp,
    cut: tuple[str, ...],
    grain: str,
    codes: Codes,
    values: list[str],
) -> None:
    found, place = dates(grain)
    received, closed = (place[on] * len(values) + codes for on in (made.received, made.closed_on))
    cells = np.unique(np.concatenate([received, closed[made.handled]]))
    at = {
        id(made.received): np.searchsorted(cells, received),
        id(made.closed_on): np.searchsorted(cells, closed),
    }
    known = {
        # What nobody counted weighs nothing, wherever it would stand.
        name: np.bincount(np.minimum(at[id(on)], len(cells) - 1), weights=n, minlength=len(cells))
        for name, on, n in made.counts()
    }
    columns: dict[str, Column] = {
        "dimension": name_of(cut).encode(),
        "day": _days(found)[cells // len(values)],
    }
    for name in COUNTS:
        n = known.get(name)
        if SQL_TYPE[name] == "bigint":
            columns[name] = bytes(8) if n is None else n.astype(np.int64)
        else:
            columns[name] = bytes(4) if n is None else n.astype(np.int32)
    await copy(connection, grain, columns, ("value", cells % len(values), values))


async def _fill_times(
    connection: asyncpg.Connection,
    made: MadeUp,
    name: str,
    dimension: str,
    grain: str,
    codes: Codes,
    values: list[str],
) -> None:
    ended, bucket = made.durations[name]
    found, place = dates(grain)
    cell = place[made.received] * len(values) + codes
    begun = np.bincount(cell, minlength=len(values) * len(found))
    keys, n = np.unique((cell * len(BOUNDS) + bucket)[ended], return_counts=True)
    entries = ((keys % len(BOUNDS)) << 21 | n).astype("<u4")
    edges = np.searchsorted(keys // len(BOUNDS), np.arange(len(begun) + 1))
    finished = np.bincount(cell[ended], minlength=len(begun))
    rows = (
        (
            *(name, dimension, found[each // len(values)], values[each % len(values)]),
            *(int(begun[each]), int(finished[each]), entries[edges[each] : edges[each + 1]].tobytes()),
            *(0, b""),
        )
        for each in np.flatnonzero(begun).tolist()
    )
    await connection.copy_records_to_table(f"{grain}_durations", schema_name="insights", records=rows)


def _days(found: list[date]) -> NDArray[np.int32]:
    return np.array([(day - EPOCH).days for day in found], dtype=np.int32)
