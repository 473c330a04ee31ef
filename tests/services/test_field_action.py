"""Field actions: from the draft over the approval to everybody who is affected, each told once."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy.exc import DBAPIError

from shared import clock
from shared.events import (
    ComplaintSupplemented,
    CustomerErased,
    Event,
    FieldLetterDelivered,
    FieldLetterFailed,
)
from shared.events.intake import ProductRef
from shared.events.vocabulary import Because, Channel
from shared.ids import derived_id, new_id
from tests.company import Company, open_company
from tests.resolution_story import HOUR, NINE, registered

URL = "/resolution/v1/field-actions"
MINUTE = HOUR / 60
WORDS: dict[str, Any] = {
    "title": {"en": "Recall of M7", "zh": "M7召回"},
    "hazard": {"en": "The axis may not stop.", "zh": "轴可能无法停止。"},
    "instruction": {"en": "Switch it off.", "zh": "请立即断电。"},
    "act_by": "2026-06-30T18:00:00+08:00",
    "hotline": "400-000-0000",
}


@pytest.fixture
async def company(database_url: str, tmp_path: Path) -> AsyncIterator[Company]:
    async with open_company(database_url, tmp_path) as opened:
        with clock.moved_to(lambda: opened.now):
            yield opened


def about(
    batch: str | None, customer: UUID | None = None, at: datetime = NINE, model: str | None = "M7"
) -> tuple[UUID, Event]:
    complaint_id = new_id()
    product = ProductRef(id="P-7", model=model, batch=batch) if model else None
    changed = {"customer_id": customer or new_id(), "product": product}
    return complaint_id, registered(complaint_id, at).model_copy(update=changed)


async def drafted(company: Company, **changes: Any) -> dict[str, Any]:
    """A draft about batch 41, of which there is one complaint already."""
    origin, event = about("41")
    await company.hear(event)
    wanted: dict[str, Any] = {
        "complaint_id": str(origin),
        "measures": ["public_warning", "notify_all", "recall_replace"],
        "affected": {"batches": ["41"]},
        "announcement": WORDS,
    }
    answer = await company.http.post(URL, json=wanted | changes)
    assert answer.status_code == 201, answer.text
    action: dict[str, Any] = answer.json()
    assert answer.headers["ETag"] == f'"{action["version"]}"'
    return action


async def step(
    company: Company, action_id: str, name: str, method: str = "POST", **body: Any
) -> httpx.Response:
    return await company.http.request(method, f"{URL}/{action_id}/{name}", json=body or None)


async def done(
    company: Company, action_id: str, name: str, method: str = "POST", **body: Any
) -> dict[str, Any]:
    answer = await step(company, action_id, name, method, **body)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def read(company: Company, action_id: str, what: str = "") -> dict[str, Any]:
    answer = await company.http.get(f"{URL}/{action_id}{what}")
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def approved(company: Company, action_id: str) -> str:
    """Put it forward, ask as the answer says, and let management grant it."""
    await done(company, action_id, "propose")
    needed = await company.seen_by("na").http.post(f"{URL}/{action_id}/start", json={})
    assert (needed.status_code, needed.json()["type"]) == (409, "urn:redress:problem:approval-needed")
    assert [each["id"] for each in needed.json()["approvers"]] == ["min"]
    asked = await company.seen_by("na").ask(**needed.json()["approval"], reason="People may be hurt.")
    assert asked.status_code == 201, asked.text
    assert [each["id"] for each in asked.json()["line"]] == ["min"], "management decides, nobody below"
    granted = await company.seen_by("min").decide(asked.json()["id"], "grant")
    assert granted.status_code == 200, granted.text
    approval_id: str = asked.json()["id"]
    return approval_id


async def started(company: Company, **changes: Any) -> dict[str, Any]:
    action = await drafted(company, **changes)
    return await done(company, action["id"], "start", approval_id=await approved(company, action["id"]))


async def rounds(company: Company, minutes: int = 3) -> None:
    """Let the time pass, in which rounds come."""
    for _ in range(minutes * 6):
        company.now += MINUTE / 6 + timedelta(milliseconds=1)
        while await company.waker.wake():
            pass


async def addressed(company: Company, action_id: str) -> list[str]:
    """The customers of the facts that are waiting to be told, in order."""
    return [
        said["customer_id"]
        for kind, said in await company.published()
        if kind == "field-action.customer-addressed" and said["field_action_id"] == action_id
    ]


def delivered(action: dict[str, Any], customer: str, at: datetime) -> FieldLetterDelivered:
    return FieldLetterDelivered(
        complaint_id=UUID(action["complaint_id"]),
        field_action_id=UUID(action["id"]),
        customer_id=UUID(customer),
        delivery_id=derived_id("letter", action["id"], customer),
        channel="email",
        delivered_at=at,
    )


@pytest.mark.requirement("003-08", "N-G")
async def test_one_complaint_speaks_for_many_and_each_customer_is_addressed_once(company: Company) -> None:
    twice, other, elsewhere = new_id(), new_id(), new_id()
    await company.hear(
        about("41", twice)[1],
        about("41", twice, NINE + HOUR)[1],
        about("41", other)[1],
        about("42", elsewhere)[1],
        about(None, None, NINE, None)[1],
    )
    action = await drafted(company)
    preview = await read(company, action["id"], "/affected")
    assert (preview["customers"], preview["complained"], preview["units"]) == (3, 3, 0)
    assert preview["by_batch"] == [{"batch": "41", "customers": 3}]
    assert {each["customer_id"] for each in preview["sample"]} >= {str(twice), str(other)}

    running = await done(company, action["id"], "start", approval_id=await approved(company, action["id"]))
    assert (running["state"], running["progress"]["affected"]) == ("running", 3)
    assert await addressed(company, action["id"]) == [], "the rounds do it, not the request"
    await rounds(company)
    told = await addressed(company, action["id"])
    assert sorted(told) == sorted({*told, str(twice), str(other)})
    assert len(told) == 3
    assert str(elsewhere) not in told

    types = await company.types(UUID(action["complaint_id"]))
    assert [kind for kind in types if kind.startswith("field-action")] == [
        "field-action.proposed",
        "field-action.started",
        *["field-action.customer-addressed"] * 3,
    ]
    story = (await company.read(UUID(action["complaint_id"])))["timeline"]
    assert [e["text"] for e in story if e["kind"] == "field_action"] == [action["reference"]]


@pytest.mark.requirement("003-08")
async def test_an_approval_is_of_exactly_what_was_proposed(company: Company) -> None:
    action = await drafted(company)
    approval_id = await approved(company, action["id"])
    stands = await step(company, action["id"], "draft", "PUT", **_draft("41"))
    assert (stands.status_code, stands.json()["state"]) == (409, "proposed")
    assert "撤回" in stands.json()["reason"]["zh"]
    await done(company, action["id"], "revise")
    await done(company, action["id"], "draft", "PUT", **_draft("41", "42"))
    await done(company, action["id"], "propose")
    other = await step(company, action["id"], "start", approval_id=approval_id)
    assert other.status_code == 409, other.text
    assert (await read(company, action["id"]))["state"] == "proposed"
    await done(company, action["id"], "revise")
    await done(company, action["id"], "draft", "PUT", **_draft("41"))
    await done(company, action["id"], "propose")
    assert (await done(company, action["id"], "start", approval_id=approval_id))["approval_id"] == approval_id
    another = await drafted(company)
    await done(company, another["id"], "propose")
    refused = await step(company, another["id"], "start", approval_id=approval_id)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "body/approval_id")


def _draft(*batches: str) -> dict[str, Any]:
    return {
        "measures": ["public_warning", "notify_all", "recall_replace"],
        "affected": {"batches": list(batches)},
        "announcement": WORDS,
    }


@pytest.mark.requirement("003-08", "N-G")
async def test_whoever_becomes_known_later_joins_while_it_runs(company: Company) -> None:
    action = await started(company)
    await rounds(company)
    supplemented, unknown_batch = about(None, at=company.now)
    late, event = about("41", at=company.now)
    await company.hear(event, unknown_batch)
    await rounds(company)
    [customer] = [c for c in await customers(company, action["id"]) if c["complaint_id"] == str(late)]
    assert (customer["state"], customer["late"]) == ("addressed", True)
    assert len(await addressed(company, action["id"])) == 2

    await company.hear(_names_batch(supplemented, "41", company.now))
    await rounds(company)
    assert len(await addressed(company, action["id"])) == 3

    await done(company, action["id"], "cancel", reason="Not affected after all.")
    await company.hear(about("41", at=company.now)[1])
    await rounds(company)
    assert len(await addressed(company, action["id"])) == 3
    assert await company.rows("SELECT wakes_at FROM field_actions") == [(None,)]


def _names_batch(complaint_id: UUID, batch: str, at: datetime) -> ComplaintSupplemented:
    return ComplaintSupplemented(
        complaint_id=complaint_id,
        addition_id=new_id(),
        number=1,
        contact_at=at,
        added_by="key:1",
        added_at=at,
        medium=Channel.PHONE.medium,
        channel=Channel.PHONE,
        product=ProductRef(batch=batch),
        completeness=0.6,
    )


async def customers(company: Company, action_id: str, state: str = "") -> list[dict[str, Any]]:
    query = f"?state={state}" if state else ""
    found: list[dict[str, Any]] = (await read(company, action_id, f"/customers{query}"))["items"]
    return found


@pytest.mark.requirement("003-08")
async def test_the_set_is_by_product_batch_and_time_and_counts_each_once(company: Company) -> None:
    early, late, other_model = about("41", at=NINE), about("41", at=NINE + 3 * HOUR), about("41", model="M9")
    await company.hear(*(event for _, event in (early, late, other_model)))
    action = await drafted(
        company,
        affected={
            "products": ["m7"],
            "batches": ["41"],
            "registered_since": (NINE + HOUR).isoformat(),
            "registered_before": (NINE + 4 * HOUR).isoformat(),
        },
    )
    preview = await read(company, action["id"], "/affected")
    assert [each["complaint_id"] for each in preview["sample"]] == [str(late[0])]
    by_id = await drafted(company, affected={"products": ["p-7"]})
    preview = await read(company, by_id["id"], "/affected")
    assert preview["customers"] == 5, "by id or model, in whatever letters; with the two origins"


@pytest.mark.requirement("003-08", "N-G")
async def test_units_sold_reach_customers_who_never_complained(company: Company) -> None:
    complained, silent = new_id(), new_id()
    await company.hear(about("41", complained)[1])
    action = await drafted(company)
    units = [
        {"serial": "S-1", "customer_id": str(silent), "batch": "41"},
        {"serial": "S-2", "customer_id": str(silent), "batch": "41"},
        {"serial": "S-3", "customer_id": str(complained)},
    ]
    assert await done(company, action["id"], "units", units=units) == {"named": 3}
    assert await done(company, action["id"], "units", units=units) == {"named": 0}
    preview = await read(company, action["id"], "/affected")
    assert (preview["customers"], preview["complained"], preview["units"]) == (3, 2, 3)
    approval_id = await approved(company, action["id"])
    refused = await step(company, action["id"], "units", units=units[:1])
    assert (refused.status_code, refused.json()["step"]) == (409, "units")
    await done(company, action["id"], "start", approval_id=approval_id)
    await rounds(company)
    found = {c["customer_id"]: c for c in await customers(company, action["id"])}
    assert (found[str(silent)]["units"], found[str(silent)]["complaint_id"]) == (2, None)
    assert found[str(complained)]["units"] == 1
    more = str(new_id())
    await done(company, action["id"], "units", units=[{"serial": "S-4", "customer_id": more}])
    await rounds(company)
    told = await addressed(company, action["id"])
    assert len(told) == len(set(told)) == 4
    assert told[-1] == more


async def paced(company: Company, **changes: Any) -> None:
    """Put rules with another pace in force."""
    rules = {
        "per_minute": 12,
        "round_seconds": 10,
        "look_seconds": 60,
        "least_coverage": "0.9",
        "warning_cache_seconds": 60,
    }
    made = await company.http.post(
        "/resolution/v1/rulebooks/field-actions/versions",
        json={"content": rules | changes, "reason": "Test."},
    )
    assert made.status_code == 201, made.text
    switched = await company.http.put(
        "/resolution/v1/rulebooks/field-actions",
        json={"version": made.json()["version"], "reason": "Test."},
    )
    assert switched.status_code == 200, switched.text


@pytest.mark.requirement("003-08")
async def test_the_pace_is_kept_and_a_suspended_action_goes_on_where_it_stood(company: Company) -> None:
    await paced(company)  # twelve a minute: two in a round of ten seconds
    await company.hear(*(about("41")[1] for _ in range(8)))
    action = await started(company)
    begun = company.now
    seen: list[tuple[timedelta, int]] = []
    while len(seen) < 3:
        company.now += timedelta(milliseconds=500)
        if await company.waker.wake():
            seen.append((company.now - begun, len(await addressed(company, action["id"]))))
    assert [number for _, number in seen] == [2, 4, 6]
    assert seen[2][0] - seen[1][0] >= timedelta(seconds=10)
    assert seen[1][0] - seen[0][0] >= timedelta(seconds=10)
    await done(company, action["id"], "suspend", reason="The parts have run out: call 13800138000.")
    await rounds(company)
    assert len(await addressed(company, action["id"])) == 6
    shown = await read(company, action["id"])
    assert (shown["state"], "13800138000" in shown["reason"]) == ("suspended", False)
    await done(company, action["id"], "resume")
    await rounds(company)
    told = await addressed(company, action["id"])
    assert len(told) == len(set(told)) == 9


@pytest.mark.requirement("003-08")
async def test_letters_come_back_and_whoever_none_reached_is_called(company: Company) -> None:
    reached, unreached = new_id(), new_id()
    await company.hear(about("41", reached)[1], about("41", unreached)[1])
    action = await started(company)
    await rounds(company)
    origin = UUID(action["complaint_id"])
    before = (await company.read(origin))["version"]
    failed = FieldLetterFailed(
        complaint_id=origin,
        field_action_id=UUID(action["id"]),
        customer_id=unreached,
        delivery_id=new_id(),
        reason="intake knows no way to the customer",
        failed_at=company.now,
    )
    await company.hear(delivered(action, str(reached), company.now), failed)
    assert (await company.read(origin))["version"] == before, "letters do not change the case"
    [lost] = await customers(company, action["id"], "unreachable")
    assert (lost["customer_id"], lost["failure"]) == (str(unreached), "intake knows no way to the customer")
    [told] = await customers(company, action["id"], "told")
    assert (told["customer_id"], told["told_by"]) == (str(reached), "letter")

    # A mailbox that took the letter sends it back.
    lost_later = {"customer_id": reached, "delivery_id": new_id(), "reason": "email came back (5.1.1)"}
    await company.hear(failed.model_copy(update=lost_later))
    assert await customers(company, action["id"], "told") == []
    both = {each["customer_id"]: each for each in await customers(company, action["id"], "unreachable")}
    assert both.keys() == {str(reached), str(unreached)}
    assert (both[str(reached)]["failure"], both[str(reached)]["told_at"]) == ("email came back (5.1.1)", None)
    again = delivered(action, str(reached), company.now)
    await company.hear(again.model_copy(update={"delivery_id": new_id()}))

    called = {"customer_id": str(unreached), "result": "told", "note": "Reached on 13800138000."}
    assert await done(company, action["id"], "results", results=[called]) == {"recorded": 1}
    assert await customers(company, action["id"], "unreachable") == []
    by_hand = next(c for c in await customers(company, action["id"]) if c["customer_id"] == str(unreached))
    assert by_hand["told_by"].startswith("key:")
    assert "13800138000" not in by_hand["note"]
    await company.hear(
        CustomerErased(
            complaint_id=UUID(by_hand["complaint_id"]),
            customer_id=unreached,
            because=Because.REQUESTED,
            erased_at=company.now,
        )
    )
    by_hand = next(c for c in await customers(company, action["id"]) if c["customer_id"] == str(unreached))
    assert (by_hand["note"], by_hand["state"]) == (None, "told")


@pytest.mark.requirement("003-08", "N-G")
async def test_coverage_and_completion_are_measured_until_it_is_complete(company: Company) -> None:
    await company.hear(*(about("41")[1] for _ in range(9)))
    action = await started(company, measures=["notify_all", "free_repair", "compensate"])
    early = await step(company, action["id"], "complete", reason="Done.")
    assert (early.status_code, early.json()["step"]) == (409, "complete")
    await rounds(company)
    told = await addressed(company, action["id"])
    waits = await step(company, action["id"], "complete", reason="Done.")
    assert "under way" in waits.json()["detail"]
    await company.hear(*(delivered(action, customer, company.now) for customer in told[:8]))
    origin, fields = UUID(action["complaint_id"]), {"reason": "no address", "failed_at": company.now}
    for customer in told[8:]:
        ids = {"field_action_id": action["id"], "customer_id": customer, "delivery_id": new_id()}
        await company.hear(FieldLetterFailed.model_validate({"complaint_id": origin, **ids, **fields}))
    few = await step(company, action["id"], "complete", reason="Done.")
    assert "Too few" in few.json()["detail"], "8 of 10 is less than 90 %"

    company.now += 24 * HOUR
    results: list[dict[str, Any]] = [
        {"customer_id": told[0], "result": "carried_out"},
        {"customer_id": told[1], "result": "carried_out", "measures": ["free_repair"]},
        {"customer_id": told[2], "result": "refused"},
        {"customer_id": told[3], "result": "answered"},
        {"customer_id": told[8], "result": "told"},
        {"customer_id": told[9], "result": "unreachable", "note": "Three calls."},
    ]
    assert await done(company, action["id"], "results", results=results) == {"recorded": 6}
    report = await read(company, action["id"], "/progress")
    numbers = ("affected", "waiting", "told", "answered", "carried_out", "refused", "unreachable")
    assert [report[name] for name in numbers] == [10, 0, 9, 2, 1, 1, 1]
    assert (report["coverage"], report["completion"]) == (0.9, 0.1)
    assert [(day["joined"], day["told"], day["carried_out"]) for day in report["days"]] == [
        (10, 8, 0),
        (10, 9, 1),
    ]
    rest = [{"customer_id": told[1], "result": "carried_out", "measures": ["compensate"]}]
    await done(company, action["id"], "results", results=rest)
    half = next(c for c in await customers(company, action["id"]) if c["customer_id"] == told[1])
    assert (half["state"], half["done"]) == ("carried_out", ["free_repair", "compensate"])

    ended = await done(company, action["id"], "complete", reason="All but one were told.")
    assert (ended["state"], ended["progress"]["unreachable"]) == ("completed", 1)
    [said] = [said for kind, said in await company.published() if kind == "field-action.completed"]
    assert (said["affected"], said["told"], said["carried_out"]) == (10, 9, 2)
    assert (said["coverage"], said["completion"]) == (0.9, 0.2)
    again = await step(company, action["id"], "results", results=rest)
    assert again.status_code == 409


@pytest.mark.requirement("003-08")
async def test_results_that_do_not_fit_are_refused_together(company: Company) -> None:
    action = await started(company, measures=["notify_all", "free_repair"])
    [known] = await customers(company, action["id"])
    results = [
        {"customer_id": known["customer_id"], "result": "carried_out", "measures": ["take_back"]},
        {"customer_id": str(new_id()), "result": "told"},
    ]
    answer = await step(company, action["id"], "results", results=results)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [
        "body/results/0/measures",
        "body/results/1/customer_id",
    ]
    assert (await customers(company, action["id"]))[0]["state"] == "pending"
    twice = await step(company, action["id"], "results", results=[results[1], results[1]])
    assert twice.status_code == 422
    told_only = await started(company, measures=["notify_all"])
    [someone] = [c for c in await customers(company, told_only["id"]) if c["state"] == "pending"][:1]
    carried = [{"customer_id": someone["customer_id"], "result": "carried_out"}]
    answer = await step(company, told_only["id"], "results", results=carried)
    assert answer.json()["errors"][0]["field"] == "body/results/0/result"


@pytest.mark.requirement("003-08")
async def test_everybody_may_read_the_public_warnings_while_they_hold(company: Company) -> None:
    async def warnings() -> list[dict[str, Any]]:
        answer = await company.http.get("/resolution/v1/public-warnings", headers={"Authorization": ""})
        assert answer.status_code == 200, answer.text
        assert answer.headers["Cache-Control"] == "public, max-age=300"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        found: list[dict[str, Any]] = answer.json()["warnings"]
        return found

    quiet = await started(company, measures=["notify_all"])
    action = await drafted(company, affected={"batches": ["41"], "products": ["M7"]})
    approval_id = await approved(company, action["id"])
    assert await warnings() == [], "nothing is said in public before it was approved"
    await done(company, action["id"], "start", approval_id=approval_id)
    [warning] = await warnings()
    assert warning["reference"] == action["reference"] != quiet["reference"]
    assert warning["hazard"] == WORDS["hazard"]
    assert (warning["batches"], warning["products"]) == (["41"], ["M7"])
    assert action["complaint_id"] not in str(warning)
    await done(company, action["id"], "suspend", reason="The parts have run out.")
    assert len(await warnings()) == 1, "the danger is still there"
    await done(company, action["id"], "cancel", reason="Not dangerous after all.")
    assert await warnings() == []


@pytest.mark.requirement("003-08")
async def test_nobody_affected_needs_no_action_unless_the_warning_is_public(company: Company) -> None:
    action = await drafted(company, measures=["notify_all"], affected={"batches": ["none such"]})
    refused = await step(company, action["id"], "propose")
    assert (refused.status_code, refused.json()["step"]) == (409, "propose")
    await done(company, action["id"], "draft", "PUT", **_draft("none such"))
    await done(company, action["id"], "start", approval_id=await approved(company, action["id"]))
    await rounds(company)
    assert (await done(company, action["id"], "complete", reason="All came back."))["state"] == "completed"


@pytest.mark.requirement("003-08")
async def test_an_approval_is_of_exactly_the_units_that_were_named(company: Company) -> None:
    action = await drafted(company)
    approval_id = await approved(company, action["id"])
    await done(company, action["id"], "revise")
    units = [{"serial": "S-1", "customer_id": str(new_id())}]
    assert await done(company, action["id"], "units", units=units) == {"named": 1}
    await done(company, action["id"], "propose")
    other = await step(company, action["id"], "start", approval_id=approval_id)
    assert other.status_code == 409, other.text


async def test_what_was_seen_before_is_not_overwritten(company: Company) -> None:
    action = await drafted(company)
    url = f"{URL}/{action['id']}/draft"
    changed = await company.http.put(url, json=_draft("41"), headers={"If-Match": f'"{action["version"]}"'})
    assert changed.status_code == 200, changed.text
    stale = await company.http.put(url, json=_draft("42"), headers={"If-Match": f'"{action["version"]}"'})
    assert stale.status_code == 412
    running = await done(company, action["id"], "start", approval_id=await approved(company, action["id"]))
    await rounds(company)
    assert (await read(company, action["id"]))["version"] == running["version"], "rounds are nobody's change"
    assert (await company.http.get(f"{URL}/{new_id()}")).status_code == 404
    assert (await step(company, str(new_id()), "propose")).status_code == 404


async def test_a_draft_names_a_complaint_that_there_is(company: Company) -> None:
    body = _draft("41") | {"complaint_id": str(new_id())}
    answer = await company.http.post(URL, json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body/complaint_id")
    without_goods = body | {"affected": {}}
    answer = await company.http.post(URL, json=without_goods)
    assert answer.status_code == 422
    assert "产品或批次" in answer.text


async def test_the_list_has_the_newest_first(company: Company) -> None:
    first = await drafted(company)
    company.now += MINUTE
    second = await drafted(company)
    answer = (await company.http.get(URL, params={"limit": 1})).json()
    assert [each["id"] for each in answer["items"]] == [second["id"]]
    rest = (await company.http.get(URL, params={"cursor": answer["next"]})).json()
    assert [each["id"] for each in rest["items"]] == [first["id"]]
    only = (await company.http.get(URL, params={"complaint_id": first["complaint_id"]})).json()["items"]
    assert [each["title"]["zh"] for each in only] == ["M7召回"]
    assert (await company.http.get(URL, params={"state": "running"})).json()["items"] == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE field_actions SET state = 'running'",
        "UPDATE field_actions SET measures = '{shout}'",
        "UPDATE field_actions SET products = '{}', batches = '{}'",
        "UPDATE field_actions SET state = 'completed'",
        "UPDATE field_action_customers SET state = 'carried_out'",
        "UPDATE field_action_customers SET state = 'told'",
        "INSERT INTO field_action_customers (field_action_id, customer_id, units, joined_at, late, state) "
        "SELECT field_action_id, customer_id, 0, joined_at, false, 'pending' FROM field_action_customers",
    ],
)
async def test_the_database_refuses_what_must_not_be(company: Company, change: str) -> None:
    action = await started(company)
    await done(company, action["id"], "suspend", reason="To look at it.")
    with pytest.raises(DBAPIError, match="violates"):
        await company.rows(change)


@pytest.mark.slow
@pytest.mark.requirement("003-08", "N-A")
async def test_killed_in_the_middle_and_worked_by_many_each_is_addressed_once(
    company: Company, database_url: str, tmp_path: Path
) -> None:
    """kill -9 before and after commits, several at work at once: none is lost, none repeated."""
    await paced(company, per_minute=3000, round_seconds=1)  # fifty in a round
    people = [new_id() for _ in range(300)]
    for first in range(0, 300, 100):  # each complains twice
        await company.hear(*(about("41", p)[1] for p in people[first : first + 100] for _ in range(2)))
    action = await started(company)
    points = ["transaction.before-commit:2", "transaction.after-commit:2", "transaction.before-commit:3", ""]
    deaths: list[int] = []
    while points:
        at_work = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.system.rounds", database_url, str(tmp_path), point
            )
            for point in (points.pop(0), points.pop(0))
        ]
        deaths += [await one.wait() for one in at_work]
    assert deaths[-1] == 0
    assert -signal.SIGKILL in deaths, "none was killed: the test proves nothing"
    told = await addressed(company, action["id"])
    assert len(told) == len(set(told)) == 301
    assert {UUID(each) for each in told} >= set(people)
    waiting = await company.rows("SELECT count(*) FROM field_action_customers WHERE state <> 'addressed'")
    assert waiting == [(0,)]


@pytest.mark.requirement("001-18", "003-08", "N-G")
async def test_it_says_which_improvement_and_which_warning_it_follows_from(company: Company) -> None:
    improvement = str(new_id())
    action = await drafted(company, improvement_id=improvement, alert="surge: alarm R4, week 9")
    await done(company, action["id"], "propose")
    shown = await read(company, action["id"])
    assert (shown["improvement_id"], shown["alert"]) == (improvement, "surge: alarm R4, week 9")
    [said] = [said for kind, said in await company.published() if kind == "field-action.proposed"]
    assert (said["improvement_id"], said["customers"]) == (improvement, 1)
    assert said["affected"]["batches"] == ["41"]


@pytest.mark.requirement("003-08")
async def test_facts_that_come_twice_change_nothing(company: Company) -> None:
    customer = new_id()
    _, event = about("41", customer)
    await company.hear(event)
    action = await started(company)
    await rounds(company)
    letter = delivered(action, str(customer), company.now)
    await company.hear(letter)
    [before] = await company.rows("SELECT to_jsonb(c) FROM field_action_customers c WHERE state = 'told'")
    company.now += HOUR
    await company.hear(letter, event, letter)
    [after] = await company.rows("SELECT to_jsonb(c) FROM field_action_customers c WHERE state = 'told'")
    assert before == after
    await rounds(company)
    assert len(await addressed(company, action["id"])) == 2
