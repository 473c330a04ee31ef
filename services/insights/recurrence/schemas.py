"""What callers see of complaints that tell the same, and of problems that are back."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.events.learning import RecurredBy
from shared.events.vocabulary import Outcome


class SimilarCase(BaseModel):
    """A complaint that was told in much the same words."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    complaint_id: UUID
    registered_at: datetime
    likeness: Annotated[float, Field(ge=0, le=100, examples=[91.3])]
    """Of 100: common words, and pairs of signs."""
    same_recurrence: bool
    """They are one recurrence: nearly the same words, the same product, within 180 days of each other or of others
    between them."""
    same_customer: bool
    product: str | None
    category: str | None
    subcategory: str | None
    outcome: Outcome | None
    """How its customer judged what was done; null while it is not closed."""
    improvement_id: UUID | None
    """The improvement that removes its cause."""
    improvement_closed_at: datetime | None
    """When it was closed; null while it is open, again or still."""
    recurred_at: datetime | None
    """When the problem was last found to be back after the improvement was closed."""
    words: str | None
    """The beginning of what was told, masked; null once the customer is erased."""


class SimilarCases(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    recurrence_id: UUID
    """The oldest complaint of all that tell the same; the complaint itself while no other does."""
    complaints: int
    """Of the recurrence, with this one."""
    customers: int
    """Who told them."""
    items: list[SimilarCase]
    """The most alike first, then the newest; at most twenty."""


class RecurredProblem(BaseModel):
    """A problem that is back after its improvement was closed."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    improvement_id: UUID
    closed_at: datetime
    """When the improvement was closed."""
    recurred_by: RecurredBy
    """In the same words; or by the rate of complaints of its category and product."""
    complaint_id: UUID
    """The newest complaint that tells it."""
    before: int
    """Complaints in `days_before` days up to the opening of the improvement."""
    days_before: float
    after: int
    """Complaints since the closing."""
    days_after: float
    customers: int
    """Who told them, since the closing."""
    rate_ratio: float | None
    """Rate after by rate before; null when there was nothing before."""
    low: float
    high: float | None
    """Exact interval of 95 %; null: no upper bound."""
    p_value: float
    """Probability of so few or fewer after, had the rate not fallen."""
    evidence: list[UUID]
    """Complaints since the closing, the newest first, at most 50."""
    rules_version: int
    """Of the rulebook `recurred-problems`."""
    found_at: datetime
