"""Binomial chances, exact."""

import math

import numpy as np


def at_most(most: int, trials: int, chance: float) -> float:
    """The chance of at most so many successes in so many trials."""
    if most >= trials:
        return 1.0
    k = np.arange(most + 1)
    logs = np.array([math.lgamma(i + 1) + math.lgamma(trials - i + 1) for i in k.tolist()])
    terms = math.lgamma(trials + 1) - logs + k * math.log(chance) + (trials - k) * math.log1p(-chance)
    return min(1.0, float(np.exp(terms).sum()))
