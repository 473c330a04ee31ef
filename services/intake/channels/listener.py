"""A mail server's back door: mails handed over by LMTP or SMTP, one by one, each answered when it is safe."""

import asyncio
import ipaddress
import logging
from typing import Any
from urllib.parse import urlsplit

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.intake.channels.mailroom import Mailroom
from shared.config import Settings
from shared.problems import Problem
from shared.reactions import describe

log = logging.getLogger(__name__)

PATIENCE = 120.0
"""Seconds of silence after which a connection is closed."""
CONNECTIONS = 10
"""That may be bringing mails at the same time, each in memory; more are told to come again."""
LINE_LIMIT = 65_536
"""Bytes: mail programs write longer lines than the standard's 1,000, and what they wrote must come in."""
NULL_PATH = "<>"
"""As aiosmtpd has it; an empty one would count as no sender at all."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class _SMTP(SMTP):
    line_length_limit = LINE_LIMIT

    def connection_lost(self, error: Exception | None) -> None:
        self.event_handler.left(self)
        super().connection_lost(error)


class _LMTP(_SMTP, LMTP):
    """The same greetings as LMTP, the same limits as `_SMTP`."""


class Listener:
    """Listens where `mail_listen` says. One of intake's workers."""

    def __init__(self, mailroom: Mailroom, settings: Settings) -> None:
        assert settings.mail_listen is not None
        where = urlsplit(settings.mail_listen)
        self._kind: type[SMTP] = _LMTP if where.scheme == "lmtp" else _SMTP
        self._host, self._asked_port = where.hostname or "127.0.0.1", where.port or 0
        self._allowed: list[Network] = list(settings.mail_allow)
        self._limit = settings.mail_limit
        self._mailroom = mailroom
        self._open: set[SMTP] = set()
        self.port = 0
        """Where it listens; 0 while it does not."""

    async def run(self) -> None:
        """Listen for ever."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self._protocol, self._host, self._asked_port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            async with server:
                await server.serve_forever()
        finally:
            self.port = 0

    def _protocol(self) -> SMTP:
        return self._kind(
            self,
            data_size_limit=self._limit,
            enable_SMTPUTF8=True,
            hostname="redress",
            ident="Redress",
            timeout=PATIENCE,
            loop=asyncio.get_running_loop(),
        )

    # The names below are aiosmtpd's.

    async def handle_MAIL(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, session: Session, envelope: Envelope, address: str | None, options: list[str]
    ) -> str:
        if not self._may_deliver(session.peer):
            return "550 5.7.1 This address may not deliver here"
        if len(self._open - {server}) >= CONNECTIONS:
            return "451 4.3.2 Too many at once, come again"
        self._open.add(server)
        envelope.mail_from = address or NULL_PATH
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if envelope.rcpt_tos:  # one mail has one answer; a mail server brings the second copy by itself
            return "452 4.5.3 One recipient at a time"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd calls it so
        assert isinstance(envelope.content, bytes)
        sender = "" if envelope.mail_from == NULL_PATH else envelope.mail_from
        try:
            to = next(iter(envelope.rcpt_tos), None)
            landed = await self._mailroom.receive(envelope.content, "mail", sender, to)
        except Problem as problem:
            if problem.status == 422:
                return "554 5.6.0 The mail cannot be read"
            return "451 4.3.0 Not now, deliver it again later"
        except Exception as error:  # whatever it is, the mail stays with the sender's server
            log.error("a mail could not be taken: %s", describe(error))
            return "451 4.3.0 Not now, deliver it again later"
        return f"250 2.0.0 {landed.outcome}"

    async def handle_exception(self, error: Exception) -> str:
        log.warning("a mail connection failed: %s", describe(error))
        return "451 4.3.0 Not now"

    def left(self, server: SMTP) -> None:
        """A connection has ended."""
        self._open.discard(server)

    def _may_deliver(self, peer: Any) -> bool:
        try:
            address = ipaddress.ip_address(str(peer[0]).partition("%")[0])
        except (ValueError, IndexError, TypeError):
            return False
        mapped = getattr(address, "ipv4_mapped", None) or address
        return mapped.is_loopback or any(mapped in network for network in self._allowed)
