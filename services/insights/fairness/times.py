"""Times compared stratum by stratum, with what has not happened yet: the stratified log-rank test. Pure.

Mantel (Cancer Chemotherapy Reports 50:163, 1966); Peto and Peto (JRSS A 135:185, 1972). A case that is still open
counts up to its age. The estimate is the ratio of the rates by Mantel and Haenszel with every moment as a stratum
(Bernstein, Anderson and Pike, Biometrics 37:513, 1981), the variance of its logarithm that of Greenland and Robins
(Biometrics 41:55, 1985): above 1, the group gets its result sooner.
"""

from math import log

import numpy as np

from services.insights.fairness.estimate import Codes, Estimate, Flags, Floats, normal, p_of

NUMBERS = ("observed", "expected", "lead", "lead_others", "variance", "n", "n_others")
"""What is kept of a stratum: what happened in the group, and what should have; the sums over the moments of d1 n0 / n
and d0 n1 / n, of d to whom it happens and n at risk then; the variance of what happens in the group; and the sizes."""


def numbers(strata: Codes, group: Flags, seconds: Floats, happened: Flags) -> Floats:
    """A row of NUMBERS for each stratum code. A case that has not happened was open for `seconds`."""
    size = int(strata.max(initial=-1)) + 1
    order = np.lexsort((seconds, strata))
    s, t, g, d = strata[order], seconds[order], group[order], happened[order]
    first = np.ones(s.size, dtype=np.bool_)
    first[1:] = (s[1:] != s[:-1]) | (t[1:] != t[:-1])
    moment = np.cumsum(first) - 1
    of = s[first]
    begins = np.nonzero(first)[0]
    ends = np.searchsorted(s, of, side="right")
    so_far = np.concatenate([[0], np.cumsum(g)])
    at_risk = (ends - begins).astype(np.float64)
    group_at_risk = (so_far[ends] - so_far[begins]).astype(np.float64)
    deaths = np.bincount(moment, weights=d, minlength=of.size)
    group_deaths = np.bincount(moment, weights=g & d, minlength=of.size)
    share = group_at_risk / at_risk
    spread = deaths * share * (1 - share) * (at_risk - deaths) / np.maximum(at_risk - 1, 1)
    return np.stack(
        [
            np.bincount(s, weights=g & d, minlength=size),
            np.bincount(of, weights=deaths * share, minlength=size),
            np.bincount(of, weights=group_deaths * (1 - share), minlength=size),
            np.bincount(of, weights=(deaths - group_deaths) * share, minlength=size),
            np.bincount(of, weights=spread, minlength=size),
            np.bincount(s[g], minlength=size).astype(np.float64),
            np.bincount(s[~g], minlength=size).astype(np.float64),
        ],
        axis=1,
    )


def estimate(rows: Floats) -> Estimate | None:
    """None when nothing happened that could tell the groups apart."""
    lead, lead_others, variance = (float(rows[:, place].sum()) for place in (2, 3, 4))
    if variance <= 0:
        return None
    p_value = p_of((lead - lead_others) ** 2 / variance)
    if min(lead, lead_others) == 0:  # all of one side before all of the other: a half keeps the ratio finite
        lead, lead_others = lead + 0.5, lead_others + 0.5
    return normal(log(lead / lead_others), variance / (lead * lead_others), p_value).exponentiated()


def median(seconds: Floats, happened: Flags, weight: Floats) -> float | None:
    """Kaplan and Meier's (Journal of the American Statistical Association 53:457, 1958) of weighted cases; None: less
    than half has happened."""
    order = np.argsort(seconds, kind="stable")
    t, d, w = seconds[order], happened[order], weight[order]
    moments, begins = np.unique(t, return_index=True)
    if not moments.size:
        return None
    at_risk = w[::-1].cumsum()[::-1][begins]
    deaths = np.add.reduceat(w * d, begins)
    left = np.cumprod(1 - deaths / at_risk)
    reached = np.nonzero(left <= 0.5 + 1e-9)[0]
    return float(moments[reached[0]]) if reached.size else None


def weights(strata: Codes, group: Flags) -> Floats:
    """Weights of matched cases that give the others the group's mix of strata (Iacus, King and Porro 2012)."""
    size = int(strata.max(initial=-1)) + 1
    n1 = np.bincount(strata[group], minlength=size).astype(np.float64)
    n0 = np.bincount(strata[~group], minlength=size).astype(np.float64)
    others = n1[strata] / np.maximum(n0[strata], 1)
    return np.where(group, 1.0, others)
