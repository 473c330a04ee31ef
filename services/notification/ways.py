"""The ways that this installation has, and which of them a letter takes."""

import logging
from collections.abc import Iterable, Sequence
from hashlib import sha256

from services.notification.channels import CannotDeliver, Letter, NotSent, Receipt, Way
from services.notification.rules import Channel

log = logging.getLogger(__name__)


class Ways:
    def __init__(self, ways: Iterable[Way]) -> None:
        self._ways = {way.channel: way for way in ways}

    def among(self, channels: Sequence[Channel]) -> list[Way]:
        """Those of these channels that are set up here, in their order."""
        return [self._ways[channel] for channel in channels if channel in self._ways]

    async def send(self, letter: Letter, channels: Sequence[Channel]) -> Receipt:
        """By the first of these channels that leads to the receiver; when it is closed to them for ever, by the next.

        Raises CannotDeliver; NotSent when none of them leads to the receiver.
        """
        refusal: CannotDeliver | None = None
        for way in self.among(channels):
            address = way.address(letter.reach)
            if address is None:
                continue
            try:
                await way.send(letter, address)
            except CannotDeliver as error:
                error.channel = way.channel
                if not error.final:
                    raise
                refusal = error
            else:
                return Receipt(way.channel, letter.version, sha256(letter.body.encode()).digest())
        raise refusal or NotSent("no address")
