"""Log-linear Poisson regressions of many series at once, over one design. Pure.

Iteratively reweighted least squares (McCullagh and Nelder, Generalized Linear Models, 1989, section 2.5), starting
from mu = y + 0.1 as R does. All series share the design matrix, so that the normal equations of a step are one product
of matrices: a batch costs about as much as a few single fits.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np

from services.insights.warning.negbin import Floats

START = 0.1
LARGEST = 700.0
"""Of a linear predictor: beyond, exp overflows."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What one regression for each of S series found; n weeks, p columns of the design."""

    beta: Floats
    """(S, p)"""
    mu: Floats
    """(S, n), the fitted means."""
    working: Floats
    """(S, n): the weights of the last least-squares step, so those of the step before the means."""
    covariance: Floats
    """(S, p, p): of beta, for dispersion 1."""
    converged: np.ndarray[tuple[int], np.dtype[np.bool_]]
    """(S,)"""


def fit(
    counts: Floats,
    design: Floats,
    weights: Floats,
    offset: Floats,
    *,
    steps: int,
    tolerance: float,
    start: Floats | None = None,
) -> Fit:
    """Regress counts (S, n) on the design (n, p), with prior weights (S, n) and the log of exposures (S, n).

    A series stops when its deviance changes by less than `tolerance`, relatively; with 0 all steps are made. `start`
    are means to begin with. A series whose equations are singular or overflow has not converged, and NaN as its means.
    """
    series, weeks = counts.shape
    columns = design.shape[1]
    products = (design[:, :, None] * design[:, None, :]).reshape(weeks, -1)
    beta, mu = np.full((series, columns), np.nan), (counts + START if start is None else start.copy())
    working, covariance = np.empty_like(mu), np.full((series, columns, columns), np.nan)
    converged = np.zeros(series, dtype=bool)
    before = deviance(counts, mu, weights)
    eta = np.log(mu)
    active = np.arange(series)
    for _ in range(steps):
        y, prior, now, base = counts[active], weights[active], mu[active], offset[active]
        step = prior * now
        target = eta[active] - base + (y - now) / now
        inverse = _inverse((step @ products).reshape(-1, columns, columns))
        solved = np.einsum("spq,sq->sp", inverse, (step * target) @ design)
        linear = np.clip(solved @ design.T + base, -LARGEST, LARGEST)
        now = np.exp(linear)
        beta[active], eta[active], mu[active] = solved, linear, now
        working[active], covariance[active] = step, inverse
        after = deviance(y, now, prior)
        finite = np.isfinite(after)
        done = np.abs(after - before[active]) < tolerance * (np.abs(after) + 0.1)
        before[active] = after
        converged[active] = done | (finite if tolerance == 0 else False)
        active = active[finite & ~done]
        if not active.size:
            break
    return Fit(beta, mu, working, covariance, converged)


def deviance(counts: Floats, mu: Floats, weights: Floats) -> Floats:
    """(S,): twice the log likelihood that the means fall short of a perfect fit by."""
    ratio = np.where(counts > 0, counts, 1.0) / np.where(counts > 0, mu, 1.0)
    with np.errstate(over="ignore", invalid="ignore"):
        return cast(Floats, 2 * np.sum(weights * (counts * np.log(ratio) - (counts - mu)), axis=1))


def leverage(fitted: Fit, design: Floats) -> Floats:
    """(S, n): how much each week's count draws its own mean towards it, 0 to 1."""
    spread = np.matmul(design, fitted.covariance)
    return cast(Floats, fitted.working * np.einsum("snp,np->sn", spread, design))


def anscombe(counts: Floats, mu: Floats, phi: Floats, hat: Floats) -> Floats:
    """(S, n): standardised Anscombe residuals, about normal. Farrington et al., JRSS A 159:547, 1996, section 3.6."""
    with np.errstate(divide="ignore", invalid="ignore"):
        raw = 1.5 * (counts ** (2 / 3) * mu ** (-1 / 6) - np.sqrt(mu))
        return raw / np.sqrt(phi[:, None] * np.maximum(1 - hat, 0.0))


def down_weighted(residuals: Floats, threshold: float) -> Floats:
    """(S, n): weights that a past surge should not be learned from, of mean 1: s to the -2 beyond the threshold."""
    with np.errstate(divide="ignore", invalid="ignore"):
        raw = np.where(residuals > threshold, residuals**-2.0, 1.0)
    return cast(Floats, raw * (raw.shape[1] / raw.sum(axis=1, keepdims=True)))


def _inverse(matrices: Floats) -> Floats:
    """Of each matrix; NaN where there is none."""
    try:
        return cast(Floats, np.linalg.inv(matrices))
    except np.linalg.LinAlgError:
        found = np.full_like(matrices, np.nan)
        for number, matrix in enumerate(matrices):
            try:
                found[number] = np.linalg.inv(matrix)
            except np.linalg.LinAlgError:
                continue
        return found
