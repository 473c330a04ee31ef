"""A class that nobody knew until now: 200 corrections, one by one, and what they cost the others."""

from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score
from sklearn.svm import LinearSVC

from bench.triage.data import Labelled, Split
from bench.triage.stream import HEAD, Stream
from services.routing.triage.learning import Classifier, features

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
    known = [told for told in split.train if told[1] != label]
    stream.learn(known)
    before = _others(stream.classifier, split.test, label)
    told = [told for told in split.train if told[1] == label][:CORRECTIONS]
    stream.learn(told)
    own = [text for text, truth in split.test if truth == label]
    recall = float(np.mean([guess == label for guess in _guesses(stream.classifier, own)]))
    batch_before, batch_after = (_batch(texts, split.test, label) for texts in (known, known + told))
    return {
        "class": label,
        "recall": recall,
        "batch_before": batch_before[1],
        "batch_after": batch_after[1],
        "batch_recall": batch_after[0],
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


def _batch(train: list[Labelled], test: list[Labelled], label: str) -> tuple[float, float]:
    """Recall of the class and macro-F1 of the others, for a LinearSVC that is trained from all at once."""
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    model = LinearSVC().fit(vectorizer.fit_transform([text for text, _ in train]), [own for _, own in train])
    truth = np.array([truth for _, truth in test])
    guesses = model.predict(vectorizer.transform([text for text, _ in test]))
    rest = truth != label
    others = f1_score(
        truth[rest], guesses[rest], average="macro", labels=sorted(set(truth[rest])), zero_division=0
    )
    return float(np.mean(guesses[~rest] == label)), float(others)
