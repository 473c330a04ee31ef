"""EARS C1, C2 and C3: is this week more than a few of the weeks before? For series that are too young for a season.

Hutwagner, Thompson, Seeman, Treadwell, Journal of Urban Health 80(2 suppl 1):i89, 2003; Fricker, Hegler, Dunfee,
Statistics in Medicine 27:3407, 2008, doi 10.1002/sim.3197. C1 looks at the seven steps before, C2 at seven that end
three steps before, C3 adds up by how much the last three C2 went beyond 1. Pure, and for many series at once.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.special import ndtri

from services.insights.warning.negbin import Floats

BASELINE = 7
LAG = 2
ALPHA, ALPHA_C3 = 0.001, 0.025
"""Those of R's package surveillance; the first is three standard deviations, nearly."""
C3_LIMIT = 2.0


@dataclass(frozen=True, slots=True)
class Bounds:
    """(S, K) each: a count above its bound is an alarm."""

    c1: Floats
    c2: Floats
    c3: Floats
    """As R has it. It contains the present count on both sides, so it tells of the two steps before only."""


def bounds(counts: Floats, weeks: NDArray[np.int64], least_deviation: float = 0.0) -> Bounds:
    """Bounds for the given weeks of counts (S, T); a standard deviation below `least_deviation` is raised to it."""
    mean1, deviation1 = _past(counts, weeks, 0, least_deviation)
    mean2, deviation2 = _past(counts, weeks, LAG, least_deviation)
    high = ndtri(1 - ALPHA)
    gone_beyond = sum(
        np.maximum(0.0, _scores(counts, weeks - back, LAG, least_deviation) - 1) for back in (1, 2)
    )
    with np.errstate(invalid="ignore"):  # neither a deviation nor a bound
        c3 = np.maximum(0.0, counts[:, weeks] + deviation2 * (ndtri(1 - ALPHA_C3) - gone_beyond))
    return Bounds(mean1 + high * deviation1, mean2 + high * deviation2, c3)


def scores(counts: Floats, weeks: NDArray[np.int64], lag: int, least_deviation: float) -> Floats:
    """(S, K): C1 for lag 0, C2 for lag 2: standard deviations above the mean of the baseline; 0 where there is
    neither a deviation nor a difference."""
    return np.where(np.isnan(found := _scores(counts, weeks, lag, least_deviation)), 0.0, found)


def c3_scores(counts: Floats, weeks: NDArray[np.int64], least_deviation: float) -> Floats:
    """(S, K): C3 as it was published, the present count included; an alarm above `C3_LIMIT`."""
    each = [scores(counts, weeks - back, LAG, least_deviation) for back in (0, 1, 2)]
    return cast(Floats, sum(np.maximum(0.0, score - 1) for score in each))


def _scores(counts: Floats, weeks: NDArray[np.int64], lag: int, least: float) -> Floats:
    mean, deviation = _past(counts, weeks, lag, least)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (counts[:, weeks] - mean) / deviation


def _past(counts: Floats, weeks: NDArray[np.int64], lag: int, least: float) -> tuple[Floats, Floats]:
    first = weeks - lag - BASELINE
    if weeks.size and first.min() < 0:
        raise ValueError(f"a week needs {BASELINE + lag} weeks before it")
    windows = sliding_window_view(counts, BASELINE, axis=1)[:, first]
    return windows.mean(axis=2), np.maximum(windows.std(axis=2, ddof=1), least)
