"""Posts by kept connections: few of them, and never to where the guard did not look."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from shared import guard, outward
from shared.guard import ForbiddenTarget, Guard
from shared.outward import Connections


@dataclass
class Server:
    port: int = 0
    connections: int = 0
    hosts: list[str] = field(default_factory=list)
    """Host of every request."""
    answer: bytes = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\nok"
    cookies: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
                await reader.readexactly(int(headers.get("content-length", 0)))
                self.hosts.append(headers["host"].partition(":")[0])
                self.cookies += "cookie" in headers
                writer.write(self.answer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def open_server() -> AsyncIterator[Server]:
    found = Server()
    first = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = first.sockets[0].getsockname()[1]
    listening = [first, await asyncio.start_server(found.serve, "127.0.0.2", found.port)]
    try:
        yield found
    finally:
        for each in listening:
            each.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with open_server() as opened:
        yield opened


@pytest.fixture
async def connections() -> AsyncIterator[Connections]:
    made = Connections()
    yield made
    await made.close()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, Sequence[str]]:
    """Where names lead now. 127.0.0.3 stands for an address in one's own network, the others for public ones."""
    monkeypatch.setattr(guard, "is_public", lambda address: str(address) != "127.0.0.3")
    return {"hooks.test": ["127.0.0.1"], "other.test": ["127.0.0.1"]}


def looking_up(names: dict[str, Sequence[str]]) -> Guard:
    async def lookup(host: str, port: int) -> Sequence[str]:
        return names[host]

    return Guard(allow_private=False, lookup=lookup)


async def test_many_posts_to_one_receiver_need_one_connection(
    server: Server, connections: Connections, names: dict[str, Sequence[str]]
) -> None:
    for _ in range(20):
        target = await looking_up(names).check(f"http://hooks.test:{server.port}/")
        assert (await connections.post(target, b"x", {}, 5)).body == b"ok"
    assert (server.connections, len(server.hosts), server.cookies) == (1, 20, 0)


@pytest.mark.requirement("P-27")
async def test_two_names_at_one_address_never_share_a_connection(
    server: Server, connections: Connections, names: dict[str, Sequence[str]]
) -> None:
    for host in ("hooks.test", "other.test", "hooks.test"):
        target = await looking_up(names).check(f"http://{host}:{server.port}/")
        await connections.post(target, b"x", {}, 5)
    assert server.connections == 2
    assert server.hosts == ["hooks.test", "other.test", "hooks.test"]


@pytest.mark.requirement("P-27")
async def test_a_kept_connection_is_left_when_its_name_leads_elsewhere(
    server: Server, connections: Connections, names: dict[str, Sequence[str]]
) -> None:
    checking, url = looking_up(names), f"http://hooks.test:{server.port}/"
    await connections.post(await checking.check(url), b"x", {}, 5)
    names["hooks.test"] = ["127.0.0.2"]
    await connections.post(await checking.check(url), b"x", {}, 5)
    assert server.connections == 2
    names["hooks.test"] = ["127.0.0.3"]
    with pytest.raises(ForbiddenTarget):
        await checking.check(url)
    assert len(server.hosts) == 2


async def test_what_comes_after_the_limit_is_not_read_and_the_connection_not_kept(
    server: Server, connections: Connections, names: dict[str, Sequence[str]]
) -> None:
    size = outward.ANSWER_LIMIT * 20
    server.answer = f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode() + b"y" * size
    target = await looking_up(names).check(f"http://hooks.test:{server.port}/")
    for _ in range(2):
        assert len((await connections.post(target, b"x", {}, 5)).body) == outward.ANSWER_LIMIT
    assert server.connections == 2
