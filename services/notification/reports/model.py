"""A report of what became of a message, and what follows from it. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.notification.rules import Channel

_CODE = re.compile(r"[0-9A-Za-z._:-]{1,40}")


class What(StrEnum):
    """What became of a message that was taken."""

    ARRIVED = "arrived"
    """It reached the receiver's device or mailbox."""
    DELAYED = "delayed"
    """It is still tried."""
    LOST = "lost"
    """It came back, or was thrown away: it will never arrive."""


@dataclass(frozen=True, slots=True)
class Report:
    id: UUID
    """Follows from what was reported: a repetition counts once."""
    delivery_id: UUID
    channel: Channel
    what: What
    code: str | None
    """The reporter's own, such as `5.1.1`."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """A delivery, as far as a report concerns it."""

    id: UUID
    status: str
    channel: str | None
    """By which it went."""
    channels: Sequence[str]
    """Ways that are not closed, in the order of its rule."""
    attempts: int
    erased: bool
    """The customer is: nothing more is written to them."""

    def is_being_sent(self) -> bool:
        """What came of the newest attempt is not written down yet. One that waits for its next attempt has told of the
        last: a report of that is taken, and there may be hours to go."""
        return self.status == "leased"

    def is_undone_by(self, report: Report) -> bool:
        """It counted as delivered, by the way of which this is reported."""
        return (
            report.what is What.LOST and self.status == "delivered" and self.channel == report.channel.value
        )

    def left(self) -> list[Channel]:
        """The other ways, also those that its receiver likes less: each is lost once, so this ends."""
        if self.erased or self.channel not in self.channels:
            return []
        return [Channel(each) for each in self.channels if each != self.channel]


def code_of(told: object) -> str | None:
    """A code fit to be kept: whatever else stands there may be about a person."""
    text = str(told) if isinstance(told, str | int) and not isinstance(told, bool) else ""
    return text if _CODE.fullmatch(text) else None


def reason(report: Report) -> str:
    """Why a delivery that counted as delivered does not any more."""
    return f"{report.channel.value} came back ({report.code or 'no code'})"
