"""Ways to reach somebody, one module each, behind one protocol. SMS or push would be one more module."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to a customer, or to somebody of the company, ready to go."""

    delivery_id: UUID
    template: str
    language: str
    reference: str
    recipient: str | None
    """E-mail address; personal data: it stays in memory and in the mail."""
    subject: str
    body: str
    at: datetime
    from_customer_thread: bool = True
    """An answer to it belongs to what the customer tells."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """An event for a webhook, ready to go."""

    delivery_id: UUID
    url: str
    secrets: tuple[str, ...]
    body: bytes
    at: datetime


class CannotDeliver(Exception):
    """This attempt failed. The reason is kept and told: it must not contain personal data."""

    def __init__(
        self, reason: str, *, final: bool = False, retry_after: float | None = None, gone: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final
        """Trying again is of no use."""
        self.retry_after = retry_after
        """Seconds that the receiver asked us to wait."""
        self.gone = gone
        """The receiver wants nothing more, ever."""


class NotSent(CannotDeliver):
    """There is no way to the receiver: nothing was sent, and somebody must reach them in another way."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, final=True)


M = TypeVar("M", contravariant=True)


class Sender(Protocol[M]):
    """A channel. Sending the same message twice must be recognisable to the receiver, by the delivery id."""

    @property
    def name(self) -> str: ...

    async def send(self, message: M) -> None:
        """Returns when the receiving side took the message. Raises CannotDeliver."""
        ...
