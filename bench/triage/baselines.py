"""Batch classifiers on the same split: TF-IDF with logistic regression and LinearSVC of scikit-learn.

`LR` and `SVC` stand on the n-grams that one would take by hand: words and their pairs; Chinese: one to three signs.
`best` is the best of either on the test part, balanced or not, on those or on n-grams such as ours: chosen with
knowledge of the test, so it flatters them, not us.
"""

import time
import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import FeatureUnion
from sklearn.svm import LinearSVC

from bench.triage.data import Split


def baselines(split: Split, quick: bool) -> dict[str, dict[str, Any]]:
    """Macro-F1 and accuracy of `LR`, `SVC` and `best`, with its kind."""
    found: dict[str, dict[str, Any]] = {}
    for grams, vectorizer in _vectorizers(split.chinese).items():
        train = vectorizer.fit_transform([text for text, _ in split.train])
        test = vectorizer.transform([text for text, _ in split.test])
        labels, truth = [label for _, label in split.train], [label for _, label in split.test]
        many = len(set(labels)) > 20
        for balanced in (None, "balanced"):
            models: dict[str, Any] = {"SVC": LinearSVC(class_weight=balanced)}
            # Balancing 77 classes of like size changes nothing, and costs half a minute.
            if not (quick or many) or (balanced is None and grams == "usual"):
                models["LR"] = LogisticRegression(C=10, max_iter=200, class_weight=balanced)
            for name, model in models.items():
                began = time.perf_counter()
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", ConvergenceWarning)
                    guesses = model.fit(train, labels).predict(test)
                got = {
                    "macro_f1": float(f1_score(truth, guesses, average="macro", zero_division=0)),
                    "accuracy": float(np.mean(guesses == np.array(truth))),
                    "kind": f"{name}, {grams} n-grams" + (", balanced" if balanced else ""),
                    "seconds": time.perf_counter() - began,
                }
                if grams == "usual" and not balanced:
                    found[name] = got
                if "best" not in found or got["macro_f1"] > found["best"]["macro_f1"]:
                    found["best"] = got
    return found


def _vectorizers(chinese: bool) -> dict[str, Any]:
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    signs = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True)
    parts = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 4), sublinear_tf=True)
    if chinese:
        return {"usual": signs, "our": FeatureUnion([("signs", signs), ("words", words)])}
    return {"usual": words, "our": FeatureUnion([("words", words), ("parts", parts)])}
