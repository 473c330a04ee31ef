"""Facts of insights about what is learned from complaints and improvements, and whether it helped."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.events.registry import Event, registry
from shared.events.vocabulary import TOPICS


class RecurredBy(StrEnum):
    """By what a problem is known to be back."""

    SAME_WORDS = "same_words"
    """New complaints tell nearly the same as those that led to the improvement."""
    RATE = "rate"
    """Complaints of its category and product come about as often as before."""


@registry.event("redress.problem.recurred", topic=TOPICS.insights)
class ProblemRecurred(Event):
    """The problem is back although the improvement against it was closed. The complaint is the newest that tells it.

    改善结案后，同一问题再次出现。
    """

    improvement_id: UUID
    improvement_closed_at: datetime
    """Of each closing it is told once."""
    by: RecurredBy
    before: Annotated[int, Field(ge=0)]
    """Complaints of the problem in `days_before` days up to the opening of the improvement."""
    days_before: Annotated[float, Field(gt=0)]
    after: Annotated[int, Field(ge=1)]
    """Complaints of it in the days since the closing."""
    days_after: Annotated[float, Field(gt=0)]
    customers: Annotated[int, Field(ge=1)]
    """Who told them, since the closing."""
    rate_ratio: float | None = None
    """Rate after by rate before; none when there was nothing before."""
    low: float
    high: float | None = None
    """Exact interval of 95 % of the ratio; none: no upper bound."""
    evidence: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=50)]
    """Complaints since the closing, the newest first."""
    rules_version: int
    """Of the rulebook `recurred-problems`."""
    found_at: datetime
