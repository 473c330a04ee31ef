"""What a correction teaches: passive-aggressive steps for several classes, and a rehearsal against forgetting.

A step is the smallest change that brings the right class towards a margin over its strongest rival: PA-II of Crammer,
Dekel, Keshet, Shalev-Shwartz and Singer, "Online Passive-Aggressive Algorithms", JMLR 7 (2006), with the weight of a
lesson as the cost of missing the margin:

    size = max(0, 1 - margin) / (2 |x|^2 + SOFTNESS / weight)

After it the lesson steps along those few of the rehearsed complaints that now have the worst margins.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.routing.triage.learning.features import Features
from services.routing.triage.learning.head import Head
from services.routing.triage.learning.lesson import SIZE_UNIT, VALUE_UNIT, Lesson, Step

MARGIN = 1.0
SOFTNESS = 3.0
"""How little one complaint may change; less gives in to every wrong label."""
REHEARSED = 4
"""Steps along rehearsed complaints, at most."""
REHEARSAL = 100
"""Complaints of the past among which those are sought."""
CORRECTED = 3.0
"""Weight of the correction that resolved the case in the end; others weigh 1."""


@dataclass(frozen=True, slots=True)
class Example:
    """A complaint of the past, and what it is, as a person said."""

    told: Features
    label: str
    weight: float = 1.0


def share(classes: int) -> int:
    """How many past complaints of each class to rehearse when there are so many classes."""
    return max(1, min(20, REHEARSAL // max(1, classes)))


def teach(
    head: Head,
    name: str,
    told: Features,
    label: str,
    weight: float = 1.0,
    rehearsal: Sequence[Example] = (),
) -> Lesson:
    """The lesson of one complaint that is `label`. The head is left as it was: apply the lesson.

    `rehearsal` are past complaints, `share(...)` of each class, drawn at random from those whose labels hold.
    """
    begun = Lesson(name, label, told.places, ())
    steps: list[Step] = []
    head.apply(begun)
    try:
        _step(head, head.weigh(told), label, weight, steps)
        rehearsed = [example for example in rehearsal if head.taught[example.label]]
        weighed = [head.weigh(example.told) for example in rehearsed]
        for at in _worst(head, weighed, [example.label for example in rehearsed]):
            _step(head, weighed[at], rehearsed[at].label, rehearsed[at].weight, steps)
    finally:
        for step in steps:
            head.move(step, -1)
        head.withdraw(begun)
    return Lesson(name, label, told.places, tuple(steps))


def _step(
    head: Head,
    weighed: tuple[NDArray[np.uint32], NDArray[np.float64]],
    label: str,
    weight: float,
    steps: list[Step],
) -> None:
    """Take the step along one complaint, and note it; none when the margin is there."""
    places, values = weighed
    classes = head.classes
    scores = head.scores(places, values, classes)
    own = classes.index(label)
    mine, scores[own] = scores[own], -np.inf
    rival = int(scores.argmax())
    along = values * head.rates(places)
    size = (MARGIN - (mine - scores[rival])) / (2 * (values @ along) + SOFTNESS / weight)
    with suppress(OverflowError):  # a class without a rival: its margin has no end
        if (whole := round(size * SIZE_UNIT)) > 0:
            step = Step(label, classes[rival], whole, places, np.rint(along * VALUE_UNIT).astype(np.uint16))
            head.move(step, 1)
            steps.append(step)


def _worst(
    head: Head, weighed: Sequence[tuple[NDArray[np.uint32], NDArray[np.float64]]], labels: Sequence[str]
) -> list[int]:
    """Those with the worst margins, the worst first."""
    if not weighed:
        return []
    classes = head.classes
    scores = head.scores_of(weighed, classes)
    every, own = np.arange(len(labels)), np.array([classes.index(label) for label in labels])
    mine = scores[every, own]
    scores[every, own] = -np.inf
    return [int(at) for at in np.argsort(mine - scores.max(axis=1), kind="stable")[:REHEARSED]]
