"""All detectors on the same series: a score for each judged week, small where there is an alarm."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.surveillance.simulation import CURRENT, REACH, SIZES_NOW, WEEKS, Floats, Series
from services.insights.warning import ears, farrington, scan
from services.insights.warning.calibration import Calibration
from services.insights.warning.farrington import Judged
from services.insights.warning.harmonic import Expected, expect
from services.insights.warning.negbin import at_least, upper_mid_p

SPANS = (1, 2)
RECENT = 14
"""Weeks up to the judged one that a detector may look at for itself."""
LEAST_DEVIATION = 0.5
"""Of EARS, or a week with one complaint after seven without any would be beyond every limit."""
OURS, OURS_SCAN, OURS_ONE = "ours, evidence", "ours, scan", "ours, 1 week"
FARRINGTON = "Farrington flexible"


@dataclass(frozen=True, slots=True)
class Cells:
    """Weeks to judge: N of them."""

    series: NDArray[np.int64]
    week: NDArray[np.int64]
    recent: Floats
    """(N, RECENT): the counts up to the week, the newest last."""


@dataclass(frozen=True, slots=True)
class Outbreaks:
    """The weeks of current outbreaks, and which of K x S runs each belongs to."""

    cells: Cells
    run: NDArray[np.int64]
    """series * K + size"""
    since: NDArray[np.int64]
    """Weeks since the start."""
    cases: Floats


@dataclass(frozen=True, slots=True)
class Models:
    """What Farrington and we expect of the judged weeks of the series without a current outbreak.

    Outbreaks do not change it: 26 and 8 weeks are left out, and all but 2 of 100,000 cases come within 8.
    """

    farrington: Judged
    proper: Judged
    """Farrington with the standard errors that R overwrites."""
    ours: Expected


def fit(series: Series) -> Models:
    r = farrington.judge(series.counts, CURRENT, farrington.Rules(as_r=True))
    proper = farrington.judge(series.counts, CURRENT, farrington.Rules())
    return Models(r, proper, expect(series.counts, CURRENT, SPANS))


def quiet(series: Series) -> Cells:
    """All judged weeks, without current outbreaks."""
    which = np.repeat(np.arange(len(series.counts)), CURRENT.size)
    week = np.tile(CURRENT, len(series.counts))
    return Cells(which, week, series.counts[which[:, None], week[:, None] + np.arange(1 - RECENT, 1)])


def outbreaks(series: Series) -> Outbreaks:
    """The first week of each current outbreak, and each later one with cases of it."""
    which, size, since = np.nonzero((series.added > 0) | (np.arange(REACH) == 0))
    week = series.start[which, size] + since
    inside = week < WEEKS
    which, size, since, week = which[inside], size[inside], since[inside], week[inside]
    recent = series.counts[which[:, None], week[:, None] + np.arange(1 - RECENT, 1)]
    for back in range(RECENT):
        there = since >= back
        recent[there, RECENT - 1 - back] += series.added[which[there], size[there], since[there] - back]
    cases = series.added[which, size, since]
    return Outbreaks(Cells(which, week, recent), which * len(SIZES_NOW) + size, since, cases)


def scores(
    series: Series, models: Models, cells: Cells, calibration: Calibration | None
) -> dict[str, Floats]:
    """(N,) for each detector; with a calibration also ours with exact p values."""
    s, place, y = cells.series, cells.week - CURRENT[0], cells.recent[:, -1]
    two = np.column_stack([y, y + cells.recent[:, -2]])
    ours = Expected(models.ours.mean[s, place], models.ours.phi[s, place], SPANS)
    true_mean = series.mean[s, cells.week]
    true_two = np.column_stack([true_mean, true_mean + series.mean[s, cells.week - 1]])
    truth = Expected(true_two, np.repeat(series.phi[s][:, None], 2, axis=1), SPANS)
    last = np.array([RECENT - 1])
    found = {
        FARRINGTON: at_least(y, models.farrington.expected[s, place], models.farrington.phi[s, place]),
        "Farrington, proper trend test": at_least(
            y, models.proper.expected[s, place], models.proper.phi[s, place]
        ),
        "EARS C1": -ears.scores(cells.recent, last, 0, LEAST_DEVIATION)[:, 0],
        "EARS C2": -ears.scores(cells.recent, last, ears.LAG, LEAST_DEVIATION)[:, 0],
        "EARS C3": -ears.c3_scores(cells.recent, last, LEAST_DEVIATION)[:, 0],
    }
    for name, known in (("ours", ours), ("oracle", truth)):
        mid_p = upper_mid_p(two, known.mean, known.phi)
        found[f"{name}, 1 week"] = mid_p[:, 0]
        found[f"{name}, scan"] = mid_p.min(axis=1)
        found[f"{name}, evidence"] = scan.p_of_evidence(scan.evidence(two, known))
    if calibration is not None:
        found[f"{OURS}, calibrated"] = calibration.exact(found[OURS], ours.mean[:, 0], ours.phi[:, 0])
    return found
