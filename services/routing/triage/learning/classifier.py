"""The learned classifier: one head for each question that is asked of a complaint."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from services.routing.triage.learning.explaining import Spoken, spoken
from services.routing.triage.learning.features import Features
from services.routing.triage.learning.head import Head
from services.routing.triage.learning.lesson import Lesson
from services.routing.triage.learning.promise import Promise, probabilities
from services.routing.triage.learning.teaching import Example, teach

NOT_YET = Promise()
"""What holds before any case was reviewed: nothing is decided without a person."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a head says of a complaint."""

    label: str | None
    """None when it abstains: a person decides."""
    probability: float
    """Of the first suggestion."""
    threshold: float
    """The probability that it needed; 1.01 when no probability suffices."""
    suggestions: tuple[tuple[str, float], ...]
    """All classes with their probabilities, the likeliest first."""
    scores: dict[str, float]
    """What `promise_of` needs of a case that is reviewed later, unrounded."""
    spoke_for: Spoken = ()
    """Words that spoke for the first suggestion."""
    spoke_against: Spoken = ()


class Classifier:
    """Heads by name; one that was never taught exists with its first lesson."""

    def __init__(self) -> None:
        self.heads: dict[str, Head] = {}

    @property
    def version(self) -> str:
        """Twelve hex digits: the same in all processes that know the same snapshot and lessons, in any order."""
        state = json.dumps({name: head.digest for name, head in sorted(self.heads.items()) if head.digest})
        return hashlib.sha256(state.encode()).hexdigest()[:12]

    def predict(self, head: str, told: Features, promise: Promise = NOT_YET) -> Prediction:
        """What the head says; it abstains unless the promise allows to decide."""
        asked = self.heads.get(head)
        classes = asked.classes if asked else []
        if asked is None or not classes:
            return Prediction(None, 0.0, promise.threshold, (), {})
        scores = asked.scores(*asked.weigh(told), classes)
        chances = probabilities(scores, promise.temperature).tolist()
        ranked = tuple(sorted(zip(classes, chances, strict=True), key=lambda item: (-item[1], item[0])))
        first, probability = ranked[0]
        needs = promise.needs(first)
        spoke_for, spoke_against = spoken(asked, told, first)
        return Prediction(
            label=first if probability >= needs and len(told) else None,
            probability=probability,
            threshold=needs,
            suggestions=ranked,
            scores=dict(zip(classes, scores.tolist(), strict=True)),
            spoke_for=spoke_for,
            spoke_against=spoke_against,
        )

    def lesson(
        self, head: str, told: Features, label: str, weight: float = 1.0, rehearsal: Sequence[Example] = ()
    ) -> Lesson:
        """What a correction teaches; changes nothing until it is applied. See `teaching.teach`."""
        return teach(self.heads.setdefault(head, Head()), head, told, label, weight, rehearsal)

    def apply(self, lesson: Lesson) -> None:
        """Add a lesson to what is known. Each once: whoever stores them says which were applied."""
        self.heads.setdefault(lesson.head, Head()).apply(lesson)

    def withdraw(self, lesson: Lesson) -> None:
        """Take back a lesson that was applied: as if it had never been taught."""
        self.heads.setdefault(lesson.head, Head()).withdraw(lesson)

    def dump(self) -> bytes:
        """A snapshot: the same bytes for the same knowledge. About 3 bytes for each feature and class."""
        heads = {name: head.dump() for name, head in sorted(self.heads.items()) if head.digest}
        about = {name: len(kept) for name, kept in heads.items()}
        return json.dumps(about, ensure_ascii=False).encode() + b"\n" + b"".join(heads.values())

    @classmethod
    def load(cls, kept: bytes) -> "Classifier":
        """Raises ValueError when these bytes are no snapshot."""
        header, _, body = kept.partition(b"\n")
        try:
            about: dict[str, int] = {name: int(length) for name, length in json.loads(header).items()}
        except (AttributeError, TypeError, ValueError) as error:
            raise ValueError("These bytes are no snapshot of a classifier.") from error
        if sum(about.values()) != len(body):
            raise ValueError("This snapshot of a classifier was cut short.")
        classifier, at = cls(), 0
        for name, length in about.items():
            classifier.heads[name] = Head.load(body[at : at + length])
            at += length
        return classifier
