"""What goes out over HTTP about deliveries."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.notification.rules import Audience, Channel, Nature, Urgency


class Queued(BaseModel):
    delivery_id: UUID


class Status(StrEnum):
    PENDING = "pending"
    LEASED = "leased"
    DELIVERED = "delivered"
    FAILED = "failed"
    NOT_SENT = "not_sent"
    BOUNCED = "bounced"
    DECLINED = "declined"
    MERGED = "merged"


class Reason(StrEnum):
    """Why a delivery does not go now, though nothing is wrong."""

    QUIET_HOURS = "quiet-hours"
    DIGEST = "digest"
    DAILY_LIMIT = "daily-limit"
    DECLINED = "declined"


class DeliveryView(BaseModel):
    """One message to one receiver, and what became of it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    """Message-ID of a mail, `webhook-id` of a webhook: the same for every attempt."""
    complaint_id: UUID | None = None
    audience: Audience
    rule: str
    """What says that they are to be told: `customer/acknowledgement` (several joined by `+`) of the rulebook
    `who-hears-what`, `webhook/<id of the webhook>`, or `digest`."""
    rule_version: int
    """Of that rulebook."""
    urgency: Urgency | None = None
    nature: Nature | None = None
    is_copy: bool = False
    """The same message goes by another way, too."""
    template: str | None = None
    """Which message a customer got, or gets, or somebody of the company."""
    recipient: str | None = None
    """Somebody of the company, by their id in the directory; or an account that owns a webhook."""
    template_version: str | None = None
    """Names its exact wording."""
    body_sha256: str | None = None
    """Proof of what was said, in hexadecimal; the text is not kept."""
    webhook_id: UUID | None = None
    event_id: UUID | None = None
    status: Status
    """`leased`: being sent. `not_sent`: there is no address, or no mail server; somebody must tell the customer
    in another way. `bounced`: it was delivered, and came back. `declined`: they do not want to hear of it. `merged`: a
    digest tells it, or has told it."""
    withheld: Reason | None = None
    """Why it does not go now: until the end of the receiver's quiet hours (`next_attempt_at`), with others in a digest
    by their own wish, or because there were enough messages for a day."""
    merged_into: UUID | None = None
    """The delivery of that digest."""
    attempts: int
    """Begun so far; sending it again goes on counting."""
    next_attempt_at: datetime | None = None
    last_error: str | None = None
    channel: Channel | None = None
    """By which way it went, or was tried last."""
    created_at: datetime
    settled_at: datetime | None = None
    """When it was delivered, or given up."""

    @classmethod
    def of(cls, row: Any) -> "DeliveryView":
        return cls(**cls.values(row))

    @classmethod
    def values(cls, row: Any) -> dict[str, Any]:
        values = dict(row._mapping)
        values["webhook_id"] = values.pop("subscription_id")
        digest = values.pop("body_sha256")
        waits = values["status"] == Status.PENDING
        return {
            **values,
            "next_attempt_at": values["next_attempt_at"] if waits else None,
            "body_sha256": digest.hex() if digest else None,
        }


class AttemptView(BaseModel):
    """One try at a delivery."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    number: int
    """From 1. One that is missing was cut off: its process died."""
    began_at: datetime
    ended_at: datetime
    channel: Channel | None = None
    code: int | None = None
    """What the receiver answered: an HTTP status."""
    answer: str | None = None
    """Its words: of webhooks only, with personal data masked, up to 1,024 characters."""
    error: str | None = None
    """Why it failed; absent: it was delivered."""


class DeliveryInDetail(DeliveryView):
    tries: list[AttemptView]
    """The newest first, 100 at most. They are kept for a while (`REDRESS_ATTEMPTS_DAYS`)."""
