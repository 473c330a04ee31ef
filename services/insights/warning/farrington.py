"""The improved Farrington algorithm: is this week's count more than the same weeks of past years lead one to expect?

Noufaily, Enki, Farrington, Garthwaite, Andrews, Charlett, Statistics in Medicine 32:1206, 2013, doi 10.1002/sim.5595,
after Farrington, Andrews, Beale, Catchpole, JRSS A 159:547, 1996. A log-linear quasi-Poisson regression on a trend and
ten groups of weeks of the year, fitted twice: the second time, past surges count for less. Pure, and for many series
at once. It is the yardstick of `scan.py`, and answers as `farringtonFlexible` of R's package surveillance does, when
`Rules.as_r` is set: R overwrites the weights of the model before it asks for standard errors, which makes its
trend test keep trends that are not there.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from services.insights.warning import loglinear
from services.insights.warning.counting import enough
from services.insights.warning.negbin import Floats
from services.insights.warning.thresholds import Threshold, limit

YEAR = 52
"""Weeks."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What an epidemiologist sets; the defaults are those of the paper."""

    alpha: float = 0.01
    years: int = 5
    half_window: int = 3
    """Weeks on either side of the same week in past years that form its group."""
    groups: int = 9
    """Into how many the rest of the year is cut."""
    left_out: int = 26
    """The newest weeks, which a surge that goes on may have bent."""
    surge: float = 2.58
    """Standardised residual beyond which a past week counts for less."""
    trend_p: float = 0.05
    """A trend is kept when its p value is below; 1 keeps it whenever it can be."""
    least_cases: int = 5
    """No alarm with fewer in `recent` weeks."""
    recent: int = 4
    threshold: Threshold = Threshold.NEGATIVE_BINOMIAL
    as_r: bool = False
    """With R's standard errors, for comparison."""

    @property
    def history(self) -> int:
        """Weeks that must lie before the one that is judged."""
        return self.years * YEAR + self.half_window


@dataclass(frozen=True, slots=True)
class Judged:
    """One array per field, a number for each series and week that was judged."""

    expected: Floats
    phi: Floats
    trend: NDArray[np.bool_]
    slope: Floats
    """Of the trend, in log counts a week; NaN without one."""
    standard_error: Floats
    """Of the log of `expected`."""
    bound: Floats
    p: Floats
    """P(Y >= y) when nothing is unusual."""
    alarm: NDArray[np.bool_]


STEPS, TOLERANCE = 25, 1e-8
_YEARS_FOR_TREND = 3


@dataclass(frozen=True, slots=True)
class _Model:
    expected: Floats
    phi: Floats
    slope: Floats
    slope_p: Floats
    standard_error: Floats
    converged: NDArray[np.bool_]


def judge(counts: Floats, weeks: NDArray[np.int64], rules: Rules, exposure: Floats | None = None) -> Judged:
    """Judge the given weeks of each series: counts and exposure are (S, T), every field of the answer (S, len(weeks)).

    `exposure` is what the counts are in proportion to, such as units in use; without it, each week counts the same.
    Raises ValueError for a week with too little history.
    """
    if weeks.size and weeks.min() < rules.history:
        raise ValueError(f"judging a week needs {rules.history} weeks before it")
    shape = (counts.shape[0], weeks.size)
    back = np.arange(-rules.history, -rules.left_out)
    places = weeks[:, None] + back
    baseline = counts[:, places].reshape(-1, back.size).astype(np.float64)
    offset = np.zeros_like(baseline)
    now_offset = np.zeros(baseline.shape[0])
    if exposure is not None:
        offset = np.log(exposure[:, places].reshape(-1, back.size))
        now_offset = np.log(exposure[:, weeks].ravel())
    model, trend = _with_or_without_trend(baseline, offset, now_offset, rules)
    y = counts[:, weeks].ravel().astype(np.float64)
    high, p = limit(y, model.expected, model.phi, model.standard_error, rules.alpha, rules.threshold)
    told = enough(counts, weeks, rules.least_cases, rules.recent).ravel()
    high = np.where(told & model.converged, high, np.nan)
    return Judged(
        expected=model.expected.reshape(shape),
        phi=model.phi.reshape(shape),
        trend=trend.reshape(shape),
        slope=model.slope.reshape(shape),
        standard_error=model.standard_error.reshape(shape),
        bound=high.reshape(shape),
        p=p.reshape(shape),
        alarm=(y > high).reshape(shape),
    )


def season_groups(rules: Rules) -> NDArray[np.int64]:
    """The group of each week of the baseline, the oldest first; group 0 holds the week that is judged."""
    back = np.arange(-rules.history, -rules.left_out)
    since = (back + rules.half_window) % YEAR - (2 * rules.half_window + 1)
    rest = YEAR - (2 * rules.half_window + 1)
    return np.where(since < 0, 0, 1 + since * rules.groups // rest)


def _with_or_without_trend(
    baseline: Floats, offset: Floats, now_offset: Floats, rules: Rules
) -> tuple[_Model, NDArray[np.bool_]]:
    highest = np.max(baseline * np.exp(now_offset[:, None] - offset), axis=1)
    trended = _fitted(baseline, offset, now_offset, rules, trend=True)
    kept = trended.converged & (trended.slope_p < rules.trend_p) & (trended.expected <= highest)
    if rules.years < _YEARS_FOR_TREND:
        kept[:] = False
    if kept.all():
        return trended, kept
    flat = _fitted(baseline[~kept], offset[~kept], now_offset[~kept], rules, trend=False)
    merged = {}
    for name in _Model.__slots__:
        values = getattr(trended, name).copy()
        values[~kept] = getattr(flat, name)
        merged[name] = values
    return _Model(**merged), kept


def _fitted(baseline: Floats, offset: Floats, now_offset: Floats, rules: Rules, *, trend: bool) -> _Model:
    groups = season_groups(rules)
    back = np.arange(-rules.history, -rules.left_out, dtype=np.float64)
    columns = [
        np.ones_like(back),
        *((groups == group).astype(np.float64) for group in np.unique(groups[groups > 0])),
    ]
    if trend:
        columns.insert(1, back)
    design = np.column_stack(columns)
    freedom = design.shape[0] - design.shape[1]
    plain = np.ones_like(baseline)
    first = loglinear.fit(baseline, design, plain, offset, steps=STEPS, tolerance=TOLERANCE)
    phi = _dispersion(first.working, baseline, first.mu, freedom)
    residuals = loglinear.anscombe(
        baseline, first.mu, np.maximum(phi, 1.0), loglinear.leverage(first, design)
    )
    weights = loglinear.down_weighted(residuals, rules.surge)
    weights = np.where(first.converged[:, None] & np.isfinite(weights), weights, 1.0)
    last = loglinear.fit(baseline, design, weights, offset, steps=STEPS, tolerance=TOLERANCE)
    raw = _dispersion(last.working, baseline, last.mu, freedom)
    phi = np.maximum(raw, 1.0)
    scale = _dispersion(weights, baseline, last.mu, freedom) if rules.as_r else raw
    variance = last.covariance * scale[:, None, None]
    # The week that is judged is week 0, in group 0: only the intercept speaks for it.
    expected = np.exp(last.beta[:, 0] + now_offset)
    slope = last.beta[:, 1] if trend else np.full(len(baseline), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope_p = 2 * stdtr(freedom, -np.abs(slope) / np.sqrt(variance[:, 1, 1]))
        error = np.sqrt(variance[:, 0, 0])
    return _Model(expected, phi, slope, cast(Floats, slope_p), error, first.converged & last.converged)


def _dispersion(weights: Floats, counts: Floats, mu: Floats, freedom: int) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return cast(Floats, np.sum(weights * ((counts - mu) / mu) ** 2, axis=1) / freedom)
