"""Routing over HTTP and the log, on real PostgreSQL."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.routing.triage import decide
from shared.events.vocabulary import Severity
from tests.conftest import NewDatabase
from tests.world import TOLD, World, eventually, open_world

UNSURE = {"channel": "letter", "language": "en", "statement": {"what_went_wrong": "I am not happy with you."}}


@pytest.mark.parametrize(
    ("told", "category", "severity"),
    [
        ("The motor shows alarm R4.", "function_fault", Severity.GENERAL),
        ("电机外壳漏电,麻手", "function_fault", Severity.MAJOR),
        ("馬達漏電了", "function_fault", Severity.MAJOR),
        ("到货时包装箱已经压坏", "transit_damage", Severity.GENERAL),
        ("客服态度差,我要打12315", "service_attitude", Severity.URGENT),
        ("The clerk was rude and yelled at me; my lawyer will write.", "service_attitude", Severity.URGENT),
        ("轴径尺寸超差,装不上", "dimension", Severity.GENERAL),
        ("There is a dent and a scratch, and it does not fit.", "appearance", Severity.GENERAL),
        ("I am not happy.", None, Severity.GENERAL),
        ("Late delivery of the wrong model", None, Severity.GENERAL),
        ("My child was injured.", None, Severity.MAJOR),
    ],
)
@pytest.mark.requirement("001-06", "002-07", "P-10")
def test_rules_decide_or_abstain(told: str, category: str | None, severity: Severity) -> None:
    decision = decide([told], public=False)
    assert (decision.category, decision.severity) == (category, severity)


def test_a_public_complaint_is_urgent() -> None:
    assert decide(["态度差"], public=True).severity is Severity.URGENT


@pytest.mark.requirement("002-08", "001-11", "003-17")
async def test_a_clear_complaint_is_assigned_and_its_audiences_are_told(world: World) -> None:
    registered = await world.register()
    await world.settled()
    routed = (await world.http.get(f"/routing/v1/complaints/{registered['id']}")).json()
    assert (routed["status"], routed["category"], routed["department"]) == (
        "assigned",
        "function_fault",
        "technical_support",
    )
    notices = await world.log_records("redress.transfer.technical-support")
    [notice] = [json.loads(n.value) for n in notices]
    assert notice["reference"] == registered["reference"]
    facts = [r for r in await world.log_records("redress.routing") if r.headers["ce_id"] == notice["fact_id"]]
    assert facts[0].headers["ce_type"] == notice["fact_type"] == "redress.complaint.triaged.v1"
    assert not await world.log_records("redress.transfer.leadership"), "nobody bothers leadership with this"

    shown = (
        await world.http.get(
            "/routing/v1/notices", params={"audience": "technical-support", "open_only": True}
        )
    ).json()["items"]
    assert [n["id"] for n in shown] == [notice["notice_id"]]
    for _ in range(2):  # the second changes nothing
        answer = await world.http.post(f"/routing/v1/notices/{notice['notice_id']}/acknowledge")
        assert answer.status_code == 204
    await world.settled()
    told = [r.headers["ce_type"] for r in await world.log_records("redress.routing")]
    assert told.count("redress.notice.acknowledged.v1") == 1


@pytest.mark.requirement("002-08")
async def test_what_the_rules_cannot_tell_goes_to_a_person(world: World) -> None:
    registered = await world.register(UNSURE)
    await world.settled()
    [waiting] = (await world.http.get("/routing/v1/triage")).json()["items"]
    assert waiting["complaint_id"] == registered["id"]
    decision = {"category": "after_sales", "severity": "urgent", "reason": "She waits for a refund."}
    url = f"/routing/v1/triage/{registered['id']}"
    first = await world.http.post(url, json=decision, headers={"Idempotency-Key": "t1"})
    again = await world.http.post(url, json=decision, headers={"Idempotency-Key": "t1"})
    assert first.json() == again.json()
    assert (first.json()["status"], first.json()["department"]) == ("assigned", "customer_service")
    late = await world.http.post(url, json=decision)
    assert (late.status_code, late.json()["status_now"]) == (409, "assigned")
    assert (await world.http.get("/routing/v1/triage")).json()["items"] == []


async def _directory(world: World, capacity: int) -> None:
    """Only one person, who can carry `capacity` cases."""
    current = (await world.http.get("/routing/v1/directory")).json()
    people = [
        {k: v for k, v in p.items() if k != "open_cases"} | {"active": False} for p in current["people"]
    ]
    one = {
        "id": "only.one",
        "name": "Only One",
        "department": "customer_service",
        "languages": ["en", "zh"],
        "capacity": capacity,
    }
    changed = await world.http.put("/routing/v1/directory", json={"people": [*people, one]})
    assert changed.status_code == 204


@pytest.mark.requirement("P-16", "P-18")
async def test_capacity_holds_and_the_queue_drains_oldest_first(
    new_database: NewDatabase, scratch: Path
) -> None:
    async with open_world(await new_database(), scratch, ["intake", "routing"], poll_interval=0.05) as world:
        await _directory(world, capacity=2)
        made = []
        for _ in range(5):
            made.append((await world.register())["id"])
            await world.settled()

        async def statuses() -> list[str]:
            return [(await world.http.get(f"/routing/v1/complaints/{i}")).json()["status"] for i in made]

        assert await statuses() == ["assigned", "assigned", "waiting", "waiting", "waiting"]
        await _directory(world, capacity=3)

        async def drained() -> bool:
            return await statuses() == ["assigned"] * 3 + ["waiting"] * 2

        await eventually(drained, what="the oldest to be assigned")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (
            {"people": [{"id": "a", "name": "A", "department": "nowhere", "languages": ["en"]}]},
            "body/people/0/department",
        ),
        (
            {"people": [{"id": "A B", "name": "A", "department": "quality", "languages": ["en"]}]},
            "body/people/0/id",
        ),
        (
            {"departments": [{"code": "x", "name_en": "X", "name_zh": "X", "layer": 5}]},
            "body/departments/0/layer",
        ),
    ],
)
async def test_a_broken_directory_is_refused(world: World, change: dict[str, Any], field: str) -> None:
    answer = await world.http.put("/routing/v1/directory", json=change)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]


async def test_severity_decides_how_soon_a_notice_must_be_acknowledged(world: World) -> None:
    await world.register(TOLD | {"statement": {"what_went_wrong": "The housing gives an electric shock."}})
    await world.settled()
    [record] = await world.log_records("redress.transfer.leadership")
    notice = json.loads(record.value)
    assert notice["severity"] == "major"
    assert notice["reason"] == "major-complaint"
    issued, by = (datetime.fromisoformat(notice[name]) for name in ("issued_at", "acknowledge_by"))
    assert by - issued == timedelta(hours=1)
