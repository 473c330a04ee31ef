"""Triage over HTTP and the log: the desk, risks, later contacts, limits, and rules on trial."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from tests.world import TOLD, World

pytestmark = pytest.mark.slow

UNSURE = {"channel": "letter", "language": "en", "statement": {"what_went_wrong": "I am not happy with you."}}


async def told(world: World, registered: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """What routing published of the complaint."""
    records = await world.log_records("redress.routing")
    wanted = f"redress.{kind}.v1"
    return [
        json.loads(r.value) for r in records if r.key == registered["id"] and r.headers["ce_type"] == wanted
    ]


async def routed(world: World, registered: dict[str, Any]) -> dict[str, Any]:
    answer = await world.http.get(f"/routing/v1/complaints/{registered['id']}")
    shown: dict[str, Any] = answer.json()
    assert answer.headers["ETag"] == f'"{shown["version"]}"'
    return shown


async def begun(world: World, body: dict[str, Any] | None = None, **change: Any) -> dict[str, Any]:
    """A complaint that routing has heard of."""
    registered = await world.register((body or TOLD) | change)
    await world.settled()
    return registered


async def add(world: World, registered: dict[str, Any], **what: Any) -> None:
    answer = await world.http.post(
        f"/intake/v1/complaints/{registered['id']}/additions", json={"channel": "phone", **what}
    )
    assert answer.status_code < 300, answer.text
    await world.settled()


def desk(registered: dict[str, Any]) -> str:
    return f"/routing/v1/triage/{registered['id']}"


async def audiences(world: World, registered: dict[str, Any]) -> set[str]:
    async with world.context("routing").database.reading() as connection:
        found = await connection.execute(
            text("SELECT DISTINCT audience FROM notices WHERE complaint_id = :id"), {"id": registered["id"]}
        )
    return set(found.scalars())


@pytest.mark.requirement("002-07", "002-08")
async def test_the_desk_shows_what_was_told_and_one_call_decides(world: World) -> None:
    statement = {"what_went_wrong": "Bad. Call me: 13800138000.", "wanted": "Talk to me."}
    registered = await begun(world, UNSURE, statement=statement)
    shown: dict[str, Any] = {}
    items = (await world.http.get("/routing/v1/triage", params={"limit": 200})).json()["items"]
    [shown] = [each for each in items if each["complaint_id"] == registered["id"]]
    assert shown["told"]["statement"]["wanted"] == "Talk to me."
    assert "13800138000" not in json.dumps(shown)
    nothing = await world.http.post(desk(registered), json={"severity": "urgent", "reason": "Hm."})
    assert (nothing.status_code, nothing.json()["errors"][0]["field"]) == (422, "body/category")
    decision = {"category": "appearance", "department": "technical_support", "reason": "He sent pictures."}
    stale = await world.http.post(desk(registered), json=decision, headers={"If-Match": '"999"'})
    assert (stale.status_code, stale.json()["now"]["status"]) == (412, "referred")
    tag = {"If-Match": f'"{shown["version"]}"'}
    answer = (await world.http.post(desk(registered), json=decision, headers=tag)).json()
    assert (answer["status"], answer["category"], answer["decided_by"]) == (
        "assigned",
        "appearance",
        "person",
    )
    assert (answer["department"], answer["proposed_department"]) == ("technical_support", "technical_support")
    assert answer == await routed(world, registered)


@pytest.mark.requirement("002-08")
async def test_what_was_decided_is_corrected_by_whoever_has_seen_it(world: World) -> None:
    registered = await begun(world)
    before = await routed(world, registered)
    assert (before["category"], before["decided_by"], before["rules_version"]) == (
        "function_fault",
        "rules",
        0,
    )
    change = {
        "category": "after_sales",
        "department": "customer_service",
        "reason": "It is about the repair.",
    }
    unseen = await world.http.post(desk(registered), json=change)
    assert (unseen.status_code, unseen.json()["version"]) == (409, before["version"])
    nowhere = await world.http.post(
        desk(registered),
        json=change | {"department": "moon_base"},
        headers={"If-Match": f'"{before["version"]}"'},
    )
    assert (nowhere.status_code, nowhere.json()["errors"][0]["field"]) == (422, "body/department")
    assert "customer_service" in nowhere.json()["departments"]
    answer = await world.http.post(
        desk(registered), json=change, headers={"If-Match": f'"{before["version"]}"'}
    )
    after = answer.json()
    assert (after["status"], after["category"], after["department"]) == (
        "assigned",
        "after_sales",
        "customer_service",
    )
    assert after["handler_id"] != before["handler_id"]
    await world.settled()
    assert len(await told(world, registered, "complaint.assigned")) == 2
    again = await world.http.post(
        desk(registered), json=change, headers={"If-Match": f'"{before["version"]}"'}
    )
    assert again.status_code == 412
    async with world.context("routing").database.reading() as connection:
        carried = await connection.execute(
            text(
                "SELECT p.id FROM people p LEFT JOIN dispatches d ON d.handler_id = p.id AND d.status = 'assigned' "
                "GROUP BY p.id HAVING count(d.complaint_id) <> p.open_cases"
            )
        )
        assert list(carried.scalars()) == [], "who gave it away carries it no more"


@pytest.mark.requirement("000-02", "000-22")
async def test_a_risk_raises_the_severity_once_and_settling_it_lowers_nothing(world: World) -> None:
    registered = await begun(world)
    assert "leadership" not in await audiences(world, registered)
    url = f"/routing/v1/complaints/{registered['id']}/risks"
    body = {"kind": "incident", "reason": "He says 13800138000 will come with friends."}
    for _ in range(2):
        answer = await world.http.post(url, json=body)
        assert (answer.status_code, answer.json()["severity"]) == (200, "major")
    await world.settled()
    [fact] = await told(world, registered, "risk.raised")
    assert (fact["severity_before"], fact["severity"], fact["kind"]) == ("general", "major", "incident")
    assert "13800138000" not in fact["reason"]
    first, raised = await told(world, registered, "complaint.triaged")
    assert (first["severity"], raised["severity"], raised["decided_by"]) == ("general", "major", "rules")
    assert "risk.incident" in raised["reasons"]
    assert raised["time_limits"]["first_response"] < first["time_limits"]["first_response"]
    assert "leadership" in await audiences(world, registered), "the notices of the higher severity go out"
    for _ in range(2):
        answer = await world.http.post(
            f"{url}/incident/settlement", json={"reason": "They are friends again."}
        )
    shown = answer.json()
    assert (shown["severity"], shown["risks"][0]["settled_reason"]) == ("major", "They are friends again.")
    await world.settled()
    assert len(await told(world, registered, "risk.settled")) == 1
    counted = (await world.http.get(f"/insights/v1/complaints/{registered['id']}")).json()
    assert (counted["risks_raised"], counted["severity"]) == (1, "major")
    assert (await world.http.post(f"/routing/v1/complaints/{uuid4()}/risks", json=body)).status_code == 404


@pytest.mark.requirement("000-02")
async def test_nothing_is_raised_once_the_customer_has_withdrawn(world: World) -> None:
    registered = await begun(world)
    page = f"/intake/v1/tracking/{registered['reference']}"
    answer = await world.customer.post(
        f"{page}/withdrawal", json={}, headers={"X-Tracking-Token": registered["tracking_token"]}
    )
    assert answer.status_code < 300, answer.text
    await world.settled()
    refused = await world.http.post(
        f"/routing/v1/complaints/{registered['id']}/risks", json={"kind": "dispute", "reason": "Too late."}
    )
    assert (refused.status_code, refused.json()["status_now"]) == (409, "released")


@pytest.mark.requirement("000-13", "000-22", "002-07")
async def test_a_later_contact_makes_it_more_severe_and_never_less(world: World) -> None:
    registered = await begun(world)
    assert (await routed(world, registered))["severity"] == "general"
    await add(world, registered, public_link="https://weibo.com/1/2")
    public = await routed(world, registered)
    assert (public["severity"], public["visibility"], public["nature"]) == (
        "urgent",
        "public",
        "legal_public",
    )
    assert public["time_limits"]["acknowledge"] == 1
    await add(world, registered, said="Now the housing gives an electric shock.")
    grave = await routed(world, registered)
    assert (grave["severity"], grave["nature"], grave["category"]) == ("major", "safety", "function_fault")
    await add(world, registered, said="It is a nice motor otherwise.")
    assert (await routed(world, registered))["severity"] == "major"
    severities = [each["severity"] for each in await told(world, registered, "complaint.triaged")]
    assert severities == ["general", "urgent", "major"]


async def test_a_later_contact_decides_what_waited(world: World) -> None:
    registered = await begun(world, UNSURE)
    await add(world, registered, said="The motor shows alarm R4.")
    shown = await routed(world, registered)
    assert (shown["status"], shown["category"], shown["reasons"]) == (
        "assigned",
        "function_fault",
        ["function.use"],
    )


@pytest.mark.requirement("002-07")
async def test_rules_are_tried_on_the_past_then_made_and_switched_on(world: World) -> None:
    known, unsure = await begun(world), await begun(world, UNSURE)
    content = (await world.http.get("/routing/v1/rulebooks/triage-rules")).json()["content"]
    rule = {
        "id": "unhappy",
        "when": {"words": ["not happy"]},
        "category": "service_attitude",
        "urgency": "high",
    }
    content["rules"] = [*content["rules"], rule]
    period = {"since": "2020-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"}
    answer = await world.http.post(
        "/routing/v1/rulebooks/triage-rules/trial", json={"content": content, "shown": 500, **period}
    )
    report = answer.json()
    changes = {change["complaint_id"]: change for change in report["changes"]}
    assert known["id"] not in changes
    change = changes[unsure["id"]]
    assert (change["before"]["category"], change["after"]["category"]) == (None, "service_attitude")
    assert (change["before"]["severity"], change["after"]["severity"]) == ("general", "urgent")
    assert report["referred"]["before"] > report["referred"]["after"]
    assert report["rules"]["unhappy"]["after"] >= 1
    assert report["rules"]["unhappy"]["before"] == 0
    assert report["rules"]["function.use"]["before"] == report["rules"]["function.use"]["after"] >= 1
    assert (await routed(world, unsure))["status"] == "referred", "nothing was changed"
    few = await world.http.post(
        "/routing/v1/rulebooks/triage-rules/trial", json={"version": 0, "limit": 1, **period}
    )
    assert (few.json()["looked_at"], few.json()["changed"], few.json()["more"]) == (1, 0, True)
    missing = await world.http.post(
        "/routing/v1/rulebooks/triage-rules/trial", json={"version": 999, **period}
    )
    assert (missing.status_code, missing.json()["errors"][0]["field"]) == (404, "body/version")
    twice = {"content": {"rules": [rule, rule]}, "reason": "Try."}
    refused = await world.http.post("/routing/v1/rulebooks/triage-rules/versions", json=twice)
    assert refused.status_code == 422
    assert "two rules are called unhappy" in refused.text


@pytest.mark.empty_world
@pytest.mark.requirement("002-07")
async def test_a_trial_knows_all_that_was_kept_of_what_the_classifier_said(world: World) -> None:
    unsure = await begun(world, UNSURE)
    async with world.context("routing").database.transaction() as transaction:
        for head, answer in (("severity", "urgent"), ("department", "technical_support")):
            await transaction.execute(
                text(
                    "INSERT INTO reviews (complaint_id, head, model_version, counted, scores, answer, judged_at) "
                    "VALUES (:id, :head, 'v', true, '{}', :answer, now()) "
                    "ON CONFLICT (complaint_id, head) DO UPDATE SET answer = excluded.answer"
                ),
                {"id": UUID(unsure["id"]), "head": head, "answer": answer},
            )
    content = (await world.http.get("/routing/v1/rulebooks/triage-rules")).json()["content"]
    rule = {"id": "unhappy", "when": {"words": ["not happy"]}, "category": "service_attitude"}
    content["rules"] = [*content["rules"], rule]
    wanted = {"content": content, "since": "2020-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"}
    report = (await world.http.post("/routing/v1/rulebooks/triage-rules/trial", json=wanted)).json()
    [change] = report["changes"]
    assert change["before"] == {"category": None, "severity": "urgent", "department": "technical_support"}
    assert change["after"] == change["before"] | {"category": "service_attitude"}


@pytest.mark.empty_world
@pytest.mark.requirement("002-07", "P-10", "002-21")
async def test_rulebooks_that_are_switched_on_decide_from_then_on(world: World) -> None:
    rule = {"id": "by.letter", "when": {"field": "channel", "one_of": ["letter"]}, "category": "appearance"}
    limits = {"acknowledge": 3, "first_response": 5, "resolution": 7}
    books: dict[str, Any] = {"triage-rules": {"rules": [rule]}, "time-limits": {"rows": [limits]}}
    for kind, content in books.items():
        made = await world.http.post(
            f"/routing/v1/rulebooks/{kind}/versions", json={"content": content, "reason": "New."}
        )
        assert made.status_code == 201, made.text
        switched = await world.http.put(
            f"/routing/v1/rulebooks/{kind}", json={"version": 1, "reason": "Good."}
        )
        assert switched.status_code == 200
    registered = await begun(world, UNSURE)
    shown = await routed(world, registered)
    assert (shown["category"], shown["rules_version"], shown["reasons"]) == ("appearance", 1, ["by.letter"])
    [fact] = await told(world, registered, "complaint.triaged")
    assert shown["time_limits"] == fact["time_limits"] == limits | {"version": 1}


@pytest.mark.requirement("000-02")
async def test_an_erased_customer_leaves_no_words_at_the_desk(world: World) -> None:
    registered = await begun(world, UNSURE)
    await world.http.post(
        f"/routing/v1/complaints/{registered['id']}/risks",
        json={"kind": "dispute", "reason": "The tall man."},
    )
    customer = (await world.http.get(f"/intake/v1/complaints/{registered['id']}")).json()["customer_id"]
    erased = await world.http.post(
        f"/intake/v1/customers/{customer}/erasure", json={"reason": "A letter.", "even_open": True}
    )
    assert erased.status_code < 300, erased.text
    await world.settled()
    async with world.context("routing").database.reading() as connection:
        kept = await connection.execute(
            text("SELECT told FROM told WHERE complaint_id = :id"), {"id": registered["id"]}
        )
        assert kept.scalars().all() == [None]
    [risk] = (await routed(world, registered))["risks"]
    assert risk["reason"] == ""
