"""g-chart: how far apart are rare, severe events? One alone can be a warning; counts by week would never show it. Pure.

Benneyan, Health Care Management Science 4:305, 2001, doi 10.1023/A:1011846412909, and Kaminsky et al., Journal of
Quality Technology 24:63, 1992. A gap is the number of opportunities (orders, units, days) between two events. Limits
are quantiles of the geometric distribution, not the mean and three deviations, which miss every short gap.
The chance of a gap is exact, too: the rate need not be known, because given the sum of all gaps each way to part it is
equally likely.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log1p

import numpy as np
from scipy.stats import hypergeom


@dataclass(frozen=True, slots=True)
class Limits:
    """In opportunities. A gap up to `low` is unusually short; `None` when even a gap of 0 is not unusual."""

    low: int | None
    centre: float
    high: int
    """A gap above it is unusually long."""


def limits(rate: float, alpha: float = 0.0027) -> Limits:
    """Limits for events that come once in 1 / rate opportunities; half of alpha lies beyond each."""
    if not 0 < rate < 1 or not 0 < alpha < 1:
        raise ValueError("rate and alpha must lie between 0 and 1")
    # P(G <= g) = 1 - (1 - rate) ** (g + 1)
    low = floor(log1p(-alpha / 2) / log1p(-rate)) - 1
    high = ceil(np.log(alpha / 2) / log1p(-rate)) - 1
    return Limits(low if low >= 0 else None, (1 - rate) / rate, high)


def chance_of_shorter(gaps: Sequence[int], past: Sequence[int]) -> float:
    """P(gaps that sum to at most as much), when the rate did not rise: 1 without a past to compare with.

    One gap, or several together: three events within a week are four dates, of which three gaps are short.
    """
    return _chance_up_to(sum(gaps), len(gaps), past)


def chance_of_longer(gap: int, past: Sequence[int]) -> float:
    """P(a gap at least as long), when the rate did not fall: has it become silent? 1 without a past."""
    return 1.0 - _chance_up_to(gap - 1, 1, past, total=gap + sum(past))


def _chance_up_to(limit: int, run: int, past: Sequence[int], total: int | None = None) -> float:
    """P(the newest `run` gaps sum to at most `limit`), given the sum of all gaps: negative hypergeometric.

    Write opportunities as dots and events as bars. Of all orders, each equally likely, it is those with `run` bars
    among the first limit + run signs.
    """
    if run < 1 or min(past, default=0) < 0 or limit < -1:
        raise ValueError("gaps must not be negative")
    if not past:
        return 1.0 if limit >= 0 and total is None else 0.0
    bars = len(past) + run - 1
    signs = (limit + sum(past) if total is None else total) + bars
    return float(hypergeom.sf(run - 1, signs, bars, limit + run))
