"""The rulebook of providers: how text messages and pushed messages are handed to those who carry them.

`providers.json` is version 0: two worked examples, switched off. Secrets are never in it; templates name them.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    model_validator,
)

from services.notification.providers.filling import holes, unknown_holes
from services.notification.rules import Channel
from shared.expressions import NotAnExpression, compiled
from shared.guard import ForbiddenTarget, parse
from shared.rulebooks.model import Book, Content


def _expression(text: str) -> str:
    try:
        compiled(text)
    except NotAnExpression as error:
        raise ValueError(f"this is no JMESPath expression: {error} 不是有效的 JMESPath 表达式") from None
    return text


def _no_unknown_holes(template: Any) -> Any:
    if unknown := unknown_holes(template):
        raise ValueError(f"nothing fills {', '.join(unknown[:5])}; see docs/api.md 模板中有未知的占位符")
    return template


Expression = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_expression)]
Template = Annotated[str, StringConstraints(min_length=1, max_length=2000), AfterValidator(_no_unknown_holes)]
ProviderName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,60}$")]
Statuses = Annotated[tuple[Annotated[int, Field(ge=200, le=599)], ...], Field(max_length=50)]
Words = Annotated[tuple[Annotated[str, StringConstraints(max_length=100)], ...], Field(max_length=100)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Verdict(_Part):
    """How an answer shows something: by its status, or by what an expression finds in it."""

    statuses: Statuses = ()
    when: Expression | None = None
    """Finds something true in the JSON of the answer."""


class Proof(StrEnum):
    """How we know that a receipt comes from the provider."""

    TOKEN = "token"  # noqa: S105 - the name of a way, no secret
    """The secret itself, in the header or in the query as `token`."""
    SHA256 = "sha256"
    """The HMAC-SHA256 of the body in hexadecimal digits, in the header, with or without `sha256=`."""


class Receipts(_Part):
    """What the provider tells later, at `/notification/v1/providers/<name>/receipts`."""

    scheme: Proof
    secret: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{1,60}$")]
    """Name of the secret in REDRESS_PROVIDER_SECRETS."""
    header: HeaderName = "X-Signature"
    messages: Expression = "@"
    """Finds the list of receipts, or the one."""
    message_id: Expression
    """Finds in one of them what the provider calls the message."""
    outcome: Expression
    """Finds what became of it; its words are named below, and others mean that it is on its way."""
    arrived: Words = ()
    lost: Words = ()
    delayed: Words = ()
    code: Expression | None = None
    """Finds the reason as a short code."""


class Provider(_Part):
    """One request that hands over one message, and how its answer is understood."""

    name: ProviderName
    channel: Literal[Channel.SMS, Channel.PUSH]
    enabled: bool = False
    method: Literal["POST", "PUT"] = "POST"
    url: Template
    headers: Annotated[dict[HeaderName, Template], Field(max_length=30)] = {}
    format: Literal["json", "form"] = "json"
    body: Annotated[dict[str, JsonValue], AfterValidator(_no_unknown_holes), Field(max_length=100)]
    """Templates in its strings. `{{to}}` is the number in E.164 or the device's token."""
    taken: Verdict = Verdict(statuses=(200, 201, 202, 204))
    """Both must hold, where both are given. What is neither taken nor closed is tried again."""
    closed: Verdict = Verdict(statuses=(404, 410))
    """Either shows that nothing will ever reach this number or device."""
    message_id: Expression | None = None
    """Finds in the answer what the provider calls the message, by which receipts name it."""
    per_second: Annotated[float, Field(ge=0.5, le=1000, allow_inf_nan=False)] = 10.0
    """Requests that each process makes at most."""
    most_segments: Annotated[int, Field(ge=1, le=10)] = 3
    """Of a text message; a longer one is cut before its link."""
    receipts: Receipts | None = None

    @model_validator(mode="after")
    def _must_make_sense(self) -> Self:
        try:
            parse(self.url.replace("{{", "").replace("}}", "").replace(" ", ""))
        except ForbiddenTarget as error:
            raise ValueError(f"url: {error} 网址无效") from None
        if "{{" in self.url.split("/", 3)[2]:
            raise ValueError("url: the host cannot be a template 主机名不能使用占位符")
        if "to" not in holes(self.body) | holes(self.url):
            raise ValueError("neither body nor url says {{to}}: nobody would get it 未包含接收方 {{to}}")
        if self.format == "form" and not all(isinstance(value, str) for value in self.body.values()):
            raise ValueError("body: a form has text values only 表单字段的值必须是文本")
        if not self.taken.statuses:
            raise ValueError("taken: name the statuses of an answer that took it 请列出表示已接收的状态码")
        if self.receipts is not None and self.message_id is None:
            raise ValueError(
                "message_id: without it receipts cannot be matched; name it 需要 message_id 才能匹配回执"
            )
        return self


class Providers(Content):
    """Those who carry text messages and pushed messages for us."""

    providers: Annotated[tuple[Provider, ...], Field(max_length=20)]

    @model_validator(mode="after")
    def _must_be_clear(self) -> Self:
        names = [provider.name for provider in self.providers]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"two providers are called {min(twice)}: rename one 服务商名称重复")
        for channel in (Channel.SMS, Channel.PUSH):
            if sum(p.enabled and p.channel is channel for p in self.providers) > 1:
                raise ValueError(
                    f"two providers of {channel} are enabled: switch one off 同一渠道只能启用一个服务商"
                )
        return self

    def of(self, channel: Channel) -> Provider | None:
        """The one that is enabled."""
        return next((p for p in self.providers if p.enabled and p.channel is channel), None)

    def named(self, name: str) -> Provider | None:
        """Also one that is switched off: receipts come after it, too."""
        return next((p for p in self.providers if p.name == name), None)


PROVIDERS = Book(
    "message-providers",
    Providers,
    "message providers",
    "消息服务商表",
    ("services.notification.providers", "providers.json"),
)
