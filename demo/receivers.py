"""Where messages go: a mail server and a webhook receiver on this machine, so that nothing leaves it."""

import asyncio
import base64
import hmac
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

TOLERANCE = 300
"""Seconds by which a signature's time may differ from ours."""


@dataclass
class Mailbox:
    """A mail server that takes everything for everybody."""

    port: int | None = None
    """None when there is no mail server here: then Redress writes its messages to the log channel."""
    received: Counter[str] = field(default_factory=Counter)
    """By Message-ID, without the domain: the id of the delivery."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.received[str(mail["Message-ID"]).strip("<> ").partition("@")[0]] += 1
        return "250 OK"


@asynccontextmanager
async def mailbox() -> AsyncIterator[Mailbox]:
    box = Mailbox()
    try:
        from aiosmtpd.smtp import SMTP
    except ModuleNotFoundError:  # it comes with the development dependencies
        yield box
        return
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, enable_SMTPUTF8=True), "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    async with server:
        yield box


class Forged(Exception):
    """The signature is not that of somebody who knows the secret, or it is old."""


def verify(headers: dict[str, str], body: bytes, secret: str, now: float) -> str:
    """Check a Standard Webhooks signature; returns the id of the message. Raises Forged.

    Everything that a receiver needs: the secret of the subscription, and these lines.
    """
    message, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not at.isdecimal() or abs(now - int(at)) > TOLERANCE:
        raise Forged
    signed = b".".join((message.encode(), at.encode(), body))
    wanted = hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), signed, "sha256")
    for version, _, signature in (s.partition(",") for s in headers.get("webhook-signature", "").split()):
        if version == "v1" and hmac.compare_digest(base64.b64encode(wanted).decode(), signature):
            return message
    raise Forged


@dataclass
class Hook:
    """An operations team that subscribed to events."""

    port: int = 0
    secret: str = ""
    calls: int = 0
    forged: int = 0
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    """CloudEvents by message id: a repeated delivery is recognised."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/redress"

    def take(self, headers: dict[str, str], body: bytes) -> int:
        """Returns the status to answer with."""
        self.calls += 1
        try:
            message = verify(headers, body, self.secret, time.time())
        except Forged:
            self.forged += 1
            return 401
        self.events[message] = json.loads(body)
        return 204

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[1:]
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            status = self.take(headers, body)
            writer.write(f"HTTP/1.1 {status} -\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the sender tries again
        finally:
            writer.close()


@asynccontextmanager
async def hook() -> AsyncIterator[Hook]:
    receiver = Hook()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver
