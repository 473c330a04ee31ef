"""Is it more, or less, than expected? Windows of the newest weeks, both tails, and the evidence for an onset. Pure.

Each window's sum has a mid-p value of its own; the smallest counts. For silence, longer windows: where little is
expected, a single week without a complaint says nothing. The e-value weighs the weeks together: it is the likelihood
ratio of a surge that began this week or in the week before against none, averaged over sizes (a scan by likelihood as
in Höhle and Paul, Computational Statistics and Data Analysis 52:4357, 2008; an average of ratios is an e-value: Vovk
and Wang, Annals of Statistics 49:1736, 2021, doi 10.1214/20-AOS2020). Its mean is 1 when nothing is unusual, so 1 / e
is a p value, too large rather than too small; `calibration.py` makes it exact.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from services.insights.warning.harmonic import Expected
from services.insights.warning.negbin import Floats, lower_mid_p, upper_mid_p

SURGE_SPANS, SILENCE_SPANS = (1, 2), (1, 2, 4, 8)
"""Weeks."""


@dataclass(frozen=True, slots=True)
class Onset:
    """What a surge is thought to look like before it is seen. Tuned on simulated series that are not reported."""

    now: float = 0.78
    """Chance that it began this week, if it began this week or in the week before."""
    sizes: tuple[float, ...] = (1.0, 3.0)
    """How many standard deviations it adds in each of its weeks; all equally likely."""


@dataclass(frozen=True, slots=True)
class Tails:
    """(S, K, spans) mid-p values of the sums of each window."""

    surge: Floats
    silence: Floats
    spans: tuple[int, ...]

    def smallest(self, tail: str, spans: tuple[int, ...]) -> Floats:
        """(S, K): over these windows, of `surge` or `silence`. It is smaller than one p value would be."""
        chosen = [self.spans.index(span) for span in spans]
        found: Floats = getattr(self, tail)
        return cast(Floats, found[..., chosen].min(axis=-1))


def windows(counts: Floats, weeks: NDArray[np.int64], spans: tuple[int, ...]) -> Floats:
    """(S, K, spans): the sums of the newest weeks of counts (S, T) up to each of `weeks`."""
    summed = np.cumsum(np.pad(counts, ((0, 0), (1, 0))), axis=1)
    return np.stack([summed[:, weeks + 1] - summed[:, weeks + 1 - span] for span in spans], axis=-1)


def tails(sums: Floats, expected: Expected) -> Tails:
    """Mid-p values of window sums (S, K, spans); `expected` has the same spans."""
    surge = upper_mid_p(sums, expected.mean, expected.phi)
    return Tails(surge, lower_mid_p(sums, expected.mean, expected.phi), expected.spans)


def evidence(sums: Floats, expected: Expected, onset: Onset | None = None) -> Floats:
    """(S, K): the e-value of a surge, from the sums of the newest week and of the newest two.

    Raises ValueError when `expected` is not of one and of two weeks, in this order.
    """
    onset = onset or Onset()
    if expected.spans[:2] != (1, 2):
        raise ValueError("the evidence is that of windows of one and of two weeks")
    now, before = sums[..., 0], sums[..., 1] - sums[..., 0]
    mean = expected.mean[..., 0]
    mean_before = np.maximum(expected.mean[..., 1] - mean, 1e-300)
    # A dispersion of the two weeks holds for each; the variance of the mean is small beside it.
    phi = expected.phi[..., 1]
    deviation = np.sqrt(expected.phi[..., 0] * mean)
    ratios = []
    for size in onset.sizes:
        excess = np.maximum(size * deviation, 1.0)  # less than one complaint cannot be an excess
        of_now = _ratio(now, mean, excess, phi)
        both = of_now + _ratio(before, mean_before, excess, phi)
        ratios += [np.log(onset.now) + of_now, np.log1p(-onset.now) + both]
    return cast(Floats, np.exp(np.logaddexp.reduce(ratios, axis=0)) / len(onset.sizes))


def p_of_evidence(e: Floats) -> Floats:
    """An upper bound of the p value, by Markov's inequality."""
    return np.minimum(1.0, 1.0 / np.maximum(e, 1e-300))


def _ratio(y: Floats, mean: Floats, excess: Floats, phi: Floats) -> Floats:
    """Log likelihood ratio of the count for mean + excess against mean, with the same dispersion."""
    over = np.maximum(phi - 1, 1e-6)
    before, after = mean / over, (mean + excess) / over
    odds = gammaln(y + after) - gammaln(after) - gammaln(y + before) + gammaln(before)
    return cast(Floats, odds - excess / over * np.log1p(over))
