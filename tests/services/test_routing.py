"""Routing over HTTP and the log, on real PostgreSQL."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services import catalogue
from services.routing.assignment import drain
from services.routing.assignment.drain import Drain
from services.routing.directory.store import lock_directory
from services.routing.triage.deciding import decide
from services.routing.triage.told import Told
from shared.events import CaseClosed, Event
from shared.events.intake import MaskedStatement
from shared.events.vocabulary import Outcome, Severity, Visibility
from shared.keys import create_key
from shared.rulebooks.model import AS_SHIPPED
from tests.conftest import NewDatabase
from tests.resolution_story import NINE, records
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
    decision = decide(Told(statement=MaskedStatement(what_went_wrong=told)), AS_SHIPPED, None)
    assert (decision.category, decision.severity) == (category, severity)


def test_a_public_complaint_is_urgent() -> None:
    told = Told(statement=MaskedStatement(what_went_wrong="态度差"), visibility=Visibility.PUBLIC)
    assert decide(told, AS_SHIPPED, None).severity is Severity.URGENT


async def _notices(world: World, registered: dict[str, Any], audience: str) -> list[Any]:
    """What the audience was told of the complaint."""
    records_ = await world.log_records(f"redress.transfer.{audience}")
    return [json.loads(r.value) for r in records_ if r.key == registered["id"]]


async def _awaits_decision(world: World, registered: dict[str, Any]) -> bool:
    desk = (await world.http.get("/routing/v1/triage", params={"limit": 200})).json()["items"]
    return [each["complaint_id"] for each in desk].count(registered["id"]) == 1


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
    [notice] = await _notices(world, registered, "technical-support")
    assert notice["reference"] == registered["reference"]
    facts = [r for r in await world.log_records("redress.routing") if r.headers["ce_id"] == notice["fact_id"]]
    assert facts[0].headers["ce_type"] == notice["fact_type"] == "redress.complaint.triaged.v1"
    assert not await _notices(world, registered, "leadership"), "nobody bothers leadership with this"

    shown = (
        await world.http.get(
            "/routing/v1/notices",
            params={"audience": "technical-support", "open_only": True, "limit": 200},
        )
    ).json()["items"]
    assert [n["id"] for n in shown if n["complaint_id"] == registered["id"]] == [notice["notice_id"]]
    for _ in range(2):  # the second changes nothing
        answer = await world.http.post(f"/routing/v1/notices/{notice['notice_id']}/acknowledge")
        assert answer.status_code == 204
    await world.settled()
    told = await world.log_records("redress.routing")
    kinds = [r.headers["ce_type"] for r in told if r.key == registered["id"]]
    assert kinds.count("redress.notice.acknowledged.v1") == 1


@pytest.mark.requirement("002-08")
async def test_what_the_rules_cannot_tell_goes_to_a_person(world: World) -> None:
    registered = await world.register(UNSURE)
    await world.settled()
    assert await _awaits_decision(world, registered)
    decision = {"category": "after_sales", "severity": "urgent", "reason": "She waits for a refund."}
    url = f"/routing/v1/triage/{registered['id']}"
    first = await world.http.post(url, json=decision, headers={"Idempotency-Key": "t1"})
    again = await world.http.post(url, json=decision, headers={"Idempotency-Key": "t1"})
    assert first.json() == again.json()
    assert (first.json()["status"], first.json()["department"]) == ("assigned", "customer_service")
    late = await world.http.post(url, json=decision)
    assert (late.status_code, late.json()["status_now"]) == (409, "assigned")
    assert not await _awaits_decision(world, registered)


async def _directory(world: World, capacity: int, languages: Sequence[str] = ("en", "zh")) -> None:
    """Only one person, who can carry `capacity` cases."""
    current = (await world.http.get("/routing/v1/directory")).json()
    people = [
        {k: v for k, v in p.items() if k != "open_cases"} | {"active": False}
        for p in current["people"]
        if p["id"] != "only.one"
    ]
    one = {
        "id": "only.one",
        "name": "Only One",
        "department": "customer_service",
        "languages": languages,
        "capacity": capacity,
    }
    changed = await world.http.put("/routing/v1/directory", json={"people": [*people, one]})
    assert changed.status_code == 200, changed.text


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
        (
            {
                "people": [
                    {"id": "a", "name": name, "department": "quality", "languages": ["en"]}
                    for name in ("A", "B")
                ]
            },
            "body/people/1/id",
        ),
        (
            {
                "departments": [
                    {"code": "xx", "name_en": name, "name_zh": "X", "layer": 1} for name in ("A", "B")
                ]
            },
            "body/departments/1/code",
        ),
    ],
)
async def test_a_broken_directory_is_refused(world: World, change: dict[str, Any], field: str) -> None:
    answer = await world.http.put("/routing/v1/directory", json=change)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]


async def test_severity_decides_how_soon_a_notice_must_be_acknowledged(world: World) -> None:
    told = TOLD | {"statement": {"what_went_wrong": "The housing gives an electric shock."}}
    registered = await world.register(told)
    await world.settled()
    [notice] = await _notices(world, registered, "leadership")
    assert notice["severity"] == "major"
    assert notice["reason"] == "major-complaint"
    issued, by = (datetime.fromisoformat(notice[name]) for name in ("issued_at", "acknowledge_by"))
    assert by - issued == timedelta(hours=1)


async def tell(world: World, *events: Event) -> None:
    """Routing hears of facts that no service of this world tells."""
    [routing] = catalogue.load(["routing"])
    await routing.pump(world.context("routing")).handle(records(events))


def closed(complaint_id: str) -> CaseClosed:
    return CaseClosed(
        complaint_id=UUID(complaint_id), outcome=Outcome.NOT_ACCEPTABLE, closed_by="ma.li", closed_at=NINE
    )


async def _routed(world: World, complaint_id: str) -> str:
    status: str = (await world.http.get(f"/routing/v1/complaints/{complaint_id}")).json()["status"]
    return status


async def _carried(world: World, person: str = "only.one") -> int:
    people = (await world.http.get("/routing/v1/directory")).json()["people"]
    return next(int(p["open_cases"]) for p in people if p["id"] == person)


async def test_a_complaint_whose_case_is_closed_is_never_assigned(
    new_database: NewDatabase, scratch: Path
) -> None:
    async with open_world(await new_database(), scratch, ["intake", "routing"], poll_interval=0.05) as world:
        await _directory(world, capacity=1)
        first, queued, unsure = [(await world.register(told))["id"] for told in (TOLD, TOLD, UNSURE)]
        await world.settled()
        both = {first: await _routed(world, first), queued: await _routed(world, queued)}
        assert sorted(both.values()) == ["assigned", "waiting"]
        [carried] = [i for i, status in both.items() if status == "assigned"]
        [waiting] = [i for i, status in both.items() if status == "waiting"]

        await tell(world, closed(waiting), closed(unsure))
        await _directory(world, capacity=5)
        assert await world.context("routing").part(Drain).turn() == 0
        assert [await _routed(world, i) for i in (carried, waiting, unsure)] == [
            "assigned",
            "released",
            "released",
        ]
        assert await _carried(world) == 1

        assert (await world.http.get("/routing/v1/triage")).json()["items"] == []
        decision = {"category": "after_sales", "reason": "She waits for a refund."}
        late = await world.http.post(f"/routing/v1/triage/{unsure}", json=decision)
        assert (late.status_code, late.json()["status_now"]) == (409, "released")

        await tell(world, closed(carried))
        assert (await _routed(world, carried), await _carried(world)) == ("released", 0)
        await world.settled()
        told = await world.log_records("redress.routing")
        assigned = [r.key for r in told if r.headers["ce_type"] == "redress.complaint.assigned.v1"]
        assert assigned == [carried]


@pytest.mark.requirement("P-16", "P-18")
async def test_those_whom_nobody_can_take_do_not_block_those_behind_them(
    new_database: NewDatabase, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain, "BATCH", 2)
    async with open_world(await new_database(), scratch, ["intake", "routing"], poll_interval=0.05) as world:
        await _directory(world, capacity=1)
        await world.register()
        await world.settled()
        chinese = [(await world.register(TOLD | {"language": "zh"}))["id"] for _ in range(3)]
        await world.settled()
        english = [(await world.register())["id"] for _ in range(3)]
        await world.settled()
        assert {await _routed(world, i) for i in (*chinese, *english)} == {"waiting"}
        await _directory(world, capacity=3, languages=("en",))

        async def drained() -> bool:
            return [await _routed(world, i) for i in english] == ["assigned", "assigned", "waiting"]

        await eventually(drained, within=10, what="those behind to be assigned")
        assert {await _routed(world, i) for i in chinese} == {"waiting"}


async def test_what_assigns_and_frees_nobody_does_not_wait_for_the_directory(world: World) -> None:
    registered, unsure = await world.register(), await world.register(UNSURE)
    await world.settled()
    shown = await world.http.get(
        "/routing/v1/notices", params={"audience": "technical-support", "limit": 200}
    )
    [notice] = [n for n in shown.json()["items"] if n["complaint_id"] == registered["id"]]
    database = world.context("routing").database
    async with asyncio.timeout(10), database.transaction() as transaction:
        await lock_directory(transaction)
        answer = await world.http.post(f"/routing/v1/notices/{notice['id']}/acknowledge")
        assert answer.status_code == 204
        await tell(world, closed(unsure["id"]))
        assert await _routed(world, unsure["id"]) == "released"


@pytest.mark.empty_world
async def test_changes_of_the_directory_at_the_same_time_do_not_fail(world: World) -> None:
    people = [
        {"id": f"p{number}", "name": "P", "department": "quality", "languages": ["en"]}
        for number in range(300)
    ]
    answers = await asyncio.gather(
        *(
            world.http.put("/routing/v1/directory", json={"people": people[:: (-1) ** number]})
            for number in range(12)
        )
    )
    assert [answer.status_code for answer in answers] == [200] * 12


async def test_a_facts_reasons_are_masked(world: World) -> None:
    registered = await world.register(UNSURE)
    await world.settled()
    decision = {"category": "after_sales", "reason": "She called from 13800138000."}
    answer = await world.http.post(f"/routing/v1/triage/{registered['id']}", json=decision)
    assert answer.json()["reasons"] == ["She called from [phone]."]
    await world.settled()
    told = b"\n".join(r.value for r in await world.log_records("redress.routing"))
    assert b"She called from [phone]." in told
    assert b"13800138000" not in told


async def test_triage_and_assignment_are_told_in_one_trace(world: World) -> None:
    registered = await world.register()
    await world.settled()
    told = [r for r in await world.log_records("redress.routing") if r.key == registered["id"]]
    assert [r.headers["ce_type"] for r in told] == [
        "redress.complaint.triaged.v1",
        "redress.complaint.assigned.v1",
    ]
    assert len({r.headers["ce_traceparent"].split("-")[1] for r in told}) == 1


async def test_who_reads_cases_reads_the_directory(world: World) -> None:
    key = await create_key(world.url, "handlers", ["cases:read"])
    mine = {"Authorization": f"Bearer {key}"}
    assert (await world.http.get("/routing/v1/directory", headers=mine)).status_code == 200
    assert (await world.http.put("/routing/v1/directory", json={}, headers=mine)).status_code == 403
