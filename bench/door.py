"""How many complaints a second one process takes, side by side with the least that somebody would write."""

from statistics import median
from typing import Any

from bench import stories
from bench.machine import Meter
from bench.rig import Rig, run_load


def measure(rig: Rig, quick: bool) -> dict[str, Any]:
    rounds, seconds, warm_up = (2, 4.0, 1.5) if quick else (5, 8.0, 2.0)
    told = stories.bodies()
    ours, theirs = rig.database(), rig.database()
    key = rig.key(ours)
    results: dict[str, list[dict[str, Any]]] = {}
    with rig.redress(["intake"], ours) as redress, rig.baseline(theirs, pool=32) as baseline:
        sides = {
            "baseline": (baseline, "/complaints", {}),
            "redress": (redress, "/intake/v1/complaints", {"authorization": f"Bearer {key}"}),
        }
        for clients in (16, 64):
            for round_ in range(rounds):
                for name, (child, path, headers) in sides.items():
                    meter = Meter({"server": [child.pid], "postgres": rig.postgres_pids()})
                    meter.start()
                    done = run_load(
                        {
                            "scenario": "door", "port": child.port, "path": path, "headers": headers,
                            "bodies": told, "clients": clients, "seconds": seconds, "warm_up": warm_up,
                            "run": f"{clients}-{round_}",
                        }
                    )  # fmt: skip
                    spent = meter.stop(done["cpu"] * (seconds + warm_up) / seconds)
                    if set(done["statuses"]) != {"201"}:
                        raise RuntimeError(f"{name} answered {done['statuses']}")
                    requests = done["per_second"] * (seconds + warm_up)
                    done["others"] = spent.pop("others")
                    done["us"] = {part: s / requests * 1e6 for part, s in spent.items()}
                    results.setdefault(f"{name}-{clients}", []).append(done)
    return {"clients": {str(clients): _summary(results, clients) for clients in (16, 64)}}


def _summary(results: dict[str, list[dict[str, Any]]], clients: int) -> dict[str, Any]:
    sides = {name: results[f"{name}-{clients}"] for name in ("baseline", "redress")}
    pairs = zip(sides["baseline"], sides["redress"], strict=True)
    return {
        **{name: _medians(rounds) for name, rounds in sides.items()},
        "ratio": median(r["per_second"] / b["per_second"] for b, r in pairs),
        "others": median(r["others"] for rounds in sides.values() for r in rounds),
    }


def _medians(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    names = ("per_second", "p50_ms", "p99_ms")
    return {
        **{name: median(r[name] for r in rounds) for name in names},
        "spread": [min(r["per_second"] for r in rounds), max(r["per_second"] for r in rounds)],
        "us": {part: median(r["us"][part] for r in rounds) for part in rounds[0]["us"]},
    }
