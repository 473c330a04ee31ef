"""The figures as tables."""

from collections.abc import Iterator
from typing import Any

from rich.table import Table


def tables(result: dict[str, Any]) -> Iterator[Table]:
    yield _pairs("Machine", result["machine"])
    for name, table in (
        ("speed", _speed),
        ("job", _job),
        ("pooling", _pooling),
        ("weekly", _weekly),
        ("daily", _daily),
    ):
        if name in result:
            yield table(result[name])
    if "weekly" in result:
        yield _portfolio(result["weekly"])


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


def _speed(result: dict[str, Any]) -> Table:
    title = f"Speed: one week of {result['series']:,} series in {result['processes']} processes"
    table = _table(title, "", "seconds", "CPU s")
    for name in ("ours", "farrington"):
        table.add_row(name, f"{result[name]['seconds']:.1f}", f"{result[name]['cpu_seconds']:.1f}")
    return table


def _job(result: dict[str, Any]) -> Table:
    title = f"The whole job: one week of {result['series']:,} series, {result['alerts']} alerts"
    table = _table(title, "", "seconds", "CPU s", "CPU s of PostgreSQL")
    spent = ("seconds", "cpu_seconds", "postgresql_cpu_seconds")
    table.add_row("count, judge, tell", *(f"{result[name]:.1f}" for name in spent))
    return table


def _pooling(result: dict[str, Any]) -> Table:
    groups = f"{result['groups']:,} groups of {result['products']} products"
    title = f"Sums beside their parts: {groups}, {result['rate']:.0%} of quiet ones flagged"
    table = _table(title, "products of the event", "size", "parts", "parts and sum")
    for row in result["rows"]:
        table.add_row(str(row["spread"]), f"{row['size']:g}", f"{row['parts']:.3f}", f"{row['with_sum']:.3f}")
    return table


def _weekly(result: dict[str, Any]) -> Table:
    table = _table(
        f"Benchmark A: {result['series']:,} series, {result['quiet_weeks']:,} quiet weeks, {result['outbreaks']:,} "
        f"outbreaks, seed {result['seed']}, {result['seconds']:.0f} s",
        "", "POD at 0.5 %", "+-", "first week", "sens.", "POD at 1 %", "+-", "first week", "sens.", "delay, weeks",
    )  # fmt: skip
    for name, found in result["detectors"].items():
        row = [name]
        for rate in ("0.005", "0.01"):
            got = found[rate]
            row += [f"{got[key]:.3f}" for key in ("pod", "pod_error", "first_week", "sensitivity")]
        row.append(f"{found['0.01']['delay']:.2f}" if found["0.01"]["delay"] is not None else "")
        table.add_row(*row)
    return table


def _portfolio(result: dict[str, Any]) -> Table:
    found = result["portfolio"]
    table = _table(f"One false-discovery limit (q = 0.1) over {found['series']:,} series", "", "")
    table.add_row(
        "false alerts in 10,000 series-weeks", f"{found['false_alerts_per_10000_series_weeks']:.2f}"
    )
    table.add_row("weeks with a false alert", f"{found['weeks_with_a_false_alert']:.0%}")
    sizes = ", ".join(f"{share:.2f}" for share in found["single_event"]["pod_by_size"])
    table.add_row("a single event is an alert, by its size 1 to 10", sizes)
    for tail, by in found["tails"].items():
        table.add_row(
            f"p <= {tail}: how often by how often it should",
            f"{by['calibrated']:.2f} (before the calibration {by['as_it_comes']:.2f})",
        )
    watch, nominal = result["ours_watch_level"], result["farrington_nominal"]
    table.add_row(
        "ours at the watch level, p <= 0.01",
        f"{watch['false_positive_rate']:.2%} of quiet weeks, POD {watch['pod']:.3f}",
    )
    table.add_row(
        "Farrington's p <= 0.01",
        f"{nominal['false_positive_rate']:.2%} of quiet weeks, POD {nominal['pod']:.3f}",
    )
    own = result["farrington_as_published"]["false_positive_rate"]
    table.add_row("Farrington's alarms as published (5 cases in 4 weeks)", f"{own:.2%} of quiet weeks")
    return table


def _daily(result: dict[str, Any]) -> Table:
    table = _table(
        f"Benchmark B, daily: {result['series']:,} series, {result['quiet_days']:,} quiet days, seed {result['seed']}",
        "", "quiet days flagged", "POD", "first day", "days until found", "days sooner", "timeliness", "sensitivity",
    )  # fmt: skip
    for name, got in result["detectors"].items():
        table.add_row(
            name,
            f"{got['false_positive_rate']:.2%}",
            f"{got['pod']:.3f}",
            f"{got['first_day']:.3f}",
            f"{got['delay']:.2f}",
            f"{got['sooner']:.2f} +- {got['sooner_error']:.2f}",
            f"{got['timeliness']:.3f}",
            f"{got['sensitivity']:.3f}",
        )
    return table
