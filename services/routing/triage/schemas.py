"""Shapes of triage in the HTTP interface."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, model_validator

from services.routing.schemas import Body
from shared.events.routing import AssignmentBasis
from shared.events.vocabulary import Severity
from shared.taxonomy import CategoryCode
from shared.text import ShortText


class Referred(BaseModel):
    """A complaint that waits for a person's decision."""

    complaint_id: UUID
    reference: str
    registered_at: datetime
    severity: Severity
    reasons: list[str]


class TriageDecision(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"category": "after_sales", "reason": "He waits for a refund."}]}
    )

    category: CategoryCode
    severity: Severity | None = None
    reason: ShortText


class Involved(BaseModel):
    """A department that takes part beside the responsible one."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    department: str
    reason: str
    """What whoever involved it gave as the reason, masked, or the id of the rule."""
    involved_by: str
    """The principal, or `rules`."""
    involved_at: datetime


class Routed(BaseModel):
    """Where a complaint is on its way to the people who act on it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    complaint_id: UUID
    version: int
    """As in the ETag."""
    status: str
    leading_id: UUID | None = None
    category: str | None = None
    severity: Severity
    reasons: list[str] = []
    department: str | None = None
    handler_id: str | None = None
    assigned_at: datetime | None = None
    basis: AssignmentBasis | None = None
    """Why this handler: by which rules, and what became of the others."""
    waiting_since: datetime | None = None
    """Since when nobody could take it; absent when it does not wait."""
    climbs: int = 0
    """How often it has climbed to the next layer since nobody owns it."""
    involved: list[Involved] = []
    """Departments that take part beside the responsible one."""

    @model_validator(mode="after")
    def _nobody_has_what_waits(self) -> Self:
        if self.status == "waiting":
            self.handler_id = self.assigned_at = self.basis = None
        return self
