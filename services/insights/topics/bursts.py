"""Which terms are used by more customers than the weeks before would let expect? Pure.

The rate of a term is that of the past weeks with half a use added (Jeffreys' prior of a Poisson rate), times the
customers of this week; what is not known of the rate widens the expectation (a gamma-Poisson prediction is negative
binomial). Dispersion is Pearson's, drawn to that of terms as frequent, because a few weeks tell little about one term.
Two windows are looked at, this week and this week with the one before: the smaller mid-p counts twice. The share of
false ones is limited over all terms that were ever used, not only over those that are frequent enough to be shown: they
were chosen because they are frequent.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.insights.warning.discovery import q_values
from services.insights.warning.harmonic import Expected
from services.insights.warning.negbin import Floats
from services.insights.warning.scan import tails

PRIOR = 0.5
"""Uses, Jeffreys."""
PRIOR_WEEKS = 8.0
"""Weeks that the dispersion of terms as frequent weighs."""
STRATA = (0.3, 1.0, 3.0, 10.0, 50.0)
"""Of the expected uses in a week."""
SPANS = (1, 2)


@dataclass(frozen=True, slots=True)
class Bursts:
    """For each tested term."""

    p: Floats
    q: Floats
    """Least share of false ones at which it is found."""
    observed: Floats
    """Customers in its better window."""
    expected: Floats
    """Of the same window."""

    @property
    def excess(self) -> Floats:
        """Which share of its uses is beyond what was expected."""
        return np.maximum(0.0, 1.0 - self.expected / np.maximum(self.observed, 1.0))


def bursts(past: Floats, exposure: Floats, recent: Floats, recent_exposure: Floats, known: int) -> Bursts:
    """`past` (S, K) weeks of terms with (K,) customers, `recent` (S, 2): the week before and this week, with (2,)
    customers. `known`: how many terms there are at all, S or more."""
    uses, customers = past.sum(axis=1) + PRIOR, float(exposure.sum())
    rate = uses / customers
    phi = _dispersion(past, rate[:, None] * exposure)
    windows = np.stack([recent[:, 1], recent.sum(axis=1)], axis=-1)
    sizes = np.array([recent_exposure[1], recent_exposure.sum()])
    mean = rate[:, None] * sizes
    spread = phi[:, None] * (1.0 + mean / uses[:, None])
    expected = Expected(mean[:, None, :], spread[:, None, :], SPANS)
    found = tails(windows[:, None, :], expected).surge[:, 0, :]
    p = np.minimum(1.0, len(SPANS) * found.min(axis=1))
    better = found.argmin(axis=1)
    rows = np.arange(p.size)
    q = q_values(np.concatenate([p, np.ones(max(0, known - p.size))]))[: p.size]
    return Bursts(p, q, windows[rows, better], mean[rows, better])


def _dispersion(past: Floats, fitted: Floats) -> Floats:
    """(S,): variance by mean, at least 1."""
    weeks = past.shape[1]
    own = ((past - fitted) ** 2 / fitted).sum(axis=1) / max(1, weeks - 1)
    which: NDArray[np.int64] = np.digitize(fitted.mean(axis=1), STRATA)
    alike = np.ones(len(STRATA) + 1)
    for stratum in np.unique(which):
        alike[stratum] = own[which == stratum].mean()
    drawn = ((weeks - 1) * own + PRIOR_WEEKS * alike[which]) / (weeks - 1 + PRIOR_WEEKS)
    return np.asarray(np.maximum(1.0, drawn))
