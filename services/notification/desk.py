"""Desks: what is done with one delivery of an audience."""

import logging
from collections.abc import Mapping
from typing import Protocol

from services.notification.channels import Letter, NotSent, Receipt
from services.notification.preferences.gate import Gate
from services.notification.queue import Leased
from services.notification.rules import Audience
from services.notification.ways import Ways

log = logging.getLogger(__name__)


class Desk(Protocol):
    """Makes a message of a delivery and sends it."""

    audience: Audience

    async def send(self, delivery: Leased) -> Receipt:
        """Raises CannotDeliver, Withheld."""
        ...


class Writer(Protocol):
    """Makes a letter of a delivery: who it goes to, and the words."""

    async def write(self, delivery: Leased) -> Letter | Receipt:
        """A receipt when nothing need be sent any more. Raises CannotDeliver."""
        ...


class LetterDesk:
    """Has letters written, each template's by its own writer, and sends them by the ways that there are."""

    def __init__(
        self,
        audience: Audience,
        ways: Ways,
        gate: Gate,
        usual: Writer,
        special: Mapping[str, Writer] | None = None,
    ) -> None:
        self.audience = audience
        self._ways = ways
        self._gate = gate
        self._usual = usual
        self._special = special or {}

    async def send(self, delivery: Leased) -> Receipt:
        assert delivery.template is not None
        try:
            if not await self._ways.first_set_up(delivery.channels):
                raise NotSent("no mail server")
            written = await self._special.get(delivery.template, self._usual).write(delivery)
            if isinstance(written, Receipt):
                return written
            return await self._ways.send(written, await self._gate.ways_now(delivery, written.person))
        except NotSent:
            # A line that says which message would have gone out; its text stays out of the log.
            told = {
                "delivery_id": str(delivery.id),
                "reference": delivery.reference,
                "template": delivery.template,
            }
            log.info("a message was not sent: there is no way to its receiver", extra=told)
            raise


class Desks:
    """The desk of each audience."""

    def __init__(self, *desks: Desk) -> None:
        self._desks = {desk.audience: desk for desk in desks}

    def of(self, audience: Audience) -> Desk:
        return self._desks[audience]
