"""`python -m dev.duplicates`: what the weights are worth; `fit`: weights fitted to the tuning part, to be put into
services/intake/duplicates/model.py."""

import math
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from dev.duplicates.labelled import Pair, Told, pairs
from services.intake.duplicates.model import (
    SUGGESTED_FROM,
    WEIGHTS,
    Measures,
    Telling,
    Weights,
    likeness,
    measure,
)
from services.intake.duplicates.telling import telling_of

ROUNDS, STEP, RIDGE = 3000, 2.0, 1e-3


@dataclass(frozen=True, slots=True)
class Worth:
    """How often suggestions were right, and how often what should be suggested was."""

    found: int
    """Same, and suggested."""
    wrong: int
    """Suggested, and not the same."""
    missed: int
    """Same, and not suggested."""

    @property
    def precision(self) -> float:
        return self.found / (self.found + self.wrong) if self.found else 0.0

    @property
    def recall(self) -> float:
        return self.found / (self.found + self.missed) if self.found else 0.0


def telling(told: Told) -> Telling:
    order, product, customer = (told.get(part) or {} for part in ("order", "product", "customer"))
    return telling_of(
        told["statement"]["what_went_wrong"],
        people={
            "customer": customer.get("external_id"),
            "mail": customer.get("email"),
            "phone": customer.get("phone"),
        },
        order=order.get("id") or order.get("contract_id"),
        products=(product.get("id"), product.get("name"), product.get("model")),
    )


def suggested(pair: Pair, weights: Weights = WEIGHTS) -> bool:
    return likeness(telling(pair.first), telling(pair.second), weights).score >= SUGGESTED_FROM


def worth(given: Iterable[Pair], weights: Weights = WEIGHTS) -> Worth:
    counts = Counter((pair.same, suggested(pair, weights)) for pair in given)
    return Worth(counts[True, True], counts[False, True], counts[True, False])


def fit(given: Sequence[Pair]) -> Weights:
    """Logistic regression with a ridge, by gradient descent; the bias is not held back."""
    rows = [(1.0, *measure(telling(p.first), telling(p.second))) for p in given]
    wanted = [float(p.same) for p in given]
    weights = [0.0] * len(rows[0])
    for _ in range(ROUNDS):
        gradient = [RIDGE * w if at else 0.0 for at, w in enumerate(weights)]
        for row, want in zip(rows, wanted, strict=True):
            error = 1 / (1 + math.exp(-sum(w * x for w, x in zip(weights, row, strict=True)))) - want
            for at, x in enumerate(row):
                gradient[at] += error * x / len(rows)
        weights = [w - STEP * g for w, g in zip(weights, gradient, strict=True)]
    bias, *others = (round(w, 2) for w in weights)
    return Weights(bias, Measures(*others))


def main(arguments: list[str]) -> int:
    every = pairs()
    if arguments == ["fit"]:
        print(f"WEIGHTS = {fit([pair for pair in every if not pair.held_out])}")
        return 0
    console = Console()
    for held_out in (False, True):
        part = [pair for pair in every if pair.held_out is held_out]
        whole = worth(part)
        table = Table("kind", "pairs", "right", title="held out" if held_out else "tuned on")
        for kind in dict.fromkeys(pair.kind for pair in part):
            of_kind = [pair for pair in part if pair.kind == kind]
            right = sum(suggested(pair) is pair.same for pair in of_kind)
            table.add_row(kind, str(len(of_kind)), f"{right / len(of_kind):.3f}")
        console.print(table)
        console.print(f"precision {whole.precision:.4f}, recall {whole.recall:.4f}, {len(part)} pairs")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
