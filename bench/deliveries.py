"""How many deliveries a second one courier makes: letters to a mail server, events to a webhook, both on this machine.

Both kinds are queued beforehand and sent in one run, first a connection for each mail and then with kept ones. The
receivers run in the same process, so their cost is part of the figure; the contact comes from a stand-in for intake.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
from aiosmtpd.smtp import SMTP

from bench.machine import Meter
from bench.rig import SECRET, Rig
from services import catalogue
from services.notification.channels.smtp import MailServer
from services.notification.contacts import Contacts
from services.notification.courier import Courier
from services.notification.delivery import Delivery
from services.notification.desk import Desks
from services.notification.rules import Audience, Channel, Nature, Urgency
from services.notification.store import queue
from services.notification.webhooks import secrets
from services.notification.webhooks.signing import Scheme
from shared.config import Settings
from shared.database import sql
from shared.ids import derived_id
from shared.process import Process
from shared.seal import Seal
from shared.service import Context

NUMBER, QUICK_NUMBER = 5_000, 500
NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
HOOK = derived_id("bench", "hook")

_CONVERSATIONS = sql(
    "INSERT INTO conversations (id, version, reference, kind, language, registered_at, assignments, interim_waits, "
    "offers, follow_ups, acknowledged, held, first_promise_at) "
    "SELECT id, 1, 'RD-' || upper(substr(md5(id::text), 1, 8)) || '-1', 'complaint', 'en', :now, 0, false, '[]', 0, "
    "true, '[]', :now FROM unnest(CAST(:ids AS uuid[])) AS t(id)"
)
_HOOK = sql(
    "INSERT INTO subscriptions (id, owner, url, event_types, created_at, since) "
    "VALUES (:id, 'bench', :url, ARRAY['*'], :now, :now)"
)
_EVENTS = sql(
    "INSERT INTO forwarded_events (event_id, complaint_id, event_type, at, body) "
    "SELECT id, id, 'redress.case.closed', :now, :body FROM unnest(CAST(:ids AS uuid[])) AS t(id)"
)
_DONE = sql("SELECT count(*) FROM deliveries WHERE audience = :audience AND status = 'delivered'")


def measure(rig: Rig, quick: bool) -> dict[str, Any]:
    number = QUICK_NUMBER if quick else NUMBER
    found = {}
    for name, kept in (("a connection for each mail", False), ("kept connections", True)):
        url = rig.database()
        try:
            found[name] = asyncio.run(_measured(rig, url, number, kept))
        finally:
            rig.drop(url)
    return {"number": number, "runs": found}


async def _measured(rig: Rig, url: str, number: int, kept: bool) -> dict[str, Any]:
    async with _mail_server() as (mails, smtp_port), _web_server() as (calls, http_port):
        settings = Settings(
            data_dir=rig.folder / "data",
            database_url=url,
            secret=SECRET,
            smtp_url=f"smtp://127.0.0.1:{smtp_port}",
            allow_private_targets=True,
        )
        process = Process(settings, url, catalogue.load(["notification"]))
        context = process.contexts["notification"]
        async with httpx.AsyncClient(transport=_Intake(), base_url="http://intake") as intake:
            context.peers = lambda name: intake
            asking = asyncio.create_task(context.part(Contacts).run())
            try:
                await _fill(context, number, f"http://127.0.0.1:{http_port}/hook")
                result = {
                    "mail": await _drain(rig, context, Audience.CUSTOMER, number, kept),
                    "webhook": await _drain(rig, context, Audience.SUBSCRIBER, number, kept),
                }
            finally:
                asking.cancel()
                await asyncio.wait([asking])
                await process.log.stop()
                await process._close()
        if (mails[0], calls[0]) != (number, number):
            raise RuntimeError(f"{mails[0]} mails and {calls[0]} calls arrived, not {number} of each")
        return result


async def _drain(rig: Rig, context: Context, audience: Audience, number: int, kept: bool) -> dict[str, Any]:
    courier = Courier(context.database, context.part(Desks).of(audience), 0.2)
    server = context.part(MailServer)
    if not kept:
        server._keep = lambda line, sound: server._end(line)  # type: ignore[method-assign]  # as it was before
    meter = Meter({"postgres": rig.postgres_pids()})
    began, cpu = time.perf_counter(), time.process_time()
    meter.start()
    while await courier.round():
        pass
    took, cpu, spent = time.perf_counter() - began, time.process_time() - cpu, meter.stop()
    async with context.database.reading() as connection:
        done = (await connection.execute(_DONE, {"audience": audience})).scalar_one()
    if done != number:
        raise RuntimeError(f"{done} of {number} deliveries to {audience} were made")
    return {
        "seconds": took,
        "per_second": number / took,
        "others": spent["others"],
        "us": {"server": cpu / number * 1e6, "postgres": spent["postgres"] / number * 1e6},
    }


async def _fill(context: Context, number: int, hook: str) -> None:
    """Letters and events that wait, each of a complaint of its own."""
    ids = [derived_id("bench", "delivery", n) for n in range(number)]
    async with context.database.transaction() as transaction:
        await transaction.execute(_CONVERSATIONS, {"ids": ids, "now": NOW})
        await transaction.execute(_HOOK, {"id": HOOK, "url": hook, "now": NOW})
        await secrets.first(transaction, HOOK, Scheme.V1, context.part(Seal))
        body = json.dumps({"specversion": "1.0", "data": {"result": "It runs. " * 60}})
        await transaction.execute(_EVENTS, {"ids": ids, "body": body, "now": NOW})
        await queue(transaction, [made for i in ids for made in (_letter(i), _event(i))])
    async with context.database.reading() as connection:
        await connection.execute(sql("ANALYZE deliveries, conversations"))


def _letter(complaint: UUID) -> Delivery:
    return Delivery(
        derived_id("letter", complaint),
        complaint,
        Audience.CUSTOMER,
        "customer/assigned",
        NOW,
        f"customer/{complaint}",
        (Channel.EMAIL,),
        urgency=Urgency.USUAL,
        nature=Nature.PROGRESS,
        template="assigned",
        facts={"person": "Li Wei", "again": False},
    )


def _event(complaint: UUID) -> Delivery:
    return Delivery(
        derived_id("event", complaint),
        complaint,
        Audience.SUBSCRIBER,
        f"webhook/{HOOK}",
        NOW,
        f"{HOOK}/{complaint}",
        (Channel.WEBHOOK,),
        subscription_id=HOOK,
        event_id=complaint,
    )


class _Intake(httpx.AsyncBaseTransport):
    """Knows everybody's address."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        asked = request.url.params.get_list("complaint")
        return httpx.Response(
            200,
            json=[
                {
                    "complaint_id": each,
                    "name": "Ann Example",
                    "email": "ann@example.com",
                    "language": "en",
                    "tracking_url": f"https://redress.example/track/{each}",
                }
                for each in asked
            ],
        )


@asynccontextmanager
async def _mail_server() -> AsyncIterator[tuple[list[int], int]]:
    taken = [0]

    class Handler:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's
            taken[0] += 1
            return "250 OK"

    make: Callable[[], SMTP] = lambda: SMTP(Handler(), enable_SMTPUTF8=True)  # noqa: E731 - a factory of protocols
    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    async with server:
        yield taken, server.sockets[0].getsockname()[1]


@asynccontextmanager
async def _web_server() -> AsyncIterator[tuple[list[int], int]]:
    taken = [0]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        await reader.readexactly(int(head.partition("content-length: ")[2].partition("\r")[0]))
        taken[0] += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield taken, server.sockets[0].getsockname()[1]
