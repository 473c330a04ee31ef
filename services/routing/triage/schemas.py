"""Shapes of triage in the HTTP interface."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.routing.schemas import Body
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


class Routed(BaseModel):
    """Where a complaint is on its way to the people who act on it."""

    complaint_id: UUID
    status: str
    leading_id: UUID | None = None
    category: str | None = None
    severity: Severity
    reasons: list[str] = []
    department: str | None = None
    handler_id: str | None = None
    assigned_at: datetime | None = None
