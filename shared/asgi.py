"""What happens around every request: limits, request id, trace, metrics. Plain ASGI, one layer each."""

import logging
import re
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from limits import RateLimitItem, parse
from starlette.exceptions import HTTPException

from shared import problems, telemetry
from shared.auth import Authenticator
from shared.ids import new_id
from shared.problems import MEDIA_TYPE, Problem, unexpected
from shared.reactions import describe

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_REQUEST_ID = re.compile(rb"[\x21-\x7e]{1,128}")


class TooLarge(HTTPException):
    """The body grew beyond the limit while it was read. (FastAPI lets an HTTPException pass its body parsing.)"""

    def __init__(self) -> None:
        super().__init__(413)


class Window:
    """Counts each caller's requests in a window of fixed length, the same for all: when it ends, all is forgotten.

    (The storage in memory of `limits` takes three locks and starts a thread for nearly every request.)
    """

    def __init__(self, limit: RateLimitItem) -> None:
        self.limit = limit
        self._ends = 0.0
        self._counts: dict[str, int] = {}

    def hit(self, who: str) -> tuple[int, float]:
        """How many requests are left, less than none when this one is refused; seconds until there are more."""
        now = self._begun()
        count = self._counts[who] = self._counts.get(who, 0) + 1
        return self.limit.amount - count, self._ends - now

    def left(self, who: str) -> tuple[int, float]:
        """The same, without counting a request."""
        now = self._begun()
        return self.limit.amount - self._counts.get(who, 0), self._ends - now

    def _begun(self) -> float:
        now = time.monotonic()
        if now >= self._ends:
            self._counts, self._ends = {}, now + self.limit.get_expiry()
        return now


class Edge:
    """The outermost layer of every Redress application."""

    def __init__(
        self,
        app: App,
        authenticator: Authenticator,
        body_limit: int,
        rate_limit: str,
        rate_limit_anonymous: str,
        large_bodies: Mapping[str, int],
        origins: Collection[str],
    ) -> None:
        self._app = app
        self._authenticator = authenticator
        self._body_limit = body_limit
        self._large_bodies = [(re.compile(path), limit) for path, limit in large_bodies.items()]
        self._known, self._anonymous = Window(parse(rate_limit)), Window(parse(rate_limit_anonymous))
        parts = map(urlsplit, origins)
        self._origins = {f"{each.scheme}://{each.netloc}".lower() for each in parts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, extra = dict(scope["headers"]), _named(scope)
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
                refusal = (
                    self._over_rate(scope, headers, extra)
                    or self._too_large(scope, headers)
                    or _with_nul(scope["query_string"])
                )
                if refusal is not None:
                    await _answer(refusal, tell)
                else:
                    await self._app(scope, self._metered(scope, receive), tell)
            except TooLarge:
                if not answered:
                    await _answer(self._body_too_large(scope), tell)
            except Exception as error:
                # Nothing but this line may tell of it: a traceback would show what the customer wrote.
                log.error("%s %s failed: %s", scope["method"], _template(scope), describe(error))
                if not answered:
                    await _answer(unexpected(), tell)
            finally:
                telemetry.REQUEST_SECONDS.labels(
                    scope.get("root_path", "").strip("/"),
                    scope["method"],
                    _template(scope),
                    status,
                ).observe(time.perf_counter() - started)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A WebSocket: refused like any other request, with a problem document in place of the handshake."""
        headers, extra = dict(scope["headers"]), _named(scope)
        begun = False

        async def tell(message: Message) -> None:
            nonlocal begun
            if message["type"] in {"websocket.accept", "websocket.http.response.start"}:
                begun = True
                message["headers"] = [*message.get("headers", ()), *extra]
            await send(message)

        with telemetry.traced(headers.get(b"traceparent", b"").decode("latin-1")):
            try:
                refusal = (
                    self._over_rate(scope, headers, extra)
                    or self._foreign(headers)
                    or _with_nul(scope["query_string"])
                )
                if refusal is not None:
                    await _answer(refusal, tell, "websocket.")
                else:
                    await self._app(scope, receive, tell)
            except Exception as error:
                log.error("WebSocket %s failed: %s", _template(scope), describe(error))
                if begun:
                    await send({"type": "websocket.close", "code": 1011})
                else:
                    await _answer(unexpected(), tell, "websocket.")

    def _foreign(self, headers: dict[bytes, bytes]) -> Problem | None:
        """Browsers say which page opens a WebSocket, and let any page do it: ours and those that are named may."""
        origin = headers.get(b"origin", b"").decode("latin-1").lower()
        here = headers.get(b"host", b"").decode("latin-1").lower()
        if not origin or origin in self._origins or (here and _host(origin) == here):
            return None
        return Problem(
            403,
            "foreign-origin",
            "Pages of this origin may not open a WebSocket here",
            "An operator can allow it: REDRESS_STREAM_ORIGINS. 此来源的网页无权连接，请管理员配置允许的来源。",
            field="header/Origin",
        )

    def _over_rate(
        self, scope: Scope, headers: dict[bytes, bytes], extra: list[tuple[bytes, bytes]]
    ) -> Problem | None:
        # Credentials count for their owner once they have been checked; until then, and for whoever makes
        # them up, the address counts.
        known = self._authenticator.known(headers.get(b"authorization", b"").decode("latin-1"))
        window = self._known if known else self._anonymous
        left, seconds = window.hit(known.id if known else str((scope.get("client") or ("",))[0]))
        limit, reset = window.limit, max(1, round(seconds))
        extra.append((b"ratelimit-policy", f'"default";q={limit.amount};w={limit.get_expiry()}'.encode()))
        extra.append((b"ratelimit", f'"default";r={max(0, left)};t={reset}'.encode()))
        if left >= 0:
            return None
        return Problem(
            429,
            "too-many-requests",
            "Too many requests",
            f"At most {limit} are taken. Try again in {reset} s.",
            headers={"Retry-After": str(reset)},
        )

    def _too_large(self, scope: Scope, headers: dict[bytes, bytes]) -> Problem | None:
        declared = headers.get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) <= self._body_limit or int(declared) <= self._limit(scope):
            return None
        return self._body_too_large(scope)

    def _limit(self, scope: Scope) -> int:
        """The most that this path takes. Asked for only when a body is larger than the ordinary limit."""
        found = (limit for pattern, limit in self._large_bodies if pattern.fullmatch(scope["path"]))
        return max(self._body_limit, next(found, 0))

    def _body_too_large(self, scope: Scope) -> Problem:
        return Problem(
            413,
            "body-too-large",
            "The body is too large",
            f"At most {self._limit(scope)} bytes are taken.",
            field="body",
        )

    def _metered(self, scope: Scope, receive: Receive) -> Receive:
        read, limit = 0, self._body_limit

        async def metered() -> Message:
            nonlocal read, limit
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                limit = self._limit(scope)
                if read > limit:
                    raise TooLarge
            return message

        return metered


class Mounts:
    """Hands a request to the service that its path begins with, and everything else to `rest`.

    (Starlette's Mount does the same, inside a whole application of its own around every request.)
    """

    def __init__(self, services: Mapping[str, App], rest: App) -> None:
        self._services = services
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["type"] in {"http", "websocket"}
        name = scope["path"].lstrip("/").split("/", 1)[0] if asked else ""
        app = self._services.get(name)
        if app is None:
            await self._rest(scope, receive, send)
            return
        outside = scope.get("root_path", "")
        scope["app_root_path"] = outside
        scope["root_path"] = f"{outside}/{name}"
        await app(scope, receive, send)


def _with_nul(query: bytes) -> Problem | None:
    """No text that Redress takes holds a NUL, and PostgreSQL cannot keep one."""
    if b"%00" not in query:
        return None
    named = (name for name, value in parse_qsl(query.decode("latin-1")) if "\x00" in name + value)
    return problems.invalid(
        "The query holds a NUL character",
        "Leave out %00. 请去掉查询参数中的空字符。",
        field=f"query/{next(named, '').replace(chr(0), '')[:100]}",
    )


def _template(scope: Scope) -> str:
    """The route, not the path: what customers ask for must not become a label or a line in a log."""
    return getattr(scope.get("route"), "path", "unmatched")


def _named(scope: Scope) -> list[tuple[bytes, bytes]]:
    """The header that names this request from now on: as the caller named it, or with a name of ours."""
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    request_id = given.decode() if _REQUEST_ID.fullmatch(given) else str(new_id())
    telemetry.request_in_hand.set(request_id)
    return [(b"x-request-id", request_id.encode())]


def _host(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


async def _answer(problem: Problem, send: Send, kind: str = "") -> None:
    response = problem.response()
    body = bytes(response.body)
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        *((name.lower().encode(), value.encode()) for name, value in (problem.headers or {}).items()),
    ]
    await send({"type": f"{kind}http.response.start", "status": problem.status, "headers": headers})
    await send({"type": f"{kind}http.response.body", "body": body})
