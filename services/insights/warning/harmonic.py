"""What count does a series' past lead one to expect? A robust harmonic negative-binomial regression. Pure.

Log-linear in a trend and in none, one or two harmonics of the year. Each of the three is fitted twice: past surges,
found by their Anscombe residuals, count for less the second time (Noufaily et al. 2013, doi 10.1002/sim.5595, after
Farrington et al. 1996). The three are then averaged by exp(-QBIC / 2), QBIC = deviance / phi + p log n (after Lebreton
et al., Ecological Monographs 62:67, 1992, and Burnham and Anderson, Model Selection, 2002), so that a season is
learned when there is one, and costs nothing when there is none. The newest weeks are left out, lest a surge that goes
on becomes what is expected.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from services.insights.warning import loglinear
from services.insights.warning.negbin import Floats

STEPS = 4
"""Of the second fit, which begins where the first ended."""
ROWS = 150
"""Fitted at once: so many stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What the regression may be like; the defaults are for weeks."""

    window: int = 312
    """How far it looks back, in steps of the series."""
    guard: int = 8
    """The newest steps before the judged one, which are not learned from."""
    year: float = 52.0
    cycle: int = 1
    """Steps of a shorter season that there always is: 7 for days of the week; 1 for none."""
    harmonics: tuple[int, ...] = (0, 1, 2)
    surge: float = 2.58
    """Standardised residual beyond which a past step counts for less."""
    trends: tuple[bool, ...] = (False, True)
    first_steps: int = 7


@dataclass(frozen=True, slots=True)
class Expected:
    """For S series, K judged weeks and each window of the newest `spans` weeks that ends in them."""

    mean: Floats
    """(S, K, len(spans)): of the window's sum."""
    phi: Floats
    """(S, K, len(spans)): variance of the sum by its mean, with the uncertainty of the mean itself; 1 or more."""
    spans: tuple[int, ...]


def expect(
    counts: Floats,
    weeks: NDArray[np.int64],
    spans: tuple[int, ...] = (1, 2),
    shape: Shape | None = None,
    exposure: Floats | None = None,
) -> Expected:
    """Expect the sums of the newest weeks up to each of `weeks`; counts and exposure are (S, T).

    Raises ValueError for a week with too little history, or a span that is longer than the guard.
    """
    shape = shape or Shape()
    if weeks.size and weeks.min() < shape.window:
        raise ValueError(f"expecting needs {shape.window} weeks before")
    if max(spans) > shape.guard + 1:
        raise ValueError("a window longer than the guard would have been learned from")
    chosen = range(0, counts.shape[0], max(1, ROWS // max(weeks.size, 1)))
    parts = [
        _expect(counts[part], weeks, spans, shape, None if exposure is None else exposure[part])
        for part in (slice(first, first + chosen.step) for first in chosen)
    ]
    if not parts:
        nothing = np.empty((0, weeks.size, len(spans)))
        return Expected(nothing, nothing, spans)
    means, phis = (np.concatenate(each) for each in zip(*parts, strict=True))
    return Expected(means, phis, spans)


def _expect(
    counts: Floats, weeks: NDArray[np.int64], spans: tuple[int, ...], shape: Shape, exposure: Floats | None
) -> tuple[Floats, Floats]:
    back = np.arange(-shape.window, -shape.guard)
    ahead = -np.arange(max(spans))
    baseline = counts[:, weeks[:, None] + back].reshape(-1, back.size).astype(np.float64)
    if exposure is None:
        offset, coming = np.zeros_like(baseline), np.ones((len(baseline), ahead.size))
    else:
        offset = np.log(exposure[:, weeks[:, None] + back].reshape(-1, back.size))
        coming = exposure[:, weeks[:, None] + ahead].reshape(-1, ahead.size)
    weights, start = _weights(baseline, offset, _design(back, (True, max(shape.harmonics)), shape), shape)
    models = [(trend, number) for trend in shape.trends for number in shape.harmonics]
    found = [
        _fitted(
            baseline,
            offset,
            coming,
            weights,
            start,
            _design(back, model, shape),
            _design(ahead, model, shape),
            spans,
        )
        for model in models
    ]
    means, errors, phis, deviances = (np.stack(part) for part in zip(*found, strict=True))
    # One dispersion for all, that of the richest: with its own, each would fit as well as any other.
    columns = np.array([_design(ahead, model, shape).shape[1] for model in models])
    scores = deviances / phis[-1] + columns[:, None] * np.log(back.size)
    shares = np.exp(-0.5 * (scores - scores.min(axis=0)))
    shares /= shares.sum(axis=0)
    mean = np.einsum("ms,msk->sk", shares, means)
    between = np.einsum("ms,msk->sk", shares, errors + (means - mean) ** 2)
    phi = np.einsum("ms,ms->s", shares, phis)[:, None] + between / np.maximum(mean, 1e-300)
    form = (counts.shape[0], weeks.size, len(spans))
    return mean.reshape(form), phi.reshape(form)


def _design(places: NDArray[np.int64], model: tuple[bool, int], shape: Shape) -> Floats:
    """(n, columns); the judged week is place 0."""
    trend, harmonics = model
    angle = 2 * np.pi / shape.year * places
    columns = [np.ones(places.size)]
    if trend:
        columns.append(places / shape.window)
    for number in range(1, harmonics + 1):
        columns += [np.cos(number * angle), np.sin(number * angle)]
    angle = 2 * np.pi / shape.cycle * places
    for number in range(1, (shape.cycle - 1) // 2 + 1):
        columns += [np.cos(number * angle), np.sin(number * angle)]
    return np.column_stack(columns)


def _weights(baseline: Floats, offset: Floats, design: Floats, shape: Shape) -> tuple[Floats, Floats]:
    """Of each week, from the richest model; and that model's means."""
    plain = np.ones_like(baseline)
    first = loglinear.fit(baseline, design, plain, offset, steps=shape.first_steps, tolerance=0)
    phi = _phi(plain, baseline, first.mu, design.shape[1])
    residuals = loglinear.anscombe(baseline, first.mu, phi, loglinear.leverage(first, design))
    return loglinear.down_weighted(residuals, shape.surge), first.mu


def _fitted(
    baseline: Floats,
    offset: Floats,
    coming: Floats,
    weights: Floats,
    start: Floats,
    design: Floats,
    ahead: Floats,
    spans: tuple[int, ...],
) -> tuple[Floats, Floats, Floats, Floats]:
    """For each row: means of the windows, their squared errors, phi, deviance."""
    last = loglinear.fit(baseline, design, weights, offset, steps=STEPS, tolerance=0, start=start)
    phi = _phi(weights, baseline, last.mu, design.shape[1])
    fell_short = loglinear.deviance(baseline, last.mu, weights)
    each = np.exp(np.clip(last.beta @ ahead.T, -loglinear.LARGEST, loglinear.LARGEST)) * coming
    summed = np.cumsum(each, axis=1)
    chosen = np.array(spans) - 1
    gradient = np.cumsum(each[:, :, None] * ahead, axis=1)[:, chosen]
    error = np.einsum("skp,spq,skq->sk", gradient, last.covariance, gradient, optimize=True) * phi[:, None]
    return summed[:, chosen], error, phi, fell_short


def _phi(weights: Floats, counts: Floats, mu: Floats, columns: int) -> Floats:
    pearson = np.sum(weights * (counts - mu) ** 2 / mu, axis=1) / (counts.shape[1] - columns)
    return cast(Floats, np.maximum(1.0, pearson))
