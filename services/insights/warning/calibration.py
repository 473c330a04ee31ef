"""Makes p values mean what they say: as rare as they were among series of the same kind when nothing happened. Pure.

A fitted mean and dispersion are never quite right, and far out in the tail that shows: a nominal 1 in 10,000 can come
five times as often. The past p values of all series of a stratum (about the same mean and dispersion) are the empirical
null (Efron, JASA 99:96, 2004, doi 10.1198/016214504000000089): a p value becomes its rank among them. Beyond the
`EXCESS` smallest their logarithms go on as an exponential, whose slope is Hill's estimate (Annals of Statistics 3:1163,
1975), which never gives 0. Weeks of known events must be left out when it is learned.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from services.insights.warning.negbin import Floats

MEANS = (0.3, 1.0, 3.0, 10.0, 50.0)
DISPERSIONS = (1.05, 1.5, 2.5, 4.0)
EXCESS = 0.005
"""Share of a stratum's p values that the tail is learned from."""
LEAST = 10_000
"""p values in a stratum; with fewer, the strata of all dispersions, or all together, speak."""
GRID = np.concatenate([[0.0], np.geomspace(EXCESS, 1.0, 400)])
_TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Calibration:
    """Quantiles of past p values, and the slope of the tail, for each stratum of mean and dispersion."""

    quantiles: Floats
    """(strata, grid): the p value below which the grid's share lay."""
    slopes: Floats
    """(strata,): mean excess of -log p beyond the first quantile; 1 for exact p values."""

    def exact(self, p: Floats, mean: Floats, phi: Floats) -> Floats:
        """Calibrated p values; all of one shape."""
        which = stratum(mean, phi)
        found = np.empty(p.shape)
        for number in np.unique(which):
            here = which == number
            marks = self.quantiles[number]
            body = np.interp(p[here], np.append(marks[1:], 1.0), np.append(GRID[1:], 1.0))
            edge = max(float(marks[1]), _TINY)
            beyond = np.maximum(0.0, np.log(edge) - np.log(np.maximum(p[here], _TINY)))
            tail = EXCESS * np.exp(-beyond / self.slopes[number])
            found[here] = np.where(p[here] < edge, tail, body)
        return found


def learn(p: Floats, mean: Floats, phi: Floats) -> Calibration:
    """From p values of weeks without an event, of any one shape, and what was expected then."""
    p, mean, phi = p.ravel(), mean.ravel(), phi.ravel()
    which = stratum(mean, phi)
    across = len(DISPERSIONS) + 1
    quantiles, slopes = [], []
    for number in range((len(MEANS) + 1) * across):
        own = p[which == number]
        if own.size < LEAST:
            own = p[which // across == number // across]
        if own.size < LEAST:
            own = p
        marks, slope = _marks(own)
        quantiles.append(marks)
        slopes.append(slope)
    return Calibration(np.stack(quantiles), np.array(slopes))


def stratum(mean: Floats, phi: Floats) -> NDArray[np.int64]:
    """The number of the stratum of each."""
    return np.digitize(mean, MEANS) * (len(DISPERSIONS) + 1) + np.digitize(phi, DISPERSIONS)


def _marks(p: Floats) -> tuple[Floats, float]:
    marks = np.maximum.accumulate(np.quantile(p, GRID))
    edge = max(float(marks[1]), _TINY)
    below = p[p < edge]
    slope = float(np.mean(np.log(edge) - np.log(np.maximum(below, _TINY)))) if below.size else 1.0
    return cast(Floats, marks), max(slope, 1e-3)
