"""A whole Redress in the test's own process, and the words that tests use to talk to it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from services import catalogue
from shared.config import Settings
from shared.eventlog import Record
from shared.eventlog.table import TableLog
from shared.events import PersonalDataRead
from shared.events.vocabulary import ALL_TOPICS
from shared.keys import create_key
from shared.process import Process
from shared.service import Context

T = TypeVar("T")
SECRET = "a-secret-for-tests-of-32-characters"

TOLD: dict[str, Any] = {
    "channel": "web_form",
    "language": "en",
    "about": "goods",
    "statement": {
        "what_went_wrong": "The motor shows alarm R4 after ten minutes. Call me: 13800138000.",
        "feeling": "We feel left alone.",
        "wanted": "A replacement this week.",
    },
    "customer": {"external_id": "C-1042", "name": "Ann Example", "email": "ann@example.com"},
    "product": {"id": "M-7", "name": "Servo motor", "model": "M7-400", "batch": "2026-41"},
    "desired_remedies": ["exchange"],
}


@dataclass
class World:
    """The services of one process, an administrator's HTTP client, and waits on conditions."""

    process: Process
    http: httpx.AsyncClient
    """Sends the administrator's key."""
    customer: httpx.AsyncClient
    """Sends no key."""
    url: str
    watching: AsyncEngine
    """Connections that see all schemas."""

    def context(self, service: str) -> Context:
        return self.process.contexts[service]

    async def settled(self, within: float = 20.0) -> None:
        """Wait until no event waits anywhere."""
        await eventually(self._quiet, within, "the log to settle")

    async def _quiet(self) -> bool:
        """As `Process.backlog`, on the table log in one statement: it is asked often."""
        if not isinstance(self.process.log, TableLog):
            return await self.process.backlog() == 0
        services = self.process.services
        read = [
            (group, topic)
            for service in services
            for group, topics in service.groups.items()
            for topic in topics
        ]
        asked = {"groups": [group for group, _ in read], "topics": [topic for _, topic in read]}
        async with self.watching.connect() as connection:
            return not (await connection.execute(_waits(*(s.name for s in services)), asked)).scalar_one()

    async def told_of(self, complaint_id: str, topic: str = "redress.intake") -> list[Record]:
        """What one topic tells of a complaint, but for who read its contacts: letters do that whenever they go out."""
        return [
            record
            for record in await self.log_records(topic)
            if record.key == complaint_id and record.headers["ce_type"] != PersonalDataRead.wire_type()
        ]

    async def log_records(self, *topics: str) -> list[Record]:
        """Everything on the log (or on these topics), as a group that nobody else is in would read it."""
        log, group = self.process.log, f"test-{uuid4()}"
        consumer = log.consumer(group, topics or ALL_TOPICS)
        await consumer.start()
        try:
            records: list[Record] = []
            while await log.lag(group, topics or ALL_TOPICS):
                batch = await consumer.poll(1000, 0.2)
                records += batch
                await consumer.commit(batch)
            return records
        finally:
            await consumer.stop()

    @asynccontextmanager
    async def visited(self) -> AsyncIterator["World"]:
        """The same services with another administrator's client."""
        async with _client(self.process, await create_key(self.url, "tests", ["admin"])) as http:
            yield replace(self, http=http)

    async def register(self, told: dict[str, Any] | None = None, **headers: str) -> dict[str, Any]:
        answer = await self.http.post("/intake/v1/complaints", json=told or TOLD, headers=headers)
        assert answer.status_code == 201, answer.text
        body: dict[str, Any] = answer.json()
        return body


@cache
def _waits(*services: str) -> TextClause:
    """Whether an event waits in an outbox, or on the table log for a group."""
    outboxes = " OR ".join(f"EXISTS (SELECT FROM {name}.outbox)" for name in services)
    return text(
        f"SELECT {outboxes} OR EXISTS ("
        "SELECT FROM unnest(CAST(:groups AS text[]), CAST(:topics AS text[])) AS r(reader, topic) "
        "JOIN platform.topics t USING (topic) "
        'LEFT JOIN platform.cursors c ON c.topic = t.topic AND c."group" = r.reader '
        "WHERE t.next_offset > coalesce(c.next_offset, 0))"
    )


async def eventually(
    condition: Callable[[], Awaitable[T]], within: float = 20.0, what: str = "the condition"
) -> T:
    """Poll until the condition gives something true; fail, naming it, when it does not in time."""
    end = time.monotonic() + within
    while True:
        value = await condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {within} s in vain for {what}")
        await asyncio.sleep(0.02)


def settings_for(url: str, data_dir: Path, **changes: Any) -> Settings:
    usual: dict[str, Any] = {
        "data_dir": data_dir,
        "database_url": url,
        "secret": SECRET,
        "poll_interval": 0.2,
        "rate_limit": "1000000/second",
        "rate_limit_anonymous": "1000000/second",
        "tracking_attempts": "1000000/second",
        "allow_private_targets": True,
        "database_pool_size": 4,
    }
    return Settings(**(usual | changes))


@asynccontextmanager
async def open_world(
    url: str, data_dir: Path, names: Sequence[str] = catalogue.NAMES, **changes: Any
) -> AsyncIterator[World]:
    process = Process(settings_for(url, data_dir, **changes), url, catalogue.load(names))
    key = await create_key(url, "tests", ["admin"])
    async with (
        process.running(),
        _client(process, key) as http,
        httpx.AsyncClient(transport=http._transport, base_url="http://redress") as customer,
    ):
        watching = create_async_engine(url, pool_size=1, isolation_level="AUTOCOMMIT")
        try:
            yield World(process, http, customer, url, watching)
        finally:
            await watching.dispose()


def _client(process: Process, key: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(process.app),
        base_url="http://redress",
        headers={"Authorization": f"Bearer {key}", "X-Purpose": "a test"},
    )
