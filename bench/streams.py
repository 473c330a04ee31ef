"""Live streams: how long an event takes from the log to those who follow, and what many of them cost.

Thousands of server-sent event streams, opened over real sockets by a process of its own, while events are appended to
the log at a steady rate. Latency is from before the append until the bytes have arrived. Two shapes: each stream
follows one complaint, as handlers and systems do with a case in hand; and all of them follow everything.
"""

import asyncio
import json
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from bench import machine
from bench.machine import Meter
from bench.rig import ROOT, Child, Rig
from shared import clock
from shared.eventlog import Record
from shared.eventlog.table import TableLog
from shared.ids import derived_id, new_id

STREAMS, QUICK_STREAMS = 2000, 200
PER_SECOND = 100
SECONDS, QUICK_SECONDS = 30, 5
FILLING = "x" * 500
"""So that an event is as long as most are."""
SAMPLED = 20
"""Where all follow everything, of every so many streams each event is timed; of the others they are counted."""
_SENT = re.compile(rb'"sent":([0-9.]+)')


def measure(rig: Rig, quick: bool) -> dict[str, Any]:
    streams, seconds = (QUICK_STREAMS, QUICK_SECONDS) if quick else (STREAMS, SECONDS)
    allow_descriptors()
    found = {
        shape: _measured(rig, streams, seconds, everything=shape == "everything")
        for shape in ("one complaint each", "everything")
    }
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return {
        "streams": streams,
        "per_second": PER_SECOND,
        "seconds": seconds,
        "descriptors": limit,
        "shapes": found,
    }


def allow_descriptors() -> None:
    """Each stream needs one at either end; children inherit the limit."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _measured(rig: Rig, streams: int, seconds: int, *, everything: bool) -> dict[str, Any]:
    url = rig.database()
    try:
        with rig.redress(["intake", "notification"], url) as server:
            return _followed(rig, url, server, streams, seconds, everything)
    finally:
        rig.drop(url)


def _followed(
    rig: Rig, url: str, server: Child, streams: int, seconds: int, everything: bool
) -> dict[str, Any]:
    alone = _resident_mb(server.pid)
    plan = {"port": server.port, "key": rig.key(url), "streams": streams, "everything": everything}
    client = subprocess.Popen(
        [sys.executable, "-m", "bench.streams"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert client.stdin is not None
    assert client.stdout is not None
    try:
        client.stdin.write(json.dumps(plan).encode() + b"\n")
        client.stdin.flush()
        if client.stdout.readline() != b"open\n":
            raise RuntimeError("the streams could not be opened")
        opened = _resident_mb(server.pid)
        meter = Meter({"server": [server.pid], "postgres": rig.postgres_pids(), "client": [client.pid]})
        meter.start()
        events = asyncio.run(_tell(url, streams, seconds))
        spent = meter.stop(machine.cpu_seconds(client.pid))
        wanted = events * streams if everything else events
        client.stdin.write(f"{wanted}\n".encode())
        client.stdin.flush()
        got = json.loads(client.stdout.readline())
    finally:
        client.kill()
        client.wait()
    if got["events"] != wanted:
        raise RuntimeError(f"{got['events']} of {wanted} events arrived")
    return {
        **got,
        "told": events,
        "memory_mb": {"alone": alone, "opened": opened, "busy": _resident_mb(server.pid)},
        "cpu": {name: spent[name] / seconds for name in ("server", "postgres", "client")},
        "others": spent["others"],
    }


async def _tell(url: str, streams: int, seconds: int) -> int:
    """Append events to the log at the steady rate; returns how many."""
    log, number = TableLog(url), PER_SECOND * seconds
    began = time.monotonic()
    try:
        for n in range(number):
            await asyncio.sleep(max(0.0, began + n / PER_SECOND - time.monotonic()))
            await log.append([_event(_complaint(n % streams))])
    finally:
        await log.stop()
    return number


def _complaint(number: int) -> UUID:
    return derived_id("bench", "streams", number)


def _event(about: UUID) -> Record:
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(new_id()),
        "ce_source": "/redress/intake",
        "ce_type": "redress.example.ticked.v9",
        "ce_subject": str(about),
        "ce_time": clock.now().isoformat(),
        "ce_sequence": "1",
        "content-type": "application/json",
    }
    value = {"complaint_id": str(about), "filling": FILLING, "sent": time.monotonic()}
    return Record("redress.intake", str(about), headers, json.dumps(value, separators=(",", ":")).encode())


def _resident_mb(pid: int) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return 0.0


# --- the client, in a process of its own --------------------------------------------------------------------


class Follower(asyncio.Protocol):
    """One stream. Counts events, and times them where `late` is a list."""

    def __init__(self, request: bytes, late: list[float] | None) -> None:
        self._request = request
        self._late = late
        self.events = 0
        self.begun = asyncio.get_running_loop().create_future()
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        if not self.begun.done():
            if data.startswith(b"HTTP/") and not data.startswith(b"HTTP/1.1 200"):
                self.begun.set_exception(RuntimeError(data[:500].decode(errors="replace")))
            elif b": alive" in data:
                self.begun.set_result(None)
        whole, sign, rest = (self._rest + data).rpartition(b"\n\n")
        self._rest = rest if sign else self._rest + data
        if self._late is None:
            self.events += whole.count(b'"sent":')
        else:
            found = _SENT.findall(whole)
            self.events += len(found)
            self._late += [now - float(sent) for sent in found]

    def connection_lost(self, error: Exception | None) -> None:
        if not self.begun.done():
            self.begun.set_exception(error or ConnectionError("hung up"))


async def _follow(plan: Mapping[str, Any]) -> None:
    loop, late = asyncio.get_running_loop(), list[float]()
    followers = []
    for number in range(plan["streams"]):
        query = "" if plan["everything"] else f"?complaint_id={_complaint(number)}"
        timed = not plan["everything"] or number % SAMPLED == 0
        request = (
            f"GET /notification/v1/stream{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: Bearer {plan['key']}\r\n\r\n"
        ).encode()
        _, follower = await loop.create_connection(
            lambda request=request, timed=timed: Follower(request, late if timed else None),  # type: ignore[misc]  # mypy does not infer lambdas with defaults
            "127.0.0.1",
            plan["port"],
        )
        await follower.begun
        followers.append(follower)
    print("open", flush=True)
    wanted = int(await asyncio.to_thread(sys.stdin.readline))
    end = time.monotonic() + 30
    while sum(f.events for f in followers) < wanted and time.monotonic() < end:
        await asyncio.sleep(0.05)
    found = statistics.quantiles(late, n=1000)
    shown = {"p50_ms": found[499], "p99_ms": found[989], "worst_ms": max(late)}
    told = {name: seconds * 1000 for name, seconds in shown.items()}
    print(json.dumps({"events": sum(f.events for f in followers), "timed": len(late), **told}), flush=True)


if __name__ == "__main__":
    asyncio.run(_follow(json.loads(sys.stdin.readline())))
