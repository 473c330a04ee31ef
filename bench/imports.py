"""How many rows a second an import registers, beside single requests of the same complaints."""

import json
import time
from statistics import median
from typing import Any

import httpx

from bench import stories
from bench.rig import Child, Rig, run_load


def measure(rig: Rig, quick: bool) -> dict[str, Any]:
    rounds, seconds, number = (2, 4.0, 5_000) if quick else (3, 8.0, 30_000)
    told = stories.bodies()
    url = rig.database()
    headers = {"authorization": f"Bearer {rig.key(url)}"}
    found: dict[str, list[float]] = {"single": [], "ndjson": [], "csv": []}
    with rig.redress(["intake"], url) as redress:
        for round_ in range(rounds):
            found["single"].append(
                run_load(
                    {
                        "scenario": "door", "port": redress.port, "path": "/intake/v1/complaints",
                        "headers": headers, "bodies": told, "clients": 16, "seconds": seconds,
                        "warm_up": 1.5, "run": f"single-{round_}",
                    }
                )["per_second"]
            )  # fmt: skip
            lines = (json.loads(told[n % len(told)]) | {"row_key": f"{round_}-{n}"} for n in range(number))
            ndjson = "\n".join(json.dumps(each) for each in lines)
            rows = (
                f'{round_}c{n},letter,zh,"第{n}台电机有异响,请尽快处理",ann@example.com'
                for n in range(number)
            )
            header = "row_key,channel,language,statement.what_went_wrong,customer.email"
            for kind, file in (("ndjson", ndjson), ("csv", "\n".join([header, *rows]))):
                found[kind].append(number / _imported(redress, headers, kind, file.encode()))
    middle = {name: median(each) for name, each in found.items()}
    return {
        "rows": number,
        "per_second": middle,
        "ratio": {name: middle[name] / middle["single"] for name in ("ndjson", "csv")},
    }


def _imported(redress: Child, headers: dict[str, str], kind: str, file: bytes) -> float:
    """Seconds from the first byte to the account of the last row."""
    began = time.monotonic()
    base = f"http://127.0.0.1:{redress.port}/intake/v1/imports"
    with httpx.Client(headers=headers, timeout=60) as http:
        told = http.post(base, params={"format": kind}, content=file).raise_for_status().json()
        while told["state"] != "finished":
            time.sleep(0.05)
            told = http.get(f"{base}/{told['id']}").raise_for_status().json()
    if told["refused"] or told["known"]:
        raise RuntimeError(f"the import ended with {told}")
    return time.monotonic() - began
