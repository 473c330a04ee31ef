"""Webhooks: an event as a CloudEvent in structured JSON, signed as Standard Webhooks wants it."""

import asyncio
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache

import httpx

from services.notification import signing
from services.notification.channels import CannotDeliver, Parcel
from services.notification.guard import Address, ForbiddenTarget, Guard, Target

TIMEOUT = 15.0
"""Seconds for everything: resolve, connect, send, answer."""

ANSWER_LIMIT = 64 * 1024
"""Bytes of an answer that are read; nobody looks at them."""

ADDRESSES_TRIED = 3


@cache
def _authorities() -> ssl.SSLContext:
    """To read the machine's certificates takes 30 ms."""
    return ssl.create_default_context()


class WebhookChannel:
    name = "webhook"

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._tls = _authorities()

    async def send(self, message: Parcel) -> None:
        try:
            async with asyncio.timeout(TIMEOUT):
                target = await self._guard.check(message.url)
                answer = await self._post(target, message)
        except ForbiddenTarget as error:
            raise CannotDeliver(f"not allowed: {error}") from None
        except TimeoutError:
            raise CannotDeliver(f"no answer within {TIMEOUT:.0f} s") from None
        except (httpx.HTTPError, OSError) as error:
            raise CannotDeliver(f"the receiver cannot be reached ({type(error).__name__})") from None
        if answer.is_success:
            return
        raise CannotDeliver(
            f"the receiver answers {answer.status_code}",
            gone=answer.status_code == 410,
            retry_after=retry_after(answer.headers.get("Retry-After"), message.at),
        )

    async def _post(self, target: Target, message: Parcel) -> httpx.Response:
        headers = {
            "Content-Type": "application/cloudevents+json; charset=utf-8",
            "User-Agent": "Redress-Webhooks/1",
            "Host": target.url.netloc.decode(),
            **signing.headers(str(message.delivery_id), message.at, message.body, message.secrets),
        }
        # No proxies or .netrc of the environment, no redirects: both would lead past the guard. A client for
        # each request, because a kept connection is known by its address only, and two names may share one.
        async with httpx.AsyncClient(
            verify=self._tls, trust_env=False, follow_redirects=False, timeout=TIMEOUT
        ) as client:
            tried = target.addresses[:ADDRESSES_TRIED]
            for address in tried:
                request = client.build_request(
                    "POST", pinned(target.url, address), content=message.body, headers=headers
                )
                # The certificate is checked against the name, although the connection goes to the address.
                request.extensions["sni_hostname"] = target.url.raw_host.decode()
                try:
                    answer = await client.send(request, stream=True)
                except (httpx.ConnectError, httpx.ConnectTimeout):
                    if address == tried[-1]:
                        raise
                    continue
                await _read_some(answer)
                return answer
        raise AssertionError("a target has an address")


def pinned(url: httpx.URL, address: Address) -> httpx.URL:
    """The same URL at the address that was checked."""
    return url.copy_with(host=str(address))


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


async def _read_some(answer: httpx.Response) -> None:
    """Read a short answer to its end, and hang up on a long one."""
    size = 0
    try:
        async for chunk in answer.aiter_raw():
            size += len(chunk)
            if size > ANSWER_LIMIT:
                break
    finally:
        await answer.aclose()
