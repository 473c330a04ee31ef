"""Facts that intake publishes of what customers and handlers write to each other, and of withdrawals."""

from datetime import datetime
from uuid import UUID

from shared.events.registry import Event, registry
from shared.events.vocabulary import TOPICS


@registry.event("redress.customer.wrote", topic=TOPICS.intake)
class CustomerWrote(Event):
    """The customer wrote to whoever handles the case.

    客户给受理人留言。
    """

    message_id: UUID
    number: int
    """Counts the messages of a complaint, from 1, whoever wrote them."""
    message: str
    """In the customer's own words, masked."""
    written_at: datetime


@registry.event("redress.handler.wrote", topic=TOPICS.intake)
class HandlerWrote(Event):
    """A person of the company wrote to the customer, who reads it by tracking.

    受理人给客户留言，客户凭投诉编号和查询码查看。
    """

    message_id: UUID
    number: int
    """Counts the messages of a complaint, from 1, whoever wrote them."""
    message: str
    """Masked."""
    written_by: str
    """The caller's id; the customer does not see it."""
    despite: str | None = None
    """Why they wrote words that the reply check blocks, masked."""
    written_at: datetime


@registry.event("redress.complaint.withdrawn", topic=TOPICS.intake)
class ComplaintWithdrawn(Event):
    """The customer withdrew the complaint.

    客户撤回投诉。
    """

    reason: str | None = None
    """In the customer's own words, masked."""
    withdrawn_at: datetime


@registry.event("redress.reopening.asked", topic=TOPICS.intake)
class ReopenAsked(Event):
    """The customer asked that the closed case be taken up again.

    客户请求重新处理已结案的投诉。
    """

    reason: str
    """In the customer's own words, masked."""
    asked_at: datetime
