"""What comes in and goes out over HTTP."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from services.notification.model import FACTS, matches
from services.notification.rules import Audience, Channel, Nature, Urgency
from shared.guard import ForbiddenTarget, parse
from shared.text import ShortText


def _allowed(url: str) -> str:
    try:
        return str(parse(url))
    except ForbiddenTarget as error:
        raise ValueError(f"{error}") from None


def _known(pattern: str) -> str:
    if not any(matches(pattern, name) for name in FACTS):
        raise ValueError(f"no fact is called so. There are: {', '.join(sorted(FACTS))}")
    return pattern


Url = Annotated[str, StringConstraints(min_length=1, max_length=2000), AfterValidator(_allowed)]
EventTypes = Annotated[
    list[Annotated[str, StringConstraints(max_length=100, pattern=r"^[a-z.-]*\*?$"), AfterValidator(_known)]],
    Field(min_length=1, max_length=50),
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class NewWebhook(_Body):
    """Somebody wants to hear of facts as they happen."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "url": "https://ops.example.com/hooks/redress",
                    "event_types": ["redress.complaint.*", "redress.case.closed"],
                    "description": "Operations dashboard",
                }
            ]
        }
    )

    url: Url
    """Where events are posted. It must be reachable on the public Internet."""
    event_types: EventTypes
    """Names of facts without the version; `redress.complaint.*` is a family of them, `*` all."""
    description: ShortText | None = None


class WebhookChange(_Body):
    """What to change; leave out what stays as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"event_types": ["*"]}, {"enabled": True}]})

    url: Url | None = None
    event_types: EventTypes | None = None
    description: ShortText | None = None
    enabled: bool | None = None
    """False stops it, and gives up what was waiting; true starts it again from now on."""


class Webhook(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    owner: str
    """Who subscribed. Only they and administrators see and change it."""
    url: str
    event_types: list[str]
    description: str | None = None
    enabled: bool
    disabled_reason: str | None = None
    """Why it was switched off, if Redress did it."""
    failures: int
    """Failed deliveries since the last success."""
    paused_until: datetime | None = None
    """After several failures in a row nothing is sent before this time."""
    previous_secret_until: datetime | None = None
    """Until then the secret before the last rotation signs, too."""
    created_at: datetime
    version: int
    """The ETag."""


class WebhookWithSecret(Webhook):
    secret: str
    """Signs the deliveries (Standard Webhooks). Shown this once; keep it."""


class RotatedSecret(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    secret: str
    """The new secret, shown this once."""
    previous_secret_until: datetime
    """Until then every delivery is signed with both secrets."""
    version: int


class Ping(BaseModel):
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
    """Somebody of the company, by their id in the directory."""
    template_version: str | None = None
    """Names its exact wording."""
    body_sha256: str | None = None
    """Proof of what was said, in hexadecimal; the text is not kept."""
    webhook_id: UUID | None = None
    event_id: UUID | None = None
    status: Status
    """`leased`: being sent. `not_sent`: there is no address, or no mail server; somebody must tell the customer
    in another way. `bounced`: it was delivered, and came back. `declined`: they do not want to
    hear of it. `merged`: a digest tells it, or has told it."""
    withheld: Reason | None = None
    """Why it does not go now: until the end of the receiver's quiet hours (`next_attempt_at`), with others in a digest
    by their own wish, or because there were enough messages for a day."""
    merged_into: UUID | None = None
    """The delivery of that digest."""
    attempts: int
    next_attempt_at: datetime | None = None
    last_error: str | None = None
    channel: Channel | None = None
    """By which way it went, or was tried last."""
    created_at: datetime
    settled_at: datetime | None = None
    """When it was delivered, or given up."""

    @classmethod
    def of(cls, row: Any) -> "DeliveryView":
        values = dict(row._mapping)
        values["webhook_id"] = values.pop("subscription_id")
        digest = values.pop("body_sha256")
        waits = values["status"] == Status.PENDING
        return cls(
            **{**values, "next_attempt_at": values["next_attempt_at"] if waits else None},
            body_sha256=digest.hex() if digest else None,
        )
