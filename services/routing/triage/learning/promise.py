"""When a head may decide by itself: probabilities that are true, and thresholds that keep a promised error.

Probability: softmax of the scores over a temperature, which is fitted to the reviewed cases (Guo, Pleiss, Sun and
Weinberger, "On Calibration of Modern Neural Networks", 2017).

Threshold: from the risk-coverage curve of the reviewed cases, as in Geifman and El-Yaniv, "Selective Classification
for Deep Neural Networks" (2017). A level of coverage is allowed when so few errors among the surest cases would be
unlikely if the true error were above the promise (exact binomial, divided among the levels that are tried). Too few
reviewed cases allow no level: then everything goes to a person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.routing.triage.learning.chances import at_most

REVIEWED = 2_000
"""Cases that are looked at, the newest."""
LEVELS = 20
"""Coverages that are tried: 5 %, 10 % ... of the reviewed cases."""
DOUBT = 0.1
"""The chance that a promise is broken by bad luck with the reviewed cases."""
LEAST = 5
"""Reviewed cases that were taken for a class before it is decided without a person."""
NEVER = 1.01
"""A threshold that no probability reaches."""
_BINS = 15
_TEMPERATURES = np.geomspace(0.02, 5.0, 200)
_FEW = 20
"""With fewer reviewed cases no temperature is fitted."""
COOL = 0.3
"""Temperature until then; margins are about 1."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A case that a person looked at: the scores when it was decided, and what it is."""

    scores: Mapping[str, float]
    truth: str
    """May be a class that did not exist when it was decided."""


@dataclass(frozen=True, slots=True)
class Level:
    """One point of the risk-coverage curve."""

    coverage: float
    error: float
    threshold: float
    """The lowest probability among those decided."""


@dataclass(frozen=True)
class Promise:
    """What holds for a head until the reviewed cases are looked at again."""

    promised_error: float = 0.05
    temperature: float = COOL
    threshold: float = NEVER
    """Probability from which a class is decided that has none of its own."""
    thresholds: Mapping[str, float] = field(default_factory=dict)
    """Of the classes that need another one; 1.01 is never."""
    trusted: frozenset[str] = frozenset()
    """Classes that were seen often enough to be decided at all."""
    reviewed: int = 0
    """Cases that it rests on."""
    calibration_error: float | None = None
    """Expected calibration error over those cases, 15 bins of equal width; None without cases."""

    def needs(self, label: str) -> float:
        """The probability from which this class is decided without a person."""
        return self.thresholds.get(label, self.threshold) if label in self.trusted else NEVER


def promise_of(reviewed: Sequence[Reviewed], promised_error: float = 0.05) -> Promise:
    """What the newest reviewed cases, which come last, allow to promise."""
    cases = [case for case in reviewed[-REVIEWED:] if case.scores]
    if not cases:
        return Promise(promised_error)
    warm = temperature(cases)
    guesses, sure, right = _guesses(cases, warm)
    pooled = _threshold(sure, right, promised_error)
    seen = {label: guesses == label for label in set(guesses.tolist())}
    trusted = frozenset(label for label, its in seen.items() if its.sum() >= LEAST)
    own = {
        label: _own_threshold(sure[seen[label]], right[seen[label]], promised_error, pooled)
        for label in sorted(trusted)
    }
    return Promise(
        promised_error=promised_error,
        temperature=warm,
        threshold=pooled,
        thresholds={label: needs for label, needs in own.items() if needs > pooled},
        trusted=trusted,
        reviewed=len(cases),
        calibration_error=calibration_error(sure, right),
    )


def probabilities(scores: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Of scores in the last axis."""
    powers = np.exp((scores - scores.max(axis=-1, keepdims=True)) / temperature)
    found: NDArray[np.float64] = powers / powers.sum(axis=-1, keepdims=True)
    return found


def temperature(reviewed: Sequence[Reviewed]) -> float:
    """The one that makes what the cases are most likely."""
    known = [case for case in reviewed if case.truth in case.scores]
    if len(known) < _FEW:
        return COOL
    names, scores = _table(known)
    where = {name: at for at, name in enumerate(names)}
    own = scores[np.arange(len(known)), [where[case.truth] for case in known]]
    below = scores - scores.max(axis=1, keepdims=True)
    surprise = [
        float((np.log(np.exp(below / t).sum(axis=1)) - (own - scores.max(axis=1)) / t).mean())
        for t in _TEMPERATURES
    ]
    return float(_TEMPERATURES[int(np.argmin(surprise))])


def calibration_error(sure: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """How far probabilities are from how often they were right: mean over bins of equal width, by their cases."""
    bins = np.minimum((sure * _BINS).astype(int), _BINS - 1)
    said, was = np.bincount(bins, sure, _BINS), np.bincount(bins, right, _BINS)
    return float(np.abs(said - was).sum() / len(sure))


def curve(sure: NDArray[np.float64], right: NDArray[np.bool_], levels: int = LEVELS) -> list[Level]:
    """Which error the surest cases have, by how many of them are decided: the risk-coverage curve."""
    order = np.argsort(-sure, kind="stable")
    wrong = np.cumsum(~right[order])
    found = []
    for level in range(1, levels + 1):
        decided = len(sure) * level // levels
        if decided:
            needs = float(sure[order[decided - 1]])
            found.append(Level(decided / len(sure), float(wrong[decided - 1] / decided), needs))
    return found


def _threshold(sure: NDArray[np.float64], right: NDArray[np.bool_], promised: float) -> float:
    """The lowest that is allowed. Ties count together: whoever reaches it is decided."""
    for level in reversed(curve(sure, right)):
        decided = sure >= level.threshold
        wrong = int((decided & ~right).sum())
        if at_most(wrong, int(decided.sum()), promised) <= DOUBT / LEVELS:
            return level.threshold
    return NEVER


def _own_threshold(
    sure: NDArray[np.float64], right: NDArray[np.bool_], promised: float, pooled: float
) -> float:
    """The pooled one, unless this class is clearly worse than promised there: then the lowest at which it is not."""
    stricter: list[float] = np.unique(sure[sure > pooled]).tolist()
    for needs in [pooled, *stricter]:
        decided = sure >= needs
        cases, wrong = int(decided.sum()), int((decided & ~right).sum())
        if not wrong or 1.0 - at_most(wrong - 1, cases, promised) > DOUBT:
            return needs
    return NEVER


def _guesses(
    cases: Sequence[Reviewed], temperature: float
) -> tuple[NDArray[np.str_], NDArray[np.float64], NDArray[np.bool_]]:
    """What each case was taken for, how sure, and whether that was right."""
    names, scores = _table(cases)
    chances = probabilities(scores, temperature)
    guesses = np.array(names)[chances.argmax(axis=1)]
    return guesses, chances.max(axis=1), guesses == np.array([case.truth for case in cases])


def _table(cases: Sequence[Reviewed]) -> tuple[list[str], NDArray[np.float64]]:
    """Scores by case and class; minus infinity where a class did not exist yet."""
    names = sorted({name for case in cases for name in case.scores})
    return names, np.array([[case.scores.get(name, -np.inf) for name in names] for case in cases])
