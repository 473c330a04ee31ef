"""Notification on real PostgreSQL, with a real mail server and a real receiver of webhooks."""

import asyncio
import hashlib
import json
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import httpx
import pytest
import standardwebhooks
from fastapi import FastAPI, Query
from sqlalchemy import text

from services.notification import queue, schedule
from services.notification.app import service
from services.notification.channels import CannotDeliver, Receipt
from services.notification.contacts import Contacts
from services.notification.courier import Courier
from services.notification.desk import Desks
from services.notification.rules import Audience
from services.notification.webhooks.channel import Parcel, WebhookChannel
from shared import clock, outbox
from shared.eventlog import Record
from shared.events import (
    CaseClosed,
    ComplaintAssigned,
    ComplaintRegistered,
    Event,
    PromiseMade,
    SolutionCarriedOut,
)
from shared.guard import Guard
from shared.keys import create_key
from shared.outward import Connections
from shared.process import Process
from shared.service import Context
from tests.conftest import NewDatabase
from tests.services.receivers import Hook, Mailbox, certificate, mail_server, text_of, web_server
from tests.services.statements import counted
from tests.world import eventually, open_world, settings_for

pytestmark = pytest.mark.slow

CONTACT = {"name": "Ann Example", "email": "ann@example.com", "phone": None, "language": "en"}


@dataclass
class Desk:
    """The service with its workers standing still: the test hands it events and does the couriers' rounds."""

    context: Context
    http: httpx.AsyncClient
    contact: dict[str, Any]
    """What intake says of every customer."""
    asked: list[int]
    """How many contacts each question to intake was about."""

    async def hears(self, *events: Event) -> None:
        records = []
        for event in events:
            made = outbox.outgoing(event, "test", clock.now())
            headers = json.loads(made.headers) | {"ce_sequence": "1"}
            records.append(Record(made.topic, made.key, headers, made.value))
        await service.pump(self.context).handle(records)

    def courier(self, audience: Audience) -> Courier:
        return Courier(self.context.database, self.context.part(Desks).of(audience), 0.2)

    async def delivers(self, audience: Audience = Audience.CUSTOMER) -> int:
        """Rounds until nothing is due; how many attempts there were."""
        courier, total = self.courier(audience), 0
        while done := await courier.round():
            total += done
        return total

    async def rows(self, sql: str, **values: Any) -> Sequence[Any]:
        async with self.context.database.reading() as connection:
            return (await connection.execute(text(sql), values)).all()

    async def log(self, **query: str) -> list[dict[str, Any]]:
        answer = await self.http.get("/notification/v1/deliveries", params=query)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def subscribes(self, hook: Hook, *event_types: str) -> dict[str, Any]:
        body = {"url": hook.url, "event_types": event_types or ["*"]}
        answer = await self.http.post("/notification/v1/webhooks", json=body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made


def a_complaint(complaint_id: UUID, language: str = "en") -> tuple[Event, Event]:
    now = clock.now()
    registered = ComplaintRegistered.model_validate(
        {
            "complaint_id": complaint_id,
            "reference": "RD-7K3M9QXT-B",
            "registered_at": now,
            "kind": "complaint",
            "medium": "online",
            "channel": "web_form",
            "language": language,
            "form": "written",
            "against": "organisation",
            "visibility": "private",
            "complainant_type": "external",
            "customer_id": uuid4(),
            "statement": {"what_went_wrong": "The motor does not run."},
            "completeness": 0.5,
        }
    )
    due = now + timedelta(hours=8)
    return registered, PromiseMade(complaint_id=complaint_id, promise_id=uuid4(), due_at=due, made_at=now)


def an_assignment(complaint_id: UUID, name: str = "Li Wei") -> Event:
    return ComplaintAssigned(
        complaint_id=complaint_id,
        department="drives",
        handler_id="h1",
        handler_name=name,
        reasons=(),
        assigned_at=clock.now(),
    )


@asynccontextmanager
async def open_desk(url: str, data_dir: Path, **changes: Any) -> AsyncIterator[Desk]:
    settings = settings_for(url, data_dir, organisation="Northwind", **changes)
    process = Process(settings, url, [service])
    context = process.contexts["notification"]
    intake = FastAPI()
    contact = dict(CONTACT)
    asked: list[int] = []

    @intake.get("/intake/v1/contacts")
    async def read_contacts(complaint: Annotated[list[UUID], Query()]) -> list[dict[str, Any]]:
        asked.append(len(complaint))
        return [
            {
                "customer_id": each,
                **contact,
                "complaint_id": each,
                "tracking_url": f"https://redress.example/track/{each}",
            }
            for each in complaint
        ]

    peer = httpx.AsyncClient(transport=httpx.ASGITransport(intake), base_url="http://intake")
    context.peers = lambda name: peer
    key = await create_key(
        url, "tests", ["webhooks:write", "complaints:read", "deliveries:read", "cases:work"]
    )
    here = httpx.ASGITransport(process.app)
    headers = {"Authorization": f"Bearer {key}"}
    asking = asyncio.create_task(context.part(Contacts).run())
    async with peer, httpx.AsyncClient(transport=here, base_url="http://redress", headers=headers) as http:
        yield Desk(context, http, contact, asked)
        asking.cancel()
        await asyncio.wait([asking])
        await context.part(Connections).close()
        await process._close()


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with mail_server() as server:
        yield server


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with web_server() as server:
        yield server


@pytest.fixture
async def desk(new_database: NewDatabase, scratch: Path, mailbox: Mailbox) -> AsyncIterator[Desk]:
    smtp = f"smtp://127.0.0.1:{mailbox.port}"
    async with open_desk(await new_database(), scratch, smtp_url=smtp) as opened:
        yield opened


@asynccontextmanager
async def later(**delta: float) -> AsyncIterator[None]:
    """The clock is put forward for the length of the block."""
    real = clock._system_time
    with clock.moved_to(lambda: real() + timedelta(**delta)):
        yield


# What a batch costs.


async def test_a_long_batch_costs_as_many_statements_as_a_short_one(desk: Desk, hook: Hook) -> None:
    await desk.subscribes(hook)
    read, claimed, settled = [], [], []
    for size in (1, 30):
        complaints = [uuid4() for _ in range(size)]
        facts = [fact for each in complaints for fact in (*a_complaint(each), an_assignment(each))]
        with counted(desk.context.database) as statements:
            await desk.hears(*facts)
        read.append(len(statements))
        for audience in (Audience.CUSTOMER, Audience.SUBSCRIBER):
            with counted(desk.context.database) as statements:
                leased = await queue.claim(desk.context.database, audience, clock.now(), 100)
            claimed.append(len(statements))
            assert len(leased) == size
            now, way = clock.now(), leased[0].channels[0]
            with counted(desk.context.database) as statements:
                ends = [queue.Outcome(each, Receipt(way, "v", b"s"), now, now) for each in leased]
                await queue.settle(desk.context.database, ends, now)
            settled.append(len(statements))
        async with desk.context.database.transaction() as transaction:
            await transaction.execute(text("UPDATE deliveries SET next_attempt_at = 'infinity'"))
    assert 0 < read[0] == read[1] <= 10
    assert claimed[:2] == claimed[2:]
    assert 0 < max(claimed) <= 4
    assert settled[:2] == settled[2:]
    assert 0 < max(settled) <= 5


# Mail.


async def test_messages_that_are_due_together_ask_for_their_contacts_together(
    desk: Desk, mailbox: Mailbox
) -> None:
    for _ in range(12):
        await desk.hears(*a_complaint(uuid4()))
    assert await desk.delivers() == 12
    assert sum(desk.asked) == 12
    assert len(desk.asked) < 4
    assert len(mailbox.mails) == 12


@pytest.mark.requirement("001-08", "002-02", "004-12", "002-19")
async def test_the_customer_is_thanked_by_mail_once(desk: Desk, mailbox: Mailbox) -> None:
    complaint = uuid4()
    registered, promised = a_complaint(complaint)
    await desk.hears(promised)
    assert await desk.delivers() == 0
    await desk.hears(registered)
    assert await desk.delivers() == 1
    await desk.hears(registered, promised)
    assert await desk.delivers() == 0

    (mail,) = mailbox.mails
    (entry,) = await desk.log(complaint_id=str(complaint))
    assert mail["Message-ID"] == f"<{entry['id']}@redress.example>"
    assert mail["To"] == "ann@example.com"
    assert mail["From"] == "Northwind <complaints@redress.example>"
    assert mail["X-Redress-Reference"] == "RD-7K3M9QXT-B"
    assert mail["Auto-Submitted"] == "auto-generated"
    body = text_of(mail)
    assert "Dear Ann Example" in body
    assert entry["body_sha256"] == hashlib.sha256(body.encode()).hexdigest()
    assert (entry["status"], entry["channel"], entry["attempts"]) == ("delivered", "email", 1)


async def test_nothing_personal_is_stored_or_told(desk: Desk, mailbox: Mailbox) -> None:
    complaint = uuid4()
    await desk.hears(*a_complaint(complaint), an_assignment(complaint))
    await desk.delivers()
    assert len(mailbox.mails) == 2
    for table in ("deliveries", "conversations", "outbox"):
        stored = str(
            await desk.rows(f"SELECT t::text, encode(convert_to(t::text, 'UTF8'), 'escape') FROM {table} t")
        )
        assert "Ann" not in stored
        assert "ann@" not in stored
    told = await desk.rows(
        "SELECT headers->>'ce_type' AS type, convert_from(value, 'UTF8') AS value FROM outbox"
    )
    assert [row.type for row in told] == ["redress.message.delivered.v1"] * 2
    assert "ann@" not in str(told)


async def test_messages_of_one_complaint_keep_their_order(desk: Desk, mailbox: Mailbox) -> None:
    complaint = uuid4()
    result = SolutionCarriedOut(complaint_id=complaint, result="It runs.", carried_out_at=clock.now())
    await desk.hears(an_assignment(complaint), *a_complaint(complaint), result)
    assert await desk.courier(Audience.CUSTOMER).round() == 1
    await desk.delivers()
    subjects = [mail["Subject"].split(" (")[0] for mail in mailbox.mails]
    assert subjects == [
        "Thank you for telling us",
        "Li Wei now takes care of your case",
        "The result: are you satisfied?",
    ]


async def test_the_language_is_the_one_that_intake_names(desk: Desk, mailbox: Mailbox) -> None:
    desk.contact["language"] = "zh"
    await desk.hears(*a_complaint(uuid4()))
    await desk.delivers()
    assert mailbox.mails[0]["Subject"] == "感谢您告诉我们（受理编号 RD-7K3M9QXT-B）"
    assert "北京时间" in text_of(mailbox.mails[0])


@pytest.mark.requirement("001-08")
@pytest.mark.parametrize("lacking", ["no address", "no mail server"])
async def test_what_only_went_to_the_log_was_not_sent_and_somebody_is_told(
    new_database: NewDatabase, scratch: Path, mailbox: Mailbox, caplog: pytest.LogCaptureFixture, lacking: str
) -> None:
    smtp = f"smtp://127.0.0.1:{mailbox.port}" if lacking == "no address" else None
    complaint = uuid4()
    async with open_desk(await new_database(), scratch, smtp_url=smtp) as desk:
        if lacking == "no address":
            desk.contact["email"] = None
        await desk.hears(*a_complaint(complaint), an_assignment(complaint))
        with caplog.at_level("INFO"):
            await desk.delivers()
        assert await desk.log(status="delivered") == []
        entries = await desk.log(complaint_id=str(complaint), status="not_sent")
        assert [(e["last_error"], e["channel"], e["attempts"]) for e in entries] == [(lacking, None, 1)] * 2
        told = await desk.rows(
            "SELECT headers->>'ce_type' AS type, convert_from(value, 'UTF8') AS value FROM outbox"
        )
        assert [row.type for row in told] == ["redress.message.failed.v1"] * 2
        assert {json.loads(row.value)["reason"] for row in told} == {lacking}
        assert caplog.text.count("a message was not sent") == 2
        assert "Ann" not in caplog.text
        assert "ann@" not in caplog.text

        # The address was told later: now it can go out.
        if lacking == "no address":
            desk.contact["email"] = "ann@example.com"
            resend = f"/notification/v1/deliveries/{entries[0]['id']}/resend"
            assert (await desk.http.post(resend)).status_code == 202
            assert await desk.delivers() == 1
            assert len(mailbox.mails) == 1
        else:
            assert mailbox.mails == []


async def test_an_address_that_the_server_refuses_is_given_up_at_once(desk: Desk, mailbox: Mailbox) -> None:
    mailbox.refuse = "550 <ann@example.com> no such user"
    complaint = uuid4()
    await desk.hears(*a_complaint(complaint))
    assert await desk.delivers() == 1
    (entry,) = await desk.log(status="failed")
    assert entry["last_error"] == "the mail server refuses the recipient (550)"
    (told,) = await desk.rows(
        "SELECT headers->>'ce_type' AS type, convert_from(value, 'UTF8') AS value FROM outbox"
    )
    assert told.type == "redress.message.failed.v1"
    assert "ann@" not in told.value

    mailbox.refuse = None
    answer = await desk.http.post(f"/notification/v1/deliveries/{entry['id']}/resend")
    assert answer.status_code == 202
    assert await desk.delivers() == 1
    assert len(mailbox.mails) == 1
    assert mailbox.mails[0]["Message-ID"].startswith(f"<{entry['id']}@")


async def test_a_busy_mail_server_is_tried_again_on_the_schedule(desk: Desk, mailbox: Mailbox) -> None:
    mailbox.refuse = "451 try later"
    await desk.hears(*a_complaint(uuid4()))
    assert await desk.delivers() == 1
    async with later(seconds=3):
        assert await desk.delivers() == 0
    async with later(seconds=7):
        assert await desk.delivers() == 1
    mailbox.refuse = None
    async with later(minutes=5):
        assert await desk.delivers() == 1
    assert len(mailbox.mails) == 1


async def test_intake_that_cannot_be_asked_is_asked_again(desk: Desk, mailbox: Mailbox) -> None:
    desk.contact["language"] = "klingon"
    await desk.hears(*a_complaint(uuid4()))
    assert await desk.delivers() == 1
    (entry,) = await desk.log()
    assert (entry["status"], entry["last_error"]) == ("pending", "intake's answer is not a contact")
    desk.contact["language"] = "en"
    async with later(seconds=7):
        await desk.delivers()
    assert len(mailbox.mails) == 1


# Leases.


async def test_a_lease_that_ran_out_is_taken_again(desk: Desk, mailbox: Mailbox) -> None:
    await desk.hears(*a_complaint(uuid4()))
    database = desk.context.database
    (dead,) = await queue.claim(database, Audience.CUSTOMER, clock.now(), 10)
    assert await desk.delivers() == 0
    async with later(seconds=schedule.LEASE.total_seconds() + 1):
        assert await desk.delivers() == 1
        # The courier that was taken for dead reports late: its failure does not undo what is delivered.
        late = queue.Outcome(dead, CannotDeliver("late"), clock.now(), clock.now())
        await queue.settle(database, [late], clock.now())
    (entry,) = await desk.log()
    assert (entry["status"], entry["attempts"], entry["last_error"]) == ("delivered", 2, None)


async def test_a_courier_that_is_stopped_hands_back_what_it_did_not_begin(desk: Desk, hook: Hook) -> None:
    await desk.subscribes(hook)
    await desk.hears(*(event for _ in range(25) for event in a_complaint(uuid4())))
    courier = desk.courier(Audience.SUBSCRIBER)
    started = asyncio.Event()
    post = desk.context.part(Desks).of(Audience.SUBSCRIBER)

    async def hang(delivery: queue.Leased) -> Receipt:
        started.set()
        await asyncio.Event().wait()
        raise AssertionError

    courier._desk = type("Hanging", (), {"audience": post.audience, "send": staticmethod(hang)})()
    task = asyncio.create_task(courier.round())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(await desk.log(status="leased", limit="200")) == 16
    assert {e["attempts"] for e in await desk.log(status="pending", limit="200")} == {0}


async def test_a_receiver_that_hangs_is_left_before_the_lease_ends(desk: Desk) -> None:
    """Nobody else may take a delivery that is still being sent: no attempt lasts longer than its limit, and
    what could not be finished within the lease is not begun, but handed back."""
    await desk.hears(*(event for _ in range(40) for event in a_complaint(uuid4())))
    limit, lease = timedelta(seconds=1), timedelta(seconds=3)
    courier = Courier(
        desk.context.database,
        desk.context.part(Desks).of(Audience.CUSTOMER),
        0.2,
        lease=lease,
        send_limit=limit,
        settle_limit=timedelta(seconds=0.5),
    )
    begun: list[datetime] = []

    async def hang(delivery: queue.Leased) -> Receipt:
        begun.append(clock.now())
        await asyncio.Event().wait()
        raise AssertionError

    courier._desk = type("Hanging", (), {"audience": Audience.CUSTOMER, "send": staticmethod(hang)})()
    before = clock.now()
    async with asyncio.timeout(20):
        assert await courier.round() == 40
    # A second courier finds what was handed back; the attempts that were made were written down in time.
    entries = await desk.log(limit="200")
    assert {e["status"] for e in entries} == {"pending"}
    tried = [e for e in entries if e["attempts"] == 1]
    assert len(tried) == len(begun) >= 16
    assert len(begun) < 40
    assert {e["last_error"] for e in tried} == {"not done within 1 s"}
    assert {e["last_error"] for e in entries if e["attempts"] == 0} == {None}
    assert max(begun) + limit < before + lease


async def test_a_mail_server_that_says_nothing_is_given_up_within_the_limit(
    new_database: NewDatabase, scratch: Path
) -> None:
    connected, hung_up = asyncio.Event(), asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.set()
        await reader.read()
        writer.close()
        hung_up.set()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    smtp = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, open_desk(await new_database(), scratch, smtp_url=smtp) as desk:
        await desk.hears(*a_complaint(uuid4()))
        courier = Courier(
            desk.context.database,
            desk.context.part(Desks).of(Audience.CUSTOMER),
            0.2,
            send_limit=timedelta(seconds=1),
        )
        async with asyncio.timeout(10):
            assert await courier.round() == 1
            await hung_up.wait()
        assert connected.is_set()
        (entry,) = await desk.log()
        assert (entry["status"], entry["last_error"]) == ("pending", "not done within 1 s")


@pytest.mark.requirement("P-27")
async def test_many_couriers_send_each_message_once_and_keep_the_order(
    new_database: NewDatabase, scratch: Path, hook: Hook
) -> None:
    url = await new_database()
    async with open_desk(url, scratch) as one, open_desk(url, scratch) as two:
        await one.subscribes(hook)
        complaints = [uuid4() for _ in range(40)]
        for complaint in complaints:
            closing = CaseClosed(
                complaint_id=complaint, outcome="satisfied", closed_by="h1", closed_at=clock.now()
            )
            await one.hears(*a_complaint(complaint), an_assignment(complaint), closing)
        desks = [one, two, one, two]
        while sum(await asyncio.gather(*(d.delivers(Audience.SUBSCRIBER) for d in desks))):
            pass
        (open_ones,) = await one.rows(
            "SELECT count(*) FROM deliveries WHERE audience = 'subscriber' AND status <> 'delivered'"
        )
    assert open_ones.count == 0
    assert len(hook.calls) == len({call.headers["webhook-id"] for call in hook.calls}) == 160
    for complaint in complaints:
        types = [
            json.loads(call.body)["type"]
            for call in hook.calls
            if json.loads(call.body)["subject"] == str(complaint)
        ]
        assert types == [
            "redress.complaint.registered.v1",
            "redress.promise.made.v1",
            "redress.complaint.assigned.v1",
            "redress.case.closed.v1",
        ]


# Webhooks.


@pytest.mark.requirement("P-27", "N-K")
async def test_a_webhook_gets_signed_cloudevents(desk: Desk, hook: Hook) -> None:
    webhook = await desk.subscribes(hook, "redress.complaint.*")
    complaint = uuid4()
    await desk.hears(*a_complaint(complaint), an_assignment(complaint))
    await desk.delivers(Audience.SUBSCRIBER)
    first, second = hook.calls
    event = standardwebhooks.Webhook(webhook["secret"]).verify(first.body, first.headers)
    assert first.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert first.headers["host"] == f"127.0.0.1:{hook.port}"
    assert event["specversion"] == "1.0"
    assert event["type"] == "redress.complaint.registered.v1"
    assert event["source"] == "/redress/intake"
    assert event["subject"] == str(complaint)
    assert event["data"]["reference"] == "RD-7K3M9QXT-B"
    assert first.headers["webhook-id"] != second.headers["webhook-id"]


@pytest.mark.requirement("P-27")
async def test_failures_are_tried_again_with_the_same_id_and_patience_is_granted(
    desk: Desk, hook: Hook
) -> None:
    await desk.subscribes(hook, "redress.complaint.registered")
    hook.answers = ["500", "302 Location: http://127.0.0.1:1/", "429 Retry-After: 3600"]
    await desk.hears(a_complaint(uuid4())[0])
    assert await desk.delivers(Audience.SUBSCRIBER) == 1
    async with later(seconds=7):
        assert await desk.delivers(Audience.SUBSCRIBER) == 1
    async with later(minutes=2):
        assert await desk.delivers(Audience.SUBSCRIBER) == 1
    async with later(minutes=50):
        assert await desk.delivers(Audience.SUBSCRIBER) == 0
    async with later(minutes=63):
        assert await desk.delivers(Audience.SUBSCRIBER) == 1
    assert len(hook.calls) == 4
    assert len({(call.headers["webhook-id"], call.body) for call in hook.calls}) == 1
    (entry,) = await desk.log()
    assert (entry["status"], entry["attempts"]) == ("delivered", 4)


@pytest.mark.requirement("P-27")
async def test_gone_switches_the_webhook_off(desk: Desk, hook: Hook) -> None:
    webhook = await desk.subscribes(hook)
    path = f"/notification/v1/webhooks/{webhook['id']}"
    complaint = uuid4()
    await desk.hears(*a_complaint(complaint), an_assignment(complaint))
    hook.answers = ["410"]
    assert await desk.delivers(Audience.SUBSCRIBER) == 1
    seen = (await desk.http.get(path)).json()
    assert (seen["enabled"], seen["disabled_reason"]) == (False, "the receiver answered 410 Gone")
    assert {entry["status"] for entry in await desk.log(webhook_id=webhook["id"])} == {"failed"}
    assert (await desk.http.post(f"{path}/ping")).status_code == 409
    await desk.hears(an_assignment(complaint))
    assert await desk.delivers(Audience.SUBSCRIBER) == 0
    assert (await desk.http.patch(path, json={"enabled": True})).json()["disabled_reason"] is None
    await desk.hears(an_assignment(complaint))
    assert await desk.delivers(Audience.SUBSCRIBER) == 1


@pytest.mark.requirement("P-27")
async def test_a_receiver_that_keeps_failing_is_left_in_peace_and_then_switched_off(
    desk: Desk, hook: Hook
) -> None:
    webhook = await desk.subscribes(hook, "redress.complaint.registered")
    path = f"/notification/v1/webhooks/{webhook['id']}"
    hook.answers = ["500"] * 12
    await desk.hears(*(a_complaint(uuid4())[0] for _ in range(6)))
    assert await desk.delivers(Audience.SUBSCRIBER) == 6
    resting = (await desk.http.get(path)).json()
    assert resting["paused_until"] is not None
    assert (resting["health"], resting["failures"], resting["waiting"]) == ("resting", 6, 6)
    async with later(seconds=30):
        assert await desk.delivers(Audience.SUBSCRIBER) == 0
    async with later(days=5, hours=1):
        assert await desk.delivers(Audience.SUBSCRIBER) == 1, "one probe, and it fails"
    off = (await desk.http.get(path)).json()
    assert (off["health"], off["disabled_reason"]) == ("off", "no delivery succeeded for days")


async def test_a_success_heals(desk: Desk, hook: Hook) -> None:
    webhook = await desk.subscribes(hook, "redress.complaint.registered")
    hook.answers = ["500"] * 6
    await desk.hears(*(a_complaint(uuid4())[0] for _ in range(6)))
    await desk.delivers(Audience.SUBSCRIBER)
    async with later(minutes=3):
        assert await desk.delivers(Audience.SUBSCRIBER) == 6
    seen = (await desk.http.get(f"/notification/v1/webhooks/{webhook['id']}")).json()
    assert (seen["failures"], seen.get("paused_until")) == (0, None)


@pytest.mark.requirement("P-27")
async def test_after_a_rotation_both_secrets_sign_for_a_day(desk: Desk, hook: Hook) -> None:
    webhook = await desk.subscribes(hook)
    path = f"/notification/v1/webhooks/{webhook['id']}"
    rotated = (await desk.http.post(f"{path}/rotate-secret")).json()
    await desk.http.post(f"{path}/ping")
    await desk.delivers(Audience.SUBSCRIBER)
    for secret in (webhook["secret"], rotated["secret"]):
        event = standardwebhooks.Webhook(secret).verify(hook.calls[0].body, hook.calls[0].headers)
        assert event["type"] == "redress.webhook.ping.v1"
    await desk.http.post(f"{path}/ping")
    async with later(hours=25):
        await desk.delivers(Audience.SUBSCRIBER)
    assert len(hook.calls[1].headers["webhook-signature"].split()) == 1


async def test_secrets_are_shown_once_and_stored_sealed(desk: Desk, hook: Hook) -> None:
    body, key = {"url": hook.url, "event_types": ["*"]}, {"Idempotency-Key": "k1"}
    first = await desk.http.post("/notification/v1/webhooks", json=body, headers=key)
    again = await desk.http.post("/notification/v1/webhooks", json=body, headers=key)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    secret = first.json()["secret"]
    for table in ("subscriptions", "idempotency_keys"):
        (row,) = await desk.rows(f"SELECT t::text AS all FROM {table} t")
        assert secret not in row.all
        assert secret.encode().hex() not in row.all
    listed = await desk.http.get("/notification/v1/webhooks")
    assert secret not in listed.text
    assert len(listed.json()["items"]) == 1


async def test_edits_honour_if_match(desk: Desk, hook: Hook) -> None:
    webhook = await desk.subscribes(hook)
    path = f"/notification/v1/webhooks/{webhook['id']}"
    tag = (await desk.http.get(path)).headers["ETag"]
    changed = await desk.http.patch(path, json={"description": "mine"}, headers={"If-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag
    for method in ("PATCH", "DELETE"):
        late = await desk.http.request(
            method, path, json={"description": "x"} if method == "PATCH" else None, headers={"If-Match": tag}
        )
        assert late.status_code == 412
    assert (await desk.http.delete(path, headers={"If-Match": changed.headers["ETag"]})).status_code == 204
    assert (await desk.http.get(path)).status_code == 404
    assert (await desk.http.get("/notification/v1/webhooks")).json()["items"] == []
    await desk.hears(*a_complaint(uuid4()))
    assert await desk.delivers(Audience.SUBSCRIBER) == 0


@asynccontextmanager
async def another_key(desk: Desk, url: str, *scopes: str) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {await create_key(url, 'another', scopes)}"}
    async with httpx.AsyncClient(
        transport=desk.http._transport, base_url="http://redress", headers=headers
    ) as http:
        yield http


@pytest.mark.requirement("P-27")
async def test_a_webhook_is_its_owners_and_the_administrators(
    new_database: NewDatabase, scratch: Path, hook: Hook
) -> None:
    url = await new_database()
    async with (
        open_desk(url, scratch) as desk,
        another_key(desk, url, "webhooks:write", "complaints:read", "deliveries:read") as stranger,
        another_key(desk, url, "admin") as admin,
    ):
        webhook = await desk.subscribes(hook)
        path = f"/notification/v1/webhooks/{webhook['id']}"
        ping = (await desk.http.post(f"{path}/ping")).json()["delivery_id"]
        await desk.delivers(Audience.SUBSCRIBER)
        resend = f"/notification/v1/deliveries/{ping}/resend"
        assert (await stranger.get("/notification/v1/webhooks")).json()["items"] == []
        for method, target in (
            ("GET", path),
            ("PATCH", path),
            ("DELETE", path),
            ("POST", f"{path}/rotate-secret"),
            ("POST", f"{path}/ping"),
            ("POST", resend),
        ):
            body = {"description": "mine now"} if method == "PATCH" else None
            assert (await stranger.request(method, target, json=body)).status_code == 404, (method, target)
        (listed,) = (await admin.get("/notification/v1/webhooks")).json()["items"]
        assert listed["id"] == webhook["id"]
        assert listed["owner"] == webhook["owner"]
        assert listed["owner"].startswith("key:")
        assert (await admin.post(resend)).status_code == 202
        assert (await desk.delivers(Audience.SUBSCRIBER)) == 1
        assert (await desk.http.post(resend)).status_code == 202
        changed = await admin.patch(path, json={"description": "known"})
        assert changed.json()["owner"] == webhook["owner"]
        assert (await admin.delete(path)).status_code == 204


@pytest.mark.requirement("P-27")
async def test_events_are_for_those_who_may_read_complaints(
    new_database: NewDatabase, scratch: Path, hook: Hook
) -> None:
    url = await new_database()
    body = {"url": hook.url, "event_types": ["*"]}
    async with open_desk(url, scratch) as desk:
        for scope in ("webhooks:write", "complaints:read"):
            async with another_key(desk, url, scope) as http:
                assert (await http.post("/notification/v1/webhooks", json=body)).status_code == 403


async def test_a_customers_message_is_sent_again_by_those_who_work_cases(
    new_database: NewDatabase, scratch: Path
) -> None:
    url = await new_database()
    async with (
        open_desk(url, scratch) as desk,
        another_key(desk, url, "webhooks:write", "complaints:read", "deliveries:read") as subscriber,
        another_key(desk, url, "cases:work", "deliveries:read") as handler,
        another_key(desk, url, "deliveries:read") as reader,
    ):
        await desk.hears(*a_complaint(uuid4()))
        await desk.delivers()
        (entry,) = await desk.log()
        path = f"/notification/v1/deliveries/{entry['id']}/resend"
        for http in (subscriber, reader):
            refused = await http.post(path)
            assert refused.status_code == 403
            assert "cases:work" in refused.json()["detail"]
        assert (await handler.post(path)).status_code == 202


@pytest.mark.parametrize("end", ["switched off", "deleted"])
async def test_what_was_queued_while_its_webhook_ended_is_given_up(desk: Desk, hook: Hook, end: str) -> None:
    """A batch of events that loaded the webhook while it was live may commit after its end."""
    webhook = await desk.subscribes(hook, "redress.complaint.registered")
    path = f"/notification/v1/webhooks/{webhook['id']}"
    await desk.hears(a_complaint(uuid4())[0])
    (entry,) = await desk.log()
    if end == "deleted":
        assert (await desk.http.delete(path)).status_code == 204
    else:
        assert (await desk.http.patch(path, json={"enabled": False})).status_code == 200
    async with desk.context.database.transaction() as transaction:
        await transaction.execute(
            text("UPDATE deliveries SET status = 'pending', settled_at = NULL, last_error = NULL")
        )
    assert await desk.delivers(Audience.SUBSCRIBER) == 0
    assert hook.calls == []
    (entry,) = await desk.log()
    assert (entry["status"], entry["last_error"]) == ("failed", "the webhook was switched off")
    assert entry["attempts"] == 0


@pytest.mark.requirement("P-27")
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"url": "ftp://hooks.example/"}, "body/url"),
        ({"url": "http://user:pw@127.0.0.1/"}, "body/url"),
        ({"url": f"http://{'a' * 70}.example/"}, "body/url"),
        ({"url": "http://a..b/"}, "body/url"),
        ({"url": "http://xn--a.example/"}, "body/url"),
        ({"categories": ["function_fault/none"]}, "body/categories/0"),
        ({"event_types": ["redress.complaint.unknown"]}, "body/event_types/0"),
        ({"event_types": ["redress.notice.leadership"]}, "body/event_types/0"),
        ({"colour": "red"}, "body/colour"),
    ],
)
async def test_what_cannot_be_subscribed_is_refused(
    desk: Desk, hook: Hook, changes: dict[str, Any], field: str
) -> None:
    body = {"url": hook.url, "event_types": ["*"]} | changes
    answer = await desk.http.post("/notification/v1/webhooks", json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.requirement("P-27")
async def test_private_targets_are_refused_at_the_door_and_at_the_sending(
    new_database: NewDatabase, scratch: Path, hook: Hook
) -> None:
    url = await new_database()
    async with open_desk(url, scratch) as permissive:
        await permissive.subscribes(hook)
    async with open_desk(url, scratch) as strict:
        strict.context.part(Desks).of(Audience.SUBSCRIBER)._way._guard._allow_private = False  # type: ignore[attr-defined]
        await strict.hears(*a_complaint(uuid4()))
        await strict.delivers(Audience.SUBSCRIBER)
        assert hook.calls == []
        assert (await strict.log(status="pending"))[-1]["last_error"].startswith("not allowed")
        refused = await strict.http.post(
            "/notification/v1/webhooks", json={"url": hook.url, "event_types": ["*"]}
        )
        assert refused.status_code == 422


@pytest.mark.requirement("P-27")
async def test_the_connection_goes_to_the_checked_address_and_the_certificate_must_be_for_the_name(
    tmp_path: Path,
) -> None:
    asked: list[str] = []

    async def lookup(host: str, port: int) -> list[str]:
        """The only way to learn where `.test` names lead: whoever asked again would have to ask here."""
        asked.append(host)
        return ["127.0.0.1"]

    chain = certificate("hooks.test", tmp_path)
    async with web_server(chain) as secure:
        connections = Connections(ssl.create_default_context(cafile=str(chain)))
        channel = WebhookChannel(Guard(allow_private=True, lookup=lookup), connections)
        parcel = Parcel(uuid4(), f"https://hooks.test:{secure.port}/x", ("whsec_AAAA",), b"{}", clock.now())
        await channel.send(parcel)
        assert asked == ["hooks.test"]
        assert secure.calls[0].headers["host"] == f"hooks.test:{secure.port}"
        with pytest.raises(CannotDeliver, match="ConnectError"):
            await channel.send(replace(parcel, url=f"https://other.test:{secure.port}/x"))
        assert len(secure.calls) == 1
        await connections.close()


async def test_an_endless_answer_is_not_listened_to(desk: Desk, hook: Hook) -> None:
    webhook = await desk.subscribes(hook)
    hook.endless = True
    await desk.http.post(f"/notification/v1/webhooks/{webhook['id']}/ping")
    assert await desk.delivers(Audience.SUBSCRIBER) == 1
    assert (await desk.log())[0]["status"] == "delivered"


async def test_lists_have_pages_and_filters(desk: Desk, hook: Hook) -> None:
    for _ in range(3):
        await desk.subscribes(hook)
    complaint = uuid4()
    await desk.hears(*a_complaint(complaint))
    for path, filters in (("webhooks", {}), ("deliveries", {"complaint_id": str(complaint)})):
        seen: list[str] = []
        query = {"limit": "2", **filters}
        while True:
            answer = await desk.http.get(f"/notification/v1/{path}", params=query)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            seen += [item["id"] for item in page["items"]]
            if not page.get("next"):
                break
            query["cursor"] = page["next"]
        assert len(seen) == len(set(seen)) == (3 if path == "webhooks" else 7)
    wrong = await desk.http.get("/notification/v1/deliveries", params={"cursor": "WyJ4Il0"})
    assert wrong.status_code == 422
    assert await desk.log(complaint_id=str(uuid4())) == []


async def test_only_what_is_settled_can_be_sent_again(desk: Desk, hook: Hook) -> None:
    await desk.hears(*a_complaint(uuid4()))
    (entry,) = await desk.log()
    path = "/notification/v1/deliveries/{}/resend"
    assert (await desk.http.post(path.format(entry["id"]))).status_code == 409
    assert (await desk.http.post(path.format(uuid4()))).status_code == 404


# Everything running.


async def test_a_running_service_needs_no_poll_to_send(
    new_database: NewDatabase, scratch: Path, hook: Hook
) -> None:
    url = await new_database()
    settings = settings_for(url, scratch).model_copy(update={"poll_interval": 30.0})
    process = Process(settings, url, [service])
    key = await create_key(url, "tests", ["webhooks:write", "complaints:read"])
    async with process.running():
        transport = httpx.ASGITransport(process.app)
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://r", headers=headers) as http:
            made = await http.post("/notification/v1/webhooks", json={"url": hook.url, "event_types": ["*"]})

            for number in (1, 2):  # the second one at the latest finds everybody asleep
                await http.post(f"/notification/v1/webhooks/{made.json()['id']}/ping")

                async def called(number: int = number) -> bool:
                    return len(hook.calls) == number

                await eventually(called, within=10, what="the webhook")
        assert await process.unready() == {}


@pytest.mark.requirement("001-08", "002-22", "002-19")
async def test_the_whole_way_from_the_complaint_to_the_thanks(
    new_database: NewDatabase, scratch: Path, mailbox: Mailbox, hook: Hook
) -> None:
    smtp = f"smtp://127.0.0.1:{mailbox.port}"
    async with open_world(await new_database(), scratch, smtp_url=smtp) as world:
        subscription = {"url": hook.url, "event_types": ["*"]}
        assert (await world.http.post("/notification/v1/webhooks", json=subscription)).status_code == 201
        body = await world.register()

        async def thanked() -> bool:
            answer = await world.http.get(
                "/notification/v1/deliveries", params={"complaint_id": body["id"], "status": "delivered"}
            )
            return "acknowledgement" in {item.get("template") for item in answer.json()["items"]}

        await eventually(thanked, what="the acknowledgement")

        async def heard() -> bool:
            types = {json.loads(call.body)["type"] for call in hook.calls}
            return {"redress.complaint.registered.v1", "redress.message.delivered.v1"} <= types

        await eventually(heard, what="the webhook")
        await world.settled()
