"""Laney's u' and p' charts: rates and shares by period, with limits that large numbers do not make too narrow. Pure.

With many orders the Poisson or binomial limits of a u or p chart lie so close to the mean that every period is out of
control. Laney (Quality Engineering 14:531, 2002, doi 10.1081/QEN-120003555) widens them by sigma z, the variation
between neighbouring periods in units of what chance alone would make; it is 1 when chance is all there is.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.insights.warning.negbin import Floats

SIGMAS = 3.0
_MOVING_RANGE = 1.128379167
"""Mean range of two standard normal values: 2 / sqrt(pi)."""


@dataclass(frozen=True, slots=True)
class Chart:
    """For S series and T periods."""

    centre: Floats
    """(S,)"""
    sigma_z: Floats
    """(S,)"""
    rate: Floats
    """(S, T); NaN where there was no opportunity."""
    low: Floats
    """(S, T)"""
    high: Floats
    """(S, T)"""

    @property
    def out(self) -> NDArray[np.bool_]:
        """(S, T): beyond a limit."""
        return (self.rate > self.high) | (self.rate < self.low)


def u_chart(counts: Floats, exposure: Floats) -> Chart:
    """Counts by opportunity, such as complaints by orders; both (S, T)."""
    return _chart(counts, exposure, shares=False)


def p_chart(counts: Floats, number: Floats) -> Chart:
    """Shares, such as answers in time by answers; both (S, T), counts at most number."""
    return _chart(counts, number, shares=True)


def _chart(counts: Floats, number: Floats, *, shares: bool) -> Chart:
    known = number > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = counts.sum(axis=1) / number.sum(axis=1)
        rate = np.where(known, counts / number, np.nan)
        unit = centre * (1 - centre) if shares else centre
        sigma = np.where(known, np.sqrt(unit[:, None] / number), np.nan)
        z = (rate - centre[:, None]) / sigma
    steps = np.abs(np.diff(z, axis=1))
    valid = np.isfinite(steps)
    between = np.where(valid, steps, 0.0).sum(axis=1) / np.maximum(valid.sum(axis=1), 1)
    sigma_z = np.where(valid.any(axis=1), between / _MOVING_RANGE, 1.0)
    reach = SIGMAS * sigma_z[:, None] * sigma
    low, high = np.maximum(0.0, centre[:, None] - reach), centre[:, None] + reach
    return Chart(centre, sigma_z, rate, low, np.minimum(1.0, high) if shares else high)
