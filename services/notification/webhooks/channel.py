"""Posts an event, signed as Standard Webhooks wants it, and hears what the receiver says."""

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from uuid import UUID

import httpx

from services.notification.channels import CannotDeliver, Said
from services.notification.webhooks import signing
from shared.guard import ForbiddenTarget, Guard
from shared.masking import mask
from shared.outward import Connections, Reply

TIMEOUT = 15.0
"""Seconds for everything: resolve, connect, send, answer."""

HEARD = 2048
"""Bytes of an answer that are looked at."""
KEPT = 1024
"""Characters of it that are kept, once personal data in it is masked."""

_UNPRINTABLE = re.compile(r"[^\S\n]|[\x00-\x09\x0b-\x1f\x7f-\x9f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Parcel:
    """An event for a webhook, ready to go."""

    delivery_id: UUID
    url: str
    secrets: tuple[str, ...]
    body: bytes
    at: datetime


class WebhookChannel:
    def __init__(self, guard: Guard, connections: Connections) -> None:
        self._guard = guard
        self._connections = connections

    async def send(self, parcel: Parcel) -> Said:
        """What the receiver said when it took the parcel. Raises CannotDeliver."""
        try:
            async with asyncio.timeout(TIMEOUT):
                target = await self._guard.check(parcel.url)
                reply = await self._connections.post(target, parcel.body, _headers(parcel), TIMEOUT)
        except ForbiddenTarget as error:
            raise CannotDeliver(f"not allowed: {error}") from None
        except TimeoutError:
            raise CannotDeliver(f"no answer within {TIMEOUT:.0f} s") from None
        except (httpx.HTTPError, OSError) as error:
            raise CannotDeliver(f"the receiver cannot be reached ({type(error).__name__})") from None
        if reply.status // 100 == 2:
            return heard(reply)
        raise CannotDeliver(
            f"the receiver answers {reply.status}",
            gone=reply.status == 410,
            retry_after=retry_after(reply.headers.get("Retry-After"), parcel.at),
            said=heard(reply),
        )


def _headers(parcel: Parcel) -> dict[str, str]:
    return {
        "Content-Type": "application/cloudevents+json; charset=utf-8",
        "User-Agent": "Redress-Webhooks/1",
        **signing.headers(str(parcel.delivery_id), parcel.at, parcel.body, parcel.secrets),
    }


def heard(reply: Reply) -> Said:
    """What is kept of an answer. It may say again what it was sent, and whatever else: masked before it is cut."""
    text = _UNPRINTABLE.sub(" ", reply.body[:HEARD].decode(errors="replace")).strip()
    return Said(reply.status, mask(text)[:KEPT] or None)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait, from a Retry-After header: a number of seconds or a date."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value.strip()[:9])
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds())
