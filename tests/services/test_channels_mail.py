"""Mails over HTTP, LMTP and SMTP: into the one record, once, threaded, and never answered when nobody wrote them."""

import asyncio
import json
import re
import smtplib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from uuid import UUID

import aiosmtplib
import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.intake.channels import landing as landing_module
from services.intake.channels import mailroom
from services.intake.channels.listener import Listener
from services.intake.record.store import load
from shared import threads
from shared.keys import create_key
from tests.conftest import NewDatabase
from tests.mail_corpus import CORPUS, OUR, PNG, mail, part, parts, word
from tests.services.receivers import mail_server, text_of
from tests.world import SECRET, TOLD, World, eventually, open_world

pytestmark = pytest.mark.slow

EMAIL = "/intake/v1/channels/email"
RFC822 = {"content-type": "message/rfc822"}


@pytest.fixture
async def world(new_database: NewDatabase, tmp_path: Path, scratch: Path) -> AsyncIterator[World]:
    async with opened(new_database, tmp_path, scratch) as world:
        yield world


@pytest.fixture(scope="module")
async def mailroom_of_many(
    new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory, scratch: Path
) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("mails")
    async with opened(new_database, folder, scratch, mail_limit=2_000_000) as world:
        yield world


@asynccontextmanager
async def opened(
    new_database: NewDatabase, folder: Path, scratch: Path, *names: str, **settings: Any
) -> AsyncIterator[World]:
    usual = {"attachments_url": folder.as_uri(), "mail_from": OUR}
    async with open_world(
        await new_database(), scratch, names or ["intake", "notification"], **(usual | settings)
    ) as world:
        yield world


async def post(world: World, raw: bytes, status: int = 201, **query: str) -> dict[str, Any]:
    answer = await world.http.post(EMAIL, content=raw, headers=RFC822, params=query)
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    return body | {"replayed": answer.headers.get("Idempotent-Replayed") == "true"}


async def read(world: World, complaint_id: str, what: str = "") -> dict[str, Any]:
    answer = await world.http.get(f"/intake/v1/complaints/{complaint_id}{what}")
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def additions(world: World, complaint_id: str) -> list[str]:
    return [each.get("said") for each in (await read(world, complaint_id, "/additions"))["items"]]


async def count(world: World, table: str) -> int:
    async with world.context("intake").database.reading() as connection:
        return int((await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


@pytest.mark.requirement("P-02", "000-03")
@pytest.mark.parametrize("name", CORPUS)
async def test_a_mail_becomes_a_complaint_or_is_recorded_as_what_it_is(
    mailroom_of_many: World, name: str
) -> None:
    world, sample = mailroom_of_many, CORPUS[name]

    async def listed() -> list[str]:
        query = {"outcome": sample.outcome or "registered"}
        messages = (await world.http.get("/intake/v1/channels/messages", params=query)).json()
        return [each["outcome"] for each in messages["items"]]

    before, earlier = await count(world, "complaints"), await listed()
    taken = await post(world, sample.raw)
    assert not taken["replayed"]
    if sample.outcome is not None:
        assert taken["outcome"] == sample.outcome
        assert "complaint_id" not in taken
        assert await count(world, "complaints") == before
        assert await listed() == [*earlier, sample.outcome]
        return
    assert taken["outcome"] == "registered"
    assert await count(world, "complaints") == before + 1
    shown = await read(world, taken["complaint_id"])
    assert (shown["channel"], shown["form"], shown["language"]) == ("email", "written", sample.language)
    contact = await read(world, taken["complaint_id"], "/contact")
    assert (contact["name"], contact["email"]) == (sample.name, sample.sender)
    files = (await read(world, taken["complaint_id"], "/attachments"))["items"]
    assert len(files) == taken["attachments"] == len(sample.files) + sample.shortened
    assert taken["left_out"] == 0
    async with world.context("intake").database.reading() as connection:
        complaint_id = UUID(taken["complaint_id"])
        told = (await load(connection, [complaint_id]))[complaint_id].row["what_went_wrong"]
    assert sample.own is not None
    assert sample.own in told


@pytest.mark.requirement("P-02", "P-04")
async def test_the_same_mail_is_taken_once_however_often_and_by_whichever_way_it_comes(world: World) -> None:
    raw = mail("It leaks.")
    answers = await asyncio.gather(*(post(world, raw) for _ in range(8)))
    assert len({answer["complaint_id"] for answer in answers}) == 1
    again = await post(world, b"Received: from elsewhere by here\r\n" + raw)
    assert again["replayed"]
    assert again["complaint_id"] == answers[0]["complaint_id"]
    assert await count(world, "complaints") == 1
    assert await count(world, "channel_messages") == 1

    without_id = mail("It leaks, too.", message_id="")
    first, second = (
        await post(world, without_id),
        await post(world, b"Received: from x by y\r\n" + without_id),
    )
    assert first["complaint_id"] == second["complaint_id"] != again["complaint_id"]


async def test_nobody_can_take_the_place_of_another_senders_mail(world: World) -> None:
    first = await post(world, mail("It leaks."))
    other = await post(world, mail("It is loud.", sender="eve@evil.example"))
    assert other["outcome"] == "registered"
    assert other["complaint_id"] != first["complaint_id"]


@pytest.mark.requirement("P-02")
async def test_the_event_tells_of_it_without_personal_data(world: World) -> None:
    taken = await post(world, mail("I am Ann Example, ann@shop.example, 13800138000. It leaks."))
    await world.settled()
    records = [r for r in await world.log_records("redress.intake") if r.key == taken["complaint_id"]]
    event = json.loads(records[0].value)
    assert event["channel"] == "email"
    assert "It leaks" in event["statement"]["what_went_wrong"]
    for secret in (b"Ann Example", b"ann@shop", b"13800138000"):
        assert all(secret not in record.value for record in records)
    async with world.context("intake").database.reading() as connection:
        rows = (await connection.execute(text("SELECT m::text FROM channel_messages m"))).scalars().all()
    assert all("shop" not in row for row in rows)


@pytest.mark.requirement("P-02")
async def test_the_customers_own_next_mail_is_added(world: World) -> None:
    first = await post(world, mail("It leaks."))
    answer = mail("Twelve of them.", "In-Reply-To: <m1@shop.example>", message_id="<m2@shop.example>")
    added = await post(world, answer)
    assert added["outcome"] == "added"
    assert added["complaint_id"] == first["complaint_id"]
    third = mail("Since Monday.", "References: <gone@x> <m2@shop.example>", message_id="<m3@shop.example>")
    assert (await post(world, third))["complaint_id"] == first["complaint_id"]
    assert await additions(world, first["complaint_id"]) == ["Twelve of them.", "Since Monday."]
    assert (await post(world, answer))["replayed"]
    assert await count(world, "additions") == 2

    stranger = mail(
        "I know the id.", "In-Reply-To: <m1@shop.example>", sender="eve@evil.example", message_id="<e1@evil>"
    )
    assert (await post(world, stranger))["complaint_id"] != first["complaint_id"]


@pytest.mark.requirement("P-02")
async def test_a_reference_counts_only_from_the_customers_own_address(world: World) -> None:
    registered = await world.register(TOLD)
    subject = f"Re: Thank you for telling us ({registered['reference']})"
    stranger = await post(
        world, mail("Please close it.", subject=subject, sender="eve@evil.example", message_id="<e@evil>")
    )
    assert stranger["outcome"] == "registered", "heard, but as a complaint of their own"
    assert stranger["complaint_id"] != registered["id"]
    assert await additions(world, registered["id"]) == []

    typed = subject.lower().replace("-", " ")
    own = await post(
        world, mail("Still loud.", subject=typed, sender="ANN@Example.com", message_id="<a@example.com>")
    )
    assert own["outcome"] == "added"
    assert own["complaint_id"] == registered["id"]
    assert await additions(world, registered["id"]) == ["Still loud."]

    wrong = registered["reference"][:-1] + ("1" if registered["reference"][-1] != "1" else "2")
    mistyped = mail("Hello?", subject=wrong, sender="ann@example.com", message_id="<b@example.com>")
    assert (await post(world, mistyped))["complaint_id"] != registered["id"]


async def test_an_answer_to_our_letter_is_added_whatever_address_it_comes_from(world: World) -> None:
    registered = await world.register(TOLD)
    ours = threads.thread_id(SECRET.encode(), registered["reference"], "redress.example")
    answer = mail(
        "It is my wife's motor.", f"References: {ours} <x@redress.example>", sender="bo@home.example"
    )
    added = await post(world, answer)
    assert added["complaint_id"] == registered["id"]
    contact = await read(world, registered["id"], "/contact")
    assert contact["email"] == "ann@example.com", "who answers does not become the customer"
    forged = ours.replace(registered["reference"], "RD-11111111-1")
    other = await post(world, mail("Hm.", f"References: {forged}", message_id="<f@x.example>"))
    assert other["outcome"] == "registered"


@pytest.mark.requirement("P-02")
async def test_letters_and_answers_make_one_thread(
    new_database: NewDatabase, tmp_path: Path, scratch: Path
) -> None:
    async with (
        mail_server() as mailbox,
        opened(
            new_database,
            tmp_path,
            scratch,
            *("intake", "routing", "resolution", "notification"),
            smtp_url=f"smtp://127.0.0.1:{mailbox.port}",
            mail_reply_to="answers@redress.example",
        ) as world,
    ):
        first = await post(world, mail("It leaks."))

        async def told() -> bool:
            return bool(mailbox.mails)

        await eventually(told, what="the acknowledgement")
        letter = mailbox.mails[0]
        assert letter["Reply-To"] == "answers@redress.example"
        quoted = "\n".join(f"> {line}" for line in text_of(letter).splitlines())
        answer = mail(
            f"Twelve of them.\n\nOn Fri, Nov 20, 2026 at 10:20 AM Redress wrote:\n{quoted}",
            f"In-Reply-To: {letter['Message-ID']}",
            f"References: {letter['References']} {letter['Message-ID']}",
            sender="Bo <bo@home.example>",
            subject=f"Re: {letter['Subject']}",
            message_id="<answer@home.example>",
        )
        added = await post(world, answer)
        assert added["complaint_id"] == first["complaint_id"]
        assert await additions(world, first["complaint_id"]) == ["Twelve of them."]

        bounced = mail(
            parts(
                "b",
                b"Content-Type: text/plain\n\nNo such user.",
                b"Content-Type: message/delivery-status\n\nStatus: 5.1.1\n",
                b"Content-Type: text/rfc822-headers\n\nReferences: " + letter["References"].encode(),
            ),
            "Return-Path: <>",
            kind='multipart/report; report-type=delivery-status; boundary="b"',
            message_id="<bounce@shop.example>",
        )
        back = await post(world, bounced)
        assert (back["outcome"], back["complaint_id"]) == ("bounce", first["complaint_id"])

        sent = len(mailbox.mails)
        loop = await post(world, letter.as_bytes(policy=policy.SMTP))
        assert loop["outcome"] == "loop"
        away = mail("I am away.", "Auto-Submitted: auto-replied", message_id="<away@shop.example>")
        assert (await post(world, away))["outcome"] == "auto_reply"
        await world.settled()
        assert await count(world, "complaints") == 1
        assert len(mailbox.mails) == sent, "what nobody wrote is not answered"


@pytest.mark.requirement("P-02", "P-05")
async def test_files_are_kept_and_what_is_not_taken_leaves_the_words_intact(world: World) -> None:
    raw = mail(
        parts(
            "b",
            part("text/plain", b"See the crack."),
            part(
                "image/png",
                PNG,
                f'Content-Disposition: attachment; filename="../../{word("电机.png", "utf-8")}"',
            ),
            part(
                "application/x-msdownload",
                b"MZ\x90\0" * 20,
                "Content-Disposition: attachment; filename=a.exe",
            ),
        ),
        kind='multipart/mixed; boundary="b"',
    )
    taken = await post(world, raw)
    assert (taken["attachments"], taken["left_out"]) == (1, 1)
    files = (await read(world, taken["complaint_id"], "/attachments"))["items"]
    assert [file["name"] for file in files] == ["电机.png"]
    path = f"/intake/v1/complaints/{taken['complaint_id']}/attachments/{files[0]['id']}/content"
    assert (await world.http.get(path)).content == PNG
    assert (await post(world, raw))["replayed"]
    assert len((await read(world, taken["complaint_id"], "/attachments"))["items"]) == 1


@pytest.mark.requirement("P-02")
async def test_nothing_that_is_long_or_quoted_is_lost(world: World) -> None:
    long = await post(world, mail("It leaks. " * 2000))
    forwarded = "See below.\n\n---------- Forwarded message ---------\nFrom: Shop\n\nWe refuse."
    with_forward = await post(world, mail(forwarded, message_id="<fw@shop.example>"))
    for taken, whole in ((long, ("It leaks. " * 2000).strip()), (with_forward, forwarded)):
        files = (await read(world, taken["complaint_id"], "/attachments"))["items"]
        path = f"/intake/v1/complaints/{taken['complaint_id']}/attachments/{files[0]['id']}/content"
        assert (await world.http.get(path)).text == whole
    only_files = mail(
        parts("b", part("image/png", PNG)),
        subject="",
        kind='multipart/mixed; boundary="b"',
        message_id="<photo@shop.example>",
    )
    assert (await post(world, only_files))["attachments"] == 1
    empty = mail("\n", subject="Re: ", message_id="<empty@shop.example>")
    assert (await post(world, empty))["outcome"] == "empty"


async def test_a_crash_between_the_steps_is_made_good_by_the_next_delivery(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = mail(
        parts("b", part("text/plain", b"See the crack."), part("image/png", PNG)),
        kind='multipart/mixed; boundary="b"',
    )
    note = landing_module.Landing.note

    async def dies(*_: Any, **__: Any) -> Any:
        raise OSError("gone")

    monkeypatch.setattr(landing_module.Landing, "note", dies)
    await post(world, raw, 503)
    assert (await count(world, "complaints"), await count(world, "channel_messages")) == (1, 0)
    monkeypatch.setattr(landing_module.Landing, "note", note)
    taken = await post(world, raw)
    assert taken["attachments"] == 1
    assert (await count(world, "complaints"), await count(world, "attachments")) == (1, 1)


async def test_two_machines_that_write_to_each_other_are_stopped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailroom, "MOST_AN_HOUR", 3)
    for number in range(3):
        await post(world, mail("Ticket opened.", message_id=f"<{number}@shop.example>"))
    refused = await post(world, mail("Ticket opened.", message_id="<4@shop.example>"), 429)
    assert refused["type"].endswith("too-many-mails")
    assert await count(world, "channel_messages") == 3, "it may come again, and is taken then"
    await post(world, mail("Something else.", sender="bo@kunde.example", message_id="<5@kunde.example>"))


BAD: dict[str, tuple[bytes, dict[str, str], int, str]] = {
    "empty": (b"", RFC822, 422, "body"),
    "no mail": (b"hello", RFC822, 422, "body"),
    "JSON": (b"{}", {"content-type": "application/json"}, 415, "header/Content-Type"),
    "bomb": (
        b"From: a@b\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 30_000,
        RFC822,
        422,
        "body",
    ),
    "oversize": (b"From: a@b\r\n\r\n" + b"x" * 2_100_000, RFC822, 413, "body"),
}


@pytest.mark.requirement("P-01")
@pytest.mark.parametrize("name", BAD)
async def test_what_cannot_be_a_mail_gets_a_problem(mailroom_of_many: World, name: str) -> None:
    content, headers, status, field = BAD[name]
    before = await count(mailroom_of_many, "channel_messages")
    answer = await mailroom_of_many.http.post(EMAIL, content=content, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.json()["errors"][0]["field"] == field
    assert await count(mailroom_of_many, "channel_messages") == before


@pytest.mark.requirement("P-01")
async def test_mails_have_a_limit_of_their_own(mailroom_of_many: World) -> None:
    larger = await post(mailroom_of_many, mail("x" * 1_500_000))
    assert larger["outcome"] == "registered", "more than body_limit, less than mail_limit"


async def test_only_who_may_register_may_post_mails(world: World) -> None:
    assert (await world.customer.post(EMAIL, content=mail("x"), headers=RFC822)).status_code == 401
    key = await create_key(world.url, "reader", ["complaints:read"])
    async with httpx.AsyncClient(
        transport=world.http._transport, base_url="http://redress", headers={"Authorization": f"Bearer {key}"}
    ) as http:
        assert (await http.post(EMAIL, content=mail("x"), headers=RFC822)).status_code == 403


async def test_what_landed_is_never_changed(world: World) -> None:
    await post(world, mail("It leaks."))
    with pytest.raises(DBAPIError, match="channel_messages"):
        async with world.context("intake").database.transaction() as transaction:
            await transaction.execute(text("UPDATE channel_messages SET outcome = 'loop'"))


async def port_of(world: World) -> int:
    listener = world.context("intake").part(Listener)

    async def listens() -> int:
        return listener.port

    return await eventually(listens, what="the listener")


@pytest.mark.requirement("P-02")
async def test_a_mail_server_hands_mails_over_by_smtp(
    new_database: NewDatabase, tmp_path: Path, scratch: Path
) -> None:
    settings = {"mail_listen": "smtp://127.0.0.1:0", "mail_limit": 300_000}
    async with opened(new_database, tmp_path, scratch, **settings) as world:
        port = await port_of(world)
        raw = CORPUS["photos, inline and attached"].raw
        errors, said = await aiosmtplib.send(
            raw, sender="ann@shop.example", recipients=[OUR], hostname="127.0.0.1", port=port, start_tls=False
        )
        assert (errors, said) == ({}, "2.0.0 registered")
        assert (await post(world, raw))["replayed"], "both ways are one"
        long_line = mail("x" * 20_000, message_id="<long@shop.example>")
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
            _, said = await client.sendmail("ann@shop.example", [OUR], long_line)
            assert said == "2.0.0 registered"
            away = mail("Away.", message_id="<away@shop.example>")
            _, said = await client.sendmail("", [OUR], away)
            assert said == "2.0.0 auto_reply", "the null return path"
            with pytest.raises(aiosmtplib.SMTPDataError) as broken:
                await client.sendmail("a@b.example", [OUR], "no headers at all")
            assert broken.value.code == 554
            refused, _ = await client.sendmail(
                "a@b.example", [OUR, "b@redress.example"], mail("Two.", message_id="<2@b.example>")
            )
            assert refused["b@redress.example"][0] == 452
            with pytest.raises((aiosmtplib.SMTPDataError, aiosmtplib.SMTPSenderRefused)):
                await client.sendmail("a@b.example", [OUR], mail("x" * 400_000, message_id="<big@b.example>"))
        assert await count(world, "complaints") == 3


@pytest.mark.requirement("P-02")
async def test_a_mail_server_hands_mails_over_by_lmtp(
    new_database: NewDatabase, tmp_path: Path, scratch: Path
) -> None:
    async with opened(new_database, tmp_path, scratch, mail_listen="lmtp://127.0.0.1:0") as world:
        port = await port_of(world)

        def deliver() -> tuple[int, bytes]:
            with smtplib.LMTP("127.0.0.1", port) as client:
                client.ehlo()
                client.mail("ann@shop.example")
                client.rcpt(OUR)
                return client.data(CORPUS["163, GBK named GB2312"].raw)

        code, said = await asyncio.to_thread(deliver)
        assert (code, said) == (250, b"2.0.0 registered")
        listed = (await world.http.get("/intake/v1/channels/messages")).json()["items"]
        assert [(each["source"], each["received_by"]) for each in listed] == [("email", "mail")]


async def test_a_mail_that_cannot_be_taken_now_stays_with_the_mail_server(
    new_database: NewDatabase, tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(new_database, tmp_path, scratch, mail_listen="smtp://127.0.0.1:0") as world:

        async def dies(*_: Any, **__: Any) -> Any:
            raise OSError("gone")

        monkeypatch.setattr(landing_module.Landing, "land", dies)
        with pytest.raises(aiosmtplib.SMTPDataError) as refused:
            await aiosmtplib.send(
                mail("It leaks."),
                sender="a@b.example",
                recipients=[OUR],
                hostname="127.0.0.1",
                port=await port_of(world),
                start_tls=False,
            )
        assert refused.value.code == 451


@pytest.mark.parametrize(
    ("peer", "allowed", "may"),
    [
        ("127.0.0.1", [], True),
        ("::1", [], True),
        ("10.0.3.4", [], False),
        ("10.0.3.4", ["10.0.3.0/24"], True),
        ("::ffff:10.0.3.4", ["10.0.3.0/24"], True),
        ("10.0.4.4", ["10.0.3.0/24"], False),
        ("nonsense", ["0.0.0.0/0"], False),
    ],
)
async def test_only_loopback_and_allowed_networks_deliver(
    new_database: NewDatabase, tmp_path: Path, scratch: Path, peer: str, allowed: list[str], may: bool
) -> None:
    async with opened(
        new_database, tmp_path, scratch, mail_listen="smtp://127.0.0.1:0", mail_allow=allowed
    ) as world:
        assert world.context("intake").part(Listener)._may_deliver((peer, 1)) is may


def test_the_corpus_is_of_real_shape() -> None:
    for name, sample in CORPUS.items():
        assert message_from_bytes(sample.raw)["From"], name
        assert re.search(rb"\r\n\r\n", sample.raw), name
