"""Readers of live streams in the test's own process: httpx cannot read an answer that does not end from an
application beside it."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from shared.asgi import App
from tests.world import World

ADDRESS = ("127.0.0.1", 50000)


@dataclass
class Frame:
    """One server-sent event."""

    id: str | None = None
    event: str | None = None
    data: Any = None


@dataclass
class Reader:
    """What came over one stream so far. While `reads` is clear it takes nothing, like a client that stopped reading."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    frames: list[Frame] = field(default_factory=list)
    """Those with data."""
    last_id: str | None = None
    """What a browser would send as Last-Event-ID."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    reads: asyncio.Event = field(default_factory=asyncio.Event)
    body: bytes = b""
    _rest: str = ""

    def take(self, chunk: bytes) -> None:
        self.body += chunk
        *whole, self._rest = (self._rest + chunk.decode()).split("\n\n")
        for block in whole:
            frame = Frame()
            for line in block.split("\n"):
                name, _, value = line.partition(": ")
                if name == "id":
                    frame.id = self.last_id = value
                elif name == "event":
                    frame.event = value
                elif name == "data":
                    frame.data = json.loads(value)
            if frame.data is not None:
                self.frames.append(frame)
        self.came.set()

    async def until(self, number: int, within: float = 20.0) -> list[Frame]:
        """Wait for so many events."""
        async with asyncio.timeout(within):
            while len(self.frames) < number:
                self.came.clear()
                await self.came.wait()
        return self.frames

    @property
    def ids(self) -> list[str]:
        return [frame.data["id"] for frame in self.frames if frame.event is None]


def path_of(path: str, **query: Any) -> tuple[str, bytes]:
    pairs = [
        f"{name}={quote(str(value), safe='')}"
        for name, given in query.items()
        for value in (given if isinstance(given, list) else [given])
    ]
    return path, "&".join(pairs).encode()


@asynccontextmanager
async def reading(
    app: App, headers: Mapping[str, str], path: str = "/notification/v1/stream", **query: Any
) -> AsyncIterator[Reader]:
    """An open stream; on leaving, the client hangs up."""
    reader, hangs_up = Reader(), asyncio.Event()
    reader.reads.set()
    started = asyncio.Event()
    sent = False

    async def receive() -> dict[str, Any]:
        nonlocal sent
        if not sent:
            sent = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await hangs_up.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        await reader.reads.wait()
        if message["type"] == "http.response.start":
            reader.status = message["status"]
            reader.headers = {n.decode(): v.decode() for n, v in message["headers"]}
            started.set()
        elif message["body"]:
            reader.take(message["body"])

    whole, asked = path_of(path, **query)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": whole,
        "raw_path": whole.encode(),
        "query_string": asked,
        "root_path": "",
        "headers": [(n.lower().encode(), v.encode("latin-1")) for n, v in headers.items()],
        "server": ("redress", 80),
        "client": ADDRESS,
    }
    answering = asyncio.create_task(_to_the_end(app, scope, receive, send, reader))
    try:
        async with asyncio.timeout(20):
            await started.wait()
        yield reader
    finally:
        hangs_up.set()
        reader.reads.set()
        async with asyncio.timeout(20):
            await answering


async def _to_the_end(app: App, scope: Any, receive: Any, send: Any, reader: Reader) -> None:
    try:
        await app(scope, receive, send)
    finally:
        reader.ended.set()
        reader.came.set()


def admin(world: World) -> dict[str, str]:
    """The headers of the world's administrator."""
    return {"Authorization": world.http.headers["Authorization"]}


@dataclass
class Socket:
    """The client's end of a WebSocket."""

    status: int = 0
    """101 when it was accepted, else that of the problem."""
    problem: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)
    closed: int | None = None
    came: asyncio.Event = field(default_factory=asyncio.Event)
    says: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    reads: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def events(self) -> list[dict[str, Any]]:
        """But for signs of life."""
        return [message for message in self.messages if "stream" not in message]

    async def until(self, number: int, within: float = 20.0) -> list[dict[str, Any]]:
        async with asyncio.timeout(within):
            while len(self.events) < number:
                self.came.clear()
                await self.came.wait()
        return self.events

    async def until_closed(self, within: float = 20.0) -> int:
        async with asyncio.timeout(within):
            while self.closed is None:
                self.came.clear()
                await self.came.wait()
        return self.closed


@asynccontextmanager
async def connected(
    app: App, headers: Mapping[str, str], path: str = "/notification/v1/ws", **query: Any
) -> AsyncIterator[Socket]:
    """A WebSocket, accepted or refused; on leaving, the client hangs up."""
    socket, answered = Socket(), asyncio.Event()
    socket.reads.set()
    socket.says.put_nowait({"type": "websocket.connect"})

    async def send(message: Any) -> None:
        await socket.reads.wait()
        match message["type"]:
            case "websocket.accept":
                socket.status = 101
                socket.headers = {n.decode(): v.decode() for n, v in message["headers"]}
                answered.set()
            case "websocket.http.response.start":
                socket.status = message["status"]
                socket.headers = {n.decode(): v.decode() for n, v in message["headers"]}
            case "websocket.http.response.body":
                socket.problem = json.loads(message["body"])
                answered.set()
            case "websocket.send":
                socket.messages.append(json.loads(message["text"]))
            case "websocket.close":
                socket.closed = message["code"]
                answered.set()
        socket.came.set()

    whole, asked = path_of(path, **query)
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": whole,
        "raw_path": whole.encode(),
        "query_string": asked,
        "root_path": "",
        "headers": [(n.lower().encode(), v.encode("latin-1")) for n, v in headers.items()],
        "server": ("redress", 80),
        "client": ADDRESS,
        "subprotocols": [],
        "extensions": {"websocket.http.response": {}},
    }

    async def answer() -> None:
        await app(scope, socket.says.get, send)

    answering = asyncio.create_task(answer())
    try:
        async with asyncio.timeout(20):
            await answered.wait()
        yield socket
    finally:
        socket.reads.set()
        socket.says.put_nowait({"type": "websocket.disconnect", "code": 1000})
        async with asyncio.timeout(20):
            await answering
