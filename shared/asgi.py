"""What happens around every request: limits, request id, trace, metrics. Plain ASGI, one layer each."""

import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from shared import telemetry
from shared.ids import new_id
from shared.problems import MEDIA_TYPE, Problem

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_REQUEST_ID = re.compile(rb"[\x21-\x7e]{1,128}")


class TooLarge(Exception):
    """The body grew beyond the limit while it was read."""


class Edge:
    """The outermost layer of every Redress application."""

    def __init__(self, app: App, body_limit: int, rate_limit: str, rate_limit_anonymous: str) -> None:
        self._app = app
        self._body_limit = body_limit
        self._limits = {True: parse(rate_limit), False: parse(rate_limit_anonymous)}
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        request_id = given.decode() if _REQUEST_ID.fullmatch(given) else str(new_id())
        telemetry.request_in_hand.set(request_id)
        extra = [(b"x-request-id", request_id.encode())]
        started = time.perf_counter()
        status = 500
        answered = False

        async def tell(message: Message) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                status, answered = message["status"], True
                message["headers"] = [*message["headers"], *extra]
            await send(message)

        with telemetry.traced(headers.get(b"traceparent", b"").decode("latin-1")):
            try:
                refusal = self._over_rate(scope, headers, extra) or self._too_large(headers)
                if refusal is not None:
                    await _answer(refusal, tell)
                else:
                    await self._app(scope, self._metered(receive), tell)
            except TooLarge:
                if not answered:
                    await _answer(self._body_too_large(), tell)
            finally:
                route = scope.get("route")
                telemetry.REQUEST_SECONDS.labels(
                    scope.get("root_path", "").strip("/"),
                    scope["method"],
                    getattr(route, "path", "unmatched"),
                    status,
                ).observe(time.perf_counter() - started)

    def _over_rate(
        self, scope: Scope, headers: dict[bytes, bytes], extra: list[tuple[bytes, bytes]]
    ) -> Problem | None:
        credentials = headers.get(b"authorization")
        limit: RateLimitItem = self._limits[credentials is not None]
        who = credentials.decode("latin-1") if credentials else str((scope.get("client") or ("",))[0])
        allowed = self._limiter.hit(limit, who)
        window = self._limiter.get_window_stats(limit, who)
        reset = max(1, round(window.reset_time - time.time()))
        extra.append((b"ratelimit-policy", f'"default";q={limit.amount};w={limit.get_expiry()}'.encode()))
        extra.append((b"ratelimit", f'"default";r={window.remaining};t={reset}'.encode()))
        if allowed:
            return None
        return Problem(
            429,
            "too-many-requests",
            "Too many requests",
            f"At most {limit} are taken. Try again in {reset} s.",
            headers={"Retry-After": str(reset)},
        )

    def _too_large(self, headers: dict[bytes, bytes]) -> Problem | None:
        declared = headers.get(b"content-length", b"0")
        return self._body_too_large() if declared.isdigit() and int(declared) > self._body_limit else None

    def _body_too_large(self) -> Problem:
        return Problem(
            413,
            "body-too-large",
            "The body is too large",
            f"At most {self._body_limit} bytes are taken.",
            field="body",
        )

    def _metered(self, receive: Receive) -> Receive:
        read = 0

        async def metered() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._body_limit:
                raise TooLarge
            return message

        return metered


async def _answer(problem: Problem, send: Send) -> None:
    response = problem.response()
    body = bytes(response.body)
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        *((name.lower().encode(), value.encode()) for name, value in (problem.headers or {}).items()),
    ]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
