"""The channels of notification with real receivers: a mail server, and web servers in place of providers."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID, uuid4

import pytest

from services.notification import queue
from services.notification.channels import CannotDeliver, Letter, Reach, marks
from services.notification.channels.email import EmailChannel
from services.notification.channels.log import LogChannel
from services.notification.channels.smtp import MOST_MAILS, MailServer
from services.notification.contacts import Contacts
from services.notification.customers import CustomerWriter
from services.notification.delivery import Delivery
from services.notification.desk import LetterDesk
from services.notification.letters import Letters
from services.notification.messages.model import MessageSeal
from services.notification.preferences.gate import Gate
from services.notification.rules import FIELD_ACTION, Audience, Channel, Nature, Urgency
from services.notification.store import queue as queue_new
from services.notification.ways import Ways
from shared import clock
from shared.database import sql
from shared.events import CustomerErased
from shared.events.vocabulary import Because
from shared.keys import create_key
from shared.threads import reference_of
from shared.tracking import tracking_token
from tests.conftest import NewDatabase
from tests.services.receivers import Hook, Mailbox, mail_server, text_of, web_server
from tests.services.test_notification import Desk, a_complaint, an_assignment, later, open_desk
from tests.unit.test_notification_channels import dsn
from tests.world import SECRET, settings_for

pytestmark = pytest.mark.slow

REFERENCE = "RD-7K3M9QXT-B"
TEXT = {"content-type": "message/rfc822"}
Open = Callable[..., Any]


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with mail_server() as server:
        yield server


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with web_server() as server:
        yield server


@pytest.fixture
def opened(new_database: NewDatabase, scratch: Path, mailbox: Mailbox) -> Open:
    """A desk with a mail server, and an administrator's key."""

    @asynccontextmanager
    async def open_one(**changes: Any) -> AsyncIterator[Desk]:
        url = await new_database()
        usual = {"smtp_url": f"smtp://127.0.0.1:{mailbox.port}", "bounce_address": "bounce@redress.example"}
        async with open_desk(url, changes.pop("data_dir", scratch), **(usual | changes)) as desk:
            desk.http.headers["Authorization"] = f"Bearer {await create_key(url, 'tests', ['admin'])}"
            yield desk

    return open_one


async def told(desk: Desk) -> list[tuple[str, dict[str, Any]]]:
    """What notification told the other services, in order."""
    rows = await desk.rows(
        "SELECT headers->>'ce_type' AS type, convert_from(value, 'UTF8') AS value FROM outbox ORDER BY id"
    )
    return [(row.type.split(".")[2], json.loads(row.value)) for row in rows]


async def bounce(desk: Desk, raw: bytes, status: int = 200, **query: str) -> dict[str, Any]:
    answer = await desk.http.post("/notification/v1/bounces", content=raw, headers=TEXT, params=query)
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def provides(desk: Desk, hook: Hook, *channels: str, **changes: Any) -> None:
    """The hook carries messages for these channels."""
    described = [
        {
            "name": f"{channel}-carrier",
            "channel": channel,
            "enabled": True,
            "url": f"{hook.url}/{channel}",
            "headers": {"Authorization": "Bearer {{secret.carrier}}"},
            "body": {"to": "{{to}}", "text": "{{text}}", "ref": "{{delivery_id}}"},
            "taken": {"statuses": [200], "when": "ok"},
            "closed": {"statuses": [410], "when": "error=='unregistered'"},
            "message_id": "id",
            "per_second": 1000,
            "receipts": {
                "scheme": "token",
                "secret": "receipts",
                "messages": "events",
                "message_id": "id",
                "outcome": "state",
                "arrived": ["DELIVRD"],
                "lost": ["UNDELIV"],
                "code": "err",
            },
        }
        | changes
        for channel in channels
    ]
    made = await desk.http.post(
        "/notification/v1/rulebooks/message-providers/versions",
        json={"content": {"providers": described}, "reason": "a test"},
    )
    assert made.status_code == 201, made.text
    switched = await desk.http.put(
        "/notification/v1/rulebooks/message-providers",
        json={"version": made.json()["version"], "reason": "a test"},
    )
    assert switched.status_code == 200, switched.text
    hook.body = json.dumps({"ok": True, "id": "M-1"})


SECRETS = {"carrier": "s3cret", "receipts": "r3ceipt"}


def a_letter(**changes: Any) -> Letter:
    usual: dict[str, Any] = {
        "delivery_id": uuid4(),
        "template": "result",
        "language": "en",
        "reference": REFERENCE,
        "reach": Reach("ann@example.com", complaint_id=uuid4()),
        "subject": "The result",
        "body": "Thank you.\nIt runs.\n",
        "at": clock.now(),
    }
    return Letter(**(usual | changes))


# Mail.


@pytest.mark.requirement("001-08", "003-16")
async def test_a_mail_has_text_and_html_and_says_where_answers_reports_and_farewells_go(
    mailbox: Mailbox, scratch: Path
) -> None:
    mailbox.dsn = True
    url = f"smtp://127.0.0.1:{mailbox.port}"
    settings = settings_for("postgresql+asyncpg://unused", scratch, bounce_address="bounce@redress.example")
    server = MailServer(url)
    page = '<p lang="en">Thank <b>you</b>.</p>'
    letter = a_letter(html=page, unsubscribe="https://redress.example/stop/abc")
    await EmailChannel(server, settings).send(letter, "ann+x=y@example.com")
    server.hang_up()

    (mail,) = mailbox.mails
    assert mail.get_content_type() == "multipart/alternative"
    text, html = mail.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert html.get_content().strip() == page
    assert mail["Message-ID"] == f"<{letter.delivery_id}@redress.example>"
    assert mail["References"] == mail["In-Reply-To"]
    assert reference_of(SECRET.encode(), mail["References"]) == REFERENCE
    assert mail["List-Unsubscribe"] == "<https://redress.example/stop/abc>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (mail["Auto-Submitted"], mail["Precedence"]) == ("auto-generated", None)

    mark = marks.mark_of(SECRET.encode(), letter.delivery_id)
    assert mailbox.envelopes == [f"bounce+{mark}@redress.example"]
    assert mail[marks.HEADER] == mark
    assert mailbox.options == [
        f"MAIL RET=HDRS ENVID={mark}",
        "RCPT NOTIFY=FAILURE,DELAY ORCPT=rfc822;ann+2Bx+3Dy@example.com",
    ]


async def test_a_server_without_reports_is_asked_for_none_and_gets_the_usual_sender(
    mailbox: Mailbox, scratch: Path
) -> None:
    server = MailServer(f"smtp://127.0.0.1:{mailbox.port}")
    channel = EmailChannel(server, settings_for("postgresql+asyncpg://unused", scratch))
    await channel.send(a_letter(unsubscribe="http://127.0.0.1/stop"), "ann@example.com")
    server.hang_up()
    assert mailbox.envelopes == ["complaints@redress.example"]
    assert "List-Unsubscribe-Post" not in mailbox.mails[0]
    assert "List-Unsubscribe" in mailbox.mails[0]


async def test_mails_share_connections_and_a_refused_one_costs_none(mailbox: Mailbox, scratch: Path) -> None:
    server = MailServer(f"smtp://127.0.0.1:{mailbox.port}")
    channel = EmailChannel(server, settings_for("postgresql+asyncpg://unused", scratch))
    for _ in range(5):
        await channel.send(a_letter(), "ann@example.com")
    mailbox.refuse = "550 no such user"
    with pytest.raises(CannotDeliver, match="550"):
        await channel.send(a_letter(), "ann@example.com")
    mailbox.refuse = None
    await channel.send(a_letter(), "ann@example.com")
    assert (len(mailbox.mails), mailbox.connections) == (6, 1)
    for _ in range(MOST_MAILS - 7):
        await channel.send(a_letter(), "ann@example.com")
    assert mailbox.connections == 1
    await channel.send(a_letter(), "ann@example.com")
    assert mailbox.connections == 2
    await asyncio.gather(*(channel.send(a_letter(), "ann@example.com") for _ in range(3)))
    assert mailbox.connections == 4
    server.hang_up()
    await channel.send(a_letter(), "ann@example.com")
    assert mailbox.connections == 5
    server.hang_up()


async def test_a_mail_server_that_was_restarted_is_connected_to_anew(scratch: Path) -> None:
    settings = settings_for("postgresql+asyncpg://unused", scratch)
    async with mail_server() as first:
        server = MailServer(f"smtp://127.0.0.1:{first.port}")
        channel = EmailChannel(server, settings)
        await channel.send(a_letter(), "ann@example.com")
        for protocol in list(first.protocols):
            assert protocol.transport is not None
            protocol.transport.close()
        await asyncio.wait_for(first.gone.wait(), 5)
        await channel.send(a_letter(), "ann@example.com")
        assert (len(first.mails), first.connections) == (2, 2)
        server.hang_up()


# Mails that come back.


@pytest.mark.requirement("001-08", "000-12b")
async def test_a_mail_that_comes_back_undoes_its_delivery_once_and_somebody_is_told(
    opened: Open, mailbox: Mailbox
) -> None:
    async with opened() as desk:
        complaint = uuid4()
        await desk.hears(*a_complaint(complaint))
        await desk.delivers()
        (entry,) = await desk.log()
        mark = mailbox.envelopes[0].partition("+")[2].partition("@")[0]

        late = await bounce(desk, dsn("delayed", "4.4.1", envid=mark))
        assert (late["what"], late["code"]) == ("delayed", "4.4.1")
        assert (await desk.log())[0]["status"] == "delivered"

        for _ in range(2):
            lost = await bounce(desk, dsn(), recipient=mailbox.envelopes[0])
            assert (lost["delivery_id"], lost["what"]) == (entry["id"], "lost")
        (entry,) = await desk.log(status="bounced")
        assert entry["last_error"] == "email came back (5.1.1)"
        assert [name for name, _ in await told(desk)] == ["delivered", "failed"]
        _, failed = (await told(desk))[1]
        assert (failed["delivery_id"], failed["channel"]) == (entry["id"], "email")
        assert failed.get("next_channel") is None
        reports = (await desk.http.get(f"/notification/v1/deliveries/{entry['id']}/reports")).json()
        assert [(r["what"], r["code"]) for r in reports] == [("delayed", "4.4.1"), ("lost", "5.1.1")]

        # Somebody mended the address, and sends it again.
        resend = f"/notification/v1/deliveries/{entry['id']}/resend"
        assert (await desk.http.post(resend)).status_code == 202
        assert await desk.delivers() == 1
        assert (await desk.log())[0]["status"] == "delivered"


async def test_a_forged_or_strange_report_changes_nothing(opened: Open, mailbox: Mailbox) -> None:
    async with opened() as desk:
        await desk.hears(*a_complaint(uuid4()))
        await desk.delivers()
        (entry,) = await desk.log()
        forged = marks.mark_of(b"another secret", UUID(entry["id"]))
        strange = marks.mark_of(SECRET.encode(), uuid4())
        for raw in (dsn(), dsn(envid=forged), dsn(envid=strange), dsn(envid=entry["id"])):
            refused = await bounce(desk, raw, 422)
            assert refused["type"].endswith("unknown-delivery")
        assert (await bounce(desk, b"no mail", 422))["type"].endswith("malformed-mail")
        away = mailbox.envelopes[0]
        automatic = f"From: a@x.example\r\nTo: {away}\r\nSubject: Away\r\n\r\nUntil 5.1.1 is out.\r\n"
        assert (await bounce(desk, automatic.encode()))["what"] == "unclear"
        assert (await desk.log())[0]["status"] == "delivered"
        answer = await desk.http.get(f"/notification/v1/deliveries/{entry['id']}/reports")
        assert answer.json() == []


async def test_a_report_that_is_faster_than_the_courier_is_asked_to_come_again(opened: Open) -> None:
    async with opened() as desk:
        await desk.hears(*a_complaint(uuid4()))
        (leased,) = await queue.claim(desk.context.database, Audience.CUSTOMER, clock.now(), 10)
        raw = dsn(envid=marks.mark_of(SECRET.encode(), leased.id))
        assert (await bounce(desk, raw, 503))["type"].endswith("unavailable")
        async with later(minutes=6):
            await desk.delivers()
            await bounce(desk, raw)
        assert (await desk.log())[0]["status"] == "bounced"


@pytest.mark.requirement("002-18")
async def test_what_came_back_by_mail_goes_as_a_text_message(
    opened: Open, mailbox: Mailbox, hook: Hook
) -> None:
    async with opened(provider_secrets=SECRETS) as desk:
        await provides(desk, hook, "sms")
        desk.contact["phone"] = "138 0013 8000"
        await desk.hears(*a_complaint(uuid4()))
        await desk.delivers()
        assert hook.calls == []
        assert (await bounce(desk, dsn(), recipient=mailbox.envelopes[0]))["what"] == "lost"
        assert await desk.delivers() == 1
        (entry,) = await desk.log()
        assert (entry["status"], entry["channel"]) == ("delivered", "sms")
        names = [(name, fact["channel"], fact.get("next_channel")) for name, fact in await told(desk)]
        assert names == [("delivered", "email", None), ("failed", "email", "sms"), ("delivered", "sms", None)]
        assert len(mailbox.mails) == 1


@pytest.mark.requirement("003-08")
async def test_a_safety_notice_that_comes_back_goes_on_although_whoever_complained_is_erased(
    opened: Open, hook: Hook
) -> None:
    async with opened(provider_secrets=SECRETS) as desk:
        await provides(desk, hook, "sms")
        complaint, now = uuid4(), clock.now()
        erased = CustomerErased(
            complaint_id=complaint, customer_id=uuid4(), because=Because.REQUESTED, erased_at=now
        )
        await desk.hears(*a_complaint(complaint), erased)
        notice = Delivery(
            uuid4(),
            complaint,
            Audience.CUSTOMER,
            "customer/field-action",
            now,
            "field-action",
            channels=(Channel.EMAIL, Channel.SMS),
            urgency=Urgency.IMMEDIATE,
            nature=Nature.SAFETY,
            template=FIELD_ACTION,
            facts={"field_action_id": str(uuid4())},
            customer_id=uuid4(),
        )
        arrived = (
            "SET status = 'delivered', channel = 'email', attempts = 1, settled_at = :now WHERE id = :id"
        )
        async with desk.context.database.transaction() as transaction:
            await queue_new(transaction, [notice])
            await transaction.execute(sql(f"UPDATE deliveries {arrived}"), {"id": notice.id, "now": now})
        await bounce(desk, dsn(envid=marks.mark_of(SECRET.encode(), notice.id)))
        [entry] = [each for each in await desk.log() if each["id"] == str(notice.id)]
        assert entry["status"] == "pending", "the text message is next"


# Text messages.


@pytest.mark.requirement("002-18", "003-16")
async def test_whoever_has_only_a_telephone_gets_a_text_message_with_the_link(
    opened: Open, mailbox: Mailbox, hook: Hook
) -> None:
    async with opened(provider_secrets=SECRETS) as desk:
        await provides(desk, hook, "sms")
        desk.contact |= {"email": None, "phone": "138 0013 8000", "language": "zh"}
        complaint = uuid4()
        await desk.hears(*a_complaint(complaint))
        assert await desk.delivers() == 1
        (call,) = hook.calls
        (entry,) = await desk.log()
        sent = json.loads(call.body)
        assert call.line == "POST /hook/sms HTTP/1.1"
        assert call.headers["authorization"] == "Bearer s3cret"
        assert (sent["to"], sent["ref"]) == ("+8613800138000", entry["id"])
        assert sent["text"].startswith("【Northwind】感谢您告诉我们")
        assert sent["text"].endswith(f" https://redress.example/track/{complaint}")
        assert (entry["status"], entry["channel"]) == ("delivered", "sms")
        stored = str(await desk.rows("SELECT t::text FROM provider_messages t")) + str(
            await desk.rows("SELECT t::text FROM deliveries t")
        )
        assert "1380013" not in stored


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("429 Retry-After: 100", "sms-carrier answers 429"),
        ("500", "sms-carrier answers 500"),
        ("drop", "sms-carrier cannot be reached (RemoteProtocolError)"),
        ("half", "sms-carrier cannot be reached (RemoteProtocolError)"),
        ("302 Location: http://127.0.0.1:1/", "sms-carrier answers 302"),
    ],
)
async def test_a_provider_in_trouble_is_tried_again(
    opened: Open, hook: Hook, answer: str, error: str
) -> None:
    async with opened(provider_secrets=SECRETS) as desk:
        await provides(desk, hook, "sms")
        desk.contact |= {"email": None, "phone": "13800138000"}
        await desk.hears(*a_complaint(uuid4()))
        hook.answers = [answer]
        await desk.delivers()
        (entry,) = await desk.log()
        assert (entry["status"], entry["last_error"]) == ("pending", error)
        async with later(seconds=50):
            assert await desk.delivers() == (0 if answer.startswith("429") else 1)
        async with later(seconds=130):
            await desk.delivers()
        assert (await desk.log())[0]["status"] == "delivered"
        assert len(hook.calls) == 2
        assert {json.loads(call.body)["ref"] for call in hook.calls} == {entry["id"]}


async def test_a_number_that_nothing_reaches_is_given_up_at_once(opened: Open, hook: Hook) -> None:
    async with opened(provider_secrets=SECRETS) as desk:
        await provides(desk, hook, "sms")
        desk.contact |= {"email": None, "phone": "13800138000"}
        await desk.hears(*a_complaint(uuid4()))
        hook.answers = ["410"]
        await desk.delivers()
        (entry,) = await desk.log()
        assert entry["status"] == "failed"
        assert entry["last_error"] == "sms-carrier says that nothing reaches the receiver (410)"
        # An answer that took nothing, although its status is fine.
        hook.body = json.dumps({"ok": False, "error": "no credit"})
        await desk.hears(*a_complaint(uuid4()))
        await desk.delivers()
        assert (await desk.log())[0]["last_error"] == "sms-carrier answers 200"


async def test_a_provider_must_be_outside_and_its_secret_known(opened: Open, hook: Hook) -> None:
    async with opened(provider_secrets={"receipts": "x"}) as desk:
        await provides(desk, hook, "sms")
        desk.contact |= {"email": None, "phone": "13800138000"}
        await desk.hears(*a_complaint(uuid4()))
        await desk.delivers()
        assert (await desk.log())[0]["last_error"] == "REDRESS_PROVIDER_SECRETS has no carrier"
    async with opened(provider_secrets=SECRETS, allow_private_targets=False) as desk:
        await provides(desk, hook, "sms")
        desk.contact |= {"email": None, "phone": "13800138000"}
        await desk.hears(*a_complaint(uuid4()))
        await desk.delivers()
        assert (await desk.log())[0]["last_error"].startswith("not allowed")
    assert hook.calls == []


@pytest.mark.requirement("003-16")
async def test_a_providers_receipts_are_believed_by_their_token_and_counted_once(
    opened: Open, hook: Hook
) -> None:
    async with opened(provider_secrets=SECRETS) as desk:
        await provides(desk, hook, "sms")
        desk.contact |= {"email": None, "phone": "13800138000"}
        await desk.hears(*a_complaint(uuid4()))
        await desk.delivers()
        (entry,) = await desk.log()

        async def tells(state: str, message: str = "M-1", token: str = "r3ceipt", status: int = 200) -> Any:
            answer = await desk.http.post(
                "/notification/v1/providers/sms-carrier/receipts",
                params={"token": token},
                json={"events": [{"id": message, "state": state, "err": 27}]},
            )
            assert answer.status_code == status, answer.text
            return answer.json()

        await tells("UNDELIV", token="guessed", status=401)
        assert await tells("UNDELIV", message="M-2") == {"taken": 0}
        assert await tells("ENROUTE") == {"taken": 0}
        assert await tells("DELIVRD") == {"taken": 1}
        assert (await desk.log())[0]["status"] == "delivered"
        for _ in range(2):
            assert await tells("UNDELIV") == {"taken": 1}
        (entry,) = await desk.log()
        assert (entry["status"], entry["last_error"]) == ("pending", "sms came back (27)"), (
            "mail is tried now"
        )
        await desk.delivers()
        (entry,) = await desk.log()
        assert (entry["status"], entry["last_error"]) == ("not_sent", "no address")
        assert [name for name, _ in await told(desk)] == ["delivered", "failed", "failed"]
        reports = (await desk.http.get(f"/notification/v1/deliveries/{entry['id']}/reports")).json()
        assert [(r["channel"], r["what"], r["code"]) for r in reports] == [
            ("sms", "arrived", "27"),
            ("sms", "lost", "27"),
        ]


async def test_a_form_is_posted_as_a_form(opened: Open, hook: Hook) -> None:
    async with opened(provider_secrets=SECRETS) as desk:
        await provides(desk, hook, "sms", format="form", method="PUT")
        desk.contact |= {"email": None, "phone": "13800138000"}
        await desk.hears(*a_complaint(uuid4()))
        await desk.delivers()
        (call,) = hook.calls
        assert call.line.startswith("PUT /")
        assert call.headers["content-type"] == "application/x-www-form-urlencoded"
        assert parse_qs(call.body.decode())["to"] == ["+8613800138000"]


# Devices and pushed messages.


def tracked(complaint: UUID, path: str) -> dict[str, Any]:
    return {
        "url": f"/notification/v1/tracking/{REFERENCE}/{path}",
        "headers": {"X-Tracking-Token": tracking_token(SECRET.encode(), complaint)},
    }


@pytest.mark.requirement("003-16")
async def test_messages_are_pushed_to_devices_until_they_are_gone(opened: Open, hook: Hook) -> None:
    async with opened(provider_secrets=SECRETS) as desk:
        await provides(desk, hook, "push", "sms")
        desk.contact |= {"email": None, "phone": "13800138000"}
        complaint = uuid4()
        await desk.hears(*a_complaint(complaint))
        for token in ("token-of-the-old", "token-of-the-new", "token-of-the-new"):
            kept = await desk.http.post(**tracked(complaint, "devices"), json={"token": token})
            assert (kept.status_code, kept.json()) == (200, {"registered": True})
        assert "token-of" not in str(await desk.rows("SELECT t::text FROM devices t"))

        # The old one is reported as gone, the new one takes it.
        hook.answers = ["200", "410"]
        assert await desk.delivers() == 1
        assert [json.loads(call.body)["to"] for call in hook.calls] == [
            "token-of-the-new",
            "token-of-the-old",
        ]
        assert (await desk.log())[0]["channel"] == "push"
        assert len(await desk.rows("SELECT 1 FROM devices")) == 1

        # When the last is gone, the message goes by the next way.
        hook.answers = ["410"]
        await desk.hears(an_assignment(complaint))
        assert await desk.delivers() == 1
        assert hook.calls[-1].line.startswith("POST /hook/sms ")
        assert (await desk.log())[0]["channel"] == "sms"
        assert await desk.rows("SELECT 1 FROM devices") == []


async def test_a_device_is_let_go_and_there_are_not_too_many(opened: Open) -> None:
    async with opened() as desk:
        complaint = uuid4()
        await desk.hears(*a_complaint(complaint))
        call = tracked(complaint, "devices")
        for number in range(10):
            await desk.http.post(**call, json={"token": f"token-{number:04}"})
        refused = await desk.http.post(**call, json={"token": "one-too-many"})
        assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (409, "too-many-devices")
        gone = await desk.http.request("DELETE", **call, json={"token": "token-0003"})
        assert (gone.status_code, gone.json()) == (200, {"registered": False})
        assert (await desk.http.post(**call, json={"token": "one-too-many"})).status_code == 200
        wrong = call | {"headers": {"X-Tracking-Token": "wrong"}}
        assert (await desk.http.post(**wrong, json={"token": "token-0003"})).status_code == 404


# The customer's inbox.


@pytest.mark.requirement("003-16", "003-18")
async def test_the_customer_reads_again_what_they_were_told_and_it_is_known_that_they_did(
    opened: Open, mailbox: Mailbox
) -> None:
    async with opened() as desk:
        complaint, other = uuid4(), uuid4()
        await desk.hears(*a_complaint(complaint), an_assignment(complaint))
        await desk.delivers()
        call = tracked(complaint, "messages")
        inbox = (await desk.http.get(**call)).json()
        assert [m["template"] for m in inbox["items"]] == ["assigned", "acknowledgement"]
        assert inbox["unread"] == 2
        newest = inbox["items"][0]
        mail = mailbox.mails[1]
        assert (newest["subject"], newest["channel"]) == (mail["Subject"], "email")
        assert newest["body"] == text_of(mail)
        assert "Ann" not in str(await desk.rows("SELECT t::text FROM customer_messages t"))
        first = (await desk.http.get(**call, params={"limit": 1})).json()
        rest = (await desk.http.get(**call, params={"limit": 1, "cursor": first["next"]})).json()
        assert [first["items"][0]["id"], rest["items"][0]["id"]] == [m["id"] for m in inbox["items"]]

        reading = tracked(complaint, "messages/read")
        for number in (1, 0):
            read = await desk.http.post(**reading, json={"ids": [newest["id"], str(uuid4())]})
            assert read.json() == {"read": number}
        assert (await desk.http.get(**call)).json()["unread"] == 1
        assert (await desk.http.post(**reading, json={})).json() == {"read": 1}
        facts = [fact for name, fact in await told(desk) if name == "read"]
        assert [fact["template"] for fact in facts] == ["assigned", "acknowledgement"]
        assert {fact["complaint_id"] for fact in facts} == {str(complaint)}

        typed = call | {"url": call["url"].replace(REFERENCE, "rd7k3m9qxtb")}
        assert (await desk.http.get(**typed)).json()["unread"] == 0
        strangers = tracked(other, "messages")
        assert (await desk.http.get(**strangers)).status_code == 404
        assert (await desk.http.get(call["url"])).status_code == 404


async def test_erasure_takes_words_and_devices_away_for_good(opened: Open) -> None:
    async with opened() as desk:
        complaint = uuid4()
        await desk.hears(*a_complaint(complaint), an_assignment(complaint))
        await desk.http.post(**tracked(complaint, "devices"), json={"token": "token-0001"})
        assert await desk.courier(Audience.CUSTOMER).round() == 1
        # A courier has the second letter in hand while the customer is erased.
        (leased,) = await queue.claim(desk.context.database, Audience.CUSTOMER, clock.now(), 10)
        letter = a_letter(delivery_id=leased.id, reach=Reach("ann@example.com", complaint_id=complaint))
        receipt = await desk.context.part(Ways).send(letter, leased.channels)
        await desk.hears(
            CustomerErased(
                complaint_id=complaint, customer_id=uuid4(), because="requested", erased_at=clock.now()
            )
        )
        await queue.settle(
            desk.context.database, [queue.Outcome(leased, receipt, clock.now(), clock.now())], clock.now()
        )
        assert await desk.rows("SELECT 1 FROM customer_messages WHERE sealed IS NOT NULL") == []
        assert await desk.rows("SELECT 1 FROM devices") == []
        assert (await desk.http.get(**tracked(complaint, "messages"))).status_code == 404


# For whoever develops.


async def test_letters_are_files_on_the_developers_own_machine_only(opened: Open, tmp_path: Path) -> None:
    async with opened(smtp_url=None, log_letters=True, data_dir=tmp_path) as desk:
        await desk.hears(*a_complaint(uuid4()))
        await desk.delivers()
        (entry,) = await desk.log()
        assert (entry["status"], entry["channel"]) == ("delivered", "log")
        file = tmp_path / "letters" / f"{entry['id']}.txt"
        assert file.read_text().startswith("To: ann@example.com\nSubject: Thank you for telling us")
        assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(ValueError, match="loopback"):
        LogChannel(settings_for("postgresql+asyncpg://unused", tmp_path, host="0.0.0.0", log_letters=True))


# How a channel is added: this is all that it takes.


class Pager:
    """Shouts across the yard."""

    channel = Channel.SMS

    def __init__(self) -> None:
        self.heard: list[str] = []

    async def is_set_up(self) -> bool:
        return True

    def address(self, reach: Reach) -> str | None:
        return reach.phone

    async def send(self, letter: Letter, address: str) -> None:
        if address == "000":
            raise CannotDeliver("nobody is there", final=True)
        self.heard.append(f"{address}: {letter.subject}")


async def test_a_channel_of_ones_own_is_one_small_class(opened: Open) -> None:
    async with opened() as desk:
        pager, context = Pager(), desk.context
        ways = Ways([pager], context.part(MessageSeal))
        writer = CustomerWriter(context.part(Contacts), context.part(Letters), context.settings)
        courier = desk.courier(Audience.CUSTOMER)
        courier._desk = LetterDesk(Audience.CUSTOMER, ways, context.part(Gate), writer)
        desk.contact["phone"] = "117"
        complaint = uuid4()
        await desk.hears(*a_complaint(complaint))
        assert await courier.round() == 1
        assert pager.heard == ["117: Thank you for telling us (RD-7K3M9QXT-B)"]
        desk.contact["phone"] = "000"
        await desk.hears(an_assignment(complaint))
        assert await courier.round() == 1
        assert [entry["status"] for entry in await desk.log()] == ["failed", "delivered"]
