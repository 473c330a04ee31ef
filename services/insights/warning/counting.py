"""What is counted, before anything is judged: each customer's problem once. Pure."""

from collections.abc import Hashable, Iterable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from services.insights.warning.negbin import Floats

P = TypeVar("P", bound=Hashable)


def once(reports: Iterable[tuple[str, P, int]], within: int) -> list[tuple[str, P, int]]:
    """Reports without those that a customer makes of the same problem within this many days of the last one.

    A report is customer, problem and day. Twenty mails of one angry customer are one report, and do not make a surge;
    whoever goes on writing within the time is still the same report. Sorted by day.
    """
    last: dict[tuple[str, P], int] = {}
    kept = []
    for report in sorted(reports, key=lambda each: each[2]):
        customer, problem, day = report
        before = last.get((customer, problem))
        last[customer, problem] = day
        if before is None or day - before > within:
            kept.append(report)
    return kept


def enough(counts: Floats, weeks: NDArray[np.int64], least: int = 5, recent: int = 4) -> NDArray[np.bool_]:
    """(S, K): whether at least so many were told in the `recent` weeks up to each of `weeks`; counts are (S, T).

    Where nothing was ever told, the first complaint is beyond every expectation, and no surge: such p values do not
    belong into a portfolio (make them NaN). What is severe has the g-chart. (Noufaily et al. 2013: 5 in 4.)
    """
    summed = np.cumsum(np.pad(counts, ((0, 0), (1, 0))), axis=1)
    return np.asarray(summed[:, weeks + 1] - summed[:, weeks + 1 - recent] >= least)
