"""Facts about field actions (现场措施): one complaint speaks for many, and everybody affected is addressed.

`complaint_id` is the complaint that gave rise to the action, whoever a fact is about. Customers are opaque ids.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.events.registry import Event, registry
from shared.events.vocabulary import TOPICS


class Measure(StrEnum):
    """发出警告、通知所有顾客、免费维修、召回或更换、回收、赔偿: the six measures. Several may be taken at once."""

    PUBLIC_WARNING = "public_warning"
    NOTIFY_ALL = "notify_all"
    FREE_REPAIR = "free_repair"
    RECALL_REPLACE = "recall_replace"
    TAKE_BACK = "take_back"
    COMPENSATE = "compensate"

    @property
    def is_individual(self) -> bool:
        """Is it carried out for each customer, and not by telling them alone?"""
        return self not in {Measure.PUBLIC_WARNING, Measure.NOTIFY_ALL}


class BilingualText(BaseModel):
    """One text in both languages."""

    model_config = ConfigDict(frozen=True)

    en: str
    zh: str


class Affected(BaseModel):
    """Which goods are affected: the product, the batch and when complaints about them came, as far as each is set."""

    model_config = ConfigDict(frozen=True)

    products: tuple[str, ...] = ()
    """Ids or models."""
    batches: tuple[str, ...] = ()
    registered_since: datetime | None = None
    registered_before: datetime | None = None


class Announcement(BaseModel):
    """What people are told: the danger first, then what to do now. The company says it in
    public, so it is not masked."""

    model_config = ConfigDict(frozen=True)

    title: BilingualText
    hazard: BilingualText
    """What can happen."""
    instruction: BilingualText
    """What to do now."""
    act_by: datetime | None = None
    """By when the customer best comes forward."""
    hotline: str
    """Where they reach the company about it."""


@registry.event("redress.field-action.proposed", topic=TOPICS.resolution)
class FieldActionProposed(Event):
    """A field action was put forward for approval; from here on its text and its scope stand still.

    已提出现场措施，待批准。
    """

    field_action_id: UUID
    reference: str
    measures: tuple[Measure, ...]
    affected: Affected
    announcement: Announcement
    customers: int
    """How many were found to be affected."""
    improvement_id: UUID | None = None
    proposed_by: str
    proposed_at: datetime


@registry.event("redress.field-action.started", topic=TOPICS.resolution)
class FieldActionStarted(Event):
    """The field action was approved and began: those found affected are addressed one after the other.

    现场措施已获批准并开始实施。
    """

    field_action_id: UUID
    reference: str
    measures: tuple[Measure, ...]
    affected: Affected
    announcement: Announcement
    approval_id: UUID
    customers: int
    """As counted when it was frozen. Later complaints about the same goods make the set grow."""
    started_by: str
    started_at: datetime


@registry.event("redress.field-action.customer-addressed", topic=TOPICS.resolution)
class FieldActionCustomerAddressed(Event):
    """It is a customer's turn: they are to be told now. Once for each customer and field action.

    现场措施：现在通知这位顾客，每位顾客只通知一次。
    """

    field_action_id: UUID
    customer_id: UUID
    reference: str
    measures: tuple[Measure, ...]
    announcement: Announcement
    late: bool = False
    """They were found after the start."""
    addressed_at: datetime


@registry.event("redress.field-action.suspended", topic=TOPICS.resolution)
class FieldActionSuspended(Event):
    """Nobody further is addressed until it is resumed.

    现场措施已暂停。
    """

    field_action_id: UUID
    reason: str
    """Masked."""
    suspended_by: str
    suspended_at: datetime


@registry.event("redress.field-action.resumed", topic=TOPICS.resolution)
class FieldActionResumed(Event):
    """It goes on where it stood.

    现场措施已恢复。
    """

    field_action_id: UUID
    resumed_by: str
    resumed_at: datetime


@registry.event("redress.field-action.completed", topic=TOPICS.resolution)
class FieldActionCompleted(Event):
    """Everybody who could be reached was told, and what was promised them was carried out.

    现场措施已完成。
    """

    field_action_id: UUID
    affected: int
    told: int
    carried_out: int
    unreachable: int
    coverage: Annotated[float, Field(ge=0, le=1)]
    """told / affected"""
    completion: Annotated[float, Field(ge=0, le=1)]
    """carried out / affected"""
    reason: str
    """Masked."""
    completed_by: str
    completed_at: datetime


@registry.event("redress.field-action.cancelled", topic=TOPICS.resolution)
class FieldActionCancelled(Event):
    """It ended without being completed. Whoever was told already is not told again.

    现场措施已取消。
    """

    field_action_id: UUID
    reason: str
    """Masked."""
    cancelled_by: str
    cancelled_at: datetime


@registry.event("redress.field-action.letter-delivered", topic=TOPICS.notification)
class FieldLetterDelivered(Event):
    """The customer's mailbox took the letter about a field action, or had taken the same one already.

    现场措施的通知已送达顾客。
    """

    field_action_id: UUID
    customer_id: UUID
    delivery_id: UUID
    channel: str
    """`email`; `same-address` when the same person had been written to under another id."""
    delivered_at: datetime


@registry.event("redress.field-action.letter-failed", topic=TOPICS.notification)
class FieldLetterFailed(Event):
    """The letter about a field action reached nobody: somebody must call.

    现场措施的通知未能送达，须另行联系顾客。
    """

    field_action_id: UUID
    customer_id: UUID
    delivery_id: UUID
    reason: str
    failed_at: datetime
