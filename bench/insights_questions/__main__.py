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
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import httpx

from bench.insights_questions.made_up import SIZES, MadeUp, fill
from bench.rig import dsn
from services.insights.app import service
from services.insights.model import Dims
from shared import clock
from shared.config import Settings
from shared.keys import create_key
from shared.migrate import migrate
from shared.postgres import PrivatePostgres
from shared.process import Process

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
REPEATS = 40
QUESTIONS = [(by, days) for days in (365, 1096) for by in ("none", "day", *SIZES) if by != "loss"]
QUESTIONS += [(by, 3653) for by in ("none", "category", "product", "handler")]


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
