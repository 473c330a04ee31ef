"""Connections to the mail server, kept for the next letter: greeting, encryption and password cost more than a mail."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import aiosmtplib

TIMEOUT = 20.0
"""Seconds for each step of the conversation with the mail server."""

IDLE = 10.0
"""Seconds after which a connection that nobody needs is hung up."""

MOST_MAILS = 100
"""Mails on one connection: some servers end it after so many, in the middle of the next one."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the mail server is told beside the mail."""

    sender: str
    recipient: str
    mark: str
    """Returned with what is reported of the mail (ENVID, RFC 3461)."""


@dataclass(eq=False, slots=True)
class _Line:
    """An open connection."""

    client: aiosmtplib.SMTP
    mails: int = 0
    timer: asyncio.TimerHandle | None = None


class MailServer:
    """`smtp://user:password@host:587`, or `smtps://` for TLS from the start.

    With `smtp://` TLS is used when the server offers it, and demanded before a password is sent. As many mails as
    are sent at the same time have a connection each.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise ValueError("REDRESS_SMTP_URL must look like smtp://user:password@host:587 or smtps://host")
        self._host = parts.hostname
        self._tls = parts.scheme == "smtps"
        self._port = parts.port or (465 if self._tls else 587)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._idle: list[_Line] = []

    async def send(self, mail: EmailMessage, envelope: Envelope) -> None:
        """Returns when the server took the mail. Raises aiosmtplib.SMTPException, OSError or ValueError."""
        line = self._free() or await self._dial()
        sound = False
        try:
            reports = line.client.supports_extension("dsn")
            await line.client.send_message(
                mail,
                sender=envelope.sender,
                recipients=[envelope.recipient],
                mail_options=["RET=HDRS", f"ENVID={envelope.mark}"] if reports else [],
                rcpt_options=_reported(envelope.recipient) if reports else [],
            )
            sound = True
        except (aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPDataError):
            sound = True  # the server refuses this mail; it will take another one
            raise
        finally:
            self._keep(line, sound)

    def hang_up(self) -> None:
        """End whatever connection is not in use."""
        while self._idle:
            self._end(self._idle.pop())

    def _free(self) -> _Line | None:
        while self._idle:
            line = self._idle.pop()
            if line.client.is_connected:  # or else the server hung up meanwhile
                if line.timer is not None:
                    line.timer.cancel()
                return line
            self._end(line)
        return None

    async def _dial(self) -> _Line:
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            username=self._user,
            password=self._password,
            use_tls=self._tls,
            start_tls=True if self._user and not self._tls else None,
            timeout=TIMEOUT,
        )
        try:
            await client.connect()
        except BaseException:
            client.close()
            raise
        return _Line(client)

    def _keep(self, line: _Line, sound: bool) -> None:
        line.mails += 1
        if not sound or line.mails >= MOST_MAILS or not line.client.is_connected:
            self._end(line)
            return
        line.timer = asyncio.get_running_loop().call_later(IDLE, self._leave, line)
        self._idle.append(line)

    def _leave(self, line: _Line) -> None:
        with suppress(ValueError):  # it was taken at this very moment
            self._idle.remove(line)
            self._end(line)

    def _end(self, line: _Line) -> None:
        if line.timer is not None:
            line.timer.cancel()
        line.client.close()


def _reported(recipient: str) -> list[str]:
    """Tell us when it cannot be delivered or takes long, and about which address (RFC 3461)."""
    options = ["NOTIFY=FAILURE,DELAY"]
    if recipient.isascii():
        quoted = "".join(c if "!" <= c <= "~" and c not in "+=" else f"+{ord(c):02X}" for c in recipient)
        options.append(f"ORCPT=rfc822;{quoted}")
    return options
