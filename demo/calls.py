"""HTTP as a careful client speaks it: every change has an Idempotency-Key, and is repeated until answered."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx

from demo.stage import PATIENCE, Vain

TRIES = 5
CONNECTIONS = httpx.Limits(max_connections=100, max_keepalive_connections=50)


class Refused(Exception):
    """The service answered with a problem document."""

    def __init__(self, answer: httpx.Response) -> None:
        told = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        title, detail = told.get("title", answer.reason_phrase), told.get("detail") or ""
        super().__init__(f"{answer.request.url.path}: {answer.status_code} {title}. {detail}")
        self.status = answer.status_code
        self.approval: dict[str, Any] | None = told.get("approval")
        """What to ask for, when somebody must approve it first."""


class Caller:
    """One client of the API, with a key of its own or, for customers, without."""

    def __init__(self, url: str, key: str | None = None) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.http = httpx.AsyncClient(
            base_url=url, headers=headers, limits=CONNECTIONS, timeout=PATIENCE, trust_env=False
        )

    async def get(self, path: str, token: str | None = None, **query: Any) -> Any:
        """Raises Refused."""
        answer = await self._send("GET", path, params=query, headers=_open(token))
        return answer.json()

    async def post(self, path: str, body: Any, *, token: str | None = None, key: str | None = None) -> Any:
        """Raises Refused."""
        return (await self.answer(path, body, token=token, key=key)).json()

    async def answer(
        self, path: str, body: Any, *, token: str | None = None, key: str | None = None
    ) -> httpx.Response:
        """The whole answer to a change, for who looks at its headers. Raises Refused."""
        headers = _open(token) | {"Idempotency-Key": key or uuid4().hex}
        return await self._send("POST", path, json=body, headers=headers)

    async def pages(self, path: str, **query: Any) -> AsyncIterator[dict[str, Any]]:
        """Every item of a list, page by page."""
        cursor: dict[str, str] = {}
        while True:
            page = await self.get(path, limit=200, **cursor, **query)
            for item in page["items"]:
                yield item
            if not page.get("next"):
                return
            cursor = {"cursor": page["next"]}

    async def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        for attempt in range(1, TRIES + 1):
            try:
                answer = await self.http.request(method, path, **request)
            except httpx.TransportError:
                if attempt == TRIES:
                    raise
                await asyncio.sleep(0.1 * 2**attempt)
                continue
            if answer.status_code in {429, 503} and attempt < TRIES:
                await asyncio.sleep(float(answer.headers.get("Retry-After", 1)))
                continue
            if not answer.is_success:
                raise Refused(answer)
            return answer
        raise AssertionError("the last try returns or raises")


@dataclass
class Seen:
    """A step of a case, as it arrived on the customer's screen."""

    arrived: datetime
    step: str
    at: datetime


class Screen:
    """The customer's live view of one case: server-sent events."""

    def __init__(self) -> None:
        self.opened = datetime.now(UTC)
        self.seen: list[Seen] = []
        self._new: asyncio.Queue[str | None] = asyncio.Queue()

    async def watch(self, lines: AsyncIterator[str]) -> None:
        """Note every step at the moment when it comes."""
        with suppress(httpx.TransportError):
            async for line in lines:
                if line.startswith("data:"):
                    told = json.loads(line.removeprefix("data:"))
                    at = datetime.fromisoformat(told["at"])
                    self.seen.append(Seen(datetime.now(UTC), told["step"], at))
                    self._new.put_nowait(told["step"])
        self._new.put_nowait(None)

    async def show(self, *steps: str, any_of: bool = False) -> str:
        """Wait until all (or one) of the steps have come since the last call; returns the last. Raises Vain."""
        missing = set(steps)
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while step := await self._new.get():
                    missing.discard(step)
                    if not missing or (any_of and step in steps):
                        return step
        raise Vain(f"the customer's live stream did not show {' or '.join(sorted(missing))}")


@asynccontextmanager
async def screen(caller: Caller, reference: str, token: str) -> AsyncIterator[Screen]:
    """Raises Refused."""
    path = f"/intake/v1/tracking/{reference}/events"
    async with caller.http.stream("GET", path, headers=_open(token)) as answer:
        if not answer.is_success:
            await answer.aread()
            raise Refused(answer)
        live = Screen()
        reader = asyncio.create_task(live.watch(answer.aiter_lines()))
        try:
            yield live
        finally:
            reader.cancel()
            await asyncio.wait([reader])


def _open(token: str | None) -> dict[str, str]:
    return {"X-Tracking-Token": token} if token else {}
