"""How long after it was posted a complaint is assigned and the customer sees by whom.

All five services in one process, on the table log and on Kafka. First the rate that is sustained when sixteen
clients each wait for their own complaint; then, at half of it, complaints come by chance. The tracking page is
looked at every 10 ms, which is part of the load and of the result.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench import stories
from bench.machine import Meter
from bench.rig import Rig, run_load
from bench.watch import quiet
from dev.kafka import BrokerStartError, KafkaUnavailable, open_broker
from services import catalogue

CLIENTS = 16


def measure(rig: Rig, quick: bool) -> dict[str, Any]:
    seconds = 5.0 if quick else 15.0
    result = {"table log": _log(rig, seconds, {})}
    if not quick:
        result["kafka"] = _on_kafka(rig, seconds)
    return result


def _on_kafka(rig: Rig, seconds: float) -> dict[str, Any]:
    try:
        with _broker(rig) as bootstrap:
            return _log(rig, seconds, {"event_log_url": f"kafka://{bootstrap}"})
    except (KafkaUnavailable, BrokerStartError) as error:
        return {"skipped": str(error).split("\n", 1)[0]}


@contextmanager
def _broker(rig: Rig) -> Iterator[str]:
    broker = open_broker(rig.folder / "kafka")
    broker.start()
    try:
        yield broker.bootstrap
    finally:
        broker.stop()


def _log(rig: Rig, seconds: float, settings: dict[str, str]) -> dict[str, Any]:
    url = rig.database()
    key = rig.key(url)
    table_log = not settings
    with rig.redress(list(catalogue.NAMES), url, **settings) as redress:
        plan = {
            "scenario": "visible", "port": redress.port, "headers": {"authorization": f"Bearer {key}"},
            "bodies": stories.bodies(plain=True), "clients": CLIENTS, "warm_up": 0.0,
        }  # fmt: skip
        run_load(plan | {"seconds": 2.0, "run": "warm-up"})
        asyncio.run(quiet(url, table_log=table_log))
        most = run_load(plan | {"seconds": seconds, "run": "most"})
        rate = most["n"] / (most["seconds"] + asyncio.run(quiet(url, table_log=table_log)))
        meter = Meter({"server": [redress.pid], "postgres": rig.postgres_pids()})
        meter.start()
        half = run_load(plan | {"seconds": seconds, "run": "half", "rate": rate / 2})
        spent = meter.stop(half["cpu"])
    rig.drop(url)
    for done in most, half:
        if set(done["statuses"]) - {"ok"}:
            raise RuntimeError(f"complaints ended otherwise: {done['statuses']}")
    return {
        "sustained_per_second": rate,
        "sustained_p50_ms": most["p50_ms"],
        "offered_per_second": rate / 2,
        "n": half["n"],
        "p50_ms": half["p50_ms"],
        "p99_ms": half["p99_ms"],
        "others": spent["others"],
    }
