"""Which pairs (product and defect, batch and defect, region and defect) are told more often than chance? Pure.

DuMouchel's gamma-Poisson shrinker (The American Statistician 53:177, 1999): of each pair the count is Poisson with
mean lambda times what independence expects; the lambdas of all pairs come from a mixture of two gamma distributions,
whose five parameters are fitted to all pairs by maximum likelihood. So a pair of two reports where 0.1 were expected is
drawn towards the rest, and one of forty is not. EBGM is the geometric mean of lambda given the count, EB05 its 5 %
quantile; 2 or more is the customary signal. IC is the information component (Norén, Hopstadius, Bate, Statistical
Methods in Medical Research 22:57, 2013, doi 10.1177/0962280211403604).
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, gammainc, gammaln, logit, psi

from services.insights.warning.negbin import Floats
from services.insights.warning.squashing import squashed

STARTS = (
    (0.2, 0.06, 1.4, 1.8, 0.1),
    (0.2, 0.1, 2.0, 4.0, 1 / 3),
    (2.0, 4.0, 0.2, 0.1, 0.667),
    (0.5, 0.5, 2.0, 2.0, 0.1),
    (3.0, 0.4, 2.0, 2.0, 0.05),
)
"""Where the search begins: from a single one it has been seen to end at the edge."""
_STEEPEST = 12.0
"""Of the logarithm of a parameter, either way."""


@dataclass(frozen=True, slots=True)
class Prior:
    """Of lambda: a share of a gamma with shape a1 and rate b1, the rest of one with a2 and b2."""

    a1: float
    b1: float
    a2: float
    b2: float
    share: float


@dataclass(frozen=True, slots=True)
class Scores:
    """One number for each pair."""

    ebgm: Floats
    eb05: Floats
    eb95: Floats


class NotFitted(Exception):
    """No start of the search led anywhere: there are too few pairs."""


def expected(table: Floats) -> Floats:
    """(strata, rows, columns) to (rows, columns): row sum times column sum by total, summed over the strata.

    Strata (channels, quarters) keep what only they have in common from looking like a connection.
    """
    rows, columns = table.sum(axis=2, keepdims=True), table.sum(axis=1, keepdims=True)
    total = np.maximum(table.sum(axis=(1, 2), keepdims=True), 1.0)
    return cast(Floats, (rows * columns / total).sum(axis=0))


def fit(n: Floats, e: Floats) -> Prior:
    """The prior under which counts n >= 1, where e > 0 are expected, are likeliest. Raises NotFitted.

    Pairs that were never told are left out, and the likelihood is that of counts above 0.
    """
    told = (n > 0) & (e > 0)
    if not told.any():
        raise NotFitted
    counts, means, weights = squashed(n[told], e[told])
    best, lowest = None, np.inf
    for start in STARTS:
        at = np.array([*np.log(start[:4]), logit(start[4])])
        found = minimize(
            _loss, at, (counts, means, weights), method="L-BFGS-B", bounds=[(-_STEEPEST, _STEEPEST)] * 5
        )
        if np.isfinite(found.fun) and found.fun < lowest:
            best, lowest = found.x, float(found.fun)
    if best is None:
        raise NotFitted
    return _prior(best)


def scores(n: Floats, e: Floats, prior: Prior) -> Scores:
    """EBGM, EB05 and EB95 of counts n where e are expected, of one shape."""
    q = _first_share(n, e, prior)
    log_mean = q * (psi(prior.a1 + n) - np.log(prior.b1 + e)) + (1 - q) * (
        psi(prior.a2 + n) - np.log(prior.b2 + e)
    )
    return Scores(np.exp(log_mean), _quantile(0.05, n, e, q, prior), _quantile(0.95, n, e, q, prior))


def information_component(n: Floats, e: Floats) -> tuple[Floats, Floats]:
    """IC and its lower limit IC025, both log2; a pair is a signal when the limit is above 0."""
    component = np.log2((n + 0.5) / (e + 0.5))
    limit = component - 3.3 * (n + 0.5) ** -0.5 - 2 * (n + 0.5) ** -1.5
    return component, limit


def _prior(at: Floats) -> Prior:
    a1, b1, a2, b2 = (float(value) for value in np.exp(at[:4]))
    return Prior(a1, b1, a2, b2, float(expit(at[4])))


def _loss(at: Floats, n: Floats, e: Floats, weights: Floats) -> float:
    prior = _prior(at)
    both = np.logaddexp(
        np.log(prior.share) + _log_chance(n, e, prior.a1, prior.b1),
        np.log1p(-prior.share) + _log_chance(n, e, prior.a2, prior.b2),
    )
    none = prior.share * (prior.b1 / (prior.b1 + e)) ** prior.a1
    none += (1 - prior.share) * (prior.b2 / (prior.b2 + e)) ** prior.a2
    loss = -np.sum(weights * (both - np.log(np.maximum(1 - none, 1e-300))))
    return float(loss) if np.isfinite(loss) else 1e300


def _log_chance(n: Floats, e: Floats, a: float, b: float) -> Floats:
    """Of a count whose mean is e times a gamma with shape a and rate b: negative binomial."""
    odds = gammaln(a + n) - gammaln(a) - gammaln(n + 1)
    return cast(Floats, odds + a * (np.log(b) - np.log(b + e)) + n * (np.log(e) - np.log(b + e)))


def _first_share(n: Floats, e: Floats, prior: Prior) -> Floats:
    """How likely lambda is from the first gamma, given the count."""
    first = np.log(prior.share) + _log_chance(n, e, prior.a1, prior.b1)
    second = np.log1p(-prior.share) + _log_chance(n, e, prior.a2, prior.b2)
    return cast(Floats, expit(first - second))


def _quantile(share: float, n: Floats, e: Floats, q: Floats, prior: Prior) -> Floats:
    """Of lambda given the count, found by halving its logarithm."""
    low, high = np.full(np.shape(n), -30.0), np.full(np.shape(n), 30.0)
    for _ in range(60):
        middle = (low + high) / 2
        value = np.exp(middle)
        below = q * gammainc(prior.a1 + n, value * (prior.b1 + e))
        below += (1 - q) * gammainc(prior.a2 + n, value * (prior.b2 + e))
        less: NDArray[np.bool_] = below < share
        low, high = np.where(less, middle, low), np.where(less, high, middle)
    return cast(Floats, np.exp((low + high) / 2))
