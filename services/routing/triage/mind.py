"""The classifier as one process holds it. No I/O: `learned.py` brings it up to date.

Every process applies the same stored lessons to the same snapshot, so all say the same of a complaint.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from uuid import UUID

from services.routing.triage import seed
from services.routing.triage.learner import LearnerSettings
from services.routing.triage.learning import (
    NOT_YET,
    Classifier,
    Example,
    Features,
    Lesson,
    Prediction,
    Promise,
    features,
    promise_of,
)
from services.routing.triage.lessons import Head
from services.routing.triage.opinion import Opinion
from shared.events.routing import SpokenWord, Suggestion
from shared.events.vocabulary import Nature, Severity

NATURE = "nature"
"""A head that only the seed teaches."""
SUGGESTED = 3
"""Categories that a person at the desk is shown."""

Key = tuple[UUID, Head]


@dataclass
class State:
    """A snapshot, with the lessons since."""

    classifier: Classifier
    number: int | None = None
    """Of the snapshot; None: the seed that Redress is shipped with."""
    lessons_to: int = 0
    """The snapshot holds the settled lessons that were changed until then."""
    trained_to: int = 0
    """Those that were changed until then it holds by its training: none of them can be withdrawn."""
    applied: dict[Key, Lesson] = field(default_factory=dict[Key, Lesson])
    """Lessons since the snapshot, which may yet be withdrawn."""
    undone: dict[Key, Lesson] = field(default_factory=dict[Key, Lesson])
    """Lessons that the snapshot holds and that were withdrawn since, for a later one has taken their place."""

    def folds(self, changed: int) -> bool:
        """Whether a settled lesson that was changed then was added to the snapshot, from which it can be withdrawn."""
        return self.trained_to < changed <= self.lessons_to

    def put(self, key: Key, lesson: Lesson | None, folded: Lesson | None = None) -> None:
        """A lesson takes the place of the one before it of this complaint and head; None: it is only withdrawn.

        `folded` is the earlier one that the snapshot holds, if any; it is withdrawn once.
        """
        before = self.applied.pop(key, None)
        if before is not None:
            self.classifier.withdraw(before)
        if folded is not None and key not in self.undone:
            self.classifier.withdraw(folded)
            self.undone[key] = folded
        if lesson is not None:
            self.classifier.apply(lesson)
            self.applied[key] = lesson

    def redo(self, key: Key) -> None:
        """What the snapshot holds of this complaint and head counts again."""
        if key in self.undone:
            self.classifier.apply(self.undone.pop(key))


@dataclass
class Mind:
    """Champion and challenger."""

    champion: State
    challenger: State | None = None
    seen: int = 0
    """The newest change of a lesson that was applied."""
    promises: Mapping[Head, Promise] = field(default_factory=dict[Head, Promise])
    """What the reviewed cases allow, as it was calibrated last (`promised`)."""
    promised: int = 0
    renewing: asyncio.Lock = field(default_factory=asyncio.Lock, compare=False, repr=False)
    """Held by whoever brings it up to date: what one of them reads must not overwrite what another has applied."""

    @property
    def numbers(self) -> tuple[int | None, int | None]:
        """Of the snapshots that it holds."""
        return self.champion.number, self.challenger.number if self.challenger else None

    def put(
        self, key: Key, lesson: Lesson | None, changed: int, *, settled: bool, folded: Lesson | None = None
    ) -> None:
        """Apply what somebody taught, or withdrew, to whoever does not hold it yet.

        `folded` is what the champion's snapshot holds of an earlier lesson. A challenger was trained from all at
        once: from it nothing can be withdrawn.
        """
        for state, held in ((self.champion, folded), (self.challenger, None)):
            if state is not None and not (settled and changed <= state.lessons_to):
                state.put(key, lesson, held)

    def lessons(
        self, wanted: Sequence["Wanted"], rehearsal: Mapping[Head, Sequence[Example]]
    ) -> list[Lesson]:
        """The lesson of each, one after the other; the mind is left as it was, until they are stored and seen."""
        state, found = self.champion, list[Lesson]()
        before = {each.key: (state.applied.get(each.key), each.key in state.undone) for each in wanted}
        try:
            for each in wanted:
                state.put(each.key, None, each.folded)
                head = each.key[1]
                lesson = state.classifier.lesson(
                    head, each.told, each.label, each.weight, rehearsal.get(head, ())
                )
                state.put(each.key, lesson)
                found.append(lesson)
        finally:
            for key, (lesson_before, undone_before) in before.items():
                state.put(key, lesson_before)
                if not undone_before:
                    state.redo(key)
        return found


@dataclass(frozen=True)
class Wanted:
    """A lesson to be made."""

    key: Key
    told: Features
    label: str
    weight: float
    folded: Lesson | None = None
    """Of an earlier lesson, what the champion's snapshot holds."""


@dataclass(frozen=True)
class Judge:
    """The mind, asked by the settings in force."""

    mind: Mind
    settings: LearnerSettings

    def judge(self, text: str, *, why: bool) -> Opinion:
        read = features(text)
        told = replace(read, grams={})  # without them nothing is explained, which takes most of the time
        category = self._ask(Head.CATEGORY, read if why else told)
        severity = self._ask(Head.SEVERITY, told)
        department = self._ask(Head.DEPARTMENT, told)
        asked = {Head.CATEGORY: category, Head.SEVERITY: severity, Head.DEPARTMENT: department}
        shadow = self.mind.challenger
        return Opinion(
            model_version=self.mind.champion.classifier.version,
            category=category.label,
            probability=category.probability,
            suggestions=_suggestions(category),
            spoke_for=_words(category.spoke_for),
            spoke_against=_words(category.spoke_against),
            danger=self._danger(told),
            severity=Severity(severity.label) if severity.label else None,
            department=department.label,
            scores={head.value: found.scores for head, found in asked.items() if found.scores},
            answers={head.value: found.label for head, found in asked.items() if found.label},
            shadow_snapshot=shadow.number if shadow else None,
            shadow=_first(shadow.classifier.predict(Head.CATEGORY, told)) if shadow else None,
        )

    def _danger(self, told: Features) -> float:
        """Nobody corrects natures, so what the seed knows of them is all there is."""
        asked = replace(NOT_YET, temperature=_temperature(NATURE))
        found = self.mind.champion.classifier.predict(NATURE, told, asked)
        return dict(found.suggestions).get(Nature.SAFETY, 0.0)

    def _ask(self, head: Head, told: Features) -> Prediction:
        return self.mind.champion.classifier.predict(head, told, self._promise(head))

    def _promise(self, head: Head) -> Promise:
        """What is not known to hold by these very settings is not promised."""
        promise = self.mind.promises.get(head, NOT_YET)
        holds = promise.promised_error <= self.settings.promised_error
        if holds and promise.reviewed >= self.settings.least_reviewed:
            return promise
        return replace(NOT_YET, temperature=_temperature(head))


@cache
def _temperature(head: str) -> float:
    """How the probabilities of mere suggestions are calibrated: by the seed's own cases."""
    return promise_of(seed.reviewed(head)).temperature if head in seed.HEADS else NOT_YET.temperature


def _suggestions(found: Prediction) -> tuple[Suggestion, ...]:
    return tuple(
        Suggestion(
            category=label,
            probability=round(probability, 4),
            words=_words(found.spoke_for) if label == found.suggestions[0][0] else (),
        )
        for label, probability in found.suggestions[:SUGGESTED]
    )


def _words(spoken: Sequence[tuple[str, float]]) -> tuple[SpokenWord, ...]:
    return tuple(SpokenWord(word=word, weight=weight) for word, weight in spoken)


def _first(found: Prediction) -> str | None:
    return found.suggestions[0][0] if found.suggestions else None
