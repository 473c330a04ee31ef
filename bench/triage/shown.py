"""What was measured, as tables."""

from typing import Any

from rich.console import Group
from rich.table import Table

from bench.triage.plot import in_words


def tables(found: dict[str, Any]) -> Group:
    parts: list[Any] = [_quality(found["sets"]), _promises(found["sets"]), _costs(found["sets"])]
    if "new_class" in found:
        parts.append(_newcomers(found["new_class"]))
    seeds = found["sets"].get("CFPB product", {}).get("seeds")
    if seeds:
        parts.append(_seeds(seeds))
    parts += [f"not in the folder of --data, so not measured: {file}" for file in found["missing"]]
    if "plot" in found:
        parts.append(f"risk-coverage curves: {found['plot']}")
    return Group(*parts)


def _quality(sets: dict[str, Any]) -> Table:
    table = _table(
        "Triage: macro-F1 on the test part; ours after one pass, theirs trained at once",
        "", "train, test", "classes", "ours", "LR", "SVC", "best, chosen by test", "which", "seed model",
    )  # fmt: skip
    for name, got in sets.items():
        theirs = got["baselines"]
        table.add_row(
            name,
            "{:,}, {:,}".format(*got["texts"]),
            f"{got['classes']}",
            f"{got['ours']['macro_f1']:.3f}",
            f"{theirs['LR']['macro_f1']:.3f}",
            f"{theirs['SVC']['macro_f1']:.3f}",
            f"{theirs['best']['macro_f1']:.3f}",
            theirs["best"]["kind"],
            f"{got['seed']['macro_f1']:.3f}" if "seed" in got else "",
        )
    return table


def _promises(sets: dict[str, Any]) -> Table:
    table = _table(
        "Promised: at most 5 % wrong; thresholds from the stream alone (and from folds for the seed)",
        "", "decided", "wrong", "could be decided", "calibration error", "of it chance", "wrong, by share decided",
    )  # fmt: skip
    for name, got in sets.items():
        for title, ours in ((name, got["ours"]), (f"{name}, seed", got.get("seed"))):
            if ours:
                table.add_row(
                    title,
                    f"{ours['coverage']:.0%}",
                    f"{ours['error']:.1%}",
                    f"{ours['reachable']:.0%}",
                    f"{ours['calibration_error']:.3f}",
                    f"{ours['calibration_chance']:.3f}",
                    in_words(got["curve"]) if title == name else "",
                )
    return table


def _costs(sets: dict[str, Any]) -> Table:
    table = _table(
        "Costs",
        "", "decision ms p50, p95", "lesson ms p50, p95", "lesson bytes p50, p95", "snapshot MB", "KB a class",
    )  # fmt: skip
    for name, got in sets.items():
        decision, lesson, size = got["ours"]["decision_ms"], got["lesson_ms"], got["lesson_bytes"]
        table.add_row(
            name,
            f"{decision['p50']:.2f}, {decision['p95']:.2f}",
            f"{lesson['p50']:.1f}, {lesson['p95']:.1f}",
            f"{size['p50']:,.0f}, {size['p95']:,.0f}",
            f"{got['snapshot_bytes'] / 1e6:.2f}",
            f"{got['snapshot_bytes'] / got['classes'] / 1e3:.0f}",
        )
    return table


def _newcomers(found: list[dict[str, Any]]) -> Table:
    table = _table(
        "A new class after 200 corrections (CFPB); macro-F1 of the others before and after",
        "", "recall", "others before", "after", "SVC trained anew: recall", "others before", "after",
    )  # fmt: skip
    for got in found:
        table.add_row(
            got["class"],
            f"{got['recall']:.2f}",
            f"{got['others_before']:.3f}",
            f"{got['others_after']:.3f}",
            f"{got['batch_recall']:.2f}",
            f"{got['batch_before']:.3f}",
            f"{got['batch_after']:.3f}",
        )
    return table


def _seeds(seeds: list[dict[str, Any]]) -> Table:
    names = [name for name in seeds[0] if name != "seed"]
    table = _table("CFPB product by seed of the split: macro-F1", "", *names)
    for got in seeds:
        table.add_row(f"{got['seed']}", *(f"{got[name]:.3f}" for name in names))
    table.add_row("mean", *(f"{sum(got[name] for got in seeds) / len(seeds):.3f}" for name in names))
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    return table
