"""How long a question to insights takes: `python -m bench.insights_questions [COMPLAINTS ...] [--repeats N]`.

Fills a private PostgreSQL with so many made-up complaints (default 500,000 and 5,000,000) of three years: 40
categories, 200 products, 30 regions, 100 handlers; the sums of them, and rows for the questions that read such. Then
asks over HTTP, in the process, over ranges that begin and end within months, and prints the median and the 95th
percentile of the answers by the wall, and what one of them costs in CPU time of the service and of PostgreSQL.
"""

import argparse
import asyncio
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import httpx

from bench.insights_questions.complaints import fill_complaints
from bench.insights_questions.made_up import SIZES, MadeUp, fill
from bench.machine import cpu_seconds, family
from bench.rig import dsn
from services.insights.app import service
from services.insights.model import Dims
from services.insights.store import SUMS
from shared import clock
from shared.config import Settings
from shared.keys import create_key
from shared.migrate import migrate
from shared.postgres import PrivatePostgres
from shared.process import Process

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
Question = tuple[str, str, dict[str, str]]
"""How it is called, its path, and its parameters."""


def _over(days: int) -> dict[str, str]:
    return {"from": str((NOW - timedelta(days=days - 1)).date()), "to": str(NOW.date())}


def _periods() -> list[Question]:
    asked = []
    for days in (1, 7, 30):
        span = {
            "since": f"{NOW - timedelta(days=days):%Y-%m-%d}T00:00:00+08:00",
            "until": f"{NOW:%Y-%m-%d}T00:00:00+08:00",
        }
        asked.append((f"period of {days} days", "v1/periods", span | {"zone": "Asia/Shanghai"}))
    return asked


YEAR = _over(365)
QUESTIONS: list[Question] = [
    *(
        (f"measures by {by}, {days} days", "v1/measures", {"by": by} | _over(days))
        for days in (365, 1096)
        for by in ("none", "day", *SIZES)
        if by != "loss"
    ),
    *(
        (f"measures by {by}, ten years", "v1/measures", {"by": by} | _over(3653))
        for by in ("none", "category", "product", "handler")
    ),
    *(
        (f"page {page}", f"pages/{page}", YEAR)
        for page in ("board", "causes", "money", "topics", "warnings", "fairness")
    ),
    ("page board by product", "pages/board", {"by": "product"} | YEAR),
    ("page causes by product", "pages/causes", {"by": "product"} | YEAR),
    ("page board, ten years", "pages/board", _over(3653)),
    ("control chart of a product", "v1/charts/counts", {"by": "product", "value": "product-3"} | _over(1096)),
    ("control chart of a share", "v1/charts/shares", YEAR),
    ("Pareto by product", "v1/charts/pareto", {"by": "product"} | YEAR),
    ("funnel", "v1/process/funnel", YEAR),
    ("process map", "v1/process/map", YEAR),
    ("variants", "v1/process/variants", YEAR),
    ("economics by product", "v1/economics", {"by": "product"} | YEAR),
    ("chain by product", "v1/measures/chain", {"by": "product"} | YEAR),
    ("people", "v1/measures/people", {"measure": "satisfaction_rate"} | _over(90)),
    ("forecast", "v1/forecast/backlog", {}),
    ("who buys again", "v1/cohorts", YEAR),
    *_periods(),
]


@dataclass(frozen=True)
class Found:
    """Milliseconds."""

    p50: float
    p95: float
    service: float
    postgresql: float


async def measure(url: str, folder: Path, n: int, repeats: int) -> dict[str, Found]:
    await migrate(url, {"insights": url})
    connection = await asyncpg.connect(dsn(url))
    began = time.perf_counter()
    await fill(connection, MadeUp(n))
    await fill_complaints(connection, n)
    await connection.execute("VACUUM ANALYZE")
    print(f"{n:,} complaints made up in {time.perf_counter() - began:.0f} s")
    for name in (*(table.name for table in SUMS), "complaints", "journeys"):
        size, rows = await connection.fetchrow(
            f"SELECT pg_size_pretty(pg_total_relation_size('insights.{name}')), count(*) FROM insights.{name}"
        )
        print(f"  {name}: {rows:,} rows, {size}")
    await connection.close()
    return await ask(url, folder, repeats)


async def ask(url: str, folder: Path, repeats: int) -> dict[str, Found]:
    process = Process(Settings(data_dir=folder), url, [service])
    key = await create_key(url, "bench", ["measures:read", "appeals:oversee"])
    server = int((folder / "pgdata" / "postmaster.pid").read_text().split("\n")[0])
    found = {}
    async with process.running(workers=False):
        transport = httpx.ASGITransport(process.app)
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://redress", headers=headers) as http:
            for name, path, params in QUESTIONS:
                times: list[float] = []
                while len(times) < repeats + 6:  # PostgreSQL keeps a plan from the sixth time on
                    if len(times) == 6:
                        cpu = time.process_time(), sum(map(cpu_seconds, family(server)))
                    started = time.perf_counter()
                    answer = await http.get(f"/insights/{path}", params=params)
                    times.append((time.perf_counter() - started) * 1000)
                    assert answer.status_code == 200, answer.text
                spent = time.process_time() - cpu[0], sum(map(cpu_seconds, family(server))) - cpu[1]
                ordered = sorted(times[6:])
                each = [1000 * seconds / repeats for seconds in spent]
                found[name] = Found(ordered[repeats // 2], ordered[-(-repeats * 95 // 100) - 1], *each)
    return found


async def compare(numbers: list[int], folder: Path, repeats: int) -> None:
    found = []
    for n in numbers:
        with PrivatePostgres(folder / str(n), durable=False) as postgres, clock.moved_to(lambda: NOW):
            found.append(await measure(postgres.url, folder / str(n), n, repeats))
    show(numbers, found)


def show(numbers: list[int], found: list[dict[str, Found]]) -> None:
    heads = "".join(f"{f'{n:,}: p50':>18} {'p95':>6} {'CPU':>6} {'PG':>6}" for n in numbers)
    print(f"{'milliseconds':38}{heads}")
    for name, _, _ in QUESTIONS:
        every = [each[name] for each in found]
        line = "".join(f"{at.p50:18.1f} {at.p95:6.1f} {at.service:6.1f} {at.postgresql:6.1f}" for at in every)
        print(f"{name:38}{line}")


def main() -> None:
    assert set(SIZES) == set(Dims._fields)
    parser = argparse.ArgumentParser(
        prog="python -m bench.insights_questions", description=(__doc__ or "").split("\n", 1)[0]
    )
    parser.add_argument("complaints", type=int, nargs="*", default=[500_000, 5_000_000])
    parser.add_argument("--repeats", type=int, default=40)
    asked = parser.parse_args()
    root = Path("/var/lib") if os.geteuid() == 0 else Path(tempfile.gettempdir())
    folder = root / f"redress-bench-{os.getpid()}"
    folder.mkdir()
    try:
        asyncio.run(compare(asked.complaints, folder, asked.repeats))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
