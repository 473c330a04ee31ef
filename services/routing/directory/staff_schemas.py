"""Shapes of what is known of a person beyond their entry: absences, certificates, authority."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.routing.directory.schemas import PersonEntry
from services.routing.schemas import Body
from shared.events.vocabulary import Remedy, Severity
from shared.pages import WrittenMoment


class AbsenceKind(StrEnum):
    LEAVE = "leave"
    SICKNESS = "sickness"
    TRAVEL = "travel"
    TRAINING = "training"
    OTHER = "other"


class NewAbsence(Body):
    """A person is away."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"since": "2026-03-02T00:00:00+08:00", "until": "2026-03-07T00:00:00+08:00"}]
        }
    )

    since: WrittenMoment
    until: WrittenMoment
    """The first moment at which they are back."""
    kind: AbsenceKind = AbsenceKind.LEAVE

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.since >= self.until:
            raise ValueError("an absence ends after it begins; 缺勤的结束须晚于开始")
        return self


class EndAbsence(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"at": "2026-03-05T00:00:00+08:00"}]})

    at: WrittenMoment | None = None
    """When they are back; without it, now."""


class AbsenceShown(BaseModel):
    id: UUID
    person: str
    since: datetime
    until: datetime
    kind: AbsenceKind


class CertificateShown(BaseModel):
    """What a person was trained for."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    code: str
    issued_at: datetime
    expires_at: datetime
    valid: bool
    expires_soon: bool
    """It expires within thirty days."""


class PersonDetails(PersonEntry):
    """A person with their standing."""

    layer: int
    """That of their department."""
    contact: bool
    """Meets customers: by the layer of the department, by the role, or because it is said."""
    training_missing: bool
    """Meets customers and holds no valid certificate on policies and process."""
    certificates: list[CertificateShown]
    absences: list[AbsenceShown]
    """Those of now and to come."""


class ApproverShown(BaseModel):
    """Somebody who approves."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: str
    name: str
    layer: int
    instead_of: str | None = None
    """For whom they stand in, who is away or has left."""
    remedies: list[Remedy]
    amount: Decimal | None = None
    currency: str | None = None


class AuthorityShown(BaseModel):
    """What a person may grant without asking anybody, and who approves what is beyond."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    person: str
    name: str
    works_in: str
    """Code of their department."""
    layer: int
    """That of their department: 1 contact staff, 2 acceptance desk, 3 technical support, 4 management."""
    role: str | None = None
    remedies: list[Remedy]
    amount: Decimal | None = None
    """At most; without one nothing that costs money."""
    currency: str | None = None
    approvers: Annotated[list[ApproverShown], Field()]
    """The nearest first, with deputies of those who are away."""


class IndependentShown(BaseModel):
    """Somebody who may judge about people to whom they are not bound."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: str
    name: str
    department: str
    layer: int
    elsewhere: bool
    """They work in no department of those who are judged."""
    present: bool
    """They are not away now."""


class ParametersShown(AuthorityShown):
    """By what the front line decides on a complaint."""

    complaint_id: UUID
    department: str | None = None
    """Responsible for it."""
    severity: Severity
    category: str | None = None
