"""How long a question to the measures takes: `python -m bench.insights_questions [COMPLAINTS ...]`.

Fills the sums of a private PostgreSQL with those of so many made-up complaints (default 500,000 and 5,000,000) of three
years: 40 categories, 200 products, 30 regions, 100 handlers. The same number gives the same complaints. Then asks
over HTTP, in the process, over ranges that begin and end within months, and prints the median and the 95th percentile
of 40 answers.
"""

import asyncio
import os
import shutil
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import asyncpg
import httpx
import numpy as np
from numpy.typing import NDArray

from bench.rig import dsn
from services.insights.app import service
from services.insights.durations import BOUNDS
from services.insights.model import COUNTS, CUTS, JOIN, Dims, name_of
from services.insights.summing import TIMED
from shared import clock
from shared.config import Settings
from shared.keys import create_key
from shared.migrate import migrate
from shared.postgres import PrivatePostgres
from shared.process import Process

Codes = NDArray[np.int64]
FIRST, DAYS = date(2023, 3, 11), 1096
NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
SIZES = {"category": 40, "severity": 4, "department": 8, "channel": 9, "product": 200, "region": 30}
SIZES |= {"handler": 100, "loss": 4}
REPEATS = 40
QUESTIONS = [(by, days) for days in (365, 1096) for by in ("none", "day", *SIZES) if by != "loss"]
QUESTIONS += [(by, 3653) for by in ("none", "category", "product", "handler")]


class MadeUp:
    """Complaints as columns."""

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
        self.bucket = np.searchsorted(np.array(BOUNDS), self.took)

    def value(self, cut: tuple[str, ...]) -> tuple[Codes, list[str]]:
        """The code of each complaint, and the value that each code stands for."""
        codes, values = np.zeros_like(self.received), [""]
        for name in cut:
            codes = codes * SIZES[name] + self.dims[name]
            values = [f"{a}{JOIN if a else ''}{name}-{b}" for a in values for b in range(SIZES[name])]
        return codes, values

    def counts(self, name: str) -> tuple[Codes, NDArray[np.float64]]:
        """On which day each complaint counts, and how much."""
        done = self.handled.astype(float)
        outcomes = {"satisfied": 0, "acceptable": 1, "not_acceptable": 2}
        if name == "closed":
            return self.closed_on, done
        if name in outcomes:
            return self.closed_on, done * (self.outcome == outcomes[name])
        known = {"handled": done, "handling_seconds": self.took.astype(float)}
        known |= dict.fromkeys(("received", "dissatisfied", "triaged"), np.ones(len(done)))
        return self.received, known.get(name, np.zeros(len(done)))


async def fill(connection: asyncpg.Connection, made: MadeUp) -> None:
    """The four tables of sums, by COPY."""
    days = [FIRST + timedelta(days=number) for number in range(DAYS)]
    months = sorted({day.replace(day=1) for day in days})
    month_of = np.array([months.index(day.replace(day=1)) for day in days])
    for cut in CUTS:
        codes, values = made.value(cut)
        for grain, place in (("daily", np.arange(DAYS)), ("monthly", month_of)):
            dates = days if grain == "daily" else months
            size = len(values) * len(dates)
            columns = []
            for name in COUNTS:
                on, n = made.counts(name)
                columns.append(np.bincount(codes * len(dates) + place[on], weights=n, minlength=size))
            table = np.stack(columns, axis=1).astype(np.int64)
            cells = np.flatnonzero(table.any(axis=1))
            rows = (
                (name_of(cut), dates[cell % len(dates)], values[cell // len(dates)], *table[cell].tolist())
                for cell in cells.tolist()
            )
            names = ["dimension", "day", "value", *COUNTS]
            await connection.copy_records_to_table(grain, schema_name="insights", records=rows, columns=names)
            if cut in TIMED:
                await _fill_times(connection, made, name_of(cut), grain, codes, values, place, dates)


async def _fill_times(
    connection: asyncpg.Connection,
    made: MadeUp,
    dimension: str,
    grain: str,
    codes: Codes,
    values: list[str],
    place: Codes,
    dates: list[date],
) -> None:
    cell = codes * len(dates) + place[made.received]
    begun = np.bincount(cell, minlength=len(values) * len(dates))
    keys, n = np.unique((cell * len(BOUNDS) + made.bucket)[made.handled], return_counts=True)
    entries = ((keys % len(BOUNDS)) << 21 | n).astype("<u4")
    edges = np.searchsorted(keys // len(BOUNDS), np.arange(len(begun) + 1))
    finished = np.bincount(cell[made.handled], minlength=len(begun))
    rows = (
        (
            *("handling", dimension, dates[each % len(dates)], values[each // len(dates)]),
            *(int(begun[each]), int(finished[each]), entries[edges[each] : edges[each + 1]].tobytes()),
            *(0, b""),
        )
        for each in np.flatnonzero(begun).tolist()
    )
    await connection.copy_records_to_table(f"{grain}_durations", schema_name="insights", records=rows)


async def measure(url: str, folder: Path, n: int) -> dict[tuple[str, int], tuple[float, float]]:
    """Median and 95th percentile in milliseconds of each question."""
    await migrate(url, {"insights": url})
    connection = await asyncpg.connect(dsn(url))
    began = time.perf_counter()
    await fill(connection, MadeUp(n))
    await connection.execute("VACUUM ANALYZE")
    print(f"{n:,} complaints summed in {time.perf_counter() - began:.0f} s")
    for name in ("daily", "monthly", "daily_durations", "monthly_durations"):
        size, rows = await connection.fetchrow(
            f"SELECT pg_size_pretty(pg_total_relation_size('insights.{name}')), count(*) FROM insights.{name}"
        )
        print(f"  {name}: {rows:,} rows, {size}")
    await connection.close()
    process = Process(Settings(data_dir=folder), url, [service])
    key = await create_key(url, "bench", ["measures:read"])
    found = {}
    async with process.running(workers=False):
        transport = httpx.ASGITransport(process.app)
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://redress", headers=headers) as http:
            for by, days in QUESTIONS:
                span = {"from": str((NOW - timedelta(days=days - 1)).date()), "to": str(NOW.date())}
                times = []
                for _ in range(REPEATS + 2):
                    started = time.perf_counter()
                    answer = await http.get("/insights/v1/measures", params={"by": by, **span})
                    times.append((time.perf_counter() - started) * 1000)
                    assert answer.status_code == 200, answer.text
                ordered = sorted(times[2:])
                found[by, days] = ordered[REPEATS // 2], ordered[REPEATS * 95 // 100 - 1]
    return found


async def compare(numbers: list[int], folder: Path) -> None:
    found = []
    for n in numbers:
        with PrivatePostgres(folder / str(n), durable=False) as postgres, clock.moved_to(lambda: NOW):
            found.append(await measure(postgres.url, folder / str(n), n))
    print("by           days  " + "  ".join(f"{n:>11,} p50   p95" for n in numbers))
    for by, days in QUESTIONS:
        line = "  ".join(f"{each[by, days][0]:15.1f} {each[by, days][1]:5.1f}" for each in found)
        print(f"{by:12} {days:4}  {line}")


def main() -> None:
    assert set(SIZES) == set(Dims._fields)
    numbers = [int(argument) for argument in sys.argv[1:]] or [500_000, 5_000_000]
    root = Path("/var/lib") if os.geteuid() == 0 else Path(tempfile.gettempdir())
    folder = root / f"redress-bench-{os.getpid()}"
    folder.mkdir()
    try:
        asyncio.run(compare(numbers, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
