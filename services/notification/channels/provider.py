"""Messages handed to a provider over HTTP. What the request looks like and what its answer means is data."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx
from pydantic_core import from_json, to_json

from services.notification.channels import CannotDeliver, Letter, NotSent
from services.notification.providers.book import PROVIDERS, Provider, Verdict
from services.notification.providers.filling import UnknownSecret, fill, fill_url
from services.notification.providers.store import note_handed
from services.notification.rules import Channel
from services.notification.webhooks.channel import retry_after
from shared.database import Database
from shared.expressions import value
from shared.guard import ForbiddenTarget, Guard
from shared.outward import Connections, Reply
from shared.rulebooks import store as rulebooks

TIMEOUT = 15.0
"""Seconds for everything: resolve, connect, send, answer."""


class Closed(CannotDeliver):
    """Nothing will ever reach this number or device."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, final=True)


class ProviderDesk:
    """Hands messages to whoever is enabled for a channel. Part of notification."""

    def __init__(
        self,
        database: Database,
        guard: Guard,
        connections: Connections,
        secrets: Mapping[str, str],
        pace: "Pace | None" = None,
    ) -> None:
        self._database = database
        self._guard = guard
        self._secrets = secrets
        self._pace = pace or Pace()
        self._connections = connections

    async def enabled(self, channel: Channel) -> Provider | None:
        """Asked for each message, so that a switch counts at once."""
        async with self._database.reading() as connection:
            books = await rulebooks.load_books(connection, PROVIDERS)
        return books.read(PROVIDERS).of(channel)

    async def hand_over(self, provider: Provider, letter: Letter, to: str, text: str) -> None:
        """Returns when the provider took it. Raises CannotDeliver, Closed."""
        url, headers, body = self._request(provider, letter, to, text)
        await self._pace.wait(provider.name, provider.per_second)
        try:
            async with asyncio.timeout(TIMEOUT):
                target = await self._guard.check(url)
                answer = await self._connections.post(target, body, headers, TIMEOUT, provider.method)
        except ForbiddenTarget as error:
            raise CannotDeliver(f"not allowed: {error}") from None
        except TimeoutError:
            raise CannotDeliver(f"{provider.name} does not answer within {TIMEOUT:.0f} s") from None
        except (httpx.HTTPError, OSError, ValueError) as error:
            raise CannotDeliver(f"{provider.name} cannot be reached ({type(error).__name__})") from None
        told = _json(answer)
        self._judge(provider, answer, told, letter)
        message = value(provider.message_id, told) if provider.message_id else None
        if isinstance(message, str | int) and message != "":
            await note_handed(self._database, provider.name, str(message), letter)

    def _judge(self, provider: Provider, answer: Reply, told: Any, letter: Letter) -> None:
        # What the provider says may repeat the number: only its status is kept.
        closed, taken = provider.closed, provider.taken
        if answer.status in closed.statuses or (closed.when and value(closed.when, told)):
            raise Closed(f"{provider.name} says that nothing reaches the receiver ({answer.status})")
        if not _holds(taken, answer.status, told):
            raise CannotDeliver(
                f"{provider.name} answers {answer.status}",
                retry_after=retry_after(answer.headers.get("Retry-After"), letter.at),
            )

    def _request(
        self, provider: Provider, letter: Letter, to: str, text: str
    ) -> tuple[str, dict[str, str], bytes]:
        values = {
            "to": to,
            "text": text,
            "title": letter.subject,
            "body": letter.body,
            "link": letter.link or "",
            "reference": letter.reference,
            "delivery_id": str(letter.delivery_id),
            "language": letter.language,
            "template": letter.template,
        }
        try:
            url = fill_url(provider.url, values, self._secrets)
            headers = fill(provider.headers, values, self._secrets)
            body = fill(provider.body, values, self._secrets)
        except UnknownSecret as error:
            raise CannotDeliver(f"REDRESS_PROVIDER_SECRETS has no {error}") from None
        if provider.format == "form":
            kind, content = "application/x-www-form-urlencoded", urlencode(body).encode()
        else:
            kind, content = "application/json; charset=utf-8", to_json(body)
        return url, {"Content-Type": kind, "User-Agent": "Redress/1", **headers}, content


class Pace:
    """Keeps requests to each provider apart; as many wait as are sent side by side."""

    def __init__(self) -> None:
        self._free_at: dict[str, float] = {}

    async def wait(self, name: str, per_second: float) -> None:
        now = asyncio.get_running_loop().time()
        mine = max(now, self._free_at.get(name, 0.0))
        self._free_at[name] = mine + 1 / per_second
        if mine > now:
            await asyncio.sleep(mine - now)


async def enabled_or_not_sent(desk: ProviderDesk, channel: Channel) -> Provider:
    """Raises NotSent when no provider carries this channel."""
    provider = await desk.enabled(channel)
    if provider is None:
        raise NotSent(f"no provider of {channel}")
    return provider


def _holds(verdict: Verdict, status: int, told: Any) -> bool:
    return status in verdict.statuses and (verdict.when is None or bool(value(verdict.when, told)))


def _json(answer: Reply) -> Any:
    try:
        return from_json(answer.body)
    except ValueError:
        return None
