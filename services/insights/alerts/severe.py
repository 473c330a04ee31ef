"""Severe complaints: too rare to be counted by week, so the days between them are looked at. Pure.

The exact g-chart (`warning.gchart`): the newest gap, and the newest three together, beside those before. Two looks, so
the smaller of the two chances counts twice (Bonferroni).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from services.insights.warning.gchart import chance_of_shorter

RUNS = (1, 3)
"""Newest gaps that are looked at together."""
FEWEST = 3
"""Gaps before them, with fewer of which nobody knows what is usual."""
MOST = 200
"""Gaps that are looked at."""


@dataclass(frozen=True, slots=True)
class Bunched:
    """What the chart says."""

    p: float
    gaps: tuple[int, ...]
    """Days, the oldest first."""
    runs: tuple[int, ...]
    """Newest gaps that were looked at together."""


def gaps_of(days: Sequence[date]) -> tuple[int, ...]:
    """Between each and the next, in their order."""
    return tuple((after - before).days for before, after in pairwise(days))[-MOST:]


def bunched(gaps: Sequence[int]) -> Bunched | None:
    """How likely gaps as short as the newest are, when nothing has changed; None: nobody can tell."""
    runs = [run for run in RUNS if len(gaps) - run >= FEWEST]
    if not runs:
        return None
    chances = [chance_of_shorter(gaps[-run:], gaps[:-run]) for run in runs]
    return Bunched(min(1.0, len(runs) * min(chances)), tuple(gaps), tuple(runs))
