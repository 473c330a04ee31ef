"""How fast insights reads the log: `python -m bench.insights_projector [EVENTS] [STORED]`.

Feeds generated events to the pump in batches of 500, on a private PostgreSQL that does not wait for the disk,
from one process. STORED complaints (default 0) of the year before are put into the tables first, to see
whether the cost grows with them. `--rebuild` puts the events on the log first, lets the pump of each consumer read
them there, and then makes the tables again in the memory, which must give the same. `--profile` prints where the time
goes.
"""

import asyncio
import cProfile
import os
import pstats
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.insights.app import service
from services.insights.handlers import reactions
from services.insights.model import Facts
from services.insights.rebuild import READ_TABLES, rebuild
from services.insights.rollups import totals
from services.insights.store import FactsStore
from shared.config import Settings
from shared.envelope import open_envelope
from shared.migrate import migrate
from shared.postgres import PrivatePostgres
from shared.process import Process
from shared.service import Context
from tests.insights_story import START, batches, ordered_id, records, stories

EVENTS_A_COMPLAINT = 14
BATCH = 500


async def measure(
    url: str, data_dir: Path, events: int, stored: int, profiler: cProfile.Profile | None
) -> None:
    await migrate(url, {"insights": url})
    process = Process(Settings(data_dir=data_dir), url, [service])
    context = process.contexts["insights"]
    pump = service.pump(context)
    await store(context, stored)
    told = records(stories(events // EVENTS_A_COMPLAINT + 500, days=events / EVENTS_A_COMPLAINT / 1000))[
        :events
    ]
    for batch in batches(told[:5_000], BATCH):
        await pump.handle(batch)  # connections, prepared statements
    cpu, started = time.process_time(), time.perf_counter()
    if profiler:
        profiler.enable()
    for batch in batches(told[5_000:], BATCH):
        await pump.handle(batch)
    if profiler:
        profiler.disable()
    took, cpu = time.perf_counter() - started, time.process_time() - cpu
    n = len(told) - 5_000
    print(f"stored {stored}: {n} events in {took:.2f} s = {n / took:,.0f} events/s, {cpu:.2f} CPU-s here")
    async with context.database.reading() as connection:
        for by in ("none", "day", "category", "channel"):
            times = []
            for _ in range(20):
                started = time.perf_counter()
                await totals(connection, by, (START - timedelta(days=364)).date(), START.date(), START)
                times.append(time.perf_counter() - started)
            print(f"  totals by {by} over a year: median {sorted(times)[10] * 1000:.1f} ms")
    async with process.running():
        pass


async def compare(url: str, data_dir: Path, events: int, profiler: cProfile.Profile | None) -> None:
    """The pump and the rebuild over one log, one after the other."""
    await migrate(url, {"insights": url})
    process = Process(Settings(data_dir=data_dir), url, [service])
    context = process.contexts["insights"]
    told = records(stories(events // EVENTS_A_COMPLAINT, days=events / EVENTS_A_COMPLAINT / 1000))
    for batch in batches(told, 5_000):
        await context.log.append(batch)
    started = time.perf_counter()
    pump = service.pump(context)
    consumer = context.log.consumer(service.name, service.groups[service.name])
    await consumer.start()
    while got := await consumer.poll(BATCH, 0.01):
        await pump.handle(got)
        await consumer.commit(got)
    await consumer.stop()
    took = time.perf_counter() - started
    print(f"pump: {len(told)} events in {took:.2f} s = {len(told) / took:,.0f}/s")
    before = await _digests(context)
    del told
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cpu, started = time.process_time(), time.perf_counter()
    if profiler:
        profiler.enable()
    await rebuild(context)
    if profiler:
        profiler.disable()
    took, cpu = time.perf_counter() - started, time.process_time() - cpu
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 1024
    print(
        f"rebuild: {took:.2f} s = {events / took:,.0f} events/s, {cpu:.2f} CPU-s here, {grown:.0f} MB more; "
        f"other tables: {_differing(before, await _digests(context)) or 'none'}"
    )
    async with process.running(workers=False):
        pass


def _differing(one: list[tuple[str, str]], other: list[tuple[str, str]]) -> list[str]:
    """The tables that are not the same both ways."""
    return [name for (name, digest), (_, again) in zip(one, other, strict=True) if digest != again]


async def _digests(context: Context) -> list[tuple[str, str]]:
    found = []
    async with context.database.reading() as connection:
        for table in READ_TABLES:
            key = ", ".join(column.name for column in table.primary_key)
            digest = await connection.execute(
                text(f"SELECT md5(string_agg(t::text, '' ORDER BY {key})) FROM {table.name} t")
            )
            found.append((table.name, digest.scalar_one()))
    return found


async def store(context: Context, complaints: int) -> None:
    """Complaints of the year before, made of 3,000 stories that are told again under other ids and days."""
    known: dict[UUID, Facts] = {}
    for record in records(stories(3_000, seed=2, days=1)):
        received = open_envelope(record)
        facts = known.setdefault(received.event.complaint_id, Facts(id=received.event.complaint_id))
        reactions.react(facts, received)
    random = Random(3)
    models = list(known.values())
    for start in range(0, complaints, 5_000):
        batch = []
        for number in range(start, min(start + 5_000, complaints)):
            model = random.choice(models)
            days = timedelta(days=-random.randint(1, 365))
            moved: dict[str, Any] = {
                name: value + days for name, value in vars(model).items() if isinstance(value, datetime)
            }
            for name in ("promises_kept_at", "promises_broken_at", "notices_issued_at", "notices_known_at"):
                moved[name] = [at and at + days for at in getattr(model, name)]
            batch.append(
                replace(model, id=ordered_id(START + days, "stored", number), counted=Counter(), **moved)
            )
        async with context.database.transaction() as transaction:
            await FactsStore().save(transaction, batch)
    async with context.database.transaction() as transaction:
        await transaction.execute(text("ANALYZE"))


def main() -> None:
    profiler = cProfile.Profile() if "--profile" in sys.argv else None
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    events, stored = [*numbers, 0][:2] if numbers else [25_000, 0]
    root = Path("/var/lib") if os.geteuid() == 0 else Path(tempfile.gettempdir())
    folder = root / f"redress-bench-{os.getpid()}"
    try:
        with PrivatePostgres(folder, durable=False) as postgres:
            if "--rebuild" in sys.argv:
                asyncio.run(compare(postgres.url, folder, events, profiler))
            else:
                asyncio.run(measure(postgres.url, folder, events, stored, profiler))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if profiler:
        pstats.Stats(profiler).sort_stats("tottime").print_stats(30)


if __name__ == "__main__":
    main()
