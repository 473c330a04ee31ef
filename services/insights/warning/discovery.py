"""Which of thousands of p values are alerts? A limit on the share of false ones among them. Pure.

Benjamini and Hochberg, JRSS B 57:289, 1995; valid for series that move together, as a product and its family do
(Benjamini and Yekutieli, Annals of Statistics 29:1165, 2001, theorem 1.2). One limit over the whole portfolio: with
ten thousand series, "p below one in a hundred" alone would call a hundred times a week about nothing.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from services.insights.warning.negbin import Floats


class Level(IntEnum):
    NOTHING = 0
    WATCH = 1
    """Unusual by itself: shown to whoever looks."""
    ALERT = 2
    """Unusual within all that was looked at: pushed to whoever is responsible."""


@dataclass(frozen=True, slots=True)
class Limits:
    watch: float = 0.01
    """p value of one series."""
    alert: float = 0.1
    """Expected share of false ones among all alerts of one step in time."""


def q_values(p: Floats) -> Floats:
    """The smallest share of false discoveries at which each would be one. Of any shape; NaN is left out and stays."""
    flat = p.ravel()
    known = np.nonzero(~np.isnan(flat))[0]
    order = known[np.argsort(flat[known], kind="stable")]
    rank = np.arange(1, order.size + 1)
    steps = flat[order] * order.size / rank
    found = np.full_like(flat, np.nan)
    found[order] = np.minimum(1.0, np.minimum.accumulate(steps[::-1])[::-1])
    return found.reshape(p.shape)


def levels(p: Floats, limits: Limits) -> NDArray[np.int64]:
    """The level of each series of one portfolio at one step in time."""
    with np.errstate(invalid="ignore"):
        alert, watch = q_values(p) <= limits.alert, p <= limits.watch
    return np.where(alert, int(Level.ALERT), np.where(watch, int(Level.WATCH), int(Level.NOTHING)))
