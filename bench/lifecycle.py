"""How many complaints a second go their whole way, and whether that stays so with a million stored.

One lifecycle: register, accept, answer at once, read by tracking; four requests, and all the events that follow
from them. Sixteen clients at a time, each of which registers four complaints before it goes on with the first, so
that nobody waits at the door of a case for its events. What was begun counts only when its events are worked off,
too: the rate is the number of lifecycles over the time until everything is quiet.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from bench import fill, stories
from bench.machine import Meter
from bench.rig import Rig, run_load
from bench.watch import quiet
from services import catalogue

CLIENTS = 16
TWO_PROCESSES = (("intake", "insights"), ("resolution", "routing", "notification"))
"""One for each of the machine's cores, as `redress serve` would be started there."""
STORED, QUICK_STORED = 1_000_000, 20_000


def measure(rig: Rig, quick: bool, stored: int | None = None) -> dict[str, Any]:
    stored = stored or (QUICK_STORED if quick else STORED)
    empty, full = rig.database(), rig.database()
    filled = rig.without_durability(lambda: asyncio.run(fill.fill(full, stored)))
    sides = {
        "one process": (empty, [catalogue.NAMES]),
        "empty": (empty, TWO_PROCESSES),
        "full": (full, TWO_PROCESSES),
    }
    rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in sides}
    for _ in range(1 if quick else 3):
        for name, (url, groups) in sides.items():
            rounds[name].append(_round(rig, url, groups, 5.0 if quick else 15.0))
    best = {
        name: sorted(each, key=lambda r: r["per_second"])[len(each) // 2] for name, each in rounds.items()
    }
    ratios = sorted(
        f["per_second"] / e["per_second"] for e, f in zip(rounds["empty"], rounds["full"], strict=True)
    )
    rig.drop(empty)
    rig.drop(full)
    return {"stored": stored, "fill": filled, **best, "ratio": ratios[len(ratios) // 2]}


def _round(rig: Rig, url: str, groups: Sequence[Sequence[str]], seconds: float) -> dict[str, Any]:
    key = rig.key(url)
    with rig.fleet(groups, url) as fleet:
        meter = Meter({"server": [child.pid for child in fleet], "postgres": rig.postgres_pids()})
        plan = {
            "scenario": "lifecycle", "port": fleet[0].port, "resolution_port": fleet[-1].port,
            "headers": {"authorization": f"Bearer {key}"},
            "bodies": stories.bodies(plain=True), "clients": CLIENTS, "seconds": seconds, "warm_up": 0.0,
            "run": "lifecycle",
        }  # fmt: skip
        run_load(plan | {"seconds": 2.0, "run": "warm-up"})
        asyncio.run(quiet(url))
        meter.start()
        done = run_load(plan)
        spent = meter.stop(done["cpu"])
        drained = asyncio.run(quiet(url))
    if set(done["statuses"]) - {"ok", "asked again"}:
        raise RuntimeError(f"lifecycles ended otherwise: {done['statuses']}")
    took = done["seconds"] + drained
    return {
        "per_second": done["n"] / took,
        "p50_ms": done["p50_ms"],
        "p99_ms": done["p99_ms"],
        "drained_after_s": drained,
        "steps_p50_ms": done["steps"],
        "others": spent.pop("others"),
        "ms": {part: cpu / done["n"] * 1000 for part, cpu in spent.items()},
    }
