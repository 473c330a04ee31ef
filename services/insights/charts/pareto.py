"""Pareto's few: which items make most of the whole, and how sure that is. Pure.

The order of few complaints is partly chance: it is found again by a bootstrap (Efron, Annals of Statistics 7:1, 1979),
in which as many complaints are drawn from those that there were, a thousand times, always the same draws.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DRAWS = 1000
SURE = 0.95
"""Share of the draws in which an item that is certain belongs to the vital few."""
INTERVAL = (0.025, 0.975)
MOST = 200
"""Items that are told apart; smaller ones are one rest."""

Cell = tuple[float, int]
"""What each complaint weighs, and how many of that weight there are."""


@dataclass(frozen=True, slots=True)
class Item:
    key: str
    complaints: int
    weight: float
    cumulative: float
    """Share of the whole that this item and those before it make."""
    low: float
    high: float
    """Between these the cumulative share lies in 95 of 100 draws."""
    vital: bool
    """Needed, with those before it, to make up the share of the vital few."""
    chance: float
    """Share of the draws in which it was."""

    @property
    def certain(self) -> bool:
        return self.chance >= SURE


@dataclass(frozen=True, slots=True)
class Pareto:
    items: tuple[Item, ...]
    """The heaviest first."""
    rest: int
    """Complaints of smaller items that are not told apart; they count for the whole."""
    complaints: int
    weight: float


def pareto(cells: Mapping[str, Sequence[Cell]], vital_share: float, seed: str) -> Pareto:
    """Of items by key, each with its complaints by weight. Weights are 0 or more."""
    total = {key: sum(weight * n for weight, n in each) for key, each in cells.items()}
    order = sorted(total, key=lambda key: (-total[key], key))
    whole = sum(total.values())
    complaints = sum(n for each in cells.values() for _, n in each)
    if whole <= 0:
        return Pareto((), complaints, complaints, 0.0)
    shown = order[:MOST]
    groups = [cells[key] for key in shown]
    groups.append([cell for key in order[MOST:] for cell in cells[key]])
    drawn = _drawn(groups, complaints, seed)
    shares = drawn / np.maximum(drawn.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    running = np.minimum(
        np.cumsum(shares[:, :-1], axis=1), 1.0
    )  # a sum of parts may exceed the whole by a bit
    low, high = np.quantile(running, INTERVAL, axis=0)
    chances = _vital(shares[:, :-1], vital_share).mean(axis=0)
    heavy = np.array([total[key] for key in shown]) / whole
    vital = _vital(heavy[None, :], vital_share)[0]
    cumulative = np.minimum(np.cumsum(heavy), 1.0)
    items = tuple(
        Item(
            key,
            sum(n for _, n in cells[key]),
            total[key],
            float(cumulative[place]),
            float(low[place]),
            float(high[place]),
            bool(vital[place]),
            float(chances[place]),
        )
        for place, key in enumerate(shown)
    )
    return Pareto(items, complaints - sum(item.complaints for item in items), complaints, whole)


def _drawn(groups: Sequence[Sequence[Cell]], complaints: int, seed: str) -> NDArray[np.float64]:
    """(DRAWS, groups): the weight of each when as many complaints are drawn anew."""
    alike: Counter[tuple[int, float]] = Counter()
    for place, cells in enumerate(groups):
        for weight, n in cells:
            alike[place, weight] += (
                n  # few weights: so the draws take as much room however many items there are
            )
    flat = [(place, weight, n) for (place, weight), n in sorted(alike.items()) if n]
    places, weights, numbers = (np.array(each) for each in zip(*flat, strict=True))
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big")
    drawn = np.random.default_rng(number).multinomial(complaints, numbers / complaints, size=DRAWS)
    summed = np.zeros((DRAWS, len(groups)))
    for place in range(len(groups)):
        mine = places == place
        summed[:, place] = drawn[:, mine] @ weights[mine]
    return summed


def _vital(shares: NDArray[np.float64], vital_share: float) -> NDArray[np.bool_]:
    """(draws, items): the heaviest, as many as are needed to reach the share."""
    order = np.argsort(-shares, axis=1, kind="stable")
    ranked = np.take_along_axis(shares, order, axis=1)
    needed = np.cumsum(ranked, axis=1) - ranked < vital_share - 1e-12
    found = np.zeros_like(needed)
    np.put_along_axis(found, order, needed & (ranked > 0), axis=1)
    return found
