"""Real receivers on free ports: a mail server, and a web server that answers as it is told."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def text_of(mail: EmailMessage) -> str:
    """The words of a mail, as they read without HTML."""
    plain = mail.get_body(("plain",))
    assert plain is not None
    words: str = plain.get_content()
    return words.replace("\r\n", "\n")


@dataclass
class Mailbox:
    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    refuse: str | None = None
    """What the server answers to RCPT TO, such as `550 no such user`."""
    dsn: bool = False
    """Offer delivery reports (RFC 3461)."""
    envelopes: list[str] = field(default_factory=list)
    """Who sent each mail, as the envelope says."""
    options: list[str] = field(default_factory=list)
    """What was asked for by the extension for delivery reports: `MAIL RET=HDRS ENVID=...`."""
    connections: int = 0
    protocols: list[SMTP] = field(default_factory=list)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """A connection has ended."""

    async def handle_EHLO(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.connections += 1
        self.protocols.append(server)
        return [*responses[:-1], "250-DSN", responses[-1]] if self.dsn else responses

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.envelopes.append(envelope.mail_from)
        return "250 OK"


class _Reporting(SMTP):
    """Takes the parameters of RFC 3461, which aiosmtpd does not know."""

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        await super().smtp_MAIL(self._taken("MAIL", arg))

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        await super().smtp_RCPT(self._taken("RCPT", arg))

    def connection_lost(self, error: Exception | None) -> None:
        mailbox: Mailbox = self.event_handler
        mailbox.gone.set()
        super().connection_lost(error)

    def _taken(self, verb: str, arg: str | None) -> str | None:
        mailbox: Mailbox = self.event_handler
        if arg is None or not mailbox.dsn:
            return arg
        words = arg.split(" ")
        ours = [word for word in words if word.startswith(("RET=", "ENVID=", "NOTIFY=", "ORCPT="))]
        mailbox.options.append(" ".join([verb, *ours]))
        return " ".join(word for word in words if word not in ours)


@asynccontextmanager
async def mail_server() -> AsyncIterator[Mailbox]:
    mailbox = Mailbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Reporting(mailbox, enable_SMTPUTF8=True), "127.0.0.1", 0)
    mailbox.port = server.sockets[0].getsockname()[1]
    async with server:
        yield mailbox


@dataclass
class Call:
    headers: dict[str, str]
    body: bytes
    line: str = ""
    """`POST /hook HTTP/1.1`"""


@dataclass
class Hook:
    port: int = 0
    answers: list[str] = field(default_factory=list)
    """Answers to give, in order: `429 Retry-After: 100`; then 200 for ever. Or what a bad receiver does: `drop` (hang
    up without a word), `half` (hang up in the middle of the answer), `slow head`, `slow body` (never end)."""
    calls: list[Call] = field(default_factory=list)
    body: str = "ok"
    """What every answer says."""
    endless: bool = False
    """Answer 200 and never stop talking."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {n.lower(): v for n, _, v in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.calls.append(Call(headers, body, head[0]))
            if self.endless:
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
                while True:
                    writer.write(b"x" * 10_000)
                    await writer.drain()
            answer = self.answers.pop(0) if self.answers else "200"
            if answer in _BAD:
                await _BAD[answer](writer)
                return
            status, _, header = answer.partition(" ")
            extra = f"{header}\r\n" if header else ""
            writer.write(
                f"HTTP/1.1 {status} X\r\n{extra}Content-Length: {len(self.body)}\r\n\r\n{self.body}".encode()
            )
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


async def _drop(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def _half(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly so")
    await writer.drain()


async def _slow_head(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    await _dribble(writer, b"X-More: 1\r\n")


async def _slow_body(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    await _dribble(writer, b"x")


async def _dribble(writer: asyncio.StreamWriter, words: bytes) -> None:
    while True:  # until the other side hangs up
        writer.write(words)
        await writer.drain()
        await asyncio.sleep(0.01)


_BAD: dict[str, Callable[[asyncio.StreamWriter], Awaitable[None]]] = {
    "drop": _drop,
    "half": _half,
    "slow head": _slow_head,
    "slow body": _slow_body,
}


@asynccontextmanager
async def web_server(chain: Path | None = None) -> AsyncIterator[Hook]:
    """With TLS if there is a certificate (and its key, in one file)."""
    hook = Hook()
    tls = None
    if chain is not None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(chain)
    server = await asyncio.start_server(hook.serve, "127.0.0.1", 0, ssl=tls)
    hook.port = server.sockets[0].getsockname()[1]
    async with server:
        yield hook


def certificate(name: str, folder: Path) -> Path:
    """A self-signed certificate for a host name, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain = folder / f"{name}.pem"
    plain = serialization.NoEncryption()
    chain.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return chain
