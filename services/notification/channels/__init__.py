"""Ways to reach somebody, one module each, behind one protocol."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.notification.rules import Channel


@dataclass(frozen=True, slots=True)
class Reach:
    """Where somebody can be told things. Personal data: it stays in memory and in what is sent."""

    email: str | None = None
    phone: str | None = None
    complaint_id: UUID | None = None
    """A customer reads what concerns this complaint with its tracking token."""
    person: str | None = None
    """Somebody of the company, by their id in the directory."""


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to a customer, or to somebody of the company, ready to go by whichever way there is."""

    delivery_id: UUID
    template: str
    language: str
    reference: str
    reach: Reach = field(repr=False)
    subject: str
    body: str
    at: datetime
    html: str | None = None
    """The same words for readers that show HTML."""
    short: str | None = None
    """The same in one sentence or two, for a short message."""
    link: str | None = None
    """Where the receiver reads more."""
    unsubscribe: str | None = None
    """An address that ends messages of this kind when it is posted to (RFC 8058)."""
    attachments: tuple[Attachment, ...] = ()
    person: str | None = None
    """Whose wishes count, as `preferences.model` names people; None: nobody's, it goes as it is."""
    from_customer_thread: bool = True
    """An answer to it belongs to what the customer tells."""
    version: str | None = None
    """Names the exact wording."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the receiving side answered."""

    code: int | None
    text: str | None = None
    """Its words, masked and cut; only of subscribers. Others' words may repeat an address."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A letter to a customer as it is kept for their inbox."""

    delivery_id: UUID
    complaint_id: UUID
    template: str
    language: str
    sealed: str
    told_at: datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """The receiving side took it."""

    channel: Channel
    template_version: str | None = None
    body_sha256: bytes | None = None
    copy: Copy | None = field(default=None, repr=False)
    """For the customer's inbox."""
    said: Said | None = None


class CannotDeliver(Exception):
    """This attempt failed. The reason is kept and told: it must not contain personal data."""

    def __init__(
        self,
        reason: str,
        *,
        final: bool = False,
        retry_after: float | None = None,
        gone: bool = False,
        said: Said | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final
        """Trying again is of no use."""
        self.retry_after = retry_after
        """Seconds that the receiver asked us to wait."""
        self.gone = gone
        """The receiver wants nothing more, ever."""
        self.said = said
        self.channel: Channel | None = None
        """The way that was tried."""


class NotSent(CannotDeliver):
    """There is no way to the receiver: nothing was sent, and somebody must reach them in another way."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, final=True)


class Withheld(Exception):
    """It does not go now, as its receiver wishes. Nothing is wrong, and nobody need be told."""


class Postponed(Withheld):
    """The receiver's quiet hours last until then."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


class Declined(Withheld):
    """The receiver does not want to hear of such things."""


class Merged(Withheld):
    """It is told with others in a digest."""

    def __init__(
        self, person: str, at: datetime, channels: tuple[Channel, ...], why: str, *, copy: bool = False
    ) -> None:
        super().__init__(person, at)
        self.person = person
        self.at = at
        self.channels = channels
        self.why = why
        """`digest` or `daily-limit`."""
        self.copy = copy
        """The same goes by another way, too: copies make a digest of their own, by that way."""


class Way(Protocol):
    """A channel for letters. Sending the same letter twice must be recognisable to the receiver, by the delivery id."""

    @property
    def channel(self) -> Channel: ...

    async def is_set_up(self) -> bool:
        """Whether this installation has it now."""
        ...

    def address(self, reach: Reach) -> str | None:
        """Where it leads to them; None when it does not."""
        ...

    async def send(self, letter: Letter, address: str) -> None:
        """Returns when the receiving side took the letter. Raises CannotDeliver; NotSent when it turns out not to
        lead to them."""
        ...
