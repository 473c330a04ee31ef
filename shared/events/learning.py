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


class SuggestionKind(StrEnum):
    """What would have to change."""

    POLICY = "policy"
    PROCESS = "process"
    PRODUCT = "product"
    TRAINING = "training"


class SuggestionSource(StrEnum):
    """Of what evidence it is made."""

    HAZARD_AGAIN = "hazard_again"
    """The same hazard of the same product was registered again."""
    AUTHORITY_LACKING = "authority_lacking"
    """Of a category many cases need more than whoever handles them may grant."""
    EXCEPTION_USUAL = "exception_usual"
    """The same exception is granted again and again."""
    TRAINING_AGAIN = "training_again"
    """A department needs the same training again."""


class _OfSuggestion(Event):
    """What all of these say."""

    suggestion_id: UUID
    kind: SuggestionKind
    source: SuggestionSource


@registry.event("redress.suggestion.made", topic=TOPICS.insights)
class SuggestionMade(_OfSuggestion):
    """Complaints suggest that something be changed: a policy, a process, a product, a training. The complaint is the
    newest that speaks for it.

    投诉数据建议改变政策、流程、产品或培训。
    """

    words_en: str
    words_zh: str
    evidence: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=50)]
    """Complaints that speak for it, the newest first."""
    rules_version: int
    """Of the rulebook `suggestions`."""
    made_at: datetime


@registry.event("redress.suggestion.accepted", topic=TOPICS.insights)
class SuggestionAccepted(_OfSuggestion):
    """Somebody decided to do it: by an improvement, which is opened then, or by a change that they name.

    建议已采纳。
    """

    improvement_id: UUID | None = None
    """Of the improvement that is opened for it; none where a change does it."""
    title: str
    """Of the improvement or the change; masked."""
    problem: str
    """What is wrong, or what is to change; masked."""
    category: str | None = None
    product: str | None = None
    evidence: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=50)]
    accepted_by: str
    accepted_at: datetime


@registry.event("redress.suggestion.declined", topic=TOPICS.insights)
class SuggestionDeclined(_OfSuggestion):
    """Somebody decided against it.

    建议未采纳。
    """

    reason: str
    """Masked."""
    declined_by: str
    declined_at: datetime
