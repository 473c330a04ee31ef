"""How long it takes until everybody of a field action has been told: `python -m bench --only telling`.

Nobody complained but one; all have units that were named, and an address that the enterprise told. One process runs all
services, without a pace; a mail server of the bench takes every letter. The clock stops when the action's own progress
says that all were told, which needs the whole way: rounds, the log, letters, the mail server, the log again.
"""

import asyncio
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import httpx
from aiosmtpd.smtp import SMTP, Envelope
from pydantic_core import to_json
from sqlalchemy import text

from bench.field_action import DRAFT, NO_PACE, UNPACED
from bench.machine import Meter, peak_mib
from bench.rig import SECRET, Rig
from services import catalogue
from services.resolution.app import service
from services.resolution.field_action.model import FieldAction
from services.resolution.field_action.store import store
from services.resolution.store import store as cases
from shared import clock
from shared.aggregate import load_one, save_one
from shared.config import Settings
from shared.ids import new_id
from shared.process import Process

PEOPLE, QUICK_PEOPLE = 10_000, 1_000
POLL = 0.5
"""Seconds between two looks at the progress of 10,000 people: who looks costs as much as they are many."""
AT_ONCE = 500
"""Contacts in one request."""

_ID = re.compile(rb"^Message-ID: <([0-9a-f-]+)@", re.MULTILINE | re.IGNORECASE)
_UNITS = text(
    "INSERT INTO field_action_units (field_action_id, serial, customer_id, batch, named_at) "
    "SELECT :id, 'S-' || n, c, '41', now() FROM unnest(CAST(:customers AS uuid[])) WITH ORDINALITY AS u(c, n)"
)


def measure(rig: Rig, quick: bool, people: int | None = None) -> dict[str, Any]:
    number = people or (QUICK_PEOPLE if quick else PEOPLE)
    url = rig.database()
    key = rig.key(url)
    with (
        _sink() as sink,
        rig.redress(list(catalogue.NAMES), url, smtp_url=f"smtp://127.0.0.1:{sink.port}") as redress,
    ):
        here = f"http://127.0.0.1:{redress.port}"
        with httpx.Client(base_url=here, headers={"Authorization": f"Bearer {key}"}, timeout=60) as http:
            began = time.perf_counter()
            customers = _name(http, number)
            naming = time.perf_counter() - began
            before = peak_mib(redress.pid)
            meter = Meter({"redress": [redress.pid], "postgres": rig.postgres_pids()})
            meter.start()
            began = time.perf_counter()
            action_id = asyncio.run(_start(rig, url, customers))
            while (told := _told(http, action_id)) < number:
                time.sleep(max(0.2, number / PEOPLE * POLL))
            seconds = time.perf_counter() - began
            spent = meter.stop()
            assert set(sink.letters.values()) == {1}, "somebody was written to twice"
            return {
                "people": number,
                "told": told,
                "letters at the mail server": sum(sink.letters.values()),
                "seconds to tell intake of the contacts": round(naming, 1),
                "seconds until all were told": round(seconds, 1),
                "people per second": round(number / seconds, 1),
                "CPU ms per letter": {name: round(1000 * used / number, 2) for name, used in spent.items()},
                "memory of the process before, MiB": round(before),
                "memory of the process at its peak, MiB": round(peak_mib(redress.pid)),
            }


def _name(http: httpx.Client, number: int) -> list[UUID]:
    ids: list[UUID] = []
    for first in range(0, number, AT_ONCE):
        contacts = [
            {"external_id": f"B-{n}", "name": f"Customer {n}", "email": f"c{n}@example.com", "language": "zh"}
            for n in range(first, min(first + AT_ONCE, number))
        ]
        answer = http.post("/intake/v1/customers/contacts", json={"contacts": contacts})
        ids += [UUID(each) for each in answer.raise_for_status().json()["customer_ids"]]
    return ids


async def _start(rig: Rig, url: str, customers: list[UUID]) -> UUID:
    """As if it had been approved."""
    settings = Settings(data_dir=rig.folder / "data", database_url=url, secret=SECRET)
    process = Process(settings, url, [service])
    origin, action_id = new_id(), new_id()
    async with process.contexts["resolution"].database.transaction() as transaction:
        for statement in NO_PACE:
            rules = {"rules": to_json(UNPACED).decode()} if ":rules" in statement else {}
            await transaction.connection.execute(text(statement), rules)
        case = await load_one(cases, transaction, origin)
        case.open("RD-7K2M9QXA3", clock.now())
        await save_one(cases, transaction, case)
        action = FieldAction(id=action_id)
        action.draft(origin, DRAFT, "bench", clock.now())
        await save_one(store, transaction, action)
        await transaction.connection.execute(_UNITS, {"id": action_id, "customers": customers})
    async with process.contexts["resolution"].database.transaction() as transaction:
        action = await load_one(store, transaction, action_id)
        action.found = len(customers)
        action.propose("bench", clock.now())
        action.start(new_id(), "bench", clock.now())
        await save_one(store, transaction, action)
    await process.log.stop()
    await process._close()
    return action_id


def _told(http: httpx.Client, action_id: UUID) -> int:
    progress = http.get(f"/resolution/v1/field-actions/{action_id}/progress").raise_for_status().json()
    return int(progress["told"])


class _Sink:
    """A mail server that takes every letter and counts it by its Message-ID."""

    def __init__(self) -> None:
        self.letters: Counter[bytes] = Counter()
        self.port = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        found = _ID.search(envelope.content or b"")  # type: ignore[arg-type]  # decode_data is off: bytes
        assert found is not None
        self.letters[found[1]] += 1
        return "250 OK"


@contextmanager
def _sink() -> Iterator[_Sink]:
    """In a thread of its own."""
    sink, loop, ready = _Sink(), asyncio.new_event_loop(), threading.Event()

    async def serve() -> None:
        server = await loop.create_server(lambda: SMTP(sink, enable_SMTPUTF8=True), "127.0.0.1", 0)
        sink.port = server.sockets[0].getsockname()[1]
        ready.set()
        await server.serve_forever()

    task = loop.create_task(serve())

    def run() -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(task)
        except asyncio.CancelledError:
            loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield sink
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(10)
