"""Posting to an address that somebody else chose: only where the guard allows, and only what was checked."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import httpx

from shared.guard import Address, Target

ANSWER_LIMIT = 64 * 1024
"""Bytes of an answer that are read."""

ADDRESSES_TRIED = 3


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: httpx.Headers
    body: bytes
    """Its first bytes, at most ANSWER_LIMIT."""


@cache
def authorities() -> ssl.SSLContext:
    """To read the machine's certificates takes 30 ms."""
    return ssl.create_default_context()


async def post(
    target: Target,
    content: bytes,
    headers: Mapping[str, str],
    within: float,
    tls: ssl.SSLContext,
    method: str = "POST",
) -> Reply:
    """Raises httpx.HTTPError or OSError when nobody answers. Each step takes at most
    `within` seconds; the caller limits all of it."""
    sent = {**headers, "Host": target.url.netloc.decode(), "Accept-Encoding": "identity"}
    # No proxies or .netrc of the environment, no redirects: both would lead past the guard. A client for each
    # request, because a kept connection is known by its address only, and two names may share one.
    async with httpx.AsyncClient(
        verify=tls, trust_env=False, follow_redirects=False, timeout=within
    ) as client:
        tried = target.addresses[:ADDRESSES_TRIED]
        for address in tried:
            request = client.build_request(method, pinned(target.url, address), content=content, headers=sent)
            # The certificate is checked against the name, although the connection goes to the address.
            request.extensions["sni_hostname"] = target.url.raw_host.decode()
            try:
                answer = await client.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if address == tried[-1]:
                    raise
                continue
            return Reply(answer.status_code, answer.headers, await _read_some(answer))
    raise AssertionError("a target has an address")


def pinned(url: httpx.URL, address: Address) -> httpx.URL:
    """The same URL at the address that was checked."""
    return url.copy_with(host=str(address))


async def _read_some(answer: httpx.Response) -> bytes:
    """Read a short answer to its end, and hang up on a long one."""
    body = bytearray()
    try:
        async for chunk in answer.aiter_raw():
            body += chunk
            if len(body) > ANSWER_LIMIT:
                break
    finally:
        await answer.aclose()
    return bytes(body[:ANSWER_LIMIT])
