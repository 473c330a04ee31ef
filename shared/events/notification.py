"""Facts that notification publishes."""

from datetime import datetime
from uuid import UUID

from shared.events.registry import Event, registry
from shared.events.vocabulary import TOPICS


@registry.event("redress.message.delivered", topic=TOPICS.notification)
class MessageDelivered(Event):
    """The receiving side took the message.

    消息已送达。
    """

    delivery_id: UUID
    template: str
    channel: str
    attempts: int
    delivered_at: datetime


@registry.event("redress.message.failed", topic=TOPICS.notification)
class MessageFailed(Event):
    """Nothing reached the customer: every attempt failed, it came back after it had been taken, or there is no
    address or no mail server. Somebody must reach them in another way.

    消息多次发送失败、被退回，或没有可用的地址、邮件服务器，须另行联系。
    """

    delivery_id: UUID
    template: str
    channel: str
    attempts: int
    reason: str
    failed_at: datetime
    next_channel: str | None = None
    """It goes by this way now: nobody need do anything until that fails, too."""


@registry.event("redress.message.read", topic=TOPICS.notification)
class MessageRead(Event):
    """The customer opened what they were told, in their inbox.

    客户已在收件箱中阅读消息。
    """

    delivery_id: UUID
    template: str
    read_at: datetime


@registry.event("redress.webhook.disabled", topic=TOPICS.notification)
class WebhookDisabled(Event):
    """A webhook was switched off: its receiver wants nothing more, or nothing was delivered for days. The complaint is
    the one of which a fact could not be delivered last.

    Webhook已停用：接收方不再接收，或多日未能送达。
    """

    webhook_id: UUID
    owner: str
    """Who subscribed: the id of a key or an account."""
    reason: str
    disabled_at: datetime
