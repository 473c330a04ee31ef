"""The load: keep-alive HTTP/1.1 clients in a process of their own. `python -m bench.load < plan.json`.

Each client is one connection that sends its next request when the answer to the last one is there. It costs
about 20 us a request, so that what is measured is the server; httpx would need twenty times as much.
"""

import asyncio
import json
import resource
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, cast

import uvloop


class HttpConnection(asyncio.Protocol):
    """One keep-alive connection; one request at a time."""

    def __init__(self) -> None:
        self._buffer = b""
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

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
    ids: list[str] = field(default_factory=list)

    def result(self, seconds: float, cpu: float) -> dict[str, Any]:
        ordered = sorted(self.latencies)

        def quantile(share: float) -> float:
            return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 if ordered else 0.0

        return {
            "n": len(ordered),
            "per_second": len(ordered) / seconds,
            "p50_ms": quantile(0.5),
            "p99_ms": quantile(0.99),
            "statuses": dict(self.statuses),
            "seconds": seconds,
            "cpu": cpu,
        }


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
    clock = time.perf_counter
    started = clock()
    begin, end = started + plan["warm_up"], started + plan["warm_up"] + plan["seconds"]
    tally = Tally()
    cpu_at_begin = 0.0
    number = 0

    async def client() -> None:
        nonlocal number
        connection = await connect(plan["port"])
        try:
            while True:
                head, tail = halves[number % len(halves)]
                number += 1
                sent = clock()
                if sent >= end:
                    return
                status, _ = await connection.send(head + key + str(number).encode() + tail)
                answered = clock()
                if begin <= answered < end:
                    tally.latencies.append(answered - sent)
                    tally.statuses[str(status)] += 1
        finally:
            connection.close()

    async def mark() -> None:
        nonlocal cpu_at_begin
        await asyncio.sleep(plan["warm_up"])
        cpu_at_begin = _cpu()

    async with asyncio.timeout(plan["warm_up"] + plan["seconds"] + 30), asyncio.TaskGroup() as group:
        group.create_task(mark())
        for _ in range(plan["clients"]):
            group.create_task(client())
    return tally.result(plan["seconds"], _cpu() - cpu_at_begin)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


SCENARIOS = {"door": door}


def main() -> None:
    plan = json.load(sys.stdin)
    json.dump(uvloop.run(SCENARIOS[plan["scenario"]](plan)), sys.stdout)


if __name__ == "__main__":
    main()
