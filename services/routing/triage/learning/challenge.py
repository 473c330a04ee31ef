"""Champion and challenger: which of two models decided better, on cases that neither had learned from.

The champion decides; the challenger, trained anew, only says what it would have decided. When enough of these cases
were reviewed, the better one goes on. Each case counts with what was said before it was known what it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from services.routing.triage.learning.chances import at_most

ENOUGH = 200
"""Reviewed cases before anything is said."""
SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class Compared:
    """One reviewed case: what it is, and what each side took it for (its first suggestion)."""

    truth: str
    champion: str
    challenger: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the challenger becomes champion, with the figures."""

    promote: bool
    reason: str
    """`too few cases`, `not better`, `worse` or `better`."""
    cases: int
    champion_macro_f1: float
    challenger_macro_f1: float
    only_champion_right: int
    only_challenger_right: int
    chance: float
    """Of a difference like this between equals: McNemar's exact test, two-sided."""


def judge(cases: Sequence[Compared]) -> Verdict:
    """Promote the challenger when its macro-F1 is higher, and it is not significantly more often wrong."""
    truths = [case.truth for case in cases]
    champion = macro_f1(truths, [case.champion for case in cases])
    challenger = macro_f1(truths, [case.challenger for case in cases])
    lost = sum(case.champion == case.truth != case.challenger for case in cases)
    won = sum(case.challenger == case.truth != case.champion for case in cases)
    chance = mcnemar(lost, won)
    if len(cases) < ENOUGH:
        reason = "too few cases"
    elif lost > won and chance < SIGNIFICANT:
        reason = "worse"
    else:
        reason = "better" if challenger > champion else "not better"
    return Verdict(reason == "better", reason, len(cases), champion, challenger, lost, won, chance)


def macro_f1(truths: Sequence[str], guesses: Sequence[str]) -> float:
    """Mean F1 of all classes that are there or were guessed; a rare one counts as much as a frequent one."""
    classes = sorted({*truths, *guesses})
    if not classes:
        return 0.0
    pairs = list(zip(truths, guesses, strict=True))
    total = 0.0
    for label in classes:
        hits = sum(truth == guess == label for truth, guess in pairs)
        total += 2 * hits / (truths.count(label) + guesses.count(label))
    return total / len(classes)


def mcnemar(lost: int, won: int) -> float:
    """The two-sided p-value of the exact test over the cases in which just one side was right."""
    if not lost + won:
        return 1.0
    return min(1.0, 2 * at_most(min(lost, won), lost + won, 0.5))
