"""What comes in and goes out over HTTP about webhooks."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from services.notification.model import FACTS
from services.notification.webhooks.filters import matches
from services.notification.webhooks.signing import Scheme
from shared import taxonomy
from shared.events.vocabulary import Audience, Severity
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


PLACES = tuple(taxonomy.newest().places())


def _place(code: str) -> str:
    if code not in PLACES:
        raise ValueError(f"the taxonomy has no such place. There are: {', '.join(PLACES)}")
    return code


def _audience(name: str) -> str:
    if name not in set(Audience):
        raise ValueError(f"there is no such audience. There are: {', '.join(Audience)}")
    return name


Url = Annotated[str, StringConstraints(min_length=1, max_length=2000), AfterValidator(_allowed)]
EventTypes = Annotated[
    list[Annotated[str, StringConstraints(max_length=100, pattern=r"^[a-z.-]*\*?$"), AfterValidator(_known)]],
    Field(max_length=50),
]
NoticeAudience = Annotated[
    str,
    StringConstraints(max_length=50),
    AfterValidator(_audience),
    WithJsonSchema({"type": "string", "enum": list(Audience)}),
]
"""Whom a notice is for. Not the enumeration itself: the delivery log has audiences, too."""
Audiences = Annotated[list[NoticeAudience], Field(max_length=len(Audience))]
Place = Annotated[
    str,
    StringConstraints(max_length=100),
    AfterValidator(_place),
    WithJsonSchema({"type": "string", "enum": list(PLACES)}),
]
Categories = Annotated[list[Place], Field(max_length=100)]


class Payload(StrEnum):
    """How much of an event is sent."""

    FULL = "full"
    THIN = "thin"
    """Id, type, subject, time and, as `dataref`, where to read the rest."""


class Ordering(StrEnum):
    """What a fact waits for."""

    PATIENT = "patient"
    """For the earlier ones about its complaint, until these have been tried a few times."""
    STRICT = "strict"
    """For the earlier ones about its complaint, until these are delivered or given up."""
    NONE = "none"
    """For nothing."""


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
                },
                {
                    "url": "https://quality.example.com/redress",
                    "event_types": ["*"],
                    "categories": ["function_fault"],
                    "least_severity": "urgent",
                    "payload": "thin",
                    "ordering": "strict",
                },
            ]
        }
    )

    url: Url
    """Where events are posted. It must be reachable on the public Internet."""
    event_types: EventTypes = []
    """Names of facts without the version; `redress.complaint.*` is a family of them, `*` all."""
    audiences: Audiences = []
    """Whose notices are posted, too. Your key needs their scope: `notices:technical-support`, or `notices:read`."""
    categories: Categories = []
    """Only of complaints with one of these places in the taxonomy: `function_fault` with all that is below it. Without
    any: of all complaints."""
    least_severity: Severity | None = None
    """Only of complaints that are, or were, at least so severe."""
    payload: Payload = Payload.FULL
    ordering: Ordering = Ordering.PATIENT
    signature: Scheme = Scheme.V1
    """`v1`: HMAC-SHA256 with a secret that you keep; `v1a`: ed25519, you verify with a public key."""
    description: ShortText | None = None


class WebhookChange(_Body):
    """What to change; leave out what stays as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"event_types": ["*"]}, {"enabled": True}]})

    url: Url | None = None
    event_types: EventTypes | None = None
    audiences: Audiences | None = None
    categories: Categories | None = None
    least_severity: Severity | None = None
    """Null: of any severity."""
    payload: Payload | None = None
    ordering: Ordering | None = None
    description: ShortText | None = None
    enabled: bool | None = None
    """False stops it, and gives up what was waiting; true starts it again from now on."""


class Health(StrEnum):
    WELL = "well"
    FAILING = "failing"
    """The last deliveries failed."""
    RESTING = "resting"
    """Nothing is sent before `paused_until`; then one delivery is a probe."""
    OFF = "off"


class Webhook(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    owner: str
    """Who subscribed. Only they and administrators see and change it."""
    url: str
    event_types: list[str]
    audiences: list[NoticeAudience]
    categories: list[str]
    least_severity: Severity | None = None
    payload: Payload
    ordering: Ordering
    description: str | None = None
    enabled: bool
    disabled_reason: str | None = None
    """Why it was switched off, if Redress did it."""
    health: Health
    failures: int
    """Failed deliveries since the last success."""
    failing_since: datetime | None = None
    last_success_at: datetime | None = None
    """To the minute."""
    paused_until: datetime | None = None
    """After several failures in a row, or because the receiver asked for it, nothing is sent before this time."""
    created_at: datetime
    version: int
    """The ETag."""


class WebhookInDetail(Webhook):
    waiting: int
    """Deliveries that were not settled yet."""
    waiting_since: datetime | None = None
    """When the oldest of them was queued."""


class WebhookWithSecret(Webhook):
    secret: str
    """Verifies the deliveries (Standard Webhooks). A shared secret (`whsec_`) is shown this once; keep it."""


class RotatedSecret(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    secret: str
    """What verifies from now on. A shared secret (`whsec_`) is shown this once."""
    previous_secret_until: datetime
    """Until then every delivery is signed with the old one, too."""
    version: int


class SigningSecret(BaseModel):
    """A secret that signs now. A shared one itself is not shown again."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    signature: Scheme
    public_key: str | None = None
    """Of `v1a`: what verifies."""
    made_at: datetime
    ends_at: datetime | None = None
    """It signs until then; without it, until the next rotation."""
