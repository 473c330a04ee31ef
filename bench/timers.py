"""How fast deadlines that pass at the same moment are worked off, and how late the last ones are.

Many cases, registered at the same time and taken up by nobody: their promises fall due together, and so do clocks. One
waker drains them as in service, a batch a transaction, on a clock that runs at the usual speed from that moment on.
Lateness is what the ledger itself says: when a promise was settled, less when it was due.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.machine import Meter
from bench.rig import SECRET, Rig
from services import catalogue
from services.resolution.model import Case
from services.resolution.store import store
from shared import clock
from shared.config import Settings
from shared.database import sql
from shared.events.vocabulary import Severity
from shared.ids import derived_id
from shared.process import Process
from shared.service import Context
from shared.waking import Waker

DUE, QUICK_DUE = 10_000, 2_000
AT_ONCE = 1000
"""Cases that are stored by one statement while the bench prepares."""
REGISTERED = datetime(2026, 3, 2, 1, tzinfo=UTC)
"""A Monday, 9 o'clock in Shanghai."""
LATER = timedelta(hours=9)
"""Eight working hours and a lunch: then the first promises are due."""

_LATENESS = sql(
    "SELECT count(*) AS broken, percentile_cont(ARRAY[0.5, 0.99, 1]) WITHIN GROUP "
    "(ORDER BY extract(epoch FROM settled_at - due_at)) AS seconds FROM promises WHERE state = 'broken'"
)
_FACTS = sql("SELECT count(*) FROM outbox")


def measure(rig: Rig, quick: bool, due: int | None = None) -> dict[str, Any]:
    number = due or (QUICK_DUE if quick else DUE)
    url = rig.database()
    try:
        return asyncio.run(_measured(rig, url, number))
    finally:
        rig.drop(url)


async def _measured(rig: Rig, url: str, number: int) -> dict[str, Any]:
    settings = Settings(data_dir=rig.folder / "data", database_url=url, secret=SECRET)
    process = Process(settings, url, catalogue.load(["resolution"]))
    try:
        return await _drain(rig, process.contexts["resolution"], number)
    finally:
        await process.log.stop()
        await process._close()


async def _drain(rig: Rig, context: Context, number: int) -> dict[str, Any]:
    await _open_cases(context, number)
    waker, woken = context.part(Waker), 0
    meter = Meter({"postgres": rig.postgres_pids()})
    began, cpu = time.perf_counter(), time.process_time()
    meter.start()
    with clock.moved_to(lambda: REGISTERED + LATER + timedelta(seconds=time.perf_counter() - began + 0.001)):
        while (turn := await waker.wake()) or not woken:
            woken += turn
    took, cpu, spent = time.perf_counter() - began, time.process_time() - cpu, meter.stop()
    async with context.database.reading() as connection:
        late = (await connection.execute(_LATENESS)).one()
        facts = (await connection.execute(_FACTS)).scalar_one()
    if late.broken != number:
        raise RuntimeError(f"{late.broken} of {number} promises were settled")
    return {
        "due": number,
        "seconds": took,
        "fired_per_second": number / took,
        "facts_per_second": facts / took,
        "late_p50_s": late.seconds[0],
        "late_p99_s": late.seconds[1],
        "late_worst_s": late.seconds[2],
        "others": spent["others"],
        "us": {"server": cpu / number * 1e6, "postgres": spent["postgres"] / number * 1e6},
    }


async def _open_cases(context: Context, number: int) -> None:
    """Cases of a department with a handler, as the log would have told them."""
    for first in range(0, number, AT_ONCE):
        made = [_case(n) for n in range(first, min(first + AT_ONCE, number))]
        async with context.database.transaction() as transaction:
            await store.save(transaction, made)
    async with context.database.reading() as connection:
        await connection.execute(sql("ANALYZE cases, promises"))


def _case(number: int) -> Case:
    case = Case(id=derived_id("bench", "timers", number), calendars=store.calendars)
    case.open(f"RD-{number:08d}", REGISTERED)
    case.triage("function", Severity.GENERAL, ("alarm",), REGISTERED)
    case.assign("after-sales", f"p{number % 500:03d}", "Li Wei", REGISTERED)
    return case
