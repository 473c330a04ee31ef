"""Duplicates over HTTP: suggested before a complaint is registered, and after."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from dev.duplicates.labelled import Told, pairs
from services.intake.duplicates.index import GROUP
from shared.events.vocabulary import TOPICS
from tests.world import TOLD, World, eventually

pytestmark = pytest.mark.slow

CHECK = "/intake/v1/complaints/check"


async def _marked(world: World) -> None:
    """Every complaint that was registered can be suggested."""

    async def nothing_waits() -> bool:
        return await world.process.backlog() == 0 and await world.process.log.lag(GROUP, [TOPICS.intake]) == 0

    await eventually(nothing_waits, within=60, what="complaints to be marked")


async def _suggested(world: World, told: Told) -> list[dict[str, Any]]:
    answer = await world.http.post(CHECK, json=told)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def _count(world: World, table: str) -> int:
    async with world.context("intake").database.reading() as connection:
        return int((await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


@pytest.mark.empty_world
@pytest.mark.requirement("P-07")
async def test_what_was_told_already_is_suggested_before_and_after(world: World) -> None:
    first = await world.register()
    stranger = await world.register(
        {
            "channel": "phone",
            "customer": {"name": "Bo"},
            "statement": {"what_went_wrong": "送货员态度很差，骂人。"},
        }
    )
    await _marked(world)
    again = TOLD | {
        "statement": {"what_went_wrong": "Alarm R4 again: ten minutes after the start the motor shows it."},
        "customer": {"email": "ann@example.com"},
    }
    stored = [await _count(world, table) for table in ("complaints", "customers", "outbox", "marks")]
    [suggestion] = await _suggested(world, again)
    assert stored == [await _count(world, table) for table in ("complaints", "customers", "outbox", "marks")]
    assert suggestion["complaint_id"] == first["id"]
    assert suggestion["reference"] == first["reference"]
    assert 0.5 <= suggestion["score"] <= 1
    reasons = {reason["code"]: reason for reason in suggestion["reasons"]}
    assert {"same_customer", "same_product", "same_codes"} <= reasons.keys()
    assert reasons["same_customer"]["zh"] == "同一客户或同一联系方式"

    second = await world.register(again)
    await _marked(world)
    for one, other in ((first, second), (second, first)):
        found = (await world.http.get(f"/intake/v1/complaints/{one['id']}/duplicates")).json()["items"]
        assert [item["complaint_id"] for item in found] == [other["id"]]
    alone = await world.http.get(f"/intake/v1/complaints/{stranger['id']}/duplicates")
    assert alone.json()["items"] == []
    assert (await world.http.get(f"/intake/v1/complaints/{uuid4()}/duplicates")).status_code == 404

    await world.http.post(f"/intake/v1/complaints/{second['id']}/merge", json={"into": first["id"]})
    leaders = {item["complaint_id"]: item.get("leading_id") for item in await _suggested(world, again)}
    assert leaders == {first["id"]: None, second["id"]: first["id"]}


@pytest.mark.empty_world
@pytest.mark.requirement("P-07")
async def test_over_http_precision_and_recall_are_at_least_95_in_100(world: World) -> None:
    """All held-out complaints are registered; each pair's second one is checked against all of them.

    A suggestion is wrong only if nobody wrote it from the same matter: complaints of one origin are the same.
    """
    held_out = [
        pair for pair in pairs() if pair.held_out and pair.kind not in {"typo", "paraphrase", "truncation"}
    ]
    firsts: dict[str, str] = {}
    for pair in held_out:
        told = pair.first["statement"]["what_went_wrong"]
        if told not in firsts:
            firsts[told] = (await world.register(pair.first))["id"]
    await _marked(world)
    gate = asyncio.Semaphore(4)
    counts: Counter[str] = Counter()

    async def check(number: int) -> None:
        pair = held_out[number]
        async with gate:
            items = {item["complaint_id"] for item in await _suggested(world, pair.second)}
        mine = firsts[pair.first["statement"]["what_went_wrong"]]
        # What a negative pair's second one tells may itself be registered as another's first.
        itself = firsts.get(pair.second["statement"]["what_went_wrong"])
        if pair.same:
            counts["found" if mine in items else "missed"] += 1
            counts["wrong"] += len(items - {mine, itself})
        else:
            counts["wrong"] += mine in items

    await asyncio.gather(*(check(number) for number in range(len(held_out))))
    assert counts["found"] / (counts["found"] + counts["missed"]) >= 0.95, counts
    assert counts["found"] / (counts["found"] + counts["wrong"]) >= 0.95, counts


@pytest.mark.empty_world
@pytest.mark.requirement("P-07")
async def test_marking_begins_where_it_stopped_and_marks_nothing_twice(world: World) -> None:
    from services.intake.duplicates.index import Marker

    registered = [await world.register() for _ in range(3)]
    await _marked(world)
    before = await _count(world, "marks")
    records = await world.log_records("redress.intake")
    marker = Marker(world.context("intake"))
    await marker.mark(records)
    assert await _count(world, "marks") == before
    async with world.context("intake").database.transaction() as transaction:
        await transaction.execute(text("DELETE FROM marks"))
    await marker.mark(records)
    assert await _count(world, "marks") == before
    async with world.context("intake").database.reading() as connection:
        marked = await connection.execute(text("SELECT DISTINCT complaint_id FROM marks"))
        assert set(marked.scalars()) == {UUID(each["id"]) for each in registered}


@pytest.mark.empty_world
async def test_the_marks_hold_nothing_personal_and_a_common_one_costs_no_more(world: World) -> None:
    for _ in range(60):
        await world.register()
    await _marked(world)
    items = await _suggested(world, TOLD)
    assert len(items) == 10, "the likeliest, and no more"
    async with world.context("intake").database.reading() as connection:
        rows = (await connection.execute(text("SELECT m::text FROM marks m"))).scalars().all()
    assert all("ann" not in row.lower() and "13800138000" not in row for row in rows)


@pytest.mark.parametrize("statement", [{}, {"what_went_wrong": ""}, {"what_went_wrong": "x" * 10_001}])
async def test_a_check_takes_what_a_registration_takes(world: World, statement: dict[str, str]) -> None:
    for url in (CHECK, "/intake/v1/complaints"):
        answer = await world.http.post(url, json={"channel": "phone", "statement": statement})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"].startswith("body/statement")
