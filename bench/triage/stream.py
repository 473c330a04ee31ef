"""One pass as in production: each complaint is decided, then taught, and rehearsed with some of the past."""

import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from bench.triage.data import Labelled
from services.routing.triage.learning import Classifier, Example, Features, Reviewed, features, share

HEAD = "measured"


@dataclass
class Stream:
    """A classifier and what it went through."""

    classifier: Classifier = field(default_factory=Classifier)
    past: dict[str, list[Example]] = field(default_factory=lambda: defaultdict(list))
    reviewed: list[Reviewed] = field(default_factory=list)
    """Every complaint as it was scored before it was taught."""
    lesson_ms: list[float] = field(default_factory=list)
    lesson_bytes: list[int] = field(default_factory=list)
    chance: np.random.Generator = field(default_factory=lambda: np.random.default_rng(2026))

    def learn(self, told: Iterable[Labelled], weight: float = 1.0) -> None:
        for text, label in told:
            self._one(features(text), label, weight)

    def _one(self, told: Features, label: str, weight: float) -> None:
        scores = self.classifier.predict(HEAD, told).scores
        self.reviewed.append(Reviewed(scores, label))
        rehearsal = self._rehearsal()
        began = time.perf_counter()
        lesson = self.classifier.lesson(HEAD, told, label, weight, rehearsal)
        self.classifier.apply(lesson)
        self.lesson_ms.append((time.perf_counter() - began) * 1000)
        if len(self.lesson_ms) % 20 == 0:
            self.lesson_bytes.append(len(lesson.to_bytes()))
        self.past[label].append(Example(told, label))

    def _rehearsal(self) -> list[Example]:
        each = share(len(self.past))
        return [
            known[at]
            for known in self.past.values()
            for at in self.chance.choice(len(known), min(each, len(known)), replace=False).tolist()
        ]
