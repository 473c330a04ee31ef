"""Is the challenger at least as good as the champion? Pure.

Both are judged by the same reviewed cases, each by what it held when the complaint came, before it could learn from
it. The challenger is promoted when its macro-F1 is not lower, and the cases on which they differ do not speak against
it (McNemar's test, exact: Fay, "Exact McNemar's Test", 2016).
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from services.routing.triage.learning.chances import at_most

DOUBT = 0.05


class Case(NamedTuple):
    """What both held likeliest, and what was right."""

    champion: str
    challenger: str
    truth: str


class Verdict(NamedTuple):
    promote: bool
    figures: dict[str, float]
    """Cases, macro-F1 of both, on how many cases only one of them was right, and McNemar's one-sided p-value."""


def compare(cases: Sequence[Case]) -> Verdict:
    """At least one case is needed."""
    champion = macro_f1([(case.champion, case.truth) for case in cases])
    challenger = macro_f1([(case.challenger, case.truth) for case in cases])
    only_champion = sum(case.champion == case.truth != case.challenger for case in cases)
    only_challenger = sum(case.challenger == case.truth != case.champion for case in cases)
    differing = only_champion + only_challenger
    # The chance that so few of the differing cases speak for the challenger if both are as good.
    chance = at_most(only_challenger, differing, 0.5) if differing else 1.0
    return Verdict(
        promote=challenger >= champion and chance > DOUBT,
        figures={
            "cases": len(cases),
            "champion": round(champion, 4),
            "challenger": round(challenger, 4),
            "only_champion": only_champion,
            "only_challenger": only_challenger,
            "p": round(chance, 4),
        },
    )


def macro_f1(said_and_true: Sequence[tuple[str, str]]) -> float:
    """Mean of the F1 of every class that occurs among the truths."""
    said, true = Counter(s for s, _ in said_and_true), Counter(t for _, t in said_and_true)
    right = Counter(t for s, t in said_and_true if s == t)
    return sum(2 * right[label] / (said[label] + true[label]) for label in true) / len(true)
