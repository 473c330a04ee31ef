"""kill -9 in the middle of ten thousand webhook deliveries: none is lost, and who knows them by id sees each once."""

import asyncio
import json
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest

from services.notification.app import service
from services.notification.webhooks import signing
from shared.database import sql
from shared.ids import new_id
from shared.process import Process
from shared.seal import Seal
from tests.conftest import NewDatabase
from tests.world import settings_for

pytestmark = pytest.mark.slow

COMPLAINTS = 2000
EACH = 5
"""Facts of each complaint, which must come in order."""

DEATHS = ("delivery.after-send:2500", "delivery.after-send:3000")

_SUBSCRIBE = sql(
    "WITH made AS (INSERT INTO subscriptions (id, owner, url, event_types, created_at, since) "
    "VALUES (:id, 'key:test', :url, '{*}', now(), now())) "
    "INSERT INTO webhook_secrets (id, subscription_id, sealed, made_at) VALUES (:id, :id, :sealed, now())"
)
_FACTS = sql(
    "INSERT INTO forwarded_events (event_id, complaint_id, event_type, at, body) "
    "SELECT md5('event/' || c || '/' || n)::uuid, md5(c::text)::uuid, 'redress.test', now(), "
    "jsonb_build_object('subject', c, 'sequence', n)::text "
    "FROM generate_series(1, CAST(:each AS int)) n, generate_series(1, CAST(:complaints AS int)) c ORDER BY n, c"
)
_DELIVERIES = sql(
    "INSERT INTO deliveries (id, complaint_id, audience, rule, channels, lane, facts, subscription_id, event_id, "
    "next_attempt_at) SELECT md5('delivery/' || event_id)::uuid, complaint_id, 'subscriber', 'webhook', "
    "'{webhook}', complaint_id::text, '{}', :webhook, event_id, now() FROM forwarded_events ORDER BY number"
)
_LEFT = sql("SELECT status, count(*) AS number FROM deliveries GROUP BY status")
_TRIED = sql("SELECT count(*) AS number, count(DISTINCT delivery_id) AS deliveries FROM attempts")


@dataclass
class Receiver:
    """Takes everything, and keeps the connections."""

    port: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    """By `webhook-id`."""
    orders: dict[int, list[int]] = field(default_factory=dict)
    """Of each complaint the numbers of its facts, as it heard them first."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = {n.lower(): v for n, _, v in (line.partition(": ") for line in head[1:] if line)}
                fact = json.loads(await reader.readexactly(int(headers["content-length"])))
                if not self.calls[headers["webhook-id"]]:
                    self.orders.setdefault(fact["subject"], []).append(fact["sequence"])
                self.calls[headers["webhook-id"]] += 1
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver


@asynccontextmanager
async def notification(url: str, folder: Path) -> AsyncIterator[Process]:
    process = Process(settings_for(url, folder), url, [service])
    try:
        yield process
    finally:
        await process.log.stop()
        await process._close()


async def queue_all(process: Process, port: int) -> UUID:
    context, webhook = process.contexts["notification"], new_id()
    sealed = context.part(Seal).close(signing.new_secret())
    async with context.database.transaction() as transaction:
        url = f"http://127.0.0.1:{port}/"
        await transaction.execute(_SUBSCRIBE, {"id": webhook, "url": url, "sealed": sealed})
        await transaction.execute(_FACTS, {"complaints": COMPLAINTS, "each": EACH})
        await transaction.execute(_DELIVERIES, {"webhook": webhook})
    return webhook


async def post_all(url: str, folder: Path, failpoint: str, minutes: int) -> int:
    """In a process of its own; how it ended."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.system.posting", url, str(folder), failpoint, str(minutes))
    )
    return await child.wait()


@pytest.mark.requirement("P-27", "N-A")
async def test_killed_in_the_middle_of_many_deliveries_none_is_lost_and_each_is_known_by_its_id(
    new_database: NewDatabase, scratch: Path
) -> None:
    url = await new_database()
    async with receiving() as receiver, notification(url, scratch) as process:
        await queue_all(process, receiver.port)
        for number, death in enumerate(DEATHS):
            assert await post_all(url, scratch, death, 6 * number) == -signal.SIGKILL
        died_with = sum(receiver.calls.values())
        assert await post_all(url, scratch, "", 6 * len(DEATHS)) == 0
        async with process.contexts["notification"].database.reading() as connection:
            left = {row.status: row.number for row in await connection.execute(_LEFT)}
            tried = (await connection.execute(_TRIED)).one()
    total = COMPLAINTS * EACH
    assert 0 < died_with < total
    assert left == {"delivered": total}
    assert len(receiver.calls) == total
    again = sum(receiver.calls.values()) - total
    assert len(DEATHS) <= again <= len(DEATHS) * 200, "what was under way goes out again, under its id"
    assert set(map(tuple, receiver.orders.values())) == {tuple(range(1, EACH + 1))}
    assert (tried.number, tried.deliveries) == (total, total), "an attempt that died has no end"
