"""Who may write next, and what is told of it. Pure: no I/O, no clock.

Neither side sees an address of the other. The handler reads the customer's words masked, as everywhere; the
customer reads the handler's words with numbers and addresses masked, under the name by which the handler signs.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from shared import ids
from shared.aggregate import Aggregate, NotPossible
from shared.events import CustomerWrote, HandlerWrote
from shared.masking import mask

MOST_MESSAGES = 500
MOST_UNANSWERED = 20
"""Messages that a customer may write in a row before somebody answers."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message. It is never changed."""

    id: UUID
    number: int
    written_at: datetime
    from_customer: bool
    written_by: str
    """`customer`, or the caller's id."""
    signed: str | None
    """The work name under which the customer reads it."""
    text: str
    """As it was written."""

    @property
    def for_customer(self) -> str:
        """Their own words as they are; those of the company without anybody's address."""
        return self.text if self.from_customer else mask(self.text)


@dataclass(kw_only=True)
class Dialogue(Aggregate):
    """How far the dialogue about one complaint has come."""

    messages: int = 0
    unanswered: int = 0
    """The customer's messages since the company wrote last."""
    written: list[tuple[Message, UUID]] = field(default_factory=list)
    """Messages that this change adds, each with the id of its event."""

    def customer_writes(self, text: str, known: tuple[str, ...], at: datetime) -> Message:
        """`known` is what identifies somebody. Raises NotPossible."""
        if self.unanswered >= MOST_UNANSWERED:
            raise NotPossible(
                "wait-for-an-answer",
                "Your messages have arrived and wait for an answer. Write again when you have it.",
                "您的留言均已送达，正等待答复，请收到答复后再留言。",
            )
        self.unanswered += 1
        message = self._write(text, True, "customer", None, at)
        wrote = CustomerWrote(
            complaint_id=self.id,
            message_id=message.id,
            number=message.number,
            message=mask(text, known),
            written_at=at,
        )
        self.written.append((message, self.record(wrote, at)))
        return message

    def handler_writes(
        self,
        text: str,
        known: tuple[str, ...],
        by: str,
        signed: str | None,
        at: datetime,
        despite: str | None = None,
    ) -> Message:
        """`despite` is why they wrote words that the reply check blocks, masked. Raises NotPossible."""
        self.unanswered = 0
        message = self._write(text, False, by, signed, at)
        wrote = HandlerWrote(
            complaint_id=self.id,
            message_id=message.id,
            number=message.number,
            message=mask(text, known),
            written_by=by,
            despite=despite,
            written_at=at,
        )
        self.written.append((message, self.record(wrote, at)))
        return message

    def _write(self, text: str, from_customer: bool, by: str, signed: str | None, at: datetime) -> Message:
        if self.messages >= MOST_MESSAGES:
            raise NotPossible(
                "too-many-messages",
                "Nothing more can be written about this complaint. Use another way, and give the reference.",
                "该投诉的留言已达上限，请通过其他方式联系并告知投诉编号。",
            )
        self.messages += 1
        return Message(ids.new_id(), self.messages, at, from_customer, by, signed, text)
