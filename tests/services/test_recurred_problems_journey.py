"""From complaints at the door to an improvement, its closing, and the same problem again, which begins it anew."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.insights.recurrence.finding import RecurredFinder
from shared import clock
from shared.keys import create_key
from tests.company import Company
from tests.services.test_improvement import (
    URL,
    carried_out,
    contained_by,
    found,
    judged,
    opened,
    prevented,
    teamed_for,
)
from tests.world import TOLD, World, eventually

DAY = timedelta(days=1)
SIMPLIFIED = "订单SO12345678的电机运行十分钟后外壳发烫，散热风扇完全不转，已经烧坏两台。"
TRADITIONAL = "電機運行十分鐘後外殼發燙，散熱風扇完全不轉，已經燒壞兩台！訂單SO87654321。"
HALF_WIDTH = "After ten minutes the motor housing gets hot, the cooling fan stands still and two units burnt."
FULL_WIDTH = "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in HALF_WIDTH).upper()
OTHER = "快递一直没有送到，客服电话也打不通，请尽快处理。"


async def tell(world: World, words: str, customer: int) -> UUID:
    given = TOLD | {
        "statement": {"what_went_wrong": words},
        "customer": {"external_id": f"C-{customer}", "name": f"Name {customer}"},
        "product": {"name": "motor"},
    }
    return UUID((await world.register(given))["id"])


async def at_work(world: World) -> Company:
    """The directory has a team, and an account for the one who analyses."""
    key = await create_key(world.url, "na", ["cases:read", "cases:work"])
    client = httpx.AsyncClient(
        transport=world.http._transport, base_url="http://redress", headers={"Authorization": f"Bearer {key}"}
    )
    company = Company(world.process, world.http, clock.now(), clients={"na": client})
    units = [
        {"code": code, "name_en": code, "name_zh": "部门", "layer": layer}
        for code, layer in (("counter", 1), ("quality", 4))
    ]
    na = {"id": "na", "name": "Na", "department": "counter", "languages": ["en"]}
    wei = {"id": "wei", "name": "魏", "department": "quality", "languages": ["zh"]}
    na["account"] = f"key:{key.split('_')[1]}"
    await company.directory("PUT", "", departments=units, people=[na, wei])
    return company


@pytest.mark.slow
@pytest.mark.empty_world
@pytest.mark.requirement("000-08", "001-23", "001-37", "N-C", "003-06")
async def test_the_same_problem_in_other_scripts_begins_its_closed_improvement_again(world: World) -> None:
    began, company = clock.now(), await at_work(world)
    company.now = began
    with clock.moved_to(lambda: company.now):
        before = [await tell(world, SIMPLIFIED, 1), await tell(world, HALF_WIDTH, 2)]
        await world.settled()
        company.now += DAY
        for each in before:
            await judged(company, each)
        improvement = await opened(company, *before)
        await contained_by(company, await teamed_for(company, improvement))
        await carried_out(company, await found(company, improvement))
        company.now += 61 * DAY
        closed = await prevented(company, improvement)
        assert closed["state"] == "closed"
        await world.settled()
        finder = RecurredFinder(world.context("insights"))
        company.now += 5 * DAY
        one, other = await tell(world, TRADITIONAL, 3), await tell(world, OTHER, 4)
        await world.settled()
        assert await finder.turn() == 0, "one customer is not enough, and the other tells something else"
        similar = (await world.http.get(f"/insights/v1/complaints/{one}/similar")).json()["items"]
        assert [
            (each["complaint_id"], each["improvement_closed_at"], each["recurred_at"]) for each in similar
        ] == [(str(before[0]), closed["ended_at"], None)]
        company.now += DAY
        two = await tell(world, FULL_WIDTH, 5)
        await world.settled()
        await finder.turn()

        async def begun_again() -> dict[str, Any]:
            shown: dict[str, Any] = (await world.http.get(f"{URL}/{improvement['id']}")).json()
            return shown if shown["state"] == "open" else {}

        again = await eventually(begun_again, what="the improvement to begin again")
        assert (again["step"], again["round"]) == ("containment", 2)
        joined = {each["complaint_id"]: each for each in again["complaints"]}
        assert joined[str(two)]["recurrence"]
        assert joined[str(two)]["joined_by"] == "system"
        assert "2 customers told the same" in joined[str(two)]["reason"]
        assert "2 位客户以几乎相同的内容再次投诉" in joined[str(two)]["reason"]
        assert {each["complaint_id"]: each["same_cause"] for each in again["recurrences"]} == {
            str(two): True,
            str(one): None,
        }
        assert str(other) not in str(again)
        await world.settled()
        told = sorted(
            record.headers["ce_type"]
            for record in await world.log_records("redress.insights", "redress.resolution")
            if "recurred" in record.headers["ce_type"] or "reopened" in record.headers["ce_type"]
        )
        assert told == ["redress.improvement.reopened.v1", "redress.problem.recurred.v1"]
        (problem,) = (await world.http.get("/insights/v1/recurred-problems")).json()["items"]
        assert (problem["improvement_id"], problem["complaint_id"]) == (improvement["id"], str(two))
        assert problem["evidence"] == [str(two), str(one)]
        assert (problem["before"], problem["after"], problem["customers"]) == (2, 2, 2)
        assert (problem["days_before"], problem["days_after"]) == (90, 6)
        assert problem["rate_ratio"] == pytest.approx(15.0)
        assert 1 < problem["low"] < problem["rate_ratio"] < problem["high"]
        for audience in ("leadership", "complaint-management"):
            notices = await world.http.get("/routing/v1/notices", params={"audience": audience, "limit": 200})
            reasons = {(each["complaint_id"], each["reason"]) for each in notices.json()["items"]}
            assert (str(two), "problem-recurred") in reasons, audience
        company.now += DAY
        assert await finder.turn() == 0, "it is told once"
        assert datetime.fromisoformat(problem["closed_at"]) == datetime.fromisoformat(closed["ended_at"])
