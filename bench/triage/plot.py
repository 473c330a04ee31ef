"""The risk-coverage curve: which share is decided without a person, and how much of that is wrong."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure


def draw(curves: Mapping[str, Sequence[tuple[float, float]]], promised: float, path: Path) -> None:
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    for name, points in curves.items():
        axes.plot(
            [100 * coverage for coverage, _ in points], [100 * error for _, error in points], label=name
        )
    axes.axhline(100 * promised, color="grey", linestyle="--", linewidth=1)
    axes.set(xlim=(0, 100), ylim=(0, None), xlabel="decided without a person, %", ylabel="of these wrong, %")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=120)


def in_words(points: Sequence[tuple[float, float]], at: Sequence[float] = (0.2, 0.4, 0.6, 0.8, 1.0)) -> str:
    """The curve as text: error at some coverages."""
    found = []
    for share in at:
        coverage, error = min(points, key=lambda point: abs(point[0] - share))
        found.append(f"{coverage:.0%}: {error:.1%}")
    return ", ".join(found)
