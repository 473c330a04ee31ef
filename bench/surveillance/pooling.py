"""Does it help to judge a sum beside its parts? An event that is spread over several products of one category.

Groups of products with Poisson-gamma counts of their own level; in the newest week an event adds complaints, all of one
product or evenly spread over some. A group is flagged by the smallest p value of its products, or of its products and
their sum. Both thresholds are set so that they flag the same share of quiet groups, so what the sum costs is paid.
"""

from concurrent.futures import Executor
from typing import Any

import numpy as np

from bench.surveillance.simulation import Floats
from services.insights.alerts.shapes import SPANS, weekly
from services.insights.warning import scan
from services.insights.warning.harmonic import expect

PRODUCTS = 10
"""In a group."""
SPREADS = (1, 3, 10)
"""Products over which the event is spread."""
SIZES = (2.0, 3.0, 4.0, 6.0)
"""Complaints of the event, in standard deviations of the group's sum."""
WINDOW = 104
RATE = 0.01
"""Share of quiet groups that are flagged."""
PHI = 1.5
AT_ONCE = 20


def measure(pool: Executor, groups: int, seed: int) -> dict[str, Any]:
    """Share of events found in their first week, with and without the sum, by size and spread."""
    parts = [pool.submit(_scored, AT_ONCE, seed + number) for number in range(groups // AT_ONCE)]
    found = [part.result() for part in parts]
    quiet = np.concatenate([each[0] for each in found])
    limits = np.quantile(quiet, RATE, axis=0)
    rows = []
    for number, (spread, size) in enumerate((spread, size) for spread in SPREADS for size in SIZES):
        scores = np.concatenate([each[1][number] for each in found])
        parts_only, with_sum = (scores <= limits).mean(axis=0)
        rows.append({"spread": spread, "size": size, "parts": float(parts_only), "with_sum": float(with_sum)})
    return {"groups": quiet.shape[0], "products": PRODUCTS, "rate": RATE, "rows": rows}


def _scored(groups: int, seed: int) -> tuple[Floats, list[Floats]]:
    """(groups, 2) smallest p values of quiet groups, by parts and with the sum; and of each spread and size."""
    rng = np.random.default_rng(seed)
    mean = rng.gamma(2.0, 1.5, size=(groups, PRODUCTS, 1)) + 0.2
    counts = rng.negative_binomial(mean / (PHI - 1), 1 / PHI, size=(groups, PRODUCTS, WINDOW + 1))
    quiet = _smallest(counts.astype(np.float64))
    events = []
    deviation = np.sqrt(PHI * mean.sum(axis=(1, 2)))
    for spread in SPREADS:
        for size in SIZES:
            changed = counts.astype(np.float64)
            for group, number in enumerate(np.round(size * deviation).astype(np.int64)):
                chosen = rng.permutation(PRODUCTS)[:spread]
                changed[group, chosen, -1] += rng.multinomial(number, np.full(spread, 1 / spread))
            events.append(_smallest(changed))
    return quiet, events


def _smallest(counts: Floats) -> Floats:
    """(groups, 2): over the parts, and over the parts and their sum."""
    every = np.concatenate([counts, counts.sum(axis=1, keepdims=True)], axis=1)
    series = every.reshape(-1, WINDOW + 1)
    week = np.array([WINDOW])
    sums = scan.windows(series, week, SPANS)
    p = scan.p_of_evidence(scan.evidence(sums, expect(series, week, SPANS, weekly(WINDOW))))
    p = p.reshape(counts.shape[0], PRODUCTS + 1)
    return np.column_stack([p[:, :-1].min(axis=1), p.min(axis=1)])
