"""Two complaints about one matter: one case, and every reporter knows how it stands. Over HTTP and the log."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.audit import audit
from tests.world import TOLD, World, eventually

pytestmark = pytest.mark.slow

Registered = dict[str, Any]


async def _merge(world: World, one: Registered, into: Registered, **headers: str) -> Any:
    url = f"/intake/v1/complaints/{one['id']}/merge"
    body = {"into": into["id"], "reason": "The same alarm."}
    return await world.http.post(url, json=body, headers=headers)


async def _separate(world: World, one: Registered) -> Any:
    return await world.http.post(
        f"/intake/v1/complaints/{one['id']}/separate", json={"reason": "Another motor."}
    )


async def _get(world: World, path: str) -> dict[str, Any]:
    answer = await world.http.get(path)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def _act(world: World, one: Registered, action: str, **body: Any) -> None:
    answer = await world.http.post(f"/resolution/v1/cases/{one['id']}/{action}", json=body)
    assert answer.status_code == 200, answer.text


async def _follows(world: World, one: Registered) -> dict[str, Any]:
    """What the reporter sees, with nothing but reference and token."""
    token = {"X-Tracking-Token": one["tracking_token"]}
    answer = await world.customer.get(f"/intake/v1/tracking/{one['reference']}", headers=token)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def _letters(world: World, one: Registered) -> Sequence[str]:
    """Templates of what the reporter was told, in order."""
    async with world.context("notification").database.reading() as connection:
        rows = await connection.execute(
            text(
                "SELECT template FROM deliveries WHERE complaint_id = :id AND audience = 'customer' ORDER BY number"
            ),
            {"id": one["id"]},
        )
        return rows.scalars().all()


async def _case(world: World, one: Registered) -> dict[str, Any]:
    return await _get(world, f"/resolution/v1/cases/{one['id']}")


async def _events(world: World, one: Registered, *topics: str) -> list[str]:
    records = await world.log_records(*topics)
    return [r.headers["ce_type"].removeprefix("redress.") for r in records if r.key == one["id"]]


async def _well(world: World, *registered: Registered) -> None:
    """Nothing was lost, repeated or bent anywhere."""
    await world.settled()

    async def told() -> bool:
        async with world.context("notification").database.reading() as connection:
            open_now = await connection.execute(
                text("SELECT count(*) FROM deliveries WHERE status IN ('pending', 'leased')")
            )
            return int(open_now.scalar_one()) == 0

    await eventually(told, what="the letters to go out")
    await world.settled()
    assert await audit(world.url, {UUID(each["id"]) for each in registered}) == []


async def _twins(world: World, number: int = 2) -> list[Registered]:
    """Complaints of different people about one matter, each in somebody's hands."""
    told = [
        TOLD | {"customer": {"name": f"Wilma Quist{'abcd'[n]}", "email": f"reporter-{n}@example.com"}}
        for n in range(number)
    ]
    registered = [await world.register(each) for each in told]
    await world.settled()
    return registered


@pytest.mark.empty_world
@pytest.mark.requirement("P-08", "N-L")
async def test_every_reporter_hears_and_sees_how_the_leading_case_goes_on(world: World) -> None:
    leading, other = await _twins(world)
    merged = await _merge(world, other, leading)
    assert merged.status_code == 200, merged.text
    assert merged.json()["leading_id"] == leading["id"]
    await world.settled()
    await _act(world, leading, "accept")
    await _act(world, leading, "reply", message="The part is on its way.")
    await _act(
        world, leading, "judgement", reason_sufficient=True, demand_reasonable=True, explanation="Yes."
    )
    await _act(world, leading, "offers", offers=[{"remedies": ["exchange"], "description": "Exchange."}])
    await world.settled()

    seen = await _follows(world, other)
    promised = (await _follows(world, leading))["promised_at"]
    assert (seen["merged"], seen["status"], seen["promised_at"]) == (True, "offered", promised)
    steps = [step["step"] for step in seen["steps"]]
    assert steps[steps.index("merged") :] == [
        "merged",
        "accepted",
        "told",
        "promised",
        "judged",
        "promised",
        "promised",
    ]
    assert seen["offers"] == [], "the leading customer chooses"
    assert seen["reference"] == other["reference"]
    token = {"X-Tracking-Token": other["tracking_token"]}
    url = f"/intake/v1/tracking/{other['reference']}"
    answer = await world.customer.post(f"{url}/choice", json={"decline": True}, headers=token)
    assert (answer.status_code, answer.json()["code"]) == (409, "merged")
    assert "合并" in answer.json()["title"]

    [offer] = (await _follows(world, leading))["offers"]
    await _act(world, leading, "consent", offer_id=offer["offer_id"], via="phone")
    await _act(world, leading, "carry-out", result="Exchanged; it runs.")
    await world.settled()
    url = f"/intake/v1/tracking/{leading['reference']}/opinion"
    token = {"X-Tracking-Token": leading["tracking_token"]}
    assert (await world.customer.post(url, json={"outcome": "satisfied"}, headers=token)).status_code == 200
    await _well(world, leading, other)
    assert await _letters(world, other) == [
        "acknowledgement",
        "assigned",
        "merged",
        "accepted",
        "told",
        "result",
        "closed",
    ]
    assert "survey" in await _letters(world, leading)
    seen = await _follows(world, other)
    assert (seen["status"], seen["result"], seen["opinion_asked"]) == ("closed", "Exchanged; it runs.", False)


@pytest.mark.empty_world
@pytest.mark.requirement("P-08", "N-L")
async def test_every_service_follows_and_no_promise_is_broken(world: World) -> None:
    leading, other = await _twins(world)
    before = await _case(world, other)
    carried = {p["id"]: p["open_cases"] for p in (await _get(world, "/routing/v1/directory"))["people"]}
    await _merge(world, other, leading)
    await world.settled()

    case = await _case(world, other)
    assert (case["state"], case["leading_id"], case["promise"]) == ("merged", leading["id"], None)
    assert case["possible"] == []
    assert all("主投诉" in action["reason"]["zh"] for action in case["not_yet"])
    refused = await world.http.post(f"/resolution/v1/cases/{other['id']}/accept", json={})
    assert refused.status_code == 409
    told = await _events(world, other, "redress.resolution")
    assert told[-1] == "promise.kept.v1"
    assert "promise.broken.v1" not in told

    routed = await _get(world, f"/routing/v1/complaints/{other['id']}")
    assert (routed["status"], routed["leading_id"]) == ("released", leading["id"])
    now = {p["id"]: p["open_cases"] for p in (await _get(world, "/routing/v1/directory"))["people"]}
    assert sum(now.values()) == sum(carried.values()) - 1

    async def measured(name: str) -> float:
        [group] = (await _get(world, "/insights/v1/measures"))["groups"]
        return float(next(m["value"] for m in group["measures"] if m["measure"] == name))

    assert await measured("received") == 2
    assert await measured("merged") == 1
    assert await measured("open_now") == 1
    shown = await _get(world, f"/intake/v1/complaints/{other['id']}")
    assert shown["leading_id"] == leading["id"]

    assert (await _separate(world, other)).status_code == 200
    await world.settled()
    case = await _case(world, other)
    assert (case["state"], case["leading_id"]) == ("open", None)
    assert case["promise"]["promise_id"] != before["promise"]["promise_id"]
    assert case["promise"]["made_at"] > before["promise"]["made_at"], "its clock begins anew"
    routed = await _get(world, f"/routing/v1/complaints/{other['id']}")
    assert (routed["status"], routed.get("leading_id")) == ("assigned", None)
    assert await measured("merged") == 0
    assert await measured("open_now") == 2
    await _act(world, leading, "accept")
    await _well(world, leading, other)
    assert (await _letters(world, other))[-2:] == ["separated", "assigned"], "nothing more of the other case"
    seen = await _follows(world, other)
    assert (seen["merged"], seen["status"]) == (False, "open")
    history = await _get(world, f"/intake/v1/complaints/{leading['id']}/merges")
    assert history["merged_ids"] == []
    [entry] = history["history"]
    assert entry["separation_reason"] == "Another motor."


@pytest.mark.empty_world
@pytest.mark.requirement("P-08")
async def test_offers_that_lay_before_a_merged_customer_are_withdrawn_and_work_goes_on_later(
    world: World,
) -> None:
    leading, other = await _twins(world)
    await _act(world, other, "accept")
    await _act(world, other, "judgement", reason_sufficient=True, demand_reasonable=True, explanation="Yes.")
    await _act(world, other, "offers", offers=[{"remedies": ["repair"], "description": "Repair."}])
    await world.settled()
    assert (await _merge(world, other, leading)).status_code == 200
    await world.settled()
    await _separate(world, other)
    await world.settled()
    assert (await _case(world, other))["state"] == "accepted"
    assert (await _follows(world, other))["offers"] == []
    await _well(world, leading, other)


@pytest.mark.empty_world
@pytest.mark.requirement("P-08")
async def test_there_are_no_chains_and_no_circles(world: World) -> None:
    a, b, c, d = await _twins(world, 4)
    assert (await _merge(world, b, a)).status_code == 200
    chained = await _merge(world, c, b)
    assert chained.json()["leading_id"] == a["id"], "whoever follows b follows its leader"
    circle = await _merge(world, a, b)
    assert (circle.status_code, circle.json()["errors"][0]["field"]) == (422, "body/into")
    leads = await _merge(world, a, d)
    assert (leads.status_code, leads.json()["code"]) == (409, "leads-others")
    moved = await _merge(world, b, d)
    assert (moved.status_code, moved.json()["code"]) == (409, "already-merged")
    itself = await _merge(world, d, d)
    assert itself.status_code == 422
    unknown = await _merge(world, d, {"id": str(uuid4())})
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "body/into")
    assert (await _merge(world, {"id": str(uuid4())}, d)).status_code == 404
    alone = await _separate(world, d)
    assert (alone.status_code, alone.json()["code"]) == (409, "not-merged")
    assert set((await _get(world, f"/intake/v1/complaints/{a['id']}/merges"))["merged_ids"]) == {
        b["id"],
        c["id"],
    }
    with pytest.raises(DBAPIError, match="leads nobody"):
        async with world.context("intake").database.transaction() as transaction:
            await transaction.execute(
                text(
                    "INSERT INTO merges (id, complaint_id, leading_id, merged_at, merged_by) "
                    "VALUES (:id, :a, :d, now(), 'x')"
                ),
                {"id": uuid4(), "a": a["id"], "d": d["id"]},
            )
    await _well(world, a, b, c, d)


@pytest.mark.requirement("P-08")
async def test_a_case_that_was_agreed_or_has_ended_is_finished_on_its_own(world: World) -> None:
    leading, other = await _twins(world)
    await _act(world, other, "answer", result="Settled on the phone.")
    await world.settled()
    late = await _merge(world, other, leading)
    assert (late.status_code, late.json()["code"]) == (409, "too-late-to-merge")
    await _act(world, other, "close", outcome="satisfied", reason="She said so.")
    await world.settled()
    ended = await _merge(world, leading, other)
    assert (ended.status_code, ended.json()["code"]) == (409, "leading-closed")


@pytest.mark.empty_world
@pytest.mark.requirement("P-08", "P-04")
async def test_merging_is_done_once_however_many_ask_at_once(world: World) -> None:
    a, b, c = await _twins(world, 3)
    crossed = await asyncio.gather(
        *(_merge(world, one, into) for one, into in ((a, b), (b, a), (b, c), (c, a), (a, b), (c, b)))
    )
    assert {answer.status_code for answer in crossed} <= {200, 409, 422}
    assert any(answer.status_code == 200 for answer in crossed)
    await _well(world, a, b, c)
    live: set[str] = set()
    for each in (a, b, c):
        live |= set((await _get(world, f"/intake/v1/complaints/{each['id']}/merges"))["merged_ids"])
    assert len(live) == 2, "all three are one case, whoever came first"

    [leading] = [each for each in (a, b, c) if each["id"] not in live]
    [one, *_] = [each for each in (a, b, c) if each["id"] in live]
    again = await _merge(world, one, leading)
    assert again.status_code == 200
    told = await _events(world, one, "redress.intake")
    assert told.count("complaint.merged.v1") == 1


@pytest.mark.requirement("P-08")
async def test_only_who_may_merge_merges_and_the_reason_is_masked(world: World) -> None:
    from shared.keys import create_key

    leading, other = await _twins(world)
    key = await create_key(world.url, "shop", ["complaints:write", "complaints:read"])
    shop = {"Authorization": f"Bearer {key}"}
    url = f"/intake/v1/complaints/{other['id']}"
    body = {
        "into": leading["id"],
        "reason": "Wilma Quistb called from 13800138000.",
    }
    assert (await world.http.post(f"{url}/merge", json=body, headers=shop)).status_code == 403
    assert (await world.http.post(f"{url}/merge", json=body)).status_code == 200
    await world.settled()
    records = await world.log_records("redress.intake")
    assert all(b"13800138000" not in record.value for record in records)
    [merged] = [
        json.loads(r.value)
        for r in records
        if r.headers["ce_type"] == "redress.complaint.merged.v1" and r.key == other["id"]
    ]
    assert merged["reason"] == "[name] called from [phone]."


async def test_the_live_stream_of_a_follower_shows_the_leading_case(world: World) -> None:
    from services.intake.tracking import _steps

    leading, other = await _twins(world)
    stream = _steps(world.context("intake"), UUID(other["id"]), 0)

    async def until(step: str) -> list[str]:
        seen = []
        async for entry in stream:
            seen.append(entry["event"])
            if entry["event"] == step:
                return seen
        raise AssertionError("the stream ended")

    async with asyncio.timeout(20):
        await until("assigned")
        await _merge(world, other, leading)
        await until("merged")
        await _act(world, leading, "accept")
        assert await until("accepted") == ["accepted"]
    await stream.aclose()  # type: ignore[attr-defined]  # it is a generator
