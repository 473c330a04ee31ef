"""Letters about field actions: safety first, in the customer's language, and each person once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI, Query

from services.notification.app import service
from services.notification.channels import marks
from services.notification.contacts import AffectedContacts
from services.notification.courier import Courier
from services.notification.desk import Desks
from services.notification.rules import Audience
from shared import clock
from shared.events import CustomerErased, FieldActionCustomerAddressed
from shared.events.field_action import Announcement, BilingualText, Measure
from shared.events.vocabulary import Because
from shared.keys import create_key
from shared.process import Process
from tests.conftest import NewDatabase
from tests.services.receivers import Mailbox, mail_server, text_of
from tests.services.test_notification import Desk, later
from tests.services.test_notification_channels import bounce
from tests.unit.test_notification_channels import dsn
from tests.world import SECRET, settings_for

SAID = Announcement(
    title=BilingualText(en="Recall of servo motors M7", zh="M7伺服电机召回"),
    hazard=BilingualText(en="The axis may not stop.", zh="轴可能无法停止。"),
    instruction=BilingualText(en="Switch it off now.", zh="请立即断电。"),
    act_by=None,
    hotline="400-000-0000",
)
ACTION, ORIGIN = uuid4(), uuid4()


@dataclass
class Post(Desk):
    """Notification alone, with an intake that knows these customers."""

    known: dict[str, dict[str, Any]] = field(default_factory=dict)

    def knows(self, **contact: Any) -> UUID:
        customer_id = uuid4()
        self.known[str(customer_id)] = {"customer_id": str(customer_id), "language": "en"} | contact
        return customer_id

    async def addresses(self, *customers: UUID, action: UUID = ACTION, **changes: Any) -> None:
        said = {
            "complaint_id": ORIGIN,
            "field_action_id": action,
            "reference": "FA-0000ABCD",
            "measures": (Measure.NOTIFY_ALL,),
            "announcement": SAID,
            "addressed_at": clock.now(),
        } | changes
        await self.hears(*(FieldActionCustomerAddressed(customer_id=c, **said) for c in customers))

    async def told(self) -> dict[str, tuple[str, str]]:
        """By customer, the fact and its channel or reason."""
        found = await self.rows(
            "SELECT headers->>'ce_type' AS type, convert_from(value, 'UTF8')::jsonb AS said FROM outbox ORDER BY id"
        )
        return {
            row.said["customer_id"]: (
                row.type.removeprefix("redress.field-action."),
                row.said.get("channel") or row.said["reason"],
            )
            for row in found
            if "field-action" in row.type
        }


@asynccontextmanager
async def open_post(url: str, folder: Path, port: int) -> AsyncIterator[Post]:
    settings = settings_for(url, folder, organisation="Northwind", smtp_url=f"smtp://127.0.0.1:{port}")
    process = Process(settings, url, [service])
    context = process.contexts["notification"]
    intake = FastAPI()

    @intake.get("/intake/v1/customers/contacts")
    async def read_contacts(customer: Annotated[list[str], Query()]) -> list[dict[str, Any]]:
        return [opened.known[each] for each in customer if each in opened.known]

    peer = httpx.AsyncClient(transport=httpx.ASGITransport(intake), base_url="http://intake")
    context.peers = lambda name: peer
    asking = asyncio.create_task(context.part(AffectedContacts).run())
    here = httpx.ASGITransport(process.app)
    headers = {
        "Authorization": f"Bearer {await create_key(url, 'tests', ['deliveries:read', 'bounces:write'])}"
    }
    async with peer, httpx.AsyncClient(transport=here, base_url="http://redress", headers=headers) as http:
        opened = Post(context, http, {}, [])
        yield opened
        asking.cancel()
        await asyncio.wait([asking])
        await process._close()


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with mail_server() as server:
        yield server


@pytest.fixture
async def post(new_database: NewDatabase, scratch: Path, mailbox: Mailbox) -> AsyncIterator[Post]:
    async with open_post(await new_database(), scratch, mailbox.port) as opened:
        yield opened


@pytest.mark.requirement("003-08", "002-19")
async def test_the_letter_says_what_is_dangerous_and_what_to_do_now(post: Post, mailbox: Mailbox) -> None:
    ann = post.knows(email="ann@example.com", name="Ann Example")
    li = post.knows(email="li@example.com", name="李梅", language="zh")
    due = clock.now().replace(year=2030, month=3, day=31, hour=10, minute=0)
    said = SAID.model_copy(update={"act_by": due})
    await post.addresses(ann, li, measures=tuple(Measure), announcement=said)
    assert await post.delivers() == 2
    english, chinese = sorted(mailbox.mails, key=lambda mail: str(mail["To"]))
    body = text_of(english)
    assert english["Subject"] == "Safety notice: Recall of servo motors M7 (FA-0000ABCD)"
    places = [
        body.index(words)
        for words in (
            "Dear Ann Example",
            "The axis may not stop.",
            "Switch it off now.",
            "repair it free of charge",
            "replace it free of charge",
            "take the product back and refund",
            "we make up for that",
            "warn everybody in public",
            "18:00 on Sunday 31 March 2030",
            "400-000-0000",
            "FA-0000ABCD",
        )
    ]
    assert places == sorted(places), "the danger first, then what to do"
    zh = text_of(chinese)
    assert chinese["Subject"] == "安全通知：M7伺服电机召回（FA-0000ABCD）"
    for words in (
        "李梅",
        "轴可能无法停止",
        "请立即断电",
        "免费为您维修",
        "免费为您更换",
        "退款",
        "赔偿",
        "公开警告",
        "400-000-0000",
    ):
        assert words in zh
    assert str(ORIGIN) not in body + zh
    assert "References" not in english, "an answer does not land in somebody else's complaint"
    assert set((await post.told()).values()) == {("letter-delivered.v1", "email")}


@pytest.mark.requirement("003-08")
async def test_only_the_measures_that_are_taken_are_promised(post: Post, mailbox: Mailbox) -> None:
    await post.addresses(post.knows(email="ann@example.com"), measures=(Measure.FREE_REPAIR,))
    await post.delivers()
    body = text_of(mailbox.mails[0])
    assert "repair it free of charge" in body
    for words in ("refund", "replace", "make up for", "in public"):
        assert words not in body


@pytest.mark.requirement("003-08", "N-A")
async def test_nobody_is_written_to_twice_under_whatever_ids_and_however_often_the_fact_comes(
    post: Post, mailbox: Mailbox
) -> None:
    one, same, other = (
        post.knows(email="ann@example.com"),
        post.knows(email=" Ann@Example.com"),
        post.knows(email="bo@example.com"),
    )
    await post.addresses(one, same, other)
    await post.addresses(other, one)  # the same facts under other ids: a restored log
    couriers = [
        Courier(post.context.database, post.context.part(Desks).of(Audience.CUSTOMER), 0.2) for _ in range(3)
    ]
    while sum(await asyncio.gather(*(courier.round() for courier in couriers))):
        pass
    async with later(minutes=5):
        while sum(await asyncio.gather(*(courier.round() for courier in couriers))):
            pass
    assert sorted(str(mail["To"]).strip().lower() for mail in mailbox.mails) == [
        "ann@example.com",
        "bo@example.com",
    ]
    told = await post.told()
    assert sorted(told[str(each)] for each in (one, same)) == [
        ("letter-delivered.v1", "email"),
        ("letter-delivered.v1", "same-address"),
    ]
    await post.addresses(one, action=uuid4())
    await post.delivers()
    assert len(mailbox.mails) == 3, "another field action is another letter"
    stored = str(
        await post.rows("SELECT t::text FROM field_letters t UNION ALL SELECT d::text FROM deliveries d")
    )
    assert "example.com" not in stored


@pytest.mark.requirement("003-08")
async def test_whom_no_letter_reaches_is_told_of(post: Post, mailbox: Mailbox) -> None:
    nowhere, by_phone_only = uuid4(), post.knows(phone="13800138000")
    await post.addresses(nowhere, by_phone_only)
    await post.delivers()
    told = await post.told()
    assert told[str(nowhere)] == ("letter-failed.v1", "intake knows no way to the customer")
    assert told[str(by_phone_only)][0] == "letter-failed.v1"
    mailbox.refuse = "550 no such user"
    refused, twin = post.knows(email="old@example.com"), post.knows(email="old@example.com")
    await post.addresses(refused, twin)
    await post.delivers()
    async with later(minutes=5):
        await post.delivers()
    told = await post.told()
    assert {told[str(refused)][0], told[str(twin)][0]} == {"letter-failed.v1"}, (
        "the twin was not reached either"
    )
    assert mailbox.mails == []


@pytest.mark.requirement("003-08")
async def test_what_comes_back_was_lost_for_whoever_has_the_same_address(post: Post) -> None:
    one, same = post.knows(email="ann@example.com"), post.knows(email="ann@example.com")
    await post.addresses(one, same)
    await post.delivers()
    async with later(minutes=5):
        await post.delivers()
    assert {kind for kind, _ in (await post.told()).values()} == {"letter-delivered.v1"}
    letter = next(entry for entry in await post.log() if entry["channel"] == "email")
    said = await bounce(post, dsn(envid=marks.mark_of(SECRET.encode(), UUID(letter["id"]))))
    assert said["what"] == "lost"
    assert await post.told() == {
        str(each): ("letter-failed.v1", "email came back (5.1.1)") for each in (one, same)
    }
    assert {entry["status"] for entry in await post.log()} == {"bounced"}


@pytest.mark.requirement("003-08", "P-32")
async def test_erasing_whoever_complained_first_does_not_keep_the_others_from_being_told(
    post: Post, mailbox: Mailbox
) -> None:
    await post.addresses(post.knows(email="ann@example.com"))
    await post.hears(
        CustomerErased(
            complaint_id=ORIGIN, customer_id=uuid4(), because=Because.REQUESTED, erased_at=clock.now()
        )
    )
    await post.addresses(post.knows(email="bo@example.com"))
    await post.delivers()
    assert len(mailbox.mails) == 2
