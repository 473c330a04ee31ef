"""Is the newest step of each series unusual? All series of one portfolio at once. Pure.

What a series is expected from is as long as its past (`shapes`). With at least eight months of it: the evidence for a
surge, and the lower tails for silence. Younger than that: EARS C2, whose difference to the mean of seven steps is a
Student t with six degrees of freedom when counts are about normal, so that p = P(T6 > score / sqrt(1 + 1/7)).
Of the newest steps not all is known yet: as much less is expected of them (`warning.delay`).
Then the p values are calibrated, and those that would say nothing are left out, before the limit over all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from services.insights.alerts import shapes
from services.insights.alerts.book import EarlyWarning
from services.insights.warning import counting, delay, ears, scan
from services.insights.warning.calibration import Calibration
from services.insights.warning.harmonic import Shape, expect
from services.insights.warning.negbin import Floats
from shared.events.insights import WarningDetector, WarningStep, WarningTail

YOUNGEST = ears.BASELINE + ears.LAG
"""Steps of the past without which nothing is judged."""
NEWEST = YOUNGEST + 1
"""Steps of which not all may be known yet; they cover all that is judged, and all that EARS looks at."""
LEAST_DEVIATION = 1.0
"""Of EARS: one complaint more or less is no deviation."""
TAILS = (WarningTail.SURGE, WarningTail.SILENCE)
Calibrations = Mapping[tuple[str, int], Calibration]
"""By tail and window; of one that is missing p values stay as they are, which is rather too large."""


@dataclass(frozen=True, slots=True)
class Known:
    """Of the newest steps, by how late complaints became known before. (S, NEWEST) each, the oldest first."""

    share: Floats
    error: Floats
    """By how much the share differs from step to step, as a share of it."""

    def of(self, rows: NDArray[np.int64]) -> "Known":
        return Known(self.share[rows], self.error[rows])


@dataclass(frozen=True, slots=True)
class Portfolio:
    """S series of T steps, the newest is judged."""

    step: WarningStep
    counts: Floats
    """(S, T)"""
    history: NDArray[np.int64]
    """(S,): steps before the judged one in which the series could have had complaints."""
    exposure: Floats | None = None
    """(S, T); NaN where it is not known."""
    known: Known | None = None
    """None: all of it."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One row per series; the first axis of p values is that of TAILS."""

    window: NDArray[np.int64]
    """(S,): 0 where it is too young; YOUNGEST where EARS speaks."""
    observed: Floats
    """(S, spans)"""
    mean: Floats
    """(S, spans); NaN where it is not judged."""
    phi: Floats
    p: Floats
    """(2, S); NaN where it is not judged."""
    calibrated: Floats
    """(2, S); NaN also where there are too few complaints to say anything."""

    def detector(self, tail: WarningTail, number: int) -> WarningDetector:
        if tail is WarningTail.SILENCE:
            return WarningDetector.TAILS
        return WarningDetector.EARS if self.window[number] == YOUNGEST else WarningDetector.EVIDENCE


def judge(of: Portfolio, calibrations: Calibrations, book: EarlyWarning) -> Judged:
    """Raises nothing; a series that cannot be judged has no p value."""
    weekly = of.step is WarningStep.WEEK
    windows = shapes.WINDOWS if weekly else shapes.DAY_WINDOWS
    newest = of.counts.shape[1] - 1
    fits = np.array(
        [shapes.window_for(min(int(each), newest), windows) for each in of.history], dtype=np.int64
    )
    fits = np.where((fits == 0) & (np.minimum(of.history, newest) >= YOUNGEST), YOUNGEST, fits)
    form = (of.counts.shape[0], len(shapes.SPANS))
    mean, phi = np.full(form, np.nan), np.full(form, np.nan)
    p = np.full((2, form[0]), np.nan)
    exact = p.copy()
    week = np.array([newest])
    observed = np.zeros(form)
    if newest + 1 >= max(shapes.SPANS):
        observed = scan.windows(of.counts, week, shapes.SPANS)[:, 0]
    whole = of.known or Known(np.ones((form[0], NEWEST)), np.zeros((form[0], NEWEST)))
    for window in sorted(set(fits.tolist()) - {0}):
        rows = np.nonzero(fits == window)[0]
        if window == YOUNGEST:
            mean[rows], phi[rows], p[0, rows] = _young(of.counts[rows, -NEWEST:], whole.of(rows))
            exact[0, rows] = p[0, rows]
            continue
        shape = shapes.weekly(window) if weekly else shapes.daily(window)
        for some, exposure in _by_exposure(of, rows, window):
            found = _expected(of.counts[some], observed[some], window, shape, exposure, whole.of(some))
            mean[some], phi[some], p[0, some], p[1, some] = found
        for number, tail in enumerate(TAILS):
            exact[number, rows] = p[number, rows]
            if (known := calibrations.get((tail.value, window))) is not None:
                exact[number, rows] = known.exact(p[number, rows], mean[rows, 0], phi[rows, 0])
    least = book.recent * (1 if weekly else 7)
    if newest + 1 >= least:
        told = counting.enough(of.counts, week, book.least, least)[:, 0]
        exact[0] = np.where(told, exact[0], np.nan)
    with np.errstate(invalid="ignore"):
        exact[1] = np.where(weekly & (mean[:, -1] >= book.silence_least), exact[1], np.nan)
    return Judged(fits, observed, mean, phi, p, exact)


def _expected(
    counts: Floats, sums: Floats, window: int, shape: Shape, exposure: Floats | None, known: Known
) -> tuple[Floats, Floats, Floats, Floats]:
    """Mean, dispersion, p of a surge, p of silence; of the last window + 1 steps."""
    offset = np.ones((counts.shape[0], window + 1)) if exposure is None else exposure.copy()
    offset[:, -NEWEST:] *= known.share
    expected = expect(counts[:, -window - 1 :], np.array([window]), shapes.SPANS, shape, offset)
    expected = delay.widened(expected, known.share, known.error)
    with np.errstate(over="ignore"):  # beyond every number: p is 0
        surge = scan.p_of_evidence(scan.evidence(sums[:, None], expected))[:, 0]
    silence = scan.tails(sums[:, None], expected).smallest("silence", shapes.SPANS)[:, 0]
    return expected.mean[:, 0], expected.phi[:, 0], surge, silence


def _young(newest: Floats, known: Known) -> tuple[Floats, Floats, Floats]:
    """Mean, dispersion and p of EARS C2. The newest count is compared with what the baseline, when all of it was known,
    lets expect of it by now: of complaints with mean m and variance v the share c has mean cm and variance
    c^2 v + c (1 - c) m."""
    baseline = (newest / known.share)[:, : ears.BASELINE]
    mean, variance = baseline.mean(axis=1), baseline.var(axis=1, ddof=1)
    share = known.share[:, -1]
    usual = share * mean
    spread = share**2 * variance + share * (1 - share) * mean + (known.error[:, -1] * usual) ** 2
    phi = np.maximum(1.0, spread / np.maximum(usual, 1e-9))
    score = (newest[:, -1] - usual) / np.maximum(np.sqrt(spread), LEAST_DEVIATION)
    p = 1 - stdtr(ears.BASELINE - 1, score / np.sqrt(1 + 1 / ears.BASELINE))
    by_span = np.cumsum(known.share[:, ::-1], axis=1)[:, np.array(shapes.SPANS) - 1]
    return mean[:, None] * by_span, np.repeat(phi[:, None], len(shapes.SPANS), axis=1), cast(Floats, p)


def _by_exposure(
    of: Portfolio, rows: NDArray[np.int64], window: int
) -> list[tuple[NDArray[np.int64], Floats | None]]:
    """Those whose exposure is known for every step that is looked at, and the rest."""
    if of.exposure is None:
        return [(rows, None)]
    given = of.exposure[rows, -window - 1 :]
    known = np.isfinite(given).all(axis=1)
    # By its mean, so that a mean of the model stays a number of complaints whatever the unit.
    part = given[known] / given[known].mean(axis=1, keepdims=True)
    return [(some, each) for some, each in ((rows[known], part), (rows[~known], None)) if some.size]
