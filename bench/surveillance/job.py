"""The whole job of one week, from rows of complaints to alerts, after the week before was counted as ever.

On a private PostgreSQL that does not wait for the disk.
"""

import asyncio
import os
import shutil
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ARRAY, text

from bench.machine import cpu_seconds, family
from services.insights.alerts.book import EARLY_WARNING
from services.insights.alerts.counts import counted_by, recount
from services.insights.alerts.store import warning_rounds
from services.insights.alerts.watch import Watch
from services.insights.app import service
from services.insights.store import complaints
from shared import clock
from shared.bulk import insert_rows
from shared.config import Settings
from shared.events.insights import WarningStep
from shared.migrate import migrate
from shared.postgres import PrivatePostgres
from shared.process import Process
from shared.service import Context

END = date(2026, 11, 16)
"""The week before it is judged."""
WEEKS = 313
MEAN = 3
"""Complaints of a product in a week: 10,000 products have 30,000, which is the company that needs it."""

_PAST = text(
    "INSERT INTO series_counts (step, dimension, value, starts, n) "
    "SELECT 'week', 'product', 'product ' || s, CAST(:end AS date) - 7 * w, 1 + floor(2 * :mean * random()) "
    "FROM generate_series(1, :series) s, generate_series(15, :weeks) w"
)


def measure(series: int) -> dict[str, Any]:
    """Seconds of a round with so many series, by the wall and by the CPU of the job and of PostgreSQL."""
    root = Path("/var/lib") if os.geteuid() == 0 else Path(tempfile.gettempdir())
    folder = root / f"redress-surveillance-{os.getpid()}"
    try:
        with PrivatePostgres(folder, durable=False) as postgres:
            return asyncio.run(_measure(postgres.url, folder, series))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _server_seconds(folder: Path) -> float:
    """CPU time of PostgreSQL so far."""
    pid = int((folder / "pgdata" / "postmaster.pid").read_text().split("\n")[0])
    return sum(map(cpu_seconds, family(pid)))


async def _measure(url: str, data_dir: Path, series: int) -> dict[str, Any]:
    await migrate(url, {"insights": url})
    process = Process(Settings(data_dir=data_dir), url, [service])
    context = process.contexts["insights"]
    await _fill(context, series)
    now = datetime.combine(END, datetime.min.time(), UTC) + timedelta(hours=8)
    with clock.moved_to(lambda: now):
        began, cpu, server = time.perf_counter(), time.process_time(), _server_seconds(data_dir)
        alerts = await Watch(context).round(WarningStep.WEEK)
        found = {
            "seconds": time.perf_counter() - began,
            "cpu_seconds": time.process_time() - cpu,
            "postgresql_cpu_seconds": _server_seconds(data_dir) - server,
        }
    async with context.database.reading() as connection:
        judged = (await connection.execute(text("SELECT max(series) FROM warning_rounds"))).scalar_one()
    await process.log.stop()
    await process._close()
    return {"series": judged, "alerts": alerts, **found}


async def _fill(context: Context, series: int) -> None:
    needed = [column.name for column in complaints.columns if not column.nullable and column.name != "id"]
    zeros = ["'{}'" if isinstance(complaints.c[name].type, ARRAY) else "0" for name in needed]
    recent = text(
        f"INSERT INTO complaints (id, registered_at, kind, customer_id, product, {', '.join(needed)}) "
        "SELECT gen_random_uuid(), CAST(:end AS timestamptz) - interval '98 days' * random(), 'complaint', "
        f"gen_random_uuid(), 'product ' || 1 + floor(:series * random()), {', '.join(zeros)} "
        "FROM generate_series(1, 14 * :mean * :series)"
    )
    async with context.database.transaction() as transaction:
        await transaction.execute(_PAST, {"series": series, "weeks": WEEKS, "end": END, "mean": MEAN})
        await transaction.execute(
            recent, {"series": series, "mean": MEAN, "end": datetime.combine(END, datetime.min.time(), UTC)}
        )
        before = END - timedelta(days=14)
        row = {
            **{"step": WarningStep.WEEK, "starts": before, "as_of": datetime(2026, 11, 9, 8, tzinfo=UTC)},
            **{"counted_by": counted_by(EARLY_WARNING.shipped), "rulebook_version": 0},
            **{"series": 0, "watched": 0, "alerted": 0},
        }
        await insert_rows(transaction, warning_rounds, [row])
        await recount(transaction, EARLY_WARNING.shipped, END - timedelta(days=7), whole=False)
    async with context.database.reading() as connection:
        for table in ("series_counts", "complaints"):
            await connection.execute(text(f"ANALYZE {table}"))
