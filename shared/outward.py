"""Posting to an address that somebody else chose: only where the guard allows, and only what was checked."""

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from shared.guard import Address, Target

ANSWER_LIMIT = 64 * 1024
"""Bytes of an answer that are read."""

ADDRESSES_TRIED = 3

KEPT_OPEN = 2.0
"""Seconds for which an idle connection is kept: shorter than common servers do, so that none hangs up first."""

PATIENCE = 60.0
"""Seconds without a post after which nothing is kept for a receiver any more."""

AT_ONCE = 64
"""Connections to one receiver."""


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
    """By a connection of its own. Raises httpx.HTTPError or OSError when nobody answers. Each step takes at most
    `within` seconds; the caller limits all of it."""
    async with _client(tls) as client:
        return await _post(client, target, content, headers, within, method)


@dataclass
class _Kept:
    client: httpx.AsyncClient
    used_at: float
    """When it was last asked for, by the loop's own clock."""
    busy: int = 0


@dataclass
class Connections:
    """Posts by connections that are kept for a while, so that many posts to one receiver need few.

    A connection is known to its client by its address only, and two names may share one. So each name has a client
    of its own: what was opened for one name never carries what is meant for another. Every post is checked by the
    guard before, and takes a kept connection only if it leads to an address that was checked for this very post.
    """

    tls: ssl.SSLContext = field(default_factory=authorities)
    _kept: dict[tuple[str, str, int | None], _Kept] = field(default_factory=dict, repr=False)

    async def post(
        self,
        target: Target,
        content: bytes,
        headers: Mapping[str, str],
        within: float,
        method: str = "POST",
    ) -> Reply:
        """As the function `post`."""
        url = target.url
        name = (url.scheme, url.host, url.port)
        kept = self._kept.get(name)
        if kept is None:
            kept = self._kept[name] = _Kept(_client(self.tls), time.monotonic())
        kept.busy += 1
        try:
            return await _post(kept.client, target, content, headers, within, method)
        finally:
            kept.busy -= 1
            kept.used_at = time.monotonic()

    async def run(self) -> None:
        """Let go, for ever, of receivers to whom nothing is posted any more; of all at the end."""
        try:
            while True:
                await asyncio.sleep(PATIENCE)
                before = time.monotonic() - PATIENCE
                await self._close([n for n, k in self._kept.items() if not k.busy and k.used_at < before])
        finally:
            await self.close()

    async def close(self) -> None:
        await self._close(list(self._kept))

    async def _close(self, names: list[tuple[str, str, int | None]]) -> None:
        for name in names:
            await self._kept.pop(name).client.aclose()


def _client(tls: ssl.SSLContext) -> httpx.AsyncClient:
    # No proxies or .netrc of the environment, no redirects: both would lead past the guard. No cookies: what one
    # post is given, none other gives back.
    return httpx.AsyncClient(
        verify=tls,
        trust_env=False,
        follow_redirects=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        limits=httpx.Limits(max_connections=AT_ONCE, keepalive_expiry=KEPT_OPEN),
    )


async def _post(
    client: httpx.AsyncClient,
    target: Target,
    content: bytes,
    headers: Mapping[str, str],
    within: float,
    method: str,
) -> Reply:
    sent = {**headers, "Host": target.url.netloc.decode(), "Accept-Encoding": "identity"}
    tried = target.addresses[:ADDRESSES_TRIED]
    for address in tried:
        request = client.build_request(
            method, pinned(target.url, address), content=content, headers=sent, timeout=within
        )
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
