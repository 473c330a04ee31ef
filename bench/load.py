"""The load: keep-alive HTTP/1.1 clients in a process of their own. `python -m bench.load < plan.json`.

Each client is one connection that sends its next request when the answer to the last one is there. It costs
about 20 us a request, so that what is measured is the server; httpx would need twenty times as much.
"""

import asyncio
import itertools
import json
import random
import resource
import sys
import time
from collections import Counter, deque
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, cast

import uvloop

AHEAD = 4
"""Complaints that a client of the lifecycles has registered and not yet worked on."""

LOOK_AGAIN = 0.01
"""Seconds between two looks at something that is about to happen."""


class HttpConnection(asyncio.Protocol):
    """One keep-alive connection; one request at a time."""

    def __init__(self) -> None:
        self._buffer = b""
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    @property
    def closed(self) -> bool:
        """The server gives up a connection that was idle for some seconds."""
        return self._transport.is_closing()

    async def send(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of the answer."""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._buffer) < end + 4 + length:
            return
        body, self._buffer = self._buffer[end + 4 : end + 4 + length], b""
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_result((int(head[9:12]), body))

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionResetError("the server closed the connection"))

    def close(self) -> None:
        self._transport.close()


async def connect(port: int) -> HttpConnection:
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(HttpConnection, "127.0.0.1", port)
    return connection


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "host: redress", *(f"{n}: {v}" for n, v in headers.items())]
    if body:
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass
class Tally:
    """What the clients saw in the measured time."""

    latencies: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)

    def result(self, seconds: float, cpu: float) -> dict[str, Any]:
        return {
            "n": len(self.latencies),
            "per_second": len(self.latencies) / seconds,
            "p50_ms": quantile(self.latencies, 0.5),
            "p99_ms": quantile(self.latencies, 0.99),
            "statuses": dict(self.statuses),
            "seconds": seconds,
            "cpu": cpu,
        }


def quantile(seconds: list[float], share: float) -> float:
    """In milliseconds."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 if ordered else 0.0


async def door(plan: dict[str, Any]) -> dict[str, Any]:
    """Post complaints as fast as the answers come, each with an Idempotency-Key of its own."""
    bodies = [body.encode() for body in plan["bodies"]]
    key = f"{plan['run']}-".encode()
    marker = b"~KEY~"
    requests = [
        request("POST", plan["path"], plan["headers"] | {"idempotency-key": marker.decode()}, body)
        for body in bodies
    ]
    halves = [tuple(r.split(marker, 1)) for r in requests]
    begin = _now() + plan["warm_up"]
    end = begin + plan["seconds"]
    tally = Tally()
    numbers = itertools.count()
    most = plan.get("requests", sys.maxsize)
    cpu_at_begin = 0.0

    async def client() -> None:
        connection = await connect(plan["port"])
        while (sent := _now()) < end and (number := next(numbers)) < most:
            head, tail = halves[number % len(halves)]
            status, _ = await connection.send(head + key + str(number).encode() + tail)
            answered = _now()
            if begin <= answered < end:
                tally.latencies.append(answered - sent)
                tally.statuses[str(status)] += 1
        connection.close()

    async def mark() -> None:
        nonlocal cpu_at_begin
        await asyncio.sleep(plan["warm_up"])
        cpu_at_begin = _cpu()

    await _all(plan, [mark(), *(client() for _ in range(plan["clients"]))])
    return tally.result(plan["seconds"], _cpu() - cpu_at_begin)


class Lifecycle:
    """The requests of one complaint after the other, on one connection."""

    def __init__(self, plan: dict[str, Any], connection: HttpConnection, desk: HttpConnection) -> None:
        self._plan, self._connection, self._desk = plan, connection, desk
        self.asked_again = 0
        """Requests that came before the case was open."""

    @property
    def closed(self) -> bool:
        return self._connection.closed or self._desk.closed

    async def register(self, number: int) -> dict[str, Any]:
        """Raises Unexpected, like the other steps."""
        body = self._plan["bodies"][number % len(self._plan["bodies"])].encode()
        headers = self._plan["headers"] | {"idempotency-key": f"{self._plan['run']}-{number}"}
        answer = await self._connection.send(request("POST", "/intake/v1/complaints", headers, body))
        return self._read("register", answer, 201)

    async def act(self, complaint_id: str, action: str, body: dict[str, Any]) -> None:
        """As soon as the case is open; until then it is not known."""
        path = f"/resolution/v1/cases/{complaint_id}/{action}"
        sent = request("POST", path, self._plan["headers"], json.dumps(body).encode())
        for _ in range(1000):
            answer = await self._desk.send(sent)
            if answer[0] != 404:
                self._read(action, answer, 200)
                return
            self.asked_again += 1
            await asyncio.sleep(LOOK_AGAIN)
        raise Unexpected(f"{action}: the case was never opened")

    async def follow(self, registered: dict[str, Any]) -> dict[str, Any]:
        headers = {"x-tracking-token": registered["tracking_token"]}
        path = f"/intake/v1/tracking/{registered['reference']}"
        return self._read("tracking", await self._connection.send(request("GET", path, headers)), 200)

    async def until_assigned(self, registered: dict[str, Any]) -> None:
        """Look at the tracking page until it names the handler."""
        for _ in range(3000):
            if (await self.follow(registered)).get("handler_name"):
                return
            await asyncio.sleep(LOOK_AGAIN)
        raise Unexpected("tracking: never assigned")

    @staticmethod
    def _read(step: str, answer: tuple[int, bytes], wanted: int) -> dict[str, Any]:
        if answer[0] != wanted:
            raise Unexpected(f"{step}: {answer[0]}")
        body: dict[str, Any] = json.loads(answer[1])
        return body


class Unexpected(Exception):
    """The server answered something else."""


async def _lifecycle(plan: dict[str, Any]) -> Lifecycle:
    return Lifecycle(
        plan, await connect(plan["port"]), await connect(plan.get("resolution_port", plan["port"]))
    )


async def lifecycle(plan: dict[str, Any]) -> dict[str, Any]:
    """Register, accept, answer, read; again and again. A client goes on with the complaint that it registered
    some before the last one, whose case is open by then, as people do who work off a list: asking every few
    milliseconds whether it is would be measured instead of the work."""
    end = _now() + plan["seconds"]
    tally = Tally()
    steps: dict[str, list[float]] = {"register": [], "accept": [], "answer": [], "tracking": []}
    numbers = itertools.count()

    async def client() -> None:
        work = await _lifecycle(plan)
        begun: deque[dict[str, Any]] = deque()
        while True:
            try:
                if _now() < end:
                    sent = _now()
                    begun.append(await work.register(next(numbers)))
                    steps["register"].append(_now() - sent)
                    if len(begun) <= AHEAD:
                        continue
                elif not begun:
                    break
                registered = begun.popleft()
                times = [_now()]
                await work.act(registered["id"], "accept", {})
                times.append(_now())
                await work.act(registered["id"], "answer", {"result": "We exchanged it; it runs again."})
                times.append(_now())
                await work.follow(registered)
                times.append(_now())
            except Unexpected as error:
                tally.statuses[str(error)] += 1
                continue
            tally.latencies.append(times[-1] - times[0])
            tally.statuses["ok"] += 1
            tally.statuses["asked again"] += work.asked_again
            work.asked_again = 0
            for name, began, ended in zip(list(steps)[1:], times[:-1], times[1:], strict=True):
                steps[name].append(ended - began)

    began, cpu = _now(), _cpu()
    await _all(plan, [client() for _ in range(plan["clients"])])
    result = tally.result(_now() - began, _cpu() - cpu)
    return result | {"steps": {name: quantile(times, 0.5) for name, times in steps.items()}}


async def visible(plan: dict[str, Any]) -> dict[str, Any]:
    """Register, and look until the customer sees who handles it.

    With a rate, complaints come by chance (Poisson), whether earlier ones are through or not; without, each
    client waits for its own.
    """
    chance = random.Random(plan["run"])
    tally = Tally()
    numbers = itertools.count()
    idle: list[Lifecycle] = []
    end = _now() + plan["seconds"]

    async def one(work: Lifecycle) -> None:
        began = _now()
        try:
            await work.until_assigned(await work.register(next(numbers)))
        except Unexpected as error:
            tally.statuses[str(error)] += 1
        else:
            tally.latencies.append(_now() - began)
            tally.statuses["ok"] += 1

    async def client() -> None:
        work = await _lifecycle(plan)
        while _now() < end:
            await one(work)

    async def on_a_free_connection() -> None:
        while idle and idle[-1].closed:
            idle.pop()
        work = idle.pop() if idle else await _lifecycle(plan)
        await one(work)
        idle.append(work)

    async def arrivals() -> None:
        due = _now()
        async with asyncio.TaskGroup() as group:
            while (due := due + chance.expovariate(plan["rate"])) < end:
                await asyncio.sleep(max(0.0, due - _now()))
                group.create_task(on_a_free_connection())

    began, cpu = _now(), _cpu()
    await _all(plan, [arrivals()] if plan.get("rate") else [client() for _ in range(plan["clients"])])
    return tally.result(_now() - began, _cpu() - cpu)


async def _all(plan: dict[str, Any], work: list[Coroutine[Any, Any, None]]) -> None:
    async with asyncio.timeout(plan["warm_up"] + plan["seconds"] + 50):
        await asyncio.gather(*work)


def _now() -> float:
    return time.perf_counter()


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


SCENARIOS = {"door": door, "lifecycle": lifecycle, "visible": visible}


def main() -> None:
    plan = json.load(sys.stdin)
    json.dump(uvloop.run(SCENARIOS[plan["scenario"]](plan)), sys.stdout)


if __name__ == "__main__":
    main()
