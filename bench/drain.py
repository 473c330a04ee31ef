"""How fast a backlog is worked off by all five services.

Complaints are registered while nobody relays: their events wait in intake's outbox. Then everything is started,
the outbox is let go, and the time runs from the first event that a consumer claims until nothing waits anywhere:
no event in an outbox or on the log, no message to a customer unsent.
"""

import asyncio
import time
from typing import Any

from bench import stories
from bench.machine import Meter
from bench.rig import SECRET, Rig, run_load
from bench.watch import Done, Watch, quiet
from services import catalogue
from services.intake.door import Door
from services.intake.registration import register
from services.intake.schemas import NewComplaint
from services.intake.vault.rows import equip
from shared import clock
from shared.config import Settings
from shared.database import Database

COMPLAINTS, QUICK, LONG = 2000, 400, 50_000
"""A complaint becomes about seven events."""
AT_ONCE = 500
"""Complaints that are brought to the door together; it does not let more than a thousand wait."""


def measure(rig: Rig, quick: bool, *, long: bool = False) -> dict[str, Any]:
    number = QUICK if quick else COMPLAINTS
    result = {"one process": _drain(rig, number, [list(catalogue.NAMES)])}
    if not quick:
        result["five processes"] = _drain(rig, number, [[name] for name in catalogue.NAMES])
    if long:
        result["as they come"] = _as_they_come(rig, LONG)
    return result


def _as_they_come(rig: Rig, complaints: int) -> dict[str, Any]:
    """A day's complaints, posted as fast as sixteen clients get their answers while all five services work."""
    url = rig.database()
    key = rig.key(url)
    with rig.redress(list(catalogue.NAMES), url) as redress:
        meter = Meter({"server": [redress.pid], "postgres": rig.postgres_pids()})
        meter.start()
        began = time.perf_counter()
        done = run_load(
            {
                "scenario": "door", "port": redress.port, "path": "/intake/v1/complaints",
                "headers": {"authorization": f"Bearer {key}"}, "bodies": stories.bodies(), "clients": 16,
                "warm_up": 0.0, "seconds": 1800.0, "requests": complaints, "run": "long",
            }
        )  # fmt: skip
        asyncio.run(quiet(url, within=1800))
        seconds, spent = time.perf_counter() - began, meter.stop(done["cpu"])
        counted = asyncio.run(_counted(url))
    rig.drop(url)
    return _result(done["n"], seconds, counted, spent)


async def _counted(url: str) -> Done:
    watch = await Watch.open(url)
    try:
        return await watch.done()
    finally:
        await watch.close()


def _result(complaints: int, seconds: float, done: Done, spent: dict[str, float]) -> dict[str, Any]:
    if done.parked:
        raise RuntimeError(f"{done.parked} events were parked")
    return {
        "complaints": complaints,
        "seconds": seconds,
        "events": done.records,
        "events_per_second": done.records / seconds,
        "handled_per_second": done.handled / seconds,
        "others": spent.pop("others"),
        "cpu": spent,
    }


def _drain(rig: Rig, complaints: int, processes: list[list[str]]) -> dict[str, Any]:
    url = rig.database()
    try:
        asyncio.run(backlog(url, complaints))
        return asyncio.run(_work_off(rig, url, complaints, processes))
    finally:
        rig.drop(url)


async def backlog(url: str, complaints: int) -> None:
    """Register complaints while no relay runs."""
    database = Database(url, "intake")
    equip(database, Settings(secret=SECRET))
    door = Door(database)
    committer = asyncio.create_task(door.run())
    try:
        told = [NewComplaint.model_validate(stories.complaint(n)) for n in range(complaints)]
        for first in range(0, complaints, AT_ONCE):
            some = told[first : first + AT_ONCE]
            await asyncio.gather(*(door.register(register(t, "bench", clock.now()), None) for t in some))
    finally:
        committer.cancel()
        await asyncio.gather(committer, return_exceptions=True)
        await database.close()


async def _work_off(rig: Rig, url: str, complaints: int, processes: list[list[str]]) -> dict[str, Any]:
    watch = await Watch.open(url)
    try:
        await watch.hold_relay("intake")
        with rig.fleet(processes, url) as fleet:
            meter = Meter({"server": [child.pid for child in fleet], "postgres": rig.postgres_pids()})
            meter.start()
            await watch.release_relay("intake")
            while not await watch.handled():
                await asyncio.sleep(0.02)
            await watch.quiet(within=300)
            seconds, spent = await watch.seconds_since_first(), meter.stop()
        done = await watch.done()
    finally:
        await watch.close()
    return _result(complaints, seconds, done, spent)
