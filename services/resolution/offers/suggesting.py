"""Which solutions fit a complaint, the best first. Pure.

Of what fits the matter, whatever gives the customer at least V1 + C comes before what does not; then what the customer
asked for, what is meant for this very matter, what answers to their needs, what is worth most to them, and at last what
costs least. What does not fit is there only where little else is left.
"""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from services.resolution.judgement import Need
from services.resolution.offers.remedies import RemedyTable, SolutionRow, moral
from services.resolution.offers.value import Worth, worth_of
from shared.events.vocabulary import Aspect, Remedy, Severity

FEW = 3
"""So many are suggested at least, where the table has them."""
RELATIONAL = frozenset({Need.VALUED, Need.NEEDED, Need.UNDERSTOOD, Need.RESPECTED})
"""Needs that no money answers to."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What a solution has to fit."""

    category: str | None
    severity: Severity
    aspects: tuple[Aspect, ...]
    desired: frozenset[Remedy]
    needs: frozenset[Need]
    first: Decimal
    """V1; 0 when it is not known."""
    needed: Decimal
    """V1 + C."""
    declined: Collection[frozenset[Remedy]]
    """What the customer was offered before, and did not want."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    row: SolutionRow
    worth: Worth
    value: Decimal | None
    """What the offer should say that it is worth; None when nothing in it is material."""
    reaches: bool
    """Is V2 >= V1 + C?"""
    asked_for: bool
    fits: bool


def suggest(of: Situation, table: RemedyTable) -> list[Suggestion]:
    """At most `most` of the table, the best first; nothing that was declined already."""
    possible = [
        _suggestion(row, of, table)
        for row in table.solutions
        if of.severity.rank >= row.severity.rank and frozenset(row.remedies) not in of.declined
    ]
    ranked = sorted(possible, key=lambda each: _rank(each, of), reverse=True)
    fitting = sum(each.fits for each in ranked)
    return ranked[: min(table.most, max(fitting, FEW))]


def _suggestion(row: SolutionRow, of: Situation, table: RemedyTable) -> Suggestion:
    worth = worth_of(row.remedies, None, of.first, table)
    if any(table.remedies[remedy].any_amount for remedy in row.remedies) and worth.total < of.needed:
        worth = worth_of(row.remedies, of.needed - worth.moral, of.first, table)
    fits = (not row.categories or of.category in row.categories) and (
        not row.aspects or not of.aspects or bool(set(row.aspects) & set(of.aspects))
    )
    return Suggestion(
        row,
        worth,
        worth.material or None,
        worth.total >= of.needed,
        bool(set(row.remedies) & of.desired),
        fits,
    )


def _rank(each: Suggestion, of: Situation) -> tuple[object, ...]:
    answers = bool(of.needs & RELATIONAL) and any(moral(remedy) for remedy in each.row.remedies)
    # What fits in particular is better than what fits everything; the code makes the order certain.
    particular = each.fits and bool(each.row.categories)
    return (
        each.fits,
        each.reaches,
        each.asked_for,
        particular,
        answers,
        each.worth.total,
        -each.worth.cost,
        each.row.code,
    )
