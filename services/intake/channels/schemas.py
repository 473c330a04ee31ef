"""Shapes of the channels' part of the HTTP interface."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, SecretStr, model_validator
from pydantic.config import JsonDict

from services.intake.channels.signing import Scheme, standard_key
from services.intake.record.parts import Body
from shared.events.vocabulary import Channel, Language, Visibility
from shared.expressions import NotAnExpression, compiled

Outcome = Literal["registered", "added", "auto_reply", "bounce", "loop", "empty"]


class MessageTaken(BaseModel):
    """What became of a message. It will not be taken twice."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    outcome: Outcome
    """A complaint of its own, an addition to one, or something that no person wrote: recorded, never answered."""
    complaint_id: UUID | None = None
    addition_id: UUID | None = None
    attachments: int
    """Files that were kept."""
    left_out: int
    """Files that were refused: of a type that is not taken, too large, or too many."""


class MessageNotTaken(BaseModel):
    """A message of a call that is none for us."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    outcome: Literal["ignored"] = "ignored"
    reason: str
    """Which expression of the mapping says so."""


class WebhookAnswer(BaseModel):
    """What became of the messages of one call, in their order."""

    messages: list[MessageTaken | MessageNotTaken]


class ChannelMessage(MessageTaken):
    """A message that came in through a channel."""

    id: UUID
    source: str
    """`email`, or the name of the webhook."""
    received_at: datetime
    received_by: str


def _expression(text: str) -> str:
    try:
        compiled(text)
    except NotAnExpression as error:
        raise ValueError(f"no JMESPath expression: {error} 不是有效的 JMESPath 表达式") from None
    return text


Expression = Annotated[
    str, Field(min_length=1, max_length=300, examples=["data.text"]), AfterValidator(_expression)
]


class Mapping(Body):
    """JMESPath expressions that say what stands where in the JSON that a source posts."""

    messages: Expression | None = None
    """The messages of a call; the whole of it when left out. All others are read in each of them."""
    when: Expression | None = None
    """Only messages for which it is true are taken."""
    text: Expression
    """What was written."""
    message_id: Expression | None = None
    """What the source calls the message; required unless it sends a `webhook-id` with each."""
    author: Expression | None = None
    """Name or handle; personal data."""
    permalink: Expression | None = None
    """Where it stands in public."""
    time: Expression | None = None
    """ISO 8601, or seconds or milliseconds since 1970."""
    thread_id: Expression | None = None
    """The conversation: its first message is the complaint, the later ones are additions."""


EXAMPLE_MAPPING: JsonDict = {
    "messages": "entry[].changes[].value",
    "when": "item == 'comment'",
    "text": "message",
    "message_id": "comment_id",
    "author": "from.name",
    "permalink": "permalink_url",
    "time": "created_time",
    "thread_id": "post_id",
}
_EXAMPLE: JsonDict = {
    "enabled": True,
    "channel": "social_media",
    "visibility": "public",
    "scheme": "sha256",
    "secret": "choose-at-least-16-characters",
    "signature_header": "X-Hub-Signature-256",
    "mapping": EXAMPLE_MAPPING,
}

SourceChannel = Literal[
    Channel.SOCIAL_MEDIA, Channel.CHAT, Channel.CHATBOT, Channel.WEB_FORM, Channel.MOBILE_APP, Channel.API
]


class Source(Body):
    """Somebody who posts messages: a social network, a chat, a form on a web site."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    enabled: bool = True
    channel: SourceChannel
    visibility: Visibility = Visibility.PRIVATE
    """Public when everybody can read there what is written."""
    language: Language | None = None
    """In which its authors are answered; detected when left out."""
    scheme: Scheme
    secret: Annotated[SecretStr, Field(min_length=16, max_length=200)] | None = None
    """With which the source signs. It is never shown; left out, the present one stays."""
    signature_header: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,79}$")] = "X-Hub-Signature-256"
    """Of the scheme `sha256`."""
    tolerance: Annotated[int, Field(ge=30, le=3600)] = 300
    """Seconds by which the timestamp of `standard_webhooks` may be off."""
    mapping: Mapping

    @model_validator(mode="after")
    def _can_be_checked(self) -> Self:
        if self.scheme is Scheme.SHA256 and self.mapping.message_id is None:
            raise ValueError(
                "mapping.message_id is required with the scheme sha256, or repeated calls would count twice "
                "使用 sha256 时必须填写 mapping.message_id"
            )
        given = self.secret.get_secret_value() if self.secret else None
        if self.scheme is Scheme.STANDARD_WEBHOOKS and given is not None and standard_key(given) is None:
            raise ValueError(
                "secret must be `whsec_` and 16 to 96 bytes in base64 密钥格式应为 whsec_ 加 base64"
            )
        return self


class SourceShown(BaseModel):
    """A source as it is set up; its secret is never shown."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    name: str
    version: int
    """The ETag."""
    enabled: bool
    channel: Channel
    visibility: Visibility
    language: Language | None = None
    scheme: Scheme
    signature_header: str
    tolerance: int
    mapping: dict[str, str]
    url: str
    """Where the source posts to."""
    changed_by: str
    changed_at: datetime


class Trial(Body):
    """A mapping to be tried, and a payload such as the source sends."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "mapping": {"text": "text", "message_id": "id"},
                    "payload": {"id": "m1", "text": "The motor is loud."},
                }
            ]
        }
    )

    mapping: Mapping
    payload: JsonValue


class Tried(BaseModel):
    """A message as the mapping reads it; nothing was taken."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    ignored: str | None = None
    """Why it would not be taken."""
    text: str | None = None
    message_id: str | None = None
    author: str | None = None
    permalink: str | None = None
    time: datetime | None = None
    thread_id: str | None = None
    language: Language | None = None


class TrialResult(BaseModel):
    messages: list[Tried]
