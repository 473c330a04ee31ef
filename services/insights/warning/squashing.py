"""Data squashing: a few weighted points in the place of many that are alike. Pure.

DuMouchel et al., Squashing flat files flatter, KDD 1999: most pairs of a table have a count of 1, 2 or 3; of those with
the same count, neighbours by expected number become one point with their mean and their number. The largest of each
count are kept as they are, because they shape the fit.
"""

import numpy as np

from services.insights.warning.negbin import Floats

BIN, KEPT = 50, 75
"""Pairs in a point; pairs of each count that are kept."""


def squashed(n: Floats, e: Floats) -> tuple[Floats, Floats, Floats]:
    """(N,) each to counts, expected numbers and weights of fewer points; the weights sum to N."""
    counts, means, weights = [], [], []
    for count in np.unique(n):
        own = np.sort(e[n == count])
        cut = max(0, own.size - KEPT) // BIN * BIN
        whole = own[:cut].reshape(-1, BIN).mean(axis=1)
        rest = own[cut:]
        means += [whole, rest]
        weights += [np.full(whole.size, float(BIN)), np.ones(rest.size)]
        counts.append(np.full(whole.size + rest.size, float(count)))
    return np.concatenate(counts), np.concatenate(means), np.concatenate(weights)
