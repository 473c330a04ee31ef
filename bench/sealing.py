"""What sealing costs the path of every complaint: `python -m bench.sealing` prints microseconds of CPU time each.

Sealing stands for writing the private fields as JSON, the cipher, and writing the row with the sealed part in place
of them; without it the row would be written as it is.
"""

import time
from collections.abc import Callable

from pydantic_core import to_json

from bench import stories
from bench.rig import SECRET
from services.intake.registration import register
from services.intake.schemas import NewComplaint
from services.intake.vault.cipher import Vault
from services.intake.vault.rows import open_row, seal_row
from shared import clock

NUMBER, ROUNDS = 500, 20


def measure() -> dict[str, float]:
    """The best round: whoever else uses the machine can only add to it."""
    vault = Vault([SECRET.encode()])
    told = [NewComplaint.model_validate(stories.complaint(n)) for n in range(NUMBER)]
    rows = [register(each, "bench", clock.now()).complaint for each in told]
    sealed = [seal_row(vault, "complaints", row) for row in rows]
    kept = [row | {"sealed": bytes.fromhex(row["sealed"][2:])} for row in sealed]
    plain = _best(lambda: to_json(rows))
    whole = _best(lambda: to_json([seal_row(vault, "complaints", row) for row in rows]))
    return {
        "sealing adds": whole - plain,
        "a row without it": plain,
        "opening": _best(lambda: [open_row(vault, "complaints", row) for row in kept]),
        "sealed bytes": sum(len(row["sealed"]) for row in kept) / NUMBER,
    }


def _best(work: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        began = time.thread_time()
        work()
        times.append(time.thread_time() - began)
    return min(times) / NUMBER * 1e6


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name}: {value:.1f}")
