"""The feed, page by page and live: every event once, in one order, to those who may see it."""

import asyncio
import json
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from services.notification.pruning import Pruner
from services.notification.streams import hub as hub_module
from services.notification.streams import store as feed
from services.notification.streams.seats import OF_A_CASE
from shared import clock
from shared.envelope import record_id
from shared.eventlog import Record
from shared.events.vocabulary import Audience, transfer_topic
from shared.ids import new_id
from shared.keys import create_key, revoke_key
from tests.conftest import NewDatabase
from tests.services.test_transfer import caller
from tests.streams import Reader, Socket, admin, connected, reading
from tests.world import TOLD, World, eventually, open_world

EVENTS = "/notification/v1/events"
MOTOR = TOLD | {"statement": {"what_went_wrong": "The motor shows alarm R4."}}
TICKED = "redress.example.ticked"
"""A fact that a newer version tells; every service of this one leaves it alone."""


def tick(number: int = 0, complaint_id: UUID | None = None, **headers: str) -> Record:
    about = str(complaint_id or new_id())
    given = {
        "ce_specversion": "1.0",
        "ce_id": str(new_id()),
        "ce_source": "/redress/intake",
        "ce_type": f"{TICKED}.v9",
        "ce_subject": about,
        "ce_time": clock.now().isoformat(),
        "ce_sequence": "1",
        "content-type": "application/json",
        **headers,
    }
    return Record("redress.intake", about, given, json.dumps({"complaint_id": about, "n": number}).encode())


async def latest(world: World) -> str:
    return str((await world.http.get(f"{EVENTS}/ends")).json()["latest"])


async def page(world: World, **query: Any) -> dict[str, Any]:
    answer = await world.http.get(EVENTS, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def pages(world: World, after: str = "0", **query: Any) -> list[dict[str, Any]]:
    """Everything behind the cursor, page by page."""
    found: list[dict[str, Any]] = []
    while True:
        one = await page(world, after=after, **query)
        found += one["items"]
        after = one["next"]
        if not one["more"]:
            return found


def types(events: Sequence[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


# --- the feed -----------------------------------------------------------------------------------------------


@pytest.mark.empty_world
@pytest.mark.requirement("P-28")
async def test_the_feed_is_the_log_in_one_order_without_gap_or_repeat(world: World) -> None:
    await world.register()
    await world.register(MOTOR)
    await world.settled()
    feed = await pages(world, limit=7)
    log = await world.log_records()
    assert [event["position"] for event in feed] == [str(n) for n in range(1, len(log) + 1)]
    assert {event["id"] for event in feed} == {str(record_id(record)) for record in log}
    assert feed == await pages(world, limit=1000), "the same order for every reader"
    told = {record.headers["ce_id"]: json.loads(record.value) for record in log}
    assert all(event["data"] == told[event["id"]] for event in feed)
    for topic in {record.topic for record in log}:
        there = [str(record_id(record)) for record in log if record.topic == topic]
        assert [event["id"] for event in feed if event["id"] in there] == there, "topics keep their order"


@pytest.mark.requirement("P-28")
async def test_a_reader_waits_for_what_comes_and_moves_on_where_nothing_was_wanted(world: World) -> None:
    start, mine = await latest(world), new_id()
    waiting = asyncio.create_task(page(world, after=start, complaint_id=str(mine), wait=20))
    await world.process.log.append([tick(1), tick(2), tick(3, mine)])
    found = await waiting
    while not found["items"]:  # the first two may have come alone
        found = await page(world, after=found["next"], complaint_id=str(mine), wait=20)
    assert [event["data"]["n"] for event in found["items"]] == [3]
    assert int(found["next"]) == int(found["items"][0]["position"]) > int(start)
    nothing = await page(world, after=found["next"], complaint_id=str(new_id()))
    assert (nothing["items"], nothing["more"]) == ([], False)
    await world.process.log.append([tick(4)])
    await world.settled()
    assert (await page(world, after=start, complaint_id=str(new_id())))["next"] == await latest(world)


async def test_the_log_told_twice_is_in_the_feed_once(world: World) -> None:
    start, record = await latest(world), tick(1)
    await world.process.log.append([record, tick(2), record])
    await world.process.log.append([record])
    await world.settled()
    assert [event["data"]["n"] for event in await pages(world, start)] == [1, 2]


@pytest.mark.requirement("P-28")
async def test_whatever_stands_on_the_log_goes_through_and_stops_nobody(world: World) -> None:
    start = await latest(world)
    about = str(new_id())

    def odd(value: bytes, key: str = about, **headers: str) -> Record:
        return Record("redress.intake", key, {**tick().headers, "ce_subject": about, **headers}, value)

    await world.process.log.append(
        [
            odd(b"no json"),
            odd(b""),
            odd(b'{"a":\n1}'),
            odd(b"\xff\xfe"),
            odd(b'{"a": NaN}'),
            odd(b'{"a": "\\u0000"}'),
            odd(b"[1, 2]", key="not an id"),
            odd(b"{}", ce_id="not an id"),
            odd(b"{}", ce_position="7", ce_data="x"),
            odd(b"{}", ce_type="redress.complaint.triaged.v99"),
            odd(b'{"category": "\\u0000", "x": 1}', ce_type="redress.complaint.triaged.v98"),
            Record("redress.intake", about, {}, b"no event at all"),
            odd(b'{"big": "' + b"x" * 900_000 + b'"}'),
            odd(b'{"n": 8}'),
        ]
    )
    await world.settled()
    found = await pages(world, start)
    assert len(found) == 13, "all but what is no event"
    assert [event.get("data", event.get("data_base64")) for event in found[:6]] == [
        "bm8ganNvbg==",
        None,
        {"a": 1},
        "//4=",
        "eyJhIjogTmFOfQ==",
        {"a": "\0"},
    ]
    assert found[7]["id"] == "not an id"
    assert found[8]["position"] != "7"
    assert (found[8]["data"], found[-1]["data"]) == ({}, {"n": 8})


@pytest.mark.empty_world
@pytest.mark.requirement("P-28")
async def test_what_is_older_than_is_kept_is_pruned_and_an_old_cursor_is_told_so(world: World) -> None:
    async with reading(world.process.app, admin(world), after=0) as reader:
        await world.process.log.append([tick(n) for n in range(5)])
        await reader.until(5)
    pruner = Pruner(world.context("notification").database, feed.prune, days=30)
    assert await pruner.round() == 0
    later = clock.now() + timedelta(days=31)
    with clock.moved_to(lambda: later):
        await world.process.log.append([tick(5)])
        await world.settled()
        assert await pruner.round() == 5
        assert await pruner.round() == 0
    assert (await world.http.get(f"{EVENTS}/ends")).json() == {"latest": "6", "oldest": "5"}
    assert [event["data"]["n"] for event in (await page(world))["items"]] == [5], (
        "from the oldest that is kept"
    )
    gone = await world.http.get(EVENTS, params={"after": 4})
    assert (gone.status_code, gone.json()["errors"][0]["field"]) == (410, "query/after")
    assert gone.json()["type"] == "urn:redress:problem:cursor-expired"
    assert "after=5" in gone.json()["detail"]
    assert gone.json()["oldest"] == "5"
    async with reading(world.process.app, admin(world) | {"Last-Event-ID": "4"}) as reader:
        assert (reader.status, b"header/Last-Event-ID" in reader.body) == (410, True)
    async with connected(world.process.app, admin(world), after=4) as socket:
        assert (socket.status, socket.problem["oldest"]) == (410, "5")
    ahead = await world.http.get(EVENTS, params={"after": 7})
    assert (ahead.status_code, ahead.json()["errors"][0]["field"]) == (422, "query/after")
    async with reading(world.process.app, admin(world), after=7) as reader:
        assert reader.status == 422


@pytest.mark.requirement("P-28")
async def test_an_erased_customer_is_erased_from_the_feed(world: World) -> None:
    start, mine, other = await latest(world), new_id(), new_id()
    erased = tick(2, mine, ce_type="redress.customer.erased.v1")
    await world.process.log.append([tick(1, mine), tick(1, other)])
    await world.settled()
    database = world.context("notification").database
    value = json.dumps(
        {
            "complaint_id": str(mine),
            "customer_id": str(new_id()),
            "because": "asked",
            "erased_at": clock.now().isoformat(),
        }
    )
    erased = Record(erased.topic, erased.key, {**erased.headers, "ce_sequence": "2"}, value.encode())
    await world.process.log.append([tick(3, mine), erased, tick(4, mine)])
    await world.settled()
    found = await pages(world, start)
    assert ["data" in event for event in found if event["subject"] == str(mine)] == [
        False,
        False,
        True,
        False,
    ]
    assert ["data" in event for event in found if event["subject"] == str(other)] == [True]
    async with database.reading() as connection:
        kept = await connection.execute(
            text("SELECT count(*) FROM feed WHERE complaint_id = :id AND data LIKE '%\"n\"%'"), {"id": mine}
        )
        assert kept.scalar_one() == 0


# --- filters and who may see what ---------------------------------------------------------------------------


@pytest.mark.requirement("P-28")
async def test_filters_by_type_category_audience_and_complaint(world: World) -> None:
    start = await latest(world)
    one, other = await world.register(MOTOR), await world.register(MOTOR)
    await world.settled()
    everything = await pages(world, start)
    [triaged] = [
        e for e in everything if e["type"] == "redress.complaint.triaged.v1" and e["subject"] == one["id"]
    ]
    category = triaged["data"]["category"]

    of_one = await pages(world, start, complaint_id=one["id"])
    assert of_one == [event for event in everything if event["subject"] == one["id"]]
    assert {event["subject"] for event in everything} == {one["id"], other["id"]}
    family = await pages(world, start, types=["redress.complaint.*", "redress.case.opened"])
    assert family == [
        e
        for e in everything
        if e["type"].startswith("redress.complaint.") or e["type"] == "redress.case.opened.v1"
    ]
    known = await pages(world, start, categories=[category, "no such category"], complaint_id=one["id"])
    assert known == of_one[of_one.index(triaged) :], "from the fact on that tells the category"
    assert await pages(world, start, categories=["no such category"]) == []
    notices = await pages(world, start, audiences="complaint-management")
    assert set(types(notices)) <= {"redress.notice.complaint-management.v1"}

    async with reading(world.process.app, admin(world), after=start, complaint_id=one["id"]) as reader:
        await reader.until(len(of_one))
        assert [frame.data for frame in reader.frames] == of_one
    async with connected(
        world.process.app, admin(world), after=start, types=["redress.case.opened"]
    ) as socket:
        assert types(await socket.until(2)) == ["redress.case.opened.v1"] * 2


def notice(audience: Audience, complaint_id: UUID, *recipients: str) -> Record:
    about, at = str(complaint_id), clock.now().isoformat()
    headers = tick(0, complaint_id, ce_type=f"redress.notice.{audience.value}.v99").headers
    value = {"complaint_id": about, "recipients": list(recipients), "issued_at": at}
    return Record(transfer_topic(audience), about, headers, json.dumps(value).encode())


@pytest.mark.requirement("P-28")
async def test_a_key_sees_facts_and_notices_by_its_scopes(world: World) -> None:
    start, about = await latest(world), new_id()
    support, leaders = Audience.TECHNICAL_SUPPORT, Audience.LEADERSHIP
    await world.process.log.append([tick(1, about), notice(support, about), notice(leaders, about)])
    await world.settled()

    async def seen(*scopes: str, **query: Any) -> list[str] | int:
        async with caller(world, *scopes) as client:
            answer = await client.get(EVENTS, params={"after": start, "complaint_id": str(about), **query})
        return sorted(types(answer.json()["items"])) if answer.status_code == 200 else answer.status_code

    fact = f"{TICKED}.v9"
    of_support, of_leaders = "redress.notice.technical-support.v99", "redress.notice.leadership.v99"
    assert await seen("admin") == [fact, of_leaders, of_support]
    assert await seen("complaints:read") == [fact]
    assert await seen("notices:read") == [of_leaders, of_support]
    assert await seen("complaints:read", "notices:technical-support") == [fact, of_support]
    assert await seen("notices:technical-support", audiences="technical-support") == [of_support]
    assert await seen("notices:technical-support", audiences="leadership") == 403
    assert await seen("complaints:read", audiences="leadership") == 403
    assert await seen("measures:read") == 403
    async with caller(world, "measures:read") as client:
        key = {"Authorization": client.headers["Authorization"]}
        async with reading(world.process.app, key) as reader:
            assert reader.status == 403
        async with connected(world.process.app, key) as socket:
            assert (socket.status, socket.problem["type"]) == (403, "urn:redress:problem:forbidden")


@pytest.mark.requirement("P-28", "P-35")
async def test_notices_come_by_the_row_rules_of_where_they_are_listed(world: World) -> None:
    start = await latest(world)
    about = await world.register(TOLD | {"against": "person", "accused": {"staff_id": "zhao.lin"}})
    await world.settled()
    [told] = [
        event
        for event in await pages(world, start, complaint_id=about["id"], audiences="person-concerned")
        if "zhao.lin" in event["data"]["recipients"]
    ]
    named, audience = Audience.TECHNICAL_SUPPORT, "technical-support"
    id = UUID(about["id"])
    await world.process.log.append(
        [notice(named, id), notice(named, id, "zhao.lin"), notice(named, new_id())]
    )
    await world.settled()
    scopes = ("notices:person-concerned", "notices:technical-support")

    async def seen(person: str | None, audience: str) -> list[str]:
        async with caller(world, *scopes, person=person) as client:
            params = {"after": start, "audiences": audience}
            found = (await client.get(EVENTS, params=params)).json()["items"]
        return [event["id"] for event in found if event["subject"] == about["id"]]

    assert await seen("zhao.lin", "person-concerned") == [told["id"]]
    assert await seen("li.na", "person-concerned") == []
    assert await seen(None, "person-concerned") == []
    of_support = [
        event["id"] for event in await pages(world, start, audiences=audience, complaint_id=about["id"])
    ]
    assert await seen("li.na", audience) == of_support
    assert await seen("zhao.lin", audience) == of_support[-1:], "what names her, and nothing else of it"


# --- live ---------------------------------------------------------------------------------------------------


async def ticks(world: World, *numbers: int, about: UUID | None = None) -> None:
    await world.process.log.append([tick(n, about) for n in numbers])


def counted(reader: Reader | Socket) -> list[int]:
    """The numbers of the ticks that came."""
    events = [f.data for f in reader.frames] if isinstance(reader, Reader) else reader.events
    return [event["data"]["n"] for event in events if event.get("type") == f"{TICKED}.v9"]


async def until_counted(reader: Reader | Socket, number: int) -> list[int]:
    async def enough() -> bool:
        return len(counted(reader)) >= number

    await eventually(enough, what=f"{number} ticks")
    return counted(reader)


@pytest.mark.requirement("P-28", "002-22")
async def test_a_stream_begins_now_or_behind_the_cursor_and_tells_its_cursor_at_once(world: World) -> None:
    app = world.process.app
    await ticks(world, 1)
    await world.settled()
    end = int(await latest(world))
    async with (
        reading(app, admin(world)) as now,
        reading(app, admin(world), after=end - 1) as then,
        connected(app, admin(world), after=end - 1) as socket,
    ):
        assert now.headers["content-type"].startswith("text/event-stream")
        assert (bool(now.headers["x-request-id"]), socket.status) == (True, 101)
        assert b"retry: " in now.body
        assert now.last_id == str(end), "a connection that breaks before the first event misses nothing"
        await ticks(world, 2)
        assert await until_counted(then, 2) == [1, 2]
        assert await until_counted(socket, 2) == [1, 2]
        assert await until_counted(now, 1) == [2]
        assert [frame.id for frame in then.frames] == [frame.data["position"] for frame in then.frames]
        assert socket.messages[0] == {"stream": "alive", "after": str(end - 1)}


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    lives=st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 9), st.sampled_from("esp")), min_size=1, max_size=6
    )
)
@pytest.mark.requirement("P-28")
async def test_however_often_a_reader_is_cut_off_it_has_everything_once_and_in_order(
    lives: list[tuple[int, int, str]], world: World
) -> None:
    """Each life of the reader: how many events it waits for, how many happen meanwhile, and by which way it reads."""
    about, app, total, got = new_id(), world.process.app, 0, list[int]()
    cursor = await latest(world)
    for wants, happens, way in [*lives, (99, 0, "e")]:
        await ticks(world, *range(total, total + happens), about=about)
        total += happens
        wanted = min(wants, total - len(got))
        query = {"after": cursor, "complaint_id": str(about)}
        if way == "p":
            found = await page(world, **query, limit=max(1, wanted), wait=10 if wanted else 0)
            got += [event["data"]["n"] for event in found["items"]]
            cursor = found["next"]
        elif way == "s":
            async with connected(app, admin(world), **query) as socket:
                await socket.until(wanted)
                got += counted(socket)
                told = [m.get("after") or m["position"] for m in socket.messages]
                cursor = told[-1] if told else cursor
        else:
            while len(got) < total if wants == 99 else wanted:
                async with reading(
                    app, admin(world) | {"Last-Event-ID": cursor}, complaint_id=str(about)
                ) as reader:
                    await reader.until(wanted)
                got += counted(reader)
                cursor = reader.last_id or cursor
                wanted = min(wants, total - len(got)) if wants == 99 else 0
    assert got == list(range(total))


@pytest.mark.slow
@pytest.mark.requirement("P-28")
async def test_two_hundred_streams_hear_everything_they_want(world: World) -> None:
    app, mine = world.process.app, [new_id() for _ in range(100)]
    start = await latest(world)
    async with AsyncExitStack() as stack:
        everything = [
            await stack.enter_async_context(reading(app, admin(world), after=start)) for _ in range(50)
        ]
        sockets = [
            await stack.enter_async_context(connected(app, admin(world), after=start)) for _ in range(50)
        ]
        single = [
            await stack.enter_async_context(reading(app, admin(world), after=start, complaint_id=str(id)))
            for id in mine
        ]
        for number in range(10):
            await world.process.log.append([tick(number, id) for id in mine])
        both: list[Reader | Socket] = [*everything, *sockets]
        for one in both:
            await until_counted(one, 1000)
        for reader in single:
            assert await until_counted(reader, 10) == list(range(10))
        order = [frame.data["position"] for frame in everything[0].frames]
        assert order == sorted(order, key=int)
        for other in everything:
            assert [frame.data["position"] for frame in other.frames] == order
        for socket in sockets:
            assert [event["position"] for event in socket.events] == order
        hub = world.context("notification").part(hub_module.Hub)
        assert hub.followers == 200
    assert hub.followers == 0, "whoever hangs up leaves nothing behind"
    assert (hub._wishes, hub._of_one, hub._general) == ({}, {}, set())


@pytest.mark.requirement("P-28")
@pytest.mark.parametrize("way", ["sse", "ws"])
async def test_who_reads_too_slowly_is_told_and_goes_on_from_the_cursor(
    world: World, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(hub_module, "QUEUE_LIMIT", 4000)
    app, start = world.process.app, await latest(world)
    hub = world.context("notification").part(hub_module.Hub)
    if way == "sse":
        async with (
            reading(app, admin(world), after=start) as slow,
            reading(app, admin(world), after=start) as quick,
        ):
            await _overflows(world, hub, slow, quick)
            async with asyncio.timeout(20):
                await slow.ended.wait()
        farewell, frames = slow.frames[-1], slow.frames[:-1]
        assert (farewell.event, farewell.data["why"]) == ("end", "behind")
        got, after = counted(slow), farewell.data["after"]
        assert after == frames[-1].id
    else:
        async with connected(app, admin(world), after=start) as socket, reading(app, admin(world)) as quick:
            await _overflows(world, hub, socket, quick)
            assert await socket.until_closed() == 1013
        last = socket.messages[-1]
        assert (last["stream"], last["why"]) == ("end", "behind")
        got, after = counted(socket), last["after"]
    assert got == list(range(len(got)))
    assert len(got) < 60
    async with reading(app, admin(world) | {"Last-Event-ID": after}) as again:
        assert got + await until_counted(again, 60 - len(got)) == list(range(60))


async def _overflows(world: World, hub: hub_module.Hub, slow: Reader | Socket, quick: Reader) -> None:
    """Sixty events happen while the slow one takes nothing, and the quick one is not held up."""
    await ticks(world, 0)
    await until_counted(slow, 1)
    slow.reads.clear()
    for number in range(1, 60):
        await ticks(world, number)
        await until_counted(quick, number)
    waiting = [f._size for wish in hub._wishes.values() for f in wish]
    assert max(waiting) <= 4000, "what waits for the slow one does not grow"
    slow.reads.set()


@pytest.mark.requirement("P-28")
async def test_a_stream_ends_when_its_key_does_and_gives_signs_of_life_until_then(
    new_database: NewDatabase, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.auth.KEY_CACHE_SECONDS", 0.05)
    async with open_world(await new_database(), scratch, stream_beat=0.1) as world:
        app, key = world.process.app, await create_key(world.url, "gone", ["complaints:read"])
        headers = {"Authorization": f"Bearer {key}"}
        ticket = (await world.customer.post("/notification/v1/stream/tickets", headers=headers)).json()[
            "ticket"
        ]
        async with (
            reading(app, headers, types="redress.case.closed") as reader,
            connected(app, headers) as socket,
            reading(app, {}, ticket=ticket) as by_ticket,
        ):
            await ticks(world, 1)
            await until_counted(socket, 1)

            async def moved_on() -> bool:
                return reader.last_id == await latest(world)

            await eventually(moved_on, what="the cursor to move on although nothing was wanted")
            assert reader.frames == []
            await eventually(lambda: _alive(socket), what="a sign of life")
            await revoke_key(world.url, key.split("_")[1])
            for one in (reader, by_ticket):
                async with asyncio.timeout(20):
                    await one.ended.wait()
                assert (one.frames[-1].event, one.frames[-1].data["why"]) == ("end", "unauthorised")
            assert await socket.until_closed() == 4401


async def _alive(socket: Socket) -> bool:
    return sum("stream" in message for message in socket.messages) > 2


@pytest.mark.requirement("P-28")
async def test_a_ticket_opens_one_stream_once_and_stands_in_no_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "shared")
    app, tickets = world.process.app, "/notification/v1/stream/tickets"
    issued = await world.http.post(tickets)
    assert issued.status_code == 201, issued.text
    ticket = issued.json()["ticket"]
    async with reading(app, {}, ticket=ticket) as reader, reading(app, {}, ticket=ticket) as twice:
        assert (reader.status, twice.status) == (200, 401)
        assert b"query/ticket" in twice.body
        await ticks(world, 1)
        await until_counted(reader, 1)
    late = (await world.http.post(tickets)).json()["ticket"]
    after = clock.now() + timedelta(seconds=61)
    with clock.moved_to(lambda: after):
        async with connected(app, {}, ticket=late) as socket:
            assert (socket.status, socket.problem["status"]) == (401, 401)
    assert (await world.customer.post(tickets)).status_code == 401
    made_up = await world.customer.post(tickets, headers={"Authorization": "Bearer rdk_x_y"})
    assert made_up.status_code == 401
    assert ticket not in caplog.text
    async with world.context("notification").database.reading() as connection:
        kept = (await connection.execute(text("SELECT sealed FROM stream_tickets"))).scalars().all()
    key = world.http.headers["Authorization"].removeprefix("Bearer ")
    assert not any(ticket in sealed or key in sealed for sealed in kept)


@pytest.mark.requirement("P-28")
async def test_a_socket_is_refused_like_any_other_request(new_database: NewDatabase, scratch: Path) -> None:
    limits: dict[str, Any] = {"rate_limit_anonymous": "4/hour", "stream_limit": 4}
    origins = {"stream_origins": ["https://desk.example.com"]}
    async with open_world(await new_database(), scratch, ["notification"], **limits, **origins) as world:
        app = world.process.app

        async def refused(
            headers: dict[str, str], path: str = "/notification/v1/ws", **query: Any
        ) -> tuple[int, str]:
            async with connected(app, headers, path, **query) as socket:
                assert socket.headers["x-request-id"]
                if socket.status == 101:
                    return 101, ""
                assert socket.headers["content-type"] == "application/problem+json"
                named = [error["field"] for error in socket.problem["errors"]]
                return socket.status, next(iter(named), "")

        assert (await world.http.get(f"{EVENTS}/ends")).status_code == 200
        assert await refused({}) == (401, "header/Authorization")
        me = admin(world)
        assert await refused(me, after="x") == (422, "query/after")
        assert await refused(me, types="no.such.type") == (422, "query/types/0")
        assert await refused(me, ticket="\0") == (422, "query/ticket")
        assert await refused(me | {"Origin": "https://evil.example"}) == (403, "header/Origin")
        assert await refused(me | {"Origin": "https://[evil"}) == (403, "header/Origin")
        assert await refused(me | {"Origin": "https://desk.example.com"}) == (101, "")
        assert await refused(me | {"Origin": "https://redress", "Host": "redress"}) == (101, "")
        async with connected(app, me | {"X-Request-Id": "abc-1"}) as socket:
            assert socket.headers["x-request-id"] == "abc-1"
            socket.says.put_nowait({"type": "websocket.receive", "text": "hello"})
            assert await socket.until_closed() == 1003
        async with reading(app, me), connected(app, me), reading(app, me) as third:
            assert third.status == 429, "half of the seats for one key"
            assert b"too-many-streams" in third.body
        for _ in range(3):
            await refused({})
        assert (await refused({}))[0] == 429


# --- customers ----------------------------------------------------------------------------------------------


@pytest.mark.requirement("002-19", "002-22", "P-38")
async def test_a_customer_follows_the_steps_of_their_own_case_and_nothing_else(world: World) -> None:
    app = world.process.app
    mine, other = await world.register(MOTOR), await world.register(MOTOR)
    token = {"X-Tracking-Token": mine["tracking_token"]}
    ticket = await world.customer.post(
        "/notification/v1/stream/tickets", params={"reference": mine["reference"]}, headers=token
    )
    async with (
        reading(app, token, reference=mine["reference"]) as reader,
        connected(app, {}, ticket=ticket.json()["ticket"]) as socket,
    ):
        await world.settled()
        assert (reader.status, socket.status) == (200, 101), reader.body
        accepted = await world.http.post(f"/resolution/v1/cases/{mine['id']}/accept", json={})
        assert accepted.status_code == 200, accepted.text

        async def seen() -> bool:
            return "accepted" in [f.event for f in reader.frames] and "accepted" in [
                e["step"] for e in socket.events
            ]

        await eventually(seen, what="the accepted case")
    shown = await world.customer.get(f"/intake/v1/tracking/{mine['reference']}", headers=token)
    steps = [step["step"] for step in shown.json()["steps"][1:]]
    assert sorted(str(f.event) for f in reader.frames) == sorted(steps), "what tracking shows, and no more"
    assert (
        [e["id"] for e in socket.events]
        == [int(f.id or 0) for f in reader.frames]
        == sorted(e["id"] for e in socket.events)
    )
    middle = reader.frames[2].id or ""
    async with reading(app, token | {"Last-Event-ID": middle}, reference=mine["reference"]) as again:
        await again.until(len(reader.frames) - 3)
        assert [f.id for f in again.frames] == [f.id for f in reader.frames[3:]]

    for reference, with_token in ((other["reference"], token), (mine["reference"], {}), ("RD-1", token)):
        async with reading(app, with_token, reference=reference) as stranger:
            assert stranger.status == 404
            assert b"query/reference" in stranger.body
    async with reading(app, token, reference=mine["reference"], types="redress.*") as filtered:
        assert (filtered.status, b"query/types" in filtered.body) == (422, True)


@pytest.mark.requirement("P-38")
async def test_a_merged_complaints_customer_follows_the_case_that_theirs_is_merged_into(world: World) -> None:
    mine, leading = await world.register(MOTOR), await world.register(MOTOR)
    await world.settled()
    token = {"X-Tracking-Token": mine["tracking_token"]}
    async with reading(world.process.app, token, reference=mine["reference"]) as reader:
        merged = await world.http.post(
            f"/intake/v1/complaints/{mine['id']}/merge", json={"into": leading["id"], "reason": "The same."}
        )
        assert merged.status_code == 200, merged.text
        await world.settled()
        accepted = await world.http.post(f"/resolution/v1/cases/{leading['id']}/accept", json={})
        assert accepted.status_code == 200, accepted.text

        async def seen() -> bool:
            return [f.event for f in reader.frames][-2:] == ["merged", "accepted"]

        await eventually(seen, what="the step of the leading case")


@pytest.mark.requirement("P-38", "P-40")
async def test_guessing_references_is_slowed_down_here_too(new_database: NewDatabase, scratch: Path) -> None:
    async with open_world(await new_database(), scratch, tracking_attempts="2/hour") as world:
        mine = await world.register(MOTOR)
        app, token = world.process.app, {"X-Tracking-Token": mine["tracking_token"]}
        tickets = {"reference": mine["reference"]}
        async with reading(app, {}, **tickets) as wrong, reading(app, token, **tickets) as right:
            assert (wrong.status, right.status) == (404, 200)
        guessed = await world.customer.post("/notification/v1/stream/tickets", params=tickets)
        assert guessed.status_code == 404
        async with reading(app, token, **tickets) as right, connected(app, token, **tickets) as socket:
            assert (right.status, socket.status) == (429, 429), "whatever it tries next"


@pytest.mark.requirement("P-38")
async def test_a_customer_has_a_few_streams_at_most(world: World) -> None:
    mine = await world.register(MOTOR)
    token = {"X-Tracking-Token": mine["tracking_token"]}
    async with AsyncExitStack() as stack:
        for _ in range(OF_A_CASE):
            opened = await stack.enter_async_context(
                reading(world.process.app, token, reference=mine["reference"])
            )
            await eventually(lambda opened=opened: _begun(opened), what="the stream")  # type: ignore[misc]
        async with reading(world.process.app, token, reference=mine["reference"]) as one_more:
            assert one_more.status == 429


async def _begun(reader: Reader) -> bool:
    return bool(reader.body)
