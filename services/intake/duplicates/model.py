"""How likely two complaints tell the same matter, and why. Pure.

The score is a logistic regression over a handful of measures that a person can check. Its weights come from
`python -m dev.duplicates fit`, on the tuning half of the labelled set there; nobody sets them by hand.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from rapidfuzz import fuzz

from shared.gist import Gist

SUGGESTED_FROM = 0.5
"""Score from which on a complaint is suggested."""
LIKE = 0.5
"""Share of common terms from which on likeness of the text is given as a reason."""


class Reason(StrEnum):
    SAME_CUSTOMER = "same_customer"
    SAME_ORDER = "same_order"
    SAME_PRODUCT = "same_product"
    LIKE_TEXT = "like_text"
    SAME_CODES = "same_codes"


REASONS: dict[Reason, tuple[str, str]] = {
    Reason.SAME_CUSTOMER: ("The same customer, or the same contact", "同一客户或同一联系方式"),
    Reason.SAME_ORDER: ("The same order", "同一订单"),
    Reason.SAME_PRODUCT: ("The same product", "同一产品"),
    Reason.LIKE_TEXT: ("It tells much the same", "描述相近"),
    Reason.SAME_CODES: ("The same numbers or codes occur", "出现相同的编号或代码"),
}
"""Each reason in English and Chinese."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What of a complaint is compared. The keys are opaque; equal ones name the same thing."""

    gist: Gist
    people: frozenset[str] = frozenset()
    """Customer number, mail address, telephone."""
    order: str | None = None
    products: frozenset[str] = frozenset()
    """Id, name and model of the product."""


class Measures(NamedTuple):
    """What the score is made of; each from 0 to 1."""

    common: float
    """Share of the shorter one's terms that the other has, too."""
    overlap: float
    """Common terms of all terms of both."""
    roots: float
    """Share of the shorter one's roots that the other has, too."""
    run: float
    """Likeness in the order of signs (normalised Indel similarity)."""
    codes: float
    """Share of the shorter list of codes that the other has, too."""
    other_numbers: float
    """Both name things by their numbers, and none is the same."""
    same_customer: float
    same_order: float
    other_order: float
    same_product: float
    other_product: float


class Weights(NamedTuple):
    bias: float
    measures: Measures


WEIGHTS = Weights(
    bias=-5.87,
    measures=Measures(
        common=3.53,
        overlap=0.5,
        roots=4.04,
        run=0.57,
        codes=0.4,
        other_numbers=-3.84,
        same_customer=1.5,
        same_order=0.24,
        other_order=-5.22,
        same_product=0.31,
        other_product=-4.71,
    ),
)


@dataclass(frozen=True, slots=True)
class Likeness:
    score: float
    """0 to 1: how likely they tell the same matter."""
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A complaint that may tell the same matter."""

    complaint_id: UUID
    reference: str
    registered_at: datetime
    status: str
    leading_id: UUID | None
    likeness: Likeness


def measure(one: Telling, other: Telling) -> Measures:
    mine, theirs = one.gist, other.gist
    both = len(mine.terms & theirs.terms)
    either = len(mine.terms) + len(theirs.terms) - both
    numbered = bool(mine.numbers and theirs.numbers)
    ordered = one.order is not None and other.order is not None
    named = bool(one.products and other.products)
    same_product = bool(one.products & other.products)
    return Measures(
        common=_share(mine.terms, theirs.terms),
        overlap=both / either if either else 0.0,
        roots=_share(mine.roots, theirs.roots),
        run=fuzz.ratio(mine.text, theirs.text) / 100,
        codes=_share(mine.codes, theirs.codes),
        other_numbers=float(numbered and not mine.numbers & theirs.numbers),
        same_customer=float(bool(one.people & other.people)),
        same_order=float(ordered and one.order == other.order),
        other_order=float(ordered and one.order != other.order),
        same_product=float(same_product),
        other_product=float(named and not same_product),
    )


def _share(mine: frozenset[str], theirs: frozenset[str]) -> float:
    shorter = min(len(mine), len(theirs))
    return len(mine & theirs) / shorter if shorter else 0.0


def likeness(one: Telling, other: Telling, weights: Weights = WEIGHTS) -> Likeness:
    measures = measure(one, other)
    total = weights.bias + sum(w * m for w, m in zip(weights.measures, measures, strict=True))
    reasons = {
        Reason.SAME_CUSTOMER: measures.same_customer,
        Reason.SAME_ORDER: measures.same_order,
        Reason.SAME_PRODUCT: measures.same_product,
        Reason.LIKE_TEXT: measures.common >= LIKE,
        Reason.SAME_CODES: measures.codes > 0,
    }
    score = 1 / (1 + math.exp(-total))
    return Likeness(round(score, 4), tuple(reason for reason, speaks in reasons.items() if speaks))
