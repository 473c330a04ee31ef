"""Codings over HTTP: two levels, versions, corrections, and four eyes for customer strategy."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared import taxonomy
from tests.services.test_record import ORAL, REGISTER, caller, events
from tests.world import TOLD, World

pytestmark = pytest.mark.slow

FAULT = {"category": "function_fault", "subcategory": "in_use"}
STRATEGY = {"category": "customer_strategy", "subcategory": "shifted_error"}
EVIDENCE = "Their own log of 13800138000 shows the overload."


async def put(
    http: httpx.AsyncClient, complaint: dict[str, Any], *codes: dict[str, str], **more: Any
) -> httpx.Response:
    headers = more.pop("headers", {})
    body = {"taxonomy_version": 1, "codes": codes, "reason": "As told."} | more
    return await http.put(f"{REGISTER}/{complaint['id']}/coding", json=body, headers=headers)


async def review(
    http: httpx.AsyncClient, complaint: dict[str, Any], number: int, approved: bool
) -> httpx.Response:
    body = {"number": number, "approved": approved, "note": "I have read the log."}
    return await http.post(f"{REGISTER}/{complaint['id']}/coding/review", json=body)


async def coding(world: World, complaint: dict[str, Any]) -> dict[str, Any]:
    answer = await world.http.get(f"{REGISTER}/{complaint['id']}/coding")
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    assert answer.headers["ETag"] == f'"{shown["version"]}"'
    return shown


@pytest.mark.requirement("001-05")
async def test_anybody_may_read_the_taxonomy_in_both_languages(world: World) -> None:
    listed = (await world.customer.get("/intake/v1/taxonomies")).json()
    assert listed[-1] == {"version": 1, "valid_from": "2026-01-01", "newest": True}
    whole = (await world.customer.get("/intake/v1/taxonomies/1")).json()
    assert whole == taxonomy.newest().model_dump(mode="json")
    level_1 = (await world.customer.get("/routing/v1/taxonomy")).json()
    assert [each["code"] for each in level_1] == [each["code"] for each in whole["categories"]]
    missing = await world.customer.get("/intake/v1/taxonomies/9")
    assert (missing.status_code, missing.json()["errors"][0]["field"]) == (404, "path/version")


@pytest.mark.requirement("001-05", "000-23", "002-03")
async def test_a_coding_and_its_correction_are_recorded_and_told(world: World) -> None:
    registered = await world.register()
    assert (await coding(world, registered))["history"] == []
    first = await put(world.http, registered, FAULT, {"category": "after_sales"})
    assert first.status_code == 200, first.text
    assert first.json()["in_force"]["values"] == ["reliability", "commitment"], "opposed to both grievances"
    again = await put(world.http, registered, FAULT, {"category": "after_sales"})
    assert again.json() == first.json(), "the same again changes nothing"
    corrected = await put(
        world.http,
        registered,
        {"category": "appearance", "subcategory": "a_face"},
        values=["beauty", "respect"],
        reason="Ann Example showed me the scratch.",
    )
    shown = await coding(world, registered)
    assert corrected.json() == shown
    assert [each["codes"][0]["category"] for each in shown["history"]] == ["function_fault", "appearance"]
    assert shown["in_force"]["reason"] == "[name] showed me the scratch."

    one, two = await events(world, registered, "complaint.coded")
    assert "previous_codes" not in one
    assert (two["codes"], two["values"]) == (
        [{"category": "appearance", "subcategory": "a_face"}],
        ["beauty", "respect"],
    )
    assert two["previous_codes"] == [FAULT, {"category": "after_sales"}]
    assert (two["previous_values"], two["previous_taxonomy_version"]) == (["reliability", "commitment"], 1)
    assert two["reason"] == "[name] showed me the scratch."
    routed = (await world.http.get(f"/routing/v1/complaints/{registered['id']}")).json()
    assert routed["category"] == "appearance", "routing follows"
    case = (await world.http.get(f"/resolution/v1/cases/{registered['id']}")).json()
    assert case["category"] == "appearance"


async def test_a_coding_decides_what_the_rules_could_not(world: World) -> None:
    registered = await world.register(ORAL | {"statement": {"what_went_wrong": "我不满意。"}})

    async def waits() -> bool:
        desk = (await world.http.get("/routing/v1/triage", params={"limit": 200})).json()["items"]
        return registered["id"] in [each["complaint_id"] for each in desk]

    await world.settled()
    assert await waits()
    await put(world.http, registered, {"category": "function_fault", "subcategory": "safety"})
    await world.settled()
    assert not await waits()
    routed = (await world.http.get(f"/routing/v1/complaints/{registered['id']}")).json()
    assert (routed["status"], routed["severity"]) == ("assigned", "major")


@pytest.mark.requirement("001-05j")
async def test_customer_strategy_needs_evidence_and_a_second_person(world: World) -> None:
    registered = await world.register()
    await put(world.http, registered, FAULT)
    bare = await put(world.http, registered, STRATEGY)
    assert (bare.status_code, bare.json()["errors"][0]["field"]) == (422, "body/evidence")
    assert "依据" in bare.json()["detail"]

    proposed = await put(world.http, registered, STRATEGY, evidence=EVIDENCE)
    assert proposed.status_code == 200, proposed.text
    shown = proposed.json()
    assert shown["in_force"]["codes"] == [FAULT], "until somebody else approves"
    assert shown["waiting"]["number"] == 2
    assert shown["waiting"]["evidence"] == "Their own log of [phone] shows the overload."
    own = await review(world.http, registered, 2, True)
    assert own.status_code == 403
    assert "他人复核" in own.json()["detail"]

    async with caller(world, "complaints:code") as second:
        early = await review(second, registered, 1, True)
        assert (early.status_code, early.json()["waiting"]) == (409, 2)
        approved = await review(second, registered, 2, True)
        assert approved.status_code == 200, approved.text
        assert approved.json()["in_force"]["codes"] == [STRATEGY]
        twice = await review(second, registered, 2, False)
        assert (twice.status_code, twice.json()["code"]) == (409, "nothing-waits")
    told = await events(world, registered, "complaint.coded")
    assert [event["codes"][0]["category"] for event in told] == ["function_fault", "customer_strategy"]
    assert told[1]["reviewed_by"] != told[1]["coded_by"]
    assert "evidence" not in told[1]


@pytest.mark.requirement("001-05j")
async def test_refused_customer_strategy_leaves_the_coding_before_in_force(world: World) -> None:
    registered = await world.register()
    await put(world.http, registered, FAULT)
    await put(world.http, registered, STRATEGY, evidence=EVIDENCE)
    async with caller(world, "complaints:code") as second:
        refused = await review(second, registered, 2, False)
    shown = refused.json()
    assert (shown["in_force"]["number"], shown.get("waiting")) == (1, None)
    assert shown["history"][1]["review"]["approved"] is False
    assert len(await events(world, registered, "complaint.coded")) == 1


@pytest.mark.empty_world
@pytest.mark.requirement("001-05j")
async def test_no_other_way_leads_to_customer_strategy(world: World) -> None:
    """Neither the triage desk nor the database."""
    registered = await world.register(ORAL | {"statement": {"what_went_wrong": "我不满意。"}})
    await world.settled()
    decision = {"category": "customer_strategy", "reason": "He always complains."}
    answer = await world.http.post(f"/routing/v1/triage/{registered['id']}", json=decision)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body/category")

    await put(world.http, registered, STRATEGY, evidence=EVIDENCE)
    database = world.context("intake").database
    for statement in (
        "INSERT INTO codings SELECT complaint_id, 9, 1, codes, value_labels, reason, evidence, false, "
        "coded_by, coded_at FROM codings",
        "INSERT INTO codings SELECT complaint_id, 9, 1, codes, value_labels, reason, NULL, true, "
        "coded_by, coded_at FROM codings",
        "INSERT INTO coding_reviews SELECT complaint_id, number, coded_by, true, 'x', coded_by, coded_at "
        "FROM codings",
        "INSERT INTO codings SELECT complaint_id, 9, 1, codes, '{}', reason, evidence, true, "
        "coded_by, coded_at FROM codings",
        "UPDATE codings SET evidence = 'better'",
    ):
        with pytest.raises(DBAPIError):
            async with database.transaction() as transaction:
                await transaction.execute(text(statement))


@pytest.fixture
def second_version(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Call it to publish a second version of the taxonomy, without the category `dimension`."""
    first = taxonomy.newest()
    left = tuple(category for category in first.categories if category.code != "dimension")
    second = first.model_copy(update={"version": 2, "valid_from": date(2027, 1, 1), "categories": left})

    def publish() -> None:
        monkeypatch.setattr(taxonomy, "_read", lambda: iter([second, first]))
        taxonomy.versions.cache_clear()

    yield publish
    monkeypatch.undo()
    taxonomy.versions.cache_clear()


@pytest.mark.empty_world
@pytest.mark.requirement("001-05")
async def test_old_complaints_keep_the_version_they_were_coded_under(
    world: World, second_version: Callable[[], None]
) -> None:
    old = await world.register()
    await put(world.http, old, {"category": "dimension", "subcategory": "usable"})
    second_version()
    listed = (await world.customer.get("/intake/v1/taxonomies")).json()
    assert [(each["version"], each["newest"]) for each in listed] == [(1, False), (2, True)]
    shown = await coding(world, old)
    assert (shown["in_force"]["taxonomy_version"], shown["in_force"]["codes"][0]["category"]) == (
        1,
        "dimension",
    )
    kept = await put(world.http, old, {"category": "dimension", "subcategory": "unusable"})
    assert kept.status_code == 200, "a correction within the old version"

    new = await world.register()
    outdated = await put(world.http, new, FAULT)
    assert (outdated.status_code, outdated.json()["errors"][0]["field"]) == (422, "body/taxonomy_version")
    gone = await put(world.http, new, {"category": "dimension"}, taxonomy_version=2)
    assert gone.json()["errors"][0]["field"] == "body/codes/0/category"
    assert (await put(world.http, new, FAULT, taxonomy_version=2)).status_code == 200
    assert (await put(world.http, old, FAULT, taxonomy_version=2)).status_code == 200
    history = (await coding(world, old))["history"]
    assert [each["taxonomy_version"] for each in history] == [1, 1, 2]
    await world.settled()


async def test_a_coding_honours_if_match(world: World) -> None:
    registered = await world.register()
    seen = (await put(world.http, registered, FAULT)).headers["ETag"]
    tag = {"If-Match": seen}
    changed = await put(world.http, registered, {"category": "appearance"}, headers=tag)
    assert changed.status_code == 200
    late = await put(world.http, registered, {"category": "dimension"}, headers=tag)
    assert (late.status_code, late.headers["ETag"]) == (412, changed.headers["ETag"])
    assert (await put(world.http, registered, FAULT, headers={"If-Match": "*"})).status_code == 200


async def test_codings_at_the_same_moment_are_numbered_apart_and_a_retry_codes_once(world: World) -> None:
    registered = await world.register()
    categories = ["dimension", "appearance", "after_sales", "late_delivery"]
    answers = await asyncio.gather(
        *(
            put(world.http, registered, {"category": name}, headers={"Idempotency-Key": name})
            for name in categories * 2
        )
    )
    assert {answer.status_code for answer in answers} == {200}
    history = (await coding(world, registered))["history"]
    assert [each["number"] for each in history] == [1, 2, 3, 4]
    assert {each["codes"][0]["category"] for each in history} == set(categories)


@pytest.mark.empty_world
@pytest.mark.requirement("000-23")
async def test_the_value_orientation_can_be_changed_and_old_labels_stay(world: World) -> None:
    url = "/intake/v1/value-orientation"
    before = await world.http.get(url)
    mapping = before.json()["mapping"]
    assert mapping["function_fault/safety"] == ["safety"]
    old = await world.register()
    await put(world.http, old, FAULT)
    body = {
        "taxonomy_version": 1,
        "mapping": mapping | {"function_fault": ["reliability", "responsiveness"]},
        "reason": "Agreed in March.",
    }
    tag = {"If-Match": before.headers["ETag"]}
    changed = await world.http.put(url, json=body, headers=tag)
    assert changed.status_code == 200, changed.text
    assert (await world.http.put(url, json=body, headers=tag)).status_code == 412
    new = await world.register()
    await put(world.http, new, FAULT)
    assert (await coding(world, new))["in_force"]["values"] == ["reliability", "responsiveness"]
    assert (await coding(world, old))["in_force"]["values"] == ["reliability"]
    assert (await world.http.get(url)).json() == changed.json()


@pytest.mark.requirement("000-23", "P-01")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"weather": ["care"]}, "body/mapping/weather"),
        ({"dimension": ["luck"]}, "body/mapping/dimension/0"),
        ({"dimension": []}, "body/mapping/dimension"),
        ({"dimension": None}, "body/mapping"),
    ],
)
async def test_a_value_orientation_that_does_not_fit_is_refused(
    world: World, change: dict[str, Any], field: str
) -> None:
    url = "/intake/v1/value-orientation"
    mapping = (await world.http.get(url)).json()["mapping"] | change
    body = {
        "taxonomy_version": 1,
        "mapping": {place: values for place, values in mapping.items() if values is not None},
        "reason": "x",
    }
    answer = await world.http.put(url, json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


BAD_CODINGS: dict[str, tuple[dict[str, Any], str]] = {
    "no such version": ({"taxonomy_version": 9}, "body/taxonomy_version"),
    "no such category": ({"codes": [{"category": "weather"}]}, "body/codes/0/category"),
    "of another category": (
        {"codes": [FAULT, {"category": "dimension", "subcategory": "a_face"}]},
        "body/codes/1/subcategory",
    ),
    "no code": ({"codes": []}, "body/codes"),
    "too many": ({"codes": [FAULT] * 6}, "body/codes"),
    "twice": ({"codes": [FAULT, FAULT]}, "body/codes"),
    "no such value": ({"values": ["care", "luck"]}, "body/values/1"),
    "no reason": ({"reason": " "}, "body/reason"),
}


@pytest.mark.requirement("P-01")
@pytest.mark.parametrize("case", BAD_CODINGS)
async def test_a_coding_that_does_not_fit_is_refused_by_the_field(world: World, case: str) -> None:
    more, field = BAD_CODINGS[case]
    registered = await world.register()
    answer = await put(world.http, registered, FAULT, **more)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
    assert (await coding(world, registered))["history"] == []


async def test_who_may_code(world: World) -> None:
    registered = await world.register(TOLD)
    async with caller(world, "complaints:write", "complaints:read") as staff:
        assert (await put(staff, registered, FAULT)).status_code == 403
        assert (await review(staff, registered, 1, True)).status_code == 403
        assert (await staff.put("/intake/v1/value-orientation", json={})).status_code == 403
    assert (await put(world.http, {"id": str(uuid4())}, FAULT)).status_code == 404
