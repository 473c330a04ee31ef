"""Draws of what is not known, the same for everybody: an interval can be computed again. Pure."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from shared.rulebooks.parameter import Parameter

NUMBER = 4096
INTERVAL = (0.1, 0.9)
"""Four out of five draws lie between."""

# Kronecker's sequence: multiples of an irrational number, less their whole part, fill the unit interval evenly.
_GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True)
class Draws:
    """Each parameter is drawn by its name, so that it is the same wherever it occurs."""

    number: int = NUMBER

    def of(self, name: str, parameter: Parameter) -> NDArray[np.float64]:
        """Half of the draws lie between `low` and `value`, half between `value` and `high`, evenly: `value` is the
        median. Shape (number,)."""
        u = _shuffled(name, self.number)
        low, value, high = float(parameter.low), float(parameter.value), float(parameter.high)
        return np.where(u < 0.5, low + (value - low) * 2 * u, value + (high - value) * (2 * u - 1))


@lru_cache(maxsize=256)
def _shuffled(name: str, number: int) -> NDArray[np.float64]:
    """Kept, because they take a hundred times longer than whatever is done with them."""
    quantiles = (np.arange(number, dtype=np.float64) * _GOLDEN) % 1.0
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    found = np.random.default_rng(seed).permutation(quantiles)
    found.flags.writeable = False
    return found
