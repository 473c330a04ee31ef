"""Facts about permits that somebody asks for, and others grant or refuse. Resolution publishes them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.events.registry import Event, registry
from shared.events.vocabulary import TOPICS, Money, Remedy


class Permit(StrEnum):
    """What is permitted."""

    BEYOND_LIMITS = "beyond_limits"
    """To grant the customer more than one's own limits allow."""
    CLOSE_BELOW_VALUE = "close_below_value"
    """To close a case although the customer got back less than they lost."""
    PROMISE_LATER = "promise_later"
    """To promise a reply later than one may promise oneself."""
    SKIP_GATE = "skip_gate"
    """To leave out a step of an improvement."""
    FIELD_ACTION = "field_action"
    """To turn to all customers who are affected."""
    PUBLIC = "public"
    """To make something public."""


class _OfApproval(Event):
    """What all of these say."""

    approval_id: UUID
    permit: Permit
    subject_id: UUID
    """What it is for: the case, an improvement, a field action."""
    asked_person: str | None = None
    """Who asked, by their id in the directory."""

    @property
    def addressee(self) -> str | None:
        return self.asked_person


@registry.event("redress.approval.asked", topic=TOPICS.resolution)
class ApprovalAsked(_OfApproval):
    """Somebody asked for a permit.

    有人申请审批。
    """

    remedies: tuple[Remedy, ...] = ()
    value: Money | None = None
    """At most so much."""
    reason: str
    """Masked."""
    asked_by: str
    """The account."""
    approver: str | None = None
    """Who is asked, by their id in the directory; absent: only an administrator can decide."""
    decide_by: datetime
    asked_at: datetime

    @property
    def addressee(self) -> str | None:
        return self.approver


@registry.event("redress.approval.passed-on", topic=TOPICS.resolution)
class ApprovalPassedOn(_OfApproval):
    """An approver did not decide in time; the next one up the line is asked.

    审批人逾期未决，转上一级审批。
    """

    passed_over: str
    """Who did not decide, by their id in the directory."""
    approver: str
    decide_by: datetime
    passed_on_at: datetime

    @property
    def addressee(self) -> str | None:
        return self.approver


@registry.event("redress.approval.granted", topic=TOPICS.resolution)
class ApprovalGranted(_OfApproval):
    """The permit was granted; it can be used once.

    审批通过。
    """

    note: str | None = None
    """Masked."""
    granted_by: str
    person_id: str | None = None
    granted_at: datetime


@registry.event("redress.approval.refused", topic=TOPICS.resolution)
class ApprovalRefused(_OfApproval):
    """The permit was refused.

    审批未通过。
    """

    reason: str
    """Masked."""
    refused_by: str
    person_id: str | None = None
    refused_at: datetime


@registry.event("redress.approval.expired", topic=TOPICS.resolution)
class ApprovalExpired(_OfApproval):
    """Nobody up the line decided in time.

    审批逾期，无人决定。
    """

    approver: str | None = None
    """Who was asked last."""
    expired_at: datetime

    @property
    def addressee(self) -> str | None:
        return None


@registry.event("redress.approval.withdrawn", topic=TOPICS.resolution)
class ApprovalWithdrawn(_OfApproval):
    """The permit is not needed any more: it was withdrawn, or the case has ended.

    审批申请已撤回。
    """

    withdrawn_by: str
    withdrawn_at: datetime
