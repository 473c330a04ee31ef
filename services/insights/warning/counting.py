"""What is counted, before anything is judged: each customer's problem once, and what has not been told yet. Pure."""

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


def arrival(delays: Floats, longest: int) -> Floats:
    """(longest + 1,): the share of events that is known within 0, 1 ... steps, from delays of reports in steps.

    Only delays of events that are at least `longest` steps old may be given: of younger ones just the quick reports
    are known. A delay beyond `longest` counts as that long. Raises ValueError without any.
    """
    if not delays.size:
        raise ValueError("the share that is known needs past delays")
    binned = np.bincount(np.minimum(delays, longest).astype(np.int64), minlength=longest + 1)
    return np.cumsum(binned) / delays.size


def known_share(steps: int, known: Floats) -> Floats:
    """(steps,): which share of each step's events is known by the end of the last step, the oldest step first.

    It multiplies the exposure of a series, so that the newest steps are expected to be as small as they must still
    be, and a surge is seen before the last report has come (in the way of Salmon et al., Biometrical Journal 57:1051,
    2015, doi 10.1002/bimj.201400159).
    """
    age = np.arange(steps)[::-1]
    return known[np.minimum(age, known.size - 1)]


def completed(counts: Floats, known: Floats) -> tuple[Floats, Floats]:
    """(S, T) each: how many there will be when all is told, and the standard error of what is added.

    Of a count that is complete to the share c, (1 - c) / c as many are to come; with Poisson counts, y (1 - c) / c²
    is the variance of their number.
    """
    share = known_share(counts.shape[1], known)
    with np.errstate(divide="ignore", invalid="ignore"):
        nowcast = np.where(share > 0, counts / share, np.nan)
        error = np.where(share > 0, np.sqrt(counts * (1 - share)) / share, np.nan)
    return nowcast, error
