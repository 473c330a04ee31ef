"""A class that nobody knew until now: 200 corrections, one by one, and what they cost the others."""

from typing import Any

import numpy as np
from sklearn.metrics import f1_score

from bench.triage.data import Labelled, Split
from bench.triage.stream import HEAD, Stream
from services.routing.triage.learning import CORRECTED, Classifier, features

CORRECTIONS = 200


def newcomers(split: Split, quick: bool) -> list[dict[str, Any]]:
    """Each class with enough texts in turn, the smallest first; one of them for a first look."""
    labels = [label for _, label in split.train]
    enough = sorted(
        (labels.count(label), label) for label in set(labels) if labels.count(label) >= CORRECTIONS
    )
    return [_newcomer(split, label) for _, label in enough[: 1 if quick else None]]


def _newcomer(split: Split, label: str) -> dict[str, Any]:
    stream = Stream()
    stream.learn([told for told in split.train if told[1] != label])
    before = _others(stream.classifier, split.test, label)
    told = [told for told in split.train if told[1] == label][:CORRECTIONS]
    stream.learn(told, CORRECTED)
    own = [text for text, truth in split.test if truth == label]
    recall = float(np.mean([guess == label for guess in _guesses(stream.classifier, own)]))
    return {
        "class": label,
        "recall": recall,
        "others_before": before,
        "others_after": _others(stream.classifier, split.test, label),
    }


def _others(classifier: Classifier, test: list[Labelled], label: str) -> float:
    """Macro-F1 of the other classes on their texts."""
    rest = [told for told in test if told[1] != label]
    truth = [truth for _, truth in rest]
    guesses = _guesses(classifier, [text for text, _ in rest])
    return float(f1_score(truth, guesses, average="macro", labels=sorted(set(truth)), zero_division=0))


def _guesses(classifier: Classifier, texts: list[str]) -> list[str]:
    return [classifier.predict(HEAD, features(text)).suggestions[0][0] for text in texts]
