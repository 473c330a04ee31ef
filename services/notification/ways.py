"""The ways that this installation has, and which of them a letter takes."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

from services.notification.channels import CannotDeliver, Letter, NotSent, Receipt, Way
from services.notification.messages.model import copy_of
from services.notification.rules import Channel
from shared.seal import Seal


class Ways:
    def __init__(self, ways: Iterable[Way], seal: Seal, last: Way | None = None) -> None:
        """`seal` closes the copies for customers' inboxes. `last` is taken when no other way leads to the receiver,
        whatever the channels."""
        self._seal = seal
        self._ways = {way.channel: way for way in ways}
        self._last = last

    async def first_set_up(self, channels: Sequence[Channel]) -> Channel | None:
        """The first way that would be tried for these channels; None: there is none of them here."""
        for way in self._among(channels):
            if await way.is_set_up():
                return way.channel
        return None

    async def send(self, letter: Letter, channels: Sequence[Channel]) -> Receipt:
        """By the first of these channels that leads to the receiver; when it is closed to them for ever, by the next.

        Raises CannotDeliver; NotSent when none of them leads to the receiver.
        """
        refusal: CannotDeliver | None = None
        for way in self._among(channels):
            address = way.address(letter.reach)
            if address is None:
                continue
            try:
                await way.send(letter, address)
            except NotSent:
                continue
            except CannotDeliver as error:
                error.channel = way.channel
                if not error.final:
                    raise
                refusal = error
            else:
                return Receipt(way.channel, letter.version, _digest(letter), copy_of(letter, self._seal))
        raise refusal or NotSent("no address")

    def _among(self, channels: Sequence[Channel]) -> list[Way]:
        named = [self._ways[channel] for channel in channels if channel in self._ways]
        return named if self._last is None else [*named, self._last]


def _digest(letter: Letter) -> bytes:
    return sha256(letter.body.encode()).digest()
