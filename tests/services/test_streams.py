"""The feed, page by page and live: every fact once, in one order, to those who may see it."""

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.envelope import record_id
from shared.keys import create_key
from tests.streams import admin, connected, reading
from tests.world import TOLD, World, eventually

EVENTS = "/notification/v1/events"
MOTOR = TOLD | {"statement": {"what_went_wrong": "The motor gets too hot."}}


async def pages(world: World, after: str = "0", limit: int = 100, **query: Any) -> list[dict[str, Any]]:
    """Everything behind the cursor, page by page."""
    found: list[dict[str, Any]] = []
    while True:
        params = {"after": after, "limit": limit, **query}
        answer = await world.http.get(EVENTS, params=params)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        after = page["next"]
        if not page["more"]:
            return found


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
    assert feed == await pages(world), "the same order for every reader"
    told = {record.headers["ce_id"]: json.loads(record.value) for record in log}
    assert all(event["data"] == told[event["id"]] for event in feed)


async def test_a_stream(world: World) -> None:
    async with reading(world.process.app, admin(world)) as reader:
        assert reader.status == 200, reader.body
        one = await world.register(MOTOR)
        await reader.until(3)
        await world.settled()
        async with connected(world.process.app, admin(world), after=reader.last_id) as socket:
            assert socket.status == 101, socket.problem
            two = await world.register(MOTOR)
            await socket.until(3)
    headers = {"X-Tracking-Token": one["tracking_token"]}
    async with reading(world.process.app, headers, reference=one["reference"]) as mine:
        assert mine.status == 200, mine.body
        await mine.until(4)
        print(mine.body)
