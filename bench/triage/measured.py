"""Our classifier after one pass beside the batch ones, set by set."""

import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from bench.rig import Rig
from bench.triage.baselines import baselines
from bench.triage.data import PRESCRIBED, SETS, Labelled, Split, first_look, own
from bench.triage.newcomer import newcomers
from bench.triage.plot import draw
from bench.triage.stream import HEAD, Stream
from services.routing.triage.learning import Classifier, Example, Promise, features, promise_of
from services.routing.triage.learning.promise import REVIEWED, calibration_error, curve
from services.routing.triage.learning.training import reviewed_by_folds, train

PROMISED = 0.05
MORE_SEEDS = (1, 2, 3, 4)
"""Of the CFPB split, besides the prescribed one: it has classes with one to six texts in the test part."""
OWN = ("category", "severity", "nature", "urgency")


def measure(rig: Rig, quick: bool, data: Path | None = None, plot: Path | None = None) -> dict[str, Any]:
    del rig  # a library without a database
    found: dict[str, Any] = {"sets": {}, "missing": []}
    splits = [own(question, PRESCRIBED) for question in OWN]
    for file, read in SETS.items():
        if data is not None and (data / file).is_file():
            splits.append(read(data, PRESCRIBED))
        else:
            found["missing"].append(file)
    if quick:
        splits = [first_look(split) for split in splits]
    for split in splits:
        found["sets"][split.name] = _one(split, quick)
    whole = next((split for split in splits if split.name == "CFPB product"), None)
    if data is not None and whole is not None:
        found["new_class"] = newcomers(whole, quick)
        if not quick:
            found["sets"]["CFPB product"]["seeds"] = [
                _macro_f1_by_seed(data, seed) for seed in (PRESCRIBED, *MORE_SEEDS)
            ]
    if plot is not None:
        draw({name: got["curve"] for name, got in found["sets"].items()}, PROMISED, plot)
        found["plot"] = plot.name
    return found


def _one(split: Split, quick: bool) -> dict[str, Any]:
    stream = Stream()
    began = time.perf_counter()
    stream.learn(split.train)
    seconds = time.perf_counter() - began
    # Thresholds and temperature from the stream alone: what was scored before it was taught, the newer half.
    kept = promise_of(stream.reviewed[-min(REVIEWED, len(split.train) // 2) :], PROMISED)
    snapshot = stream.classifier.dump()
    found: dict[str, Any] = {
        "texts": [len(split.train), len(split.test)],
        "classes": len({label for _, label in split.train}),
        "ours": tested(stream.classifier, split.test, kept),
        "baselines": baselines(split, quick),
        "seconds": seconds,
        "lesson_ms": _spread(stream.lesson_ms),
        "lesson_bytes": _spread([float(size) for size in stream.lesson_bytes]),
        "snapshot_bytes": len(snapshot),
    }
    found["curve"] = found["ours"].pop("curve")
    if split.name.startswith("own"):
        found["seed"] = _seed(split)
    return found


def _seed(split: Split) -> dict[str, Any]:
    """As it is shipped: trained in several passes, with a first review by folds."""
    examples = [Example(features(text), label) for text, label in split.train]
    classifier = Classifier()
    classifier.heads[HEAD] = train(examples, PRESCRIBED)
    found = tested(classifier, split.test, promise_of(reviewed_by_folds(examples, PRESCRIBED), PROMISED))
    del found["curve"]
    return found | {"snapshot_bytes": len(classifier.dump())}


def tested(classifier: Classifier, test: list[Labelled], promise: Promise) -> dict[str, Any]:
    """Decide the test part; nothing is learned from it."""
    took, predictions = [], []
    for text, _ in test:
        began = time.perf_counter()
        predictions.append(classifier.predict(HEAD, features(text), promise))
        took.append((time.perf_counter() - began) * 1000)
    truth = np.array([label for _, label in test])
    guesses = np.array([prediction.suggestions[0][0] for prediction in predictions])
    sure = np.array([prediction.probability for prediction in predictions])
    decided = np.array([prediction.label is not None for prediction in predictions])
    right = guesses == truth
    return {
        "macro_f1": float(f1_score(truth, guesses, average="macro", zero_division=0)),
        "accuracy": float(right.mean()),
        "calibration_error": calibration_error(sure, right),
        "calibration_chance": _by_chance(sure),
        "coverage": float(decided.mean()),
        "error": float(1 - right[decided].mean()) if decided.any() else 0.0,
        "reachable": max((p.coverage for p in curve(sure, right, 200) if p.error <= PROMISED), default=0.0),
        "decision_ms": _spread(took),
        "curve": [(point.coverage, point.error) for point in curve(sure, right, 40)],
    }


def _by_chance(sure: NDArray[np.float64]) -> float:
    """The calibration error of probabilities that are perfectly true, over as few cases: what chance alone makes."""
    chance = np.random.default_rng(PRESCRIBED)
    return float(np.mean([calibration_error(sure, chance.random(len(sure)) < sure) for _ in range(200)]))


def _macro_f1_by_seed(data: Path, seed: int) -> dict[str, Any]:
    split = SETS["complaints_en_cfpb.jsonl"](data, seed)
    stream = Stream()
    stream.learn(split.train)
    others = baselines(split, quick=True)
    return {
        "seed": seed,
        "ours": tested(stream.classifier, split.test, Promise())["macro_f1"],
        **{name: got["macro_f1"] for name, got in others.items()},
    }


def _spread(values: list[float]) -> dict[str, float]:
    p50, p95 = np.percentile(values, [50, 95])
    return {"p50": float(p50), "p95": float(p95), "most": float(max(values))}
