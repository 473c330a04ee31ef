"""Webhooks: an event as a CloudEvent in structured JSON, signed as Standard Webhooks wants it."""

import asyncio
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from services.notification import signing
from services.notification.channels import CannotDeliver, Parcel
from shared.guard import ForbiddenTarget, Guard
from shared.outward import authorities, post

TIMEOUT = 15.0
"""Seconds for everything: resolve, connect, send, answer."""


class WebhookChannel:
    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._tls = authorities()

    async def send(self, message: Parcel) -> None:
        try:
            async with asyncio.timeout(TIMEOUT):
                target = await self._guard.check(message.url)
                answer = await post(target, message.body, _headers(message), TIMEOUT, self._tls)
        except ForbiddenTarget as error:
            raise CannotDeliver(f"not allowed: {error}") from None
        except TimeoutError:
            raise CannotDeliver(f"no answer within {TIMEOUT:.0f} s") from None
        except (httpx.HTTPError, OSError) as error:
            raise CannotDeliver(f"the receiver cannot be reached ({type(error).__name__})") from None
        if answer.status // 100 == 2:
            return
        raise CannotDeliver(
            f"the receiver answers {answer.status}",
            gone=answer.status == 410,
            retry_after=retry_after(answer.headers.get("Retry-After"), message.at),
        )


def _headers(message: Parcel) -> dict[str, str]:
    return {
        "Content-Type": "application/cloudevents+json; charset=utf-8",
        "User-Agent": "Redress-Webhooks/1",
        **signing.headers(str(message.delivery_id), message.at, message.body, message.secrets),
    }


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait, from a Retry-After header: a number of seconds or a date."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value[:9])
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds())
