"""Shapes of triage in the HTTP interface."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.routing.schemas import Body
from services.routing.triage.told import Told
from shared.events.routing import AssignmentBasis, Decider, SpokenWord, Suggestion, TimeLimits
from shared.events.vocabulary import Nature, Risk, Severity, Urgency, Visibility
from shared.taxonomy import CategoryCode
from shared.text import ShortText

DepartmentCode = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{1,49}$")]


class RiskShown(BaseModel):
    """A risk that somebody sees in a complaint, and how it ended."""

    kind: Risk
    reason: str
    raised_by: str
    raised_at: datetime
    settled_reason: str | None = None
    settled_by: str | None = None
    settled_at: datetime | None = None


class Referred(BaseModel):
    """A complaint that waits for a person's decision."""

    complaint_id: UUID
    version: int
    """For `If-Match`."""
    reference: str
    registered_at: datetime
    severity: Severity
    nature: Nature | None = None
    urgency: Urgency | None = None
    reasons: list[str]
    """Ids of the rules that spoke."""
    told: Told | None = None
    """What was told, masked; nothing of an erased customer."""
    suggestions: list[Suggestion] = []
    """What the classifier holds possible, the likeliest first, with the words that speak for it."""
    proposed_department: str | None = None
    risks: list[RiskShown] = []


class TriageDecision(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"category": "after_sales", "reason": "He waits for a refund."}]}
    )

    category: CategoryCode | None = None
    """What it is about; needed while it waits for a decision."""
    severity: Severity | None = None
    department: DepartmentCode | None = None
    """The department that is to have it; without one the category tells."""
    reason: ShortText

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.category is None and self.severity is None and self.department is None:
            raise ValueError("say a category, a severity or a department 请填写类别、等级或部门")
        return self


class NewRisk(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "dispute", "reason": "He has hired a lawyer."}]}
    )

    kind: Risk
    reason: ShortText
    """Why; personal data in it is masked."""


class RiskSettlement(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "They have shaken hands."}]})

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
    """Where a complaint is on its way to the people who act on it, and why."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    complaint_id: UUID
    version: int
    """As in the ETag."""
    status: str
    leading_id: UUID | None = None
    visibility: Visibility | None = None
    category: str | None = None
    severity: Severity
    nature: Nature | None = None
    urgency: Urgency | None = None
    decided_by: Decider | None = None
    reasons: list[str] = []
    """Ids of the rules that spoke, or what the person gave as the reason."""
    rules_version: int | None = None
    """Of the rulebook `triage-rules` by which was decided."""
    matrix_version: int | None = None
    model_version: str | None = None
    """Which state of the classifier was asked."""
    probability: float | None = None
    """How sure the classifier was of what it decided."""
    spoke_for: list[SpokenWord] = []
    spoke_against: list[SpokenWord] = []
    suggestions: list[Suggestion] = []
    time_limits: TimeLimits | None = None
    """In working hours."""
    risks: list[RiskShown] = []
    proposed_department: str | None = None
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
