"""`python -m bench.surveillance`: early warning beside the methods it is measured by, on simulated series.

python -m bench.surveillance [--only NAME] [--replicates N] [--seed N] [--quick] [--plot FOLDER] [--learn FILE] [--json]
"""

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

PROCESSES = 2
REPLICATES, QUICK = 100, 5
SERIES, QUICK_SERIES = 10_000, 1_000
SEED = 2013


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.surveillance", description=(__doc__ or "").split("\n", 1)[0]
    )
    parser.add_argument(
        "--only", choices=("speed", "job", "pooling", "weekly", "daily"), help="this measurement alone"
    )
    parser.add_argument("--replicates", type=int, help="of each of the 42 scenarios (100)")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--quick", action="store_true", help="5 replicates, for a first look")
    parser.add_argument("--plot", type=Path, help="folder to draw the curves into (.png)")
    parser.add_argument("--learn", type=Path, help="file to write the shipped calibration to, and no more")
    parser.add_argument("--json", action="store_true", help="for machines")
    asked = parser.parse_args()
    for library in ("OPENBLAS", "OMP", "MKL"):  # a process computes on one core, and there are two of them
        os.environ[f"{library}_NUM_THREADS"] = "1"
    from bench import machine
    from bench.surveillance import benchmark, daily, job, learning, plots, pooling, shown

    replicates = asked.replicates or (QUICK if asked.quick else REPLICATES)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        Progress(*columns, console=Console(stderr=True)) as bars,
        ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool,
    ):
        tasks: dict[str, TaskID] = {}

        def progress(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done)

        if asked.learn:
            asked.learn.write_text(json.dumps(learning.learn(pool, replicates, asked.seed, progress)))
            return 0
        series = QUICK_SERIES if asked.quick else SERIES
        measurements: dict[str, Callable[[], dict[str, Any]]] = {
            "speed": lambda: benchmark.speed(pool, series, PROCESSES),
            "job": lambda: job.measure(series),
            "pooling": lambda: pooling.measure(pool, 20 * replicates, asked.seed),
            "weekly": lambda: benchmark.measure(pool, replicates, asked.seed, progress),
            "daily": lambda: daily.measure(pool, max(1, replicates // 10), asked.seed, progress),
        }
        result: dict[str, Any] = {"machine": machine.describe(Path(tempfile.gettempdir()))}
        for name in [asked.only] if asked.only else list(measurements):
            result[name] = measurements[name]()
    if asked.plot and "weekly" in result:
        plots.draw(result["weekly"], asked.plot)
    if asked.json:
        json.dump(result, sys.stdout, indent=1)
        return 0
    out = Console() if sys.stdout.isatty() else Console(width=130)
    for table in shown.tables(result):
        out.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
