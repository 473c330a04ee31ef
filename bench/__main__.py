"""`make bench`: measure on this machine, side by side where there is something to compare with.

python -m bench [--only NAME] [--quick] [--long] [--data FOLDER] [--plot FILE] [--json]
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.table import Table

from bench import (
    assignment,
    deliveries,
    door,
    drain,
    duplicates,
    imports,
    latency,
    lifecycle,
    machine,
    streams,
    telling,
    timers,
    triage,
    triage_speed,
)
from bench.rig import Rig
from bench.triage.shown import tables

MEASUREMENTS: dict[str, Callable[..., dict[str, Any]]] = {
    "door": door.measure,
    "imports": imports.measure,
    "drain": drain.measure,
    "lifecycle": lifecycle.measure,
    "latency": latency.measure,
    "duplicates": duplicates.measure,
    "timers": timers.measure,
    "telling": telling.measure,
    "streams": streams.measure,
    "deliveries": deliveries.measure,
    "assignment": assignment.measure,
    "triage-speed": triage_speed.measure,
    "triage": triage.measure,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--only", choices=MEASUREMENTS, help="this measurement alone")
    parser.add_argument("--quick", action="store_true", help="under two minutes, for a first look")
    parser.add_argument("--long", action="store_true", help="and 50,000 complaints, as they come (drain)")
    parser.add_argument(
        "--stored", type=int, help="complaints to store before lifecycles and duplicates (1,000,000)"
    )
    parser.add_argument("--due", type=int, help="deadlines that pass at the same moment (10,000)")
    parser.add_argument("--people", type=int, help="customers of the field action of telling (10,000)")
    parser.add_argument("--data", type=Path, help="folder of labelled texts to measure triage with")
    parser.add_argument("--plot", type=Path, help="where to draw the risk-coverage curves of triage (.png)")
    parser.add_argument("--json", action="store_true", help="for machines")
    asked = parser.parse_args()
    plain = Console(width=120)
    out, progress = (Console() if sys.stdout.isatty() else plain), Console(stderr=True)
    names = [asked.only] if asked.only else list(MEASUREMENTS)
    results: dict[str, Any] = {}
    failed: list[str] = []
    with Rig() as rig:
        about = {**machine.describe(rig.folder), **rig.settings()}
        if not asked.json:
            out.print(_pairs("Machine", about))
        for name in names:
            began = time.monotonic()
            progress.print(f"{name} ...", style="dim")
            options: dict[str, Any] = {"long": asked.long} if name == "drain" else {}
            if name == "triage":
                options = {"data": asked.data, "plot": asked.plot}
            if name in {"lifecycle", "duplicates"} and asked.stored:
                options = {"stored": asked.stored}
            if name == "timers" and asked.due:
                options = {"due": asked.due}
            if name == "telling" and asked.people:
                options = {"people": asked.people}
            try:
                results[name] = MEASUREMENTS[name](rig, asked.quick, **options)
            except Exception as error:  # one that fails must not cost the results of the others
                failed.append(name)
                progress.print(f"{name} failed: {type(error).__name__}: {error}", style="red", markup=False)
                continue
            progress.print(f"{name}: {time.monotonic() - began:.0f} s", style="dim")
            if not asked.json:
                out.print(TABLES[name](results[name]))
    if asked.json:
        json.dump({"machine": about, **results, "failed": failed}, sys.stdout, indent=1)
    return 1 if failed else 0


def _pairs(title: str, values: dict[str, str]) -> Table:
    table = Table(title=title, show_header=False, title_justify="left")
    for name, value in values.items():
        table.add_row(name, value)
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    return table


def _door(result: dict[str, Any]) -> Table:
    table = _table(
        "Door: complaints a second (medians; CPU time by request)",
        "", "requests/s", "worst, best", "p50 ms", "p99 ms", "server us", "PostgreSQL us", "others",
    )  # fmt: skip
    for clients, found in result["clients"].items():
        for side in ("baseline", "redress"):
            got = found[side]
            table.add_row(
                f"{side}, {clients} clients",
                f"{got['per_second']:.0f}",
                f"{got['spread'][0]:.0f}, {got['spread'][1]:.0f}",
                f"{got['p50_ms']:.1f}",
                f"{got['p99_ms']:.1f}",
                f"{got['us']['server']:.0f}",
                f"{got['us']['postgres']:.0f}",
                f"{found['others']:.0%}",
            )
        table.add_row(f"ratio, {clients} clients", f"{found['ratio']:.2f}", end_section=True)
    return table


def _imports(result: dict[str, Any]) -> Table:
    table = _table(f"Imports of {result['rows']:,} rows (medians)", "", "rows/s", "to single requests")
    for name, rate in result["per_second"].items():
        ratio = result["ratio"].get(name)
        table.add_row(name, f"{rate:.0f}", f"{ratio:.2f}" if ratio else "")
    return table


def _drain(result: dict[str, Any]) -> Table:
    table = _table(
        "Drain: a backlog through all five services",
        "", "complaints", "events", "seconds", "events/s", "handled/s", "server CPU s", "PostgreSQL CPU s", "others",
    )  # fmt: skip
    for name, got in result.items():
        table.add_row(
            name,
            f"{got['complaints']:,}",
            f"{got['events']:,}",
            f"{got['seconds']:.1f}",
            f"{got['events_per_second']:.0f}",
            f"{got['handled_per_second']:.0f}",
            f"{got['cpu']['server']:.1f}",
            f"{got['cpu']['postgres']:.1f}",
            f"{got['others']:.0%}",
        )
    return table


def _lifecycle(result: dict[str, Any]) -> Table:
    table = _table(
        f"Lifecycles: register, accept, answer, read; ratio {result['ratio']:.2f}",
        "", "stored", "lifecycles/s", "p50 ms", "p99 ms", "server ms", "PostgreSQL ms", "others",
    )  # fmt: skip
    rows = (
        ("one process", "one process", 0),
        ("two processes", "empty", 0),
        ("two processes", "full", result["stored"]),
    )
    for title, name, stored in rows:
        got = result[name]
        table.add_row(
            title,
            f"{stored:,}",
            f"{got['per_second']:.1f}",
            f"{got['p50_ms']:.0f}",
            f"{got['p99_ms']:.0f}",
            f"{got['ms']['server']:.1f}",
            f"{got['ms']['postgres']:.1f}",
            f"{got['others']:.0%}",
        )
    return table


def _latency(result: dict[str, Any]) -> Table:
    table = _table(
        "Latency: from the POST until the customer sees who handles it, at half of the sustained rate",
        "", "sustained/s", "offered/s", "complaints", "p50 ms", "p99 ms", "others",
    )  # fmt: skip
    for name, got in result.items():
        if "skipped" in got:
            table.add_row(f"{name}: skipped, {got['skipped']}")
            continue
        table.add_row(
            name,
            f"{got['sustained_per_second']:.1f}",
            f"{got['offered_per_second']:.1f}",
            f"{got['n']}",
            f"{got['p50_ms']:.0f}",
            f"{got['p99_ms']:.0f}",
            f"{got['others']:.0%}",
        )
    return table


def _duplicates(result: dict[str, Any]) -> Table:
    filled = result["fill"]
    table = _table(
        f"Duplicates: asked over HTTP with {result['stored']:,} stored; {filled['marks']:,} marks, "
        f"{filled['marks_gib']:.2f} GiB, {filled['marking_us']:.0f} us to mark a complaint",
        "", "asked", "p50 ms", "p99 ms", "worst ms", "with suggestions",
    )  # fmt: skip
    for name, got in result["asked"].items():
        table.add_row(
            name,
            f"{got['n']}",
            f"{got['p50_ms']:.1f}",
            f"{got['p99_ms']:.1f}",
            f"{got['worst_ms']:.1f}",
            f"{got['with_suggestions']:.0%}",
        )
    return table


def _timers(result: dict[str, Any]) -> Table:
    table = _table(
        f"Timers: {result['due']:,} cases whose promise falls due at the same moment",
        "", "fired/s", "facts/s", "late p50 s", "late p99 s", "worst s", "server us", "PostgreSQL us", "others",
    )  # fmt: skip
    table.add_row(
        "one waker",
        f"{result['fired_per_second']:,.0f}",
        f"{result['facts_per_second']:,.0f}",
        f"{result['late_p50_s']:.2f}",
        f"{result['late_p99_s']:.2f}",
        f"{result['late_worst_s']:.2f}",
        f"{result['us']['server']:.0f}",
        f"{result['us']['postgres']:.0f}",
        f"{result['others']:.0%}",
    )
    return table


def _telling(result: dict[str, Any]) -> Table:
    shown = {name: value for name, value in result.items() if not isinstance(value, dict)}
    shown |= {f"CPU ms per letter: {name}": value for name, value in result["CPU ms per letter"].items()}
    return _pairs(
        "A field action tells everybody by mail", {name: f"{value:,}" for name, value in shown.items()}
    )


def _streams(result: dict[str, Any]) -> Table:
    table = _table(
        f"Live streams: {result['streams']:,} over real sockets, {result['per_second']} events a second for "
        f"{result['seconds']} s; {result['descriptors']:,} file descriptors allowed",
        "follows", "deliveries/s", "p50 ms", "p99 ms", "worst ms", "memory MB", "kB a stream", "server CPU",
        "PostgreSQL CPU", "client CPU", "others",
    )  # fmt: skip
    for shape, got in result["shapes"].items():
        memory = got["memory_mb"]
        table.add_row(
            shape,
            f"{got['events'] / result['seconds']:,.0f}",
            f"{got['p50_ms']:.0f}",
            f"{got['p99_ms']:.0f}",
            f"{got['worst_ms']:.0f}",
            f"{memory['alone']:.0f}, {memory['opened']:.0f}, {memory['busy']:.0f}",
            f"{(memory['opened'] - memory['alone']) * 1024 / result['streams']:.0f}",
            *(f"{got['cpu'][part]:.0%}" for part in ("server", "postgres", "client")),
            f"{got['others']:.0%}",
        )
    return table


def _deliveries(result: dict[str, Any]) -> Table:
    table = _table(
        f"Deliveries: {result['number']:,} letters and as many events, one courier each, receivers on this machine",
        "", "deliveries/s", "server us", "PostgreSQL us", "others",
    )  # fmt: skip
    for run, ways in result["runs"].items():
        for way, got in ways.items():
            table.add_row(
                f"{way}, {run}" if way == "mail" else way,
                f"{got['per_second']:,.0f}",
                f"{got['us']['server']:.0f}",
                f"{got['us']['postgres']:.0f}",
                f"{got['others']:.0%}",
            )
    return table


def _assignment(result: dict[str, Any]) -> Table:
    table = _table(
        f"Assignment, {result['people']} people",
        "", "complaints", "seconds", "complaints/s", "ms each", "server CPU ms each",
    )  # fmt: skip
    for title, name in ((f"{result['waiting']:,} waiting", "queue"), ("as they come, 25 a batch", "batch")):
        got = result[name]
        table.add_row(
            title,
            f"{got['assigned']:,}",
            f"{got['seconds']:.2f}",
            f"{got['assigned'] / got['seconds']:.0f}",
            f"{got['seconds'] / got['assigned'] * 1000:.2f}",
            f"{got['cpu'] / got['assigned'] * 1000:.2f}",
        )
    return table


def _triage_speed(result: dict[str, Any]) -> Table:
    table = _table("Triage: complaints that routing decides", "how", "complaints", "s", "per second")
    for how, got in result.items():
        table.add_row(how, f"{got['complaints']:,}", f"{got['seconds']:.1f}", f"{got['per_second']:,.0f}")
    return table


TABLES: dict[str, Callable[[dict[str, Any]], Table | Group]] = {
    "door": _door,
    "imports": _imports,
    "drain": _drain,
    "lifecycle": _lifecycle,
    "latency": _latency,
    "duplicates": _duplicates,
    "timers": _timers,
    "telling": _telling,
    "streams": _streams,
    "deliveries": _deliveries,
    "assignment": _assignment,
    "triage-speed": _triage_speed,
    "triage": tables,
}

if __name__ == "__main__":
    sys.exit(main())
