"""What the audit chains cost: `python -m bench.audit [ENTRIES]` prints it.

Cases are saved in batches as the pump and the desk do, with and without their chains, and the CPU time of both
processes is compared: it does not depend on who else uses the machine. Then as many entries as wanted are verified,
with the memory that this took.
"""

import asyncio
import resource
import sys
import time
from collections.abc import Mapping
from unittest.mock import patch
from uuid import UUID

from bench.machine import cpu_seconds
from bench.rig import SECRET, Rig
from services import auditing
from services.resolution import store as cases
from services.resolution.clocks.calendars import Calendars
from services.resolution.model import Case
from services.resolution.store import store
from services.resolution.timeline import Kind
from shared import clock
from shared.config import Settings
from shared.database import Database
from shared.ids import new_id
from shared.worktime import chinese_calendar

BATCH, LINES = 200, 18
"""Cases in a transaction, and entries of the timeline that each gets: with its promise that is 21 of the chain."""
ROUNDS = 20
MANY = 1_000_000


def measure(rig: Rig, entries: int) -> dict[str, float]:
    url = rig.database()
    result = rig.without_durability(lambda: asyncio.run(_cost(rig, url)))
    result |= rig.without_durability(lambda: asyncio.run(_grow(url, entries)))
    settings = Settings(data_dir=rig.folder, database_url=url, secret=SECRET)
    before, began = _peak(), time.perf_counter()
    report = asyncio.run(auditing.verify(settings, url, None, None, lambda done, total: None))
    seconds = time.perf_counter() - began
    if report["wrong"]:
        raise RuntimeError(f"a chain that nobody touched does not verify: {report['findings'][0]}")
    rig.drop(url)
    return result | {
        "entries verified": report["entries"],
        "verified a second": report["entries"] / seconds,
        "MiB that verifying took": _peak() - before,
    }


async def _cost(rig: Rig, url: str) -> dict[str, float]:
    """Microseconds of CPU time for each entry."""
    database = await _opened(url)
    try:
        await _save(database)  # makes the connection, whose process is watched
        spent = {True: [0.0, 0.0], False: [0.0, 0.0]}
        for number in range(2 * ROUNDS):
            chained = number % 2 == 0
            pids = rig.postgres_pids()
            python, server = time.process_time(), sum(map(cpu_seconds, pids))
            if chained:
                await _save(database)
            else:
                with patch.object(cases, "chained", lambda *_, **__: ()):
                    await _save(database)
            spent[chained][0] += time.process_time() - python
            spent[chained][1] += sum(map(cpu_seconds, pids)) - server
    finally:
        await database.close()
    entries = ROUNDS * BATCH * (LINES + 3)
    python, server = ((spent[True][i] - spent[False][i]) / entries * 1e6 for i in (0, 1))
    return {
        "us an entry, Python": python,
        "us an entry, PostgreSQL": server,
        "us a case with all its lines, without a chain": sum(spent[False]) / ROUNDS / BATCH * 1e6,
        "us a case with all its lines, with its chain": sum(spent[True]) / ROUNDS / BATCH * 1e6,
    }


async def _grow(url: str, entries: int) -> Mapping[str, float]:
    database = await _opened(url)
    try:
        # What was saved without a chain above is no case of this measurement.
        async with database.transaction() as transaction:
            await transaction.connection.exec_driver_sql(
                "UPDATE cases SET audit_from = entries WHERE audit_number = 0"
            )
        for _ in range(entries // (BATCH * (LINES + 3))):
            await _save(database)
    finally:
        await database.close()
    return {}


async def _opened(url: str) -> Database:
    store.follow(Calendars(chinese_calendar("Asia/Shanghai")), SECRET.encode())
    return Database(url, "resolution", 1)


async def _save(database: Database) -> None:
    """A batch of new cases with some history."""
    ids: list[UUID] = [new_id() for _ in range(BATCH)]
    at = clock.now()
    async with database.transaction(of=ids) as transaction:
        loaded = await store.load(transaction, ids)
        for case in loaded.values():
            _live(case, str(case.id)[-12:])
            case.open(f"RD-{case.id}", at)
        await store.save(transaction, loaded.values())


def _live(case: Case, mark: str) -> None:
    for number in range(LINES):
        case.note(Kind.REPLIED, clock.now(), "key:bench", f"What was said the {number}. time about {mark}.")


def _peak() -> float:
    """Mebibytes that this process has ever used at once."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    with Rig() as used:
        for name, value in measure(used, int(sys.argv[1]) if len(sys.argv) > 1 else MANY).items():
            print(f"{name}: {value:,.1f}")
