"""Briefings: complaints of a day, and the letter of the next morning."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from services import catalogue
from services.notification.briefings.book import BRIEFINGS
from services.notification.briefings.making import Maker
from services.notification.briefings.sources import Sources
from services.notification.preferences import store as preferences
from services.notification.preferences.model import QuietHours, Wishes, colleague
from shared import clock
from shared.events import NOTICES, NoticeIssued
from shared.events.transfer import NoticeWords
from shared.events.vocabulary import Audience, Severity, TransferForm
from tests.conftest import NewDatabase
from tests.resolution_story import records
from tests.services.receivers import Mailbox, mail_server
from tests.services.test_transfer import GRAVE, caller, change_people, erased
from tests.world import TOLD, World, eventually, open_world

pytestmark = pytest.mark.slow

MONDAY = datetime(2026, 5, 11, 9, 0, tzinfo=UTC)
URL = "/notification/v1/briefings"
BOOK = "/notification/v1/rulebooks/briefings"
LATE = TOLD | {
    "statement": {
        "what_went_wrong": "A late delivery: the parcel came after five days.",
        "feeling": "Nobody told us; call 13800138000.",
    }
}
PRAISE = TOLD | {
    "kind": "praise",
    "about": "service",
    "statement": {"what_went_wrong": "Ms Li was very kind."},
}
USUAL: dict[str, Any] = {"period": "daily", "hour": 8, "zone": "UTC"}
ROWS: list[dict[str, Any]] = [
    USUAL
    | {
        "id": "leaders",
        "title": {"en": "For leadership", "zh": "领导简报"},
        "audience": "leadership",
        "sections": ["severe", "numbers", "overdue", "categories", "conversion", "voices", "next"],
    },
    USUAL
    | {
        "id": "management",
        "title": {"en": "For management", "zh": "管理简报"},
        "audience": "complaint-management",
        "sections": ["clippings"],
    },
    USUAL
    | {
        "id": "departments",
        "title": {"en": "For the department", "zh": "部门简报"},
        "audience": "responsible-department",
        "each_department": True,
        "sections": ["numbers", "overdue", "categories", "clippings", "next"],
    },
    USUAL
    | {
        "id": "persons",
        "title": {"en": "For you", "zh": "个人简报"},
        "audience": "person-concerned",
        "sections": ["clippings"],
    },
]


@dataclass
class Newsroom:
    """All services, a mail server, and a calendar that the test turns. The clock goes on from there."""

    world: World
    mailbox: Mailbox
    shift: timedelta = timedelta()

    def turn_to(self, day: int, hour: int, minute: int = 5) -> None:
        """Days count from the Monday, which is 0."""
        there = MONDAY.replace(hour=hour, minute=minute) + timedelta(days=day)
        self.shift = there - clock._system_time()

    def now(self) -> datetime:
        return clock._system_time() + self.shift

    def letters(self, person: str) -> list[EmailMessage]:
        """Briefings that somebody got."""
        titles = [title for row in ROWS for title in row["title"].values()]
        return [
            mail
            for mail in self.mailbox.mails
            if mail["To"] == f"{person}@example.com" and any(title in mail["Subject"] for title in titles)
        ]

    async def rows(self, statement: str, **given: Any) -> list[Any]:
        async with self.world.context("notification").database.reading() as connection:
            return list((await connection.execute(text(statement), given)).all())

    async def begun(self, until: datetime, *ids: str) -> None:
        """Wait until these turns have begun, and all that was planned then is made or found empty."""

        async def done() -> bool:
            found = await self.rows("SELECT row_id FROM briefing_turns WHERE until = :until", until=until)
            waiting = await self.rows("SELECT 1 FROM briefings WHERE state = 'waiting'")
            return {row.row_id for row in found} >= set(ids) and not waiting

        await eventually(done, what=f"the turns of {until}")

    async def morning(self, day: int) -> None:
        """The next morning: briefings are made and their letters are out."""
        self.turn_to(day, 8)
        until = (MONDAY + timedelta(days=day)).replace(hour=0)
        await self.begun(until, *(row["id"] for row in ROWS))
        await self.sent()

    async def sent(self) -> None:
        async def out() -> bool:
            return not await self.rows(
                "SELECT 1 FROM deliveries WHERE template = 'briefing' AND status IN ('pending', 'leased')"
            )

        await eventually(out, what="the letters")


async def in_force(world: World, rows: list[dict[str, Any]], **others: Any) -> None:
    said = {"content": {"rows": rows} | others, "reason": "A test."}
    made = await world.http.post(f"{BOOK}/versions", json=said)
    assert made.status_code == 201, made.text
    version = {"version": made.json()["version"], "reason": "A test."}
    assert (await world.http.put(BOOK, json=version, headers={"If-Match": "*"})).status_code == 200


async def staffed(world: World) -> None:
    """A leader, and addresses; the head of quality reads Chinese."""
    await change_people(
        world,
        "INSERT INTO people (id, name, department, languages, capacity, role, skills, remedies) "
        "VALUES ('zou.boss', 'Zou', 'sales', '{en}', 1, 'leader_in_charge', '{}', '{}')",
    )
    await change_people(world, "UPDATE people SET email = id || '@example.com'")
    await change_people(world, "UPDATE people SET languages = '{en}' WHERE department = 'technical_support'")


@asynccontextmanager
async def opened(url: str, folder: Path, **settings: Any) -> AsyncIterator[Newsroom]:
    async with mail_server() as mailbox:
        room = Newsroom(None, mailbox)  # type: ignore[arg-type]  # it opens under this clock
        room.turn_to(0, 9)
        smtp = f"smtp://127.0.0.1:{mailbox.port}"
        with clock.moved_to(room.now):
            async with open_world(url, folder, smtp_url=smtp, organisation="Northwind", **settings) as world:
                room.world = world
                await staffed(world)
                await in_force(world, ROWS)
                await room.begun(MONDAY.replace(hour=0), *(row["id"] for row in ROWS))
                yield room


@pytest.fixture
async def room(new_database: NewDatabase, scratch: Path) -> AsyncIterator[Newsroom]:
    async with opened(await new_database(), scratch) as newsroom:
        yield newsroom


def words(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def page(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


async def asked(world: World, service: str, path: str, **params: str) -> dict[str, Any]:
    answer = await world.http.get(f"/{service}/v1/{path}", params=params)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


@pytest.mark.requirement("003-16", "003-12", "002-16", "002-10")
async def test_what_happened_on_a_day_is_read_the_next_morning(room: Newsroom) -> None:
    grave = await room.world.register(GRAVE)
    late, _ = await room.world.register(LATE), await room.world.register(LATE)
    await room.world.register(PRAISE)
    await room.world.settled()
    await room.morning(1)

    [letter] = room.letters("zou.boss")
    assert grave["reference"] in words(letter), "what is important goes straight to the top"
    assert "severe" in letter["Subject"]
    day = {"since": "2026-05-11T00:00:00Z", "until": "2026-05-12T00:00:00Z"}
    told = await asked(room.world, "insights", "periods", **day)
    measured = await asked(room.world, "insights", "measures", **{"from": "2026-05-11", "to": "2026-05-11"})
    values = {each["measure"]: each["value"] for each in measured["groups"][0]["measures"]}
    assert (
        (told["now"]["received"], told["now"]["open"]) == (values["received"], values["open_now"]) == (4, 4)
    )
    assert "Received: 4 (before: 0)" in words(letter)
    assert "Late delivery: 2 (+2)" in words(letter)
    assert ">4</div>" in page(letter)
    assert "<svg" not in page(letter), "mail programs do not show that"
    assert "Nobody told us; call [phone]." in words(letter), "a customer's own words, masked"
    assert "13800138000" not in letter.as_string()
    [sheet] = list(letter.iter_attachments())
    assert (sheet.get_content_type(), sheet.get_filename()) == (
        "application/pdf",
        "leaders-2026-05-12-en.pdf",
    )
    assert sheet.get_content().startswith(b"%PDF")

    [logistics] = room.letters("liu.yang")
    assert "数据概览" in words(logistics), "in the reader's language"
    assert "受理: 2" in words(logistics), "of its own complaints only"
    assert late["reference"] not in words(logistics), "nothing is overdue yet"
    assert room.letters("zhao.lin") == [], "nothing happened in sales"

    [managers] = room.letters("chen.jing")
    assert "客户的建议、意见和表扬" in words(managers)
    await room.morning(2)
    assert len(room.letters("chen.jing")) == 1 + any(
        "部门简报" in m["Subject"] for m in room.letters("chen.jing")[1:]
    ), "a clipping is read once"
    assert all("表扬" not in words(mail) for mail in room.letters("chen.jing")[1:])


@pytest.mark.requirement("003-16")
async def test_a_briefing_waits_until_its_readers_quiet_hours_are_over(room: Newsroom) -> None:
    await room.world.register(GRAVE)
    await room.world.settled()
    person = colleague("zou.boss")
    wishes = Wishes(quiet_hours=QuietHours(begin="22:00", end="10:00"), time_zone="UTC")
    async with room.world.context("notification").database.transaction() as transaction:
        said = await preferences.held(transaction, person)
        await preferences.save(transaction, person, said, wishes, clock.now(), "test")
    room.turn_to(1, 8)

    async def waits() -> bool:
        found = await room.rows(
            "SELECT withheld FROM deliveries WHERE template = 'briefing' AND recipient = 'zou.boss' "
            "AND (withheld IS NOT NULL OR status = 'delivered')"
        )
        return bool(found)

    await eventually(waits, what="the letter to be held up")
    assert room.letters("zou.boss") == []
    room.turn_to(1, 10)
    await room.sent()
    assert len(room.letters("zou.boss")) == 1


@pytest.mark.requirement("003-16", "003-18")
async def test_however_many_replicas_make_it_each_reader_gets_it_once(room: Newsroom) -> None:
    for told in (GRAVE, LATE):
        await room.world.register(told)
    await room.world.settled()
    context = room.world.context("notification")
    others = [Maker(context.database, Sources(context), 0.01) for _ in range(3)]
    runs = [asyncio.create_task(other.run()) for other in others]
    try:
        await room.morning(1)
    finally:
        for run in runs:
            run.cancel()
        await asyncio.gather(*runs, return_exceptions=True)
    for maker in others:
        assert await maker.round() == 0, "what is made is not made again"
    assert len(room.letters("zou.boss")) == 1
    queued = await room.rows("SELECT recipient, rule FROM deliveries WHERE template = 'briefing'")
    assert len(queued) == len(set(queued)) == len(await room.rows("SELECT 1 FROM briefing_readers"))


@pytest.mark.requirement("003-16")
async def test_where_nothing_happened_nothing_is_sent(room: Newsroom) -> None:
    await room.morning(1)
    found = await room.rows("SELECT row_id, state FROM briefings")
    assert {row.row_id for row in found} == {"leaders", "management", "departments"}
    assert {row.state for row in found} == {"empty"}
    assert await room.rows("SELECT 1 FROM deliveries WHERE template = 'briefing'") == []
    assert (await asked(room.world, "notification", "briefings"))["items"] == []


@pytest.mark.requirement("002-16")
async def test_after_a_time_away_the_latest_briefing_covers_all_the_days(room: Newsroom) -> None:
    await room.world.register(LATE)
    await room.world.settled()
    await room.morning(3)
    [letter] = room.letters("zou.boss")
    assert "11 May 2026 to 13 May 2026" in letter["Subject"]
    assert "Received: 1 (before: 0)" in words(letter)
    assert "Compared with the 3 days before." in words(letter)
    [made] = (await asked(room.world, "notification", "briefings", audience="leadership"))["items"]
    assert (made["since"], made["until"]) == ("2026-05-11T00:00:00Z", "2026-05-14T00:00:00Z")


@pytest.mark.requirement("003-18")
async def test_opening_a_briefing_tells_that_its_reader_has_read_it(room: Newsroom) -> None:
    await room.world.register(GRAVE)
    await room.world.settled()
    await room.morning(1)
    async with (
        caller(room.world, "inbox:read", person="zou.boss") as leader,
        caller(room.world, "inbox:read", person="zhao.lin") as other,
    ):
        [mine] = (await leader.get(URL)).json()["items"]
        assert "read_at" not in mine
        assert (await other.get(URL)).json()["items"] == []
        assert (await other.get(f"{URL}/{mine['id']}")).status_code == 404, "somebody else's"
        room.turn_to(1, 9, 35)
        shown = await leader.get(f"{URL}/{mine['id']}", params={"format": "html"})
        assert shown.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "Severe and public complaints" in shown.text
        room.turn_to(1, 12)
        sheet = await leader.get(f"{URL}/{mine['id']}", params={"format": "pdf", "language": "zh"})
        assert (sheet.headers["Content-Type"], sheet.content[:4]) == ("application/pdf", b"%PDF")
        [again] = (await leader.get(URL)).json()["items"]
        assert again["read_at"].startswith("2026-05-12T09:35"), "the first time counts"
        data = (await leader.get(f"{URL}/{mine['id']}")).json()
        assert "readers" not in data
        assert (await leader.get(f"{URL}/timeliness")).status_code == 403
    whole = await asked(room.world, "notification", f"briefings/{mine['id']}")
    [reader] = whole["readers"]
    assert (reader["person"], reader["told_at"][:13], reader["read_at"][:16]) == (
        "zou.boss",
        "2026-05-12T08",
        "2026-05-12T09:35",
    )
    timely = (await room.world.http.get(f"{URL}/timeliness")).json()
    [leaders] = [each for each in timely if each["audience"] == "leadership"]
    assert (leaders["made"], leaders["letters"], leaders["told"], leaders["read"]) == (1, 1, 1, 1)
    assert leaders["median_hours_to_read"] == pytest.approx(1.5, abs=0.1)


@pytest.mark.requirement("003-16")
async def test_what_cannot_be_had_is_asked_for_again_and_then_said(room: Newsroom) -> None:
    await room.world.register(GRAVE)
    await room.world.settled()
    context = room.world.context("notification")
    usual = context.peers

    def away(service: str) -> httpx.AsyncClient:
        if service == "resolution":
            raise httpx.ConnectError("away")
        return usual(service)

    context.peers = away
    room.turn_to(1, 8)

    async def tried() -> list[Any]:
        return await room.rows(
            "SELECT 1 FROM briefings WHERE row_id = 'leaders' AND attempts = 1 AND state = 'waiting'"
        )

    await eventually(tried, what="the first attempt")
    assert room.letters("zou.boss") == []
    room.turn_to(1, 10, 30)  # its patience is over
    await eventually(lambda: room.rows("SELECT 1 FROM briefings WHERE row_id = 'leaders' AND state = 'made'"))
    await room.sent()
    context.peers = usual
    [letter] = room.letters("zou.boss")
    assert "Could not be had when this was made: Severe and public complaints, Waiting for a" in words(letter)
    assert "Received: 1" in words(letter)
    [made] = (await asked(room.world, "notification", "briefings", audience="leadership"))["items"]
    assert (await asked(room.world, "notification", f"briefings/{made['id']}"))["lacking"] == [
        "severe",
        "overdue",
    ]


@pytest.mark.requirement("003-16")
async def test_a_service_that_comes_back_in_time_is_waited_for(room: Newsroom) -> None:
    await room.world.register(GRAVE)
    await room.world.settled()
    context = room.world.context("notification")
    usual = context.peers

    def away(service: str) -> httpx.AsyncClient:
        if service == "insights":
            raise httpx.ConnectError("away")
        return usual(service)

    context.peers = away
    room.turn_to(1, 8)

    async def rests() -> bool:
        """All have failed once, and none is being made: a lease is shorter than the time until the next attempt."""
        tried = await room.rows("SELECT 1 FROM briefings WHERE row_id = 'leaders' AND attempts = 1")
        soon = await room.rows(
            "SELECT 1 FROM briefings WHERE state = 'waiting' AND (attempts = 0 OR next_try_at < :at)",
            at=room.now() + timedelta(minutes=4),
        )
        return bool(tried) and not soon

    await eventually(rests, what="the first attempts")
    context.peers = usual
    room.turn_to(1, 8, 20)
    await room.begun((MONDAY + timedelta(days=1)).replace(hour=0), "leaders")
    await room.sent()
    [letter] = room.letters("zou.boss")
    assert "Received: 1" in words(letter)
    assert "Could not be had" not in words(letter)


async def test_whoever_is_complained_about_does_not_read_of_it(room: Newsroom) -> None:
    against = GRAVE | {"against": "person", "accused": {"staff_id": "zou.boss"}}
    hidden = await room.world.register(against)
    seen = await room.world.register(GRAVE)
    await room.world.settled()
    await room.morning(1)
    [letter] = room.letters("zou.boss")
    assert seen["reference"] in words(letter)
    assert hidden["reference"] not in letter.as_string()
    assert "severe: 1" in letter["Subject"]


@pytest.mark.requirement("003-16")
async def test_the_words_of_an_erased_customer_go(room: Newsroom) -> None:
    registered = await room.world.register(LATE)
    await room.world.settled()
    await room.morning(1)
    [made] = (await asked(room.world, "notification", "briefings", audience="leadership"))["items"]
    before = await asked(room.world, "notification", f"briefings/{made['id']}")
    assert [voice["reference"] for voice in before["voices"]] == [registered["reference"]]
    await erased(room.world, registered)
    after = await asked(room.world, "notification", f"briefings/{made['id']}")
    assert after["voices"] == []
    shown = await room.world.http.get(f"{URL}/{made['id']}", params={"format": "html", "language": "en"})
    assert "Nobody told us" not in shown.text


@pytest.mark.requirement("003-16")
async def test_a_person_concerned_reads_the_clippings_that_name_them_and_nobody_else(room: Newsroom) -> None:
    registered = await room.world.register(LATE)
    await room.world.settled()

    def notice(audience: Audience, *recipients: str) -> NoticeIssued:
        return NOTICES[audience](
            complaint_id=UUID(registered["id"]),
            notice_id=uuid4(),
            reason="about-you",
            fact_type="test",
            fact_id=uuid4(),
            reference=registered["reference"],
            department="logistics",
            severity=Severity.GENERAL,
            issued_at=clock.now(),
            acknowledge_by=clock.now(),
            form=TransferForm.CLIPPING,
            recipients=recipients,
            words=NoticeWords(en="Well done", zh="干得好"),
        )

    told = [
        notice(Audience.PERSON_CONCERNED, "zhao.lin"),
        notice(Audience.RESPONSIBLE_DEPARTMENT, "zhou.min"),
    ]
    [service] = catalogue.load(["notification"])
    await service.pump(room.world.context("notification")).handle(records(told))
    await room.morning(1)
    [own] = room.letters("zhao.lin")
    assert "个人简报" in own["Subject"]
    assert "干得好" in words(own)
    [named] = room.letters("zhou.min")
    assert "部门简报" in named["Subject"], "whoever a clipping names reads the briefing that shows it"
    assert "干得好" in words(named)
    assert all("干得好" not in words(mail) for mail in room.letters("liu.yang")), "it names somebody else"


@pytest.mark.requirement("003-16", "002-11")
async def test_a_briefing_is_tried_before_it_is_in_force(room: Newsroom) -> None:
    await room.world.register(LATE)
    await room.world.settled()
    row = next(row for row in ROWS if row["id"] == "departments")
    trial = {"row": row, "department": "logistics", "on": "2026-05-12", "language": "en"}
    tried = (await room.world.http.post(f"{URL}/preview", json=trial)).json()
    assert (tried["would_be_sent"], tried["readers"]) == (True, ["liu.yang"])
    assert tried["briefing"]["report"]["now"]["received"] == 1
    assert "Late delivery" in tried["html"]
    nothing = (await room.world.http.post(f"{URL}/preview", json=trial | {"department": "sales"})).json()
    assert (nothing["would_be_sent"], nothing["briefing"]["report"]["now"]["received"]) == (False, 0)
    unknown = await room.world.http.post(f"{URL}/preview", json=trial | {"department": "nowhere"})
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "body/department")
    async with caller(room.world, "rulebooks:write") as other:
        assert (await other.post(f"{URL}/preview", json=trial)).status_code == 403
    assert await room.rows("SELECT 1 FROM briefings") == []
    assert BRIEFINGS.shipped.rows, "Redress is shipped with some"
