"""The curves: detection by false alarms, and by the size of the outbreak."""

from pathlib import Path
from typing import Any

from bench.surveillance.detectors import FARRINGTON, OURS, OURS_ONE, OURS_SCAN
from bench.surveillance.simulation import SIZES_NOW

SHOWN = {
    FARRINGTON: ("#7f7f7f", "-"),
    "EARS C1": ("#c8a45a", "-"),
    OURS_ONE: ("#9ecae1", "-"),
    OURS_SCAN: ("#4292c6", "-"),
    f"{OURS}, calibrated": ("#08306b", "-"),
    "oracle, evidence": ("#08306b", ":"),
    "oracle, scan": ("#4292c6", ":"),
}


def draw(result: dict[str, Any], folder: Path) -> None:
    """Write early-warning.png: POD by false-positive rate, and POD by size at 1 %."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
    for name, (colour, line) in SHOWN.items():
        found = result["detectors"][name]
        rates, pods = zip(*found["curve"], strict=True)
        left.plot([100 * rate for rate in rates], pods, line, color=colour, label=name)
        right.plot(SIZES_NOW, found["0.01"]["pod_by_size"], line, color=colour, label=name)
    left.set_xscale("log")
    left.set_xlabel("quiet weeks flagged, %")
    left.set_ylabel("outbreaks detected")
    left.legend(fontsize=8)
    right.set_xlabel("size of the outbreak, standard deviations of its first week")
    right.set_title("at 1 % of quiet weeks flagged", fontsize=10)
    for axes in (left, right):
        axes.set_ylim(0, 1)
        axes.grid(alpha=0.3)
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / "early-warning.png", dpi=110)
    pyplot.close(figure)
