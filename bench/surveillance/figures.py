"""From scores to figures: every detector at the same empirical rate of false alarms."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.surveillance.simulation import SIZES_NOW, Floats

RATES = (0.005, 0.01)
CURVE = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05)


@dataclass(frozen=True, slots=True)
class Scored:
    """Of one detector: scores of quiet weeks, and of the weeks of outbreaks."""

    quiet: Floats
    outbreak: Floats


@dataclass(frozen=True, slots=True)
class Weeks:
    """Which run each outbreak week belongs to (series * sizes + size), weeks since its start, whether it has cases."""

    run: NDArray[np.int64]
    since: NDArray[np.int64]
    cases: NDArray[np.bool_]


def threshold(quiet: Floats, rate: float) -> float:
    """The largest score at which no more than this share of quiet weeks is flagged."""
    ordered = np.sort(quiet)
    allowed = int(rate * ordered.size)
    at = ordered[allowed]  # the first that would be one too many; ties with it are left out together
    below = ordered[ordered < at]
    return float(below[-1]) if below.size else -np.inf


def figures(scored: Scored, weeks: Weeks, limit: float, runs: int) -> dict[str, Any]:
    """Detected at all and in the first week, of all runs; flagged share of outbreak weeks; delay of those found."""
    flag = scored.outbreak <= limit
    hit = flag & weeks.cases
    detected, first = np.zeros(runs, dtype=bool), np.zeros(runs, dtype=bool)
    detected[weeks.run[hit]] = True
    first[weeks.run[flag & (weeks.since == 0)]] = True
    delay = np.full(runs, np.inf)
    np.minimum.at(delay, weeks.run[hit], weeks.since[hit].astype(np.float64))
    by_series = detected.reshape(-1, len(SIZES_NOW))
    return {
        "threshold": limit,
        "false_positive_rate": float((scored.quiet <= limit).mean()),
        "pod": float(detected.mean()),
        "pod_error": float(by_series.mean(axis=1).std() / np.sqrt(len(by_series))),
        "pod_by_size": [float(share) for share in by_series.mean(axis=0)],
        "first_week": float(first.mean()),
        "sensitivity": float(hit.sum() / weeks.cases.sum()),
        "delay": float(delay[detected].mean()) if detected.any() else None,
    }


def at_rates(scored: Scored, weeks: Weeks, runs: int) -> dict[str, Any]:
    """At each of the rates, and the curve of detection by false alarms."""
    found: dict[str, Any] = {
        str(rate): figures(scored, weeks, threshold(scored.quiet, rate), runs) for rate in RATES
    }
    curve = [figures(scored, weeks, threshold(scored.quiet, rate), runs) for rate in CURVE]
    found["curve"] = [[rate, point["pod"]] for rate, point in zip(CURVE, curve, strict=True)]
    return found
