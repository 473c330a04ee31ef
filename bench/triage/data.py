"""The labelled texts that are measured with. Only our own complaints are part of the project; the others lie in a
folder that is given, and what is missing there is said and left out.

- `complaints_en_cfpb.jsonl`: consumer complaints with the product they are about (US Consumer Financial Protection
  Bureau, public domain); 80/20 by class.
- `banking77.jsonl`: short messages with one of 77 intents (PolyAI, CC-BY-4.0); the official split.
- `sentiment_zh.jsonl`: Chinese reviews, negative or positive (no licence stated: only to measure with); 80/20 by class.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from sklearn.model_selection import train_test_split

OWN = Path(__file__).parent / "held_out.jsonl"
SEED = Path(__file__).parents[2] / "services/routing/triage/seed/complaints.jsonl"
PRESCRIBED = 42
QUICK_TRAIN, QUICK_TEST = 1_500, 400

Labelled = tuple[str, str]
"""A text and its class."""


@dataclass(frozen=True)
class Split:
    """One set, in the order in which it is learned."""

    name: str
    chinese: bool
    train: list[Labelled]
    test: list[Labelled]


def cfpb(folder: Path, seed: int) -> Split:
    rows = _rows(folder / "complaints_en_cfpb.jsonl")
    return _by_class("CFPB product", False, [(row["text"], row["product"]) for row in rows], seed)


def banking77(folder: Path, seed: int) -> Split:
    rows = _rows(folder / "banking77.jsonl")
    train = [(row["text"], row["label"]) for row in rows if row["split"] == "train"]
    Random(seed).shuffle(train)
    return Split(
        "banking77", False, train, [(row["text"], row["label"]) for row in rows if row["split"] == "test"]
    )


def reviews(folder: Path, seed: int) -> Split:
    rows = _rows(folder / "sentiment_zh.jsonl")
    return _by_class("zh reviews", True, [(row["text"], str(row["label"])) for row in rows], seed)


def own(question: str, seed: int) -> Split:
    """Our complaints: `category`, `severity`, `nature` or `urgency`; the parts were written apart."""
    train = [(row["text"], row[question]) for row in _rows(SEED)]
    Random(seed).shuffle(train)
    return Split(f"own, {question}", True, train, [(row["text"], row[question]) for row in _rows(OWN)])


SETS: Mapping[str, Callable[[Path, int], Split]] = {
    "complaints_en_cfpb.jsonl": cfpb,
    "banking77.jsonl": banking77,
    "sentiment_zh.jsonl": reviews,
}
"""By the file that they need."""


def first_look(split: Split) -> Split:
    """A part of it, for those in a hurry."""
    return Split(split.name, split.chinese, split.train[:QUICK_TRAIN], split.test[:QUICK_TEST])


def _rows(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]


def _by_class(name: str, chinese: bool, rows: list[Labelled], seed: int) -> Split:
    train, test = train_test_split(
        rows, test_size=0.2, random_state=seed, stratify=[label for _, label in rows]
    )
    return Split(name, chinese, train, test)
