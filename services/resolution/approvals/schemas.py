"""Shapes of approvals in the HTTP interface."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.resolution.approvals.model import Approval, ApprovalState
from services.resolution.approvals.terms import Terms
from services.resolution.standing import Approver
from services.resolution.views import View
from shared.events.approvals import Permit
from shared.text import LongText


def _example(**fields: Any) -> ConfigDict:
    return ConfigDict(extra="forbid", use_attribute_docstrings=True, json_schema_extra={"examples": [fields]})


class NewApproval(BaseModel):
    """A question for a permit."""

    model_config = _example(
        permit="beyond_limits",
        complaint_id="0197c2a0-6d2a-7c51-8f1e-6f2f3f8e4f10",
        reason="The line stood still for a day; less would not bring the customer back.",
        terms={"remedies": ["exchange", "compensation"], "value": {"amount": "12000.00", "currency": "CNY"}},
    )

    permit: Permit
    complaint_id: UUID
    """The complaint that gives rise to it."""
    subject_id: UUID | None = None
    """What it is for, if not the case itself: an improvement, a field action."""
    reason: LongText
    terms: Terms = Terms()


class Grant(BaseModel):
    model_config = _example(note="Once, because of the long standstill.")

    note: LongText | None = None


class Because(BaseModel):
    model_config = _example(reason="A repair within two days solves it; offer that first.")

    reason: LongText


class ApproverShown(View):
    id: str
    """In the directory."""
    name: str
    layer: int
    instead_of: str | None = None
    """For whom they stand in, who is away or has left."""


class ApprovalView(View):
    """A question for a permit, and what became of it."""

    id: UUID
    version: int
    """Also the ETag."""
    complaint_id: UUID
    permit: Permit
    subject_id: UUID
    terms: Terms
    reason: str
    state: ApprovalState
    asked_by: str
    asked_person: str | None = None
    asked_at: datetime
    approver: ApproverShown | None = None
    """Who is asked now, or was asked last; absent: only an administrator can decide."""
    line: list[ApproverShown]
    """All who were entitled when it was asked, the nearest first: it climbs along them."""
    decide_by: datetime
    decided_by: str | None = None
    decided_person: str | None = None
    decided_at: datetime | None = None
    answer: str | None = None
    """What whoever decided said."""
    used_by: str | None = None
    used_at: datetime | None = None

    @classmethod
    def of(cls, approval: Approval) -> "ApprovalView":
        own = {"line", "approver"}
        plain = {name: getattr(approval, name) for name in cls.model_fields if name not in own}
        line = [_shown(each) for each in approval.line]
        return cls(line=line, approver=approval.approver and _shown(approval.approver), **plain)


def _shown(approver: Approver) -> ApproverShown:
    return ApproverShown(**approver.model_dump(include=set(ApproverShown.model_fields)))
