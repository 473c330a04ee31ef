"""What callers see of complaints that tell the same."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

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
