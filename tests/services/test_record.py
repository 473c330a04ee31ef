"""The record over HTTP: one line at first, completed contact by contact, and nothing ever changed."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.events.vocabulary import ContactRole
from shared.keys import create_key
from tests.world import TOLD, World

pytestmark = pytest.mark.slow

REGISTER = "/intake/v1/complaints"
ORAL = {"channel": "phone", "language": "zh", "statement": {"what_went_wrong": "电机太吵了。"}}
WHOLE: dict[str, Any] = TOLD | {
    "order": {"id": "SO-2026-118", "contract_id": "HT-2026-07"},
    "facts": {
        "who": "line 3",
        "phenomenon": "Alarm R4 after ten minutes; Ann Example saw it.",
        "when": "2026-11-20T09:30:00+08:00",
        "where": "Hall 3",
        "why": "The encoder, we believe.",
        "how": "Switched on as usual.",
        "quantity": {"affected": "12", "total": "240", "unit": "pieces"},
    },
    "expectation": {
        "aspects": ["quality", "delivery"],
        "expected": "Eight hours.",
        "received": "Ten minutes.",
    },
    "desired_remedies": ["exchange", "apology"],
    "desired_amount": {"amount": "500.00", "currency": "CNY"},
    "estimated_loss": {"amount": "20000.00", "currency": "CNY"},
    "claimed_losses": [
        {"kind": "line_stop", "amount": {"amount": "18500.00", "currency": "CNY"}, "note": "停线损失"},
        {"kind": "idle", "amount": {"amount": "900.50", "currency": "EUR"}},
    ],
    "emotion": "angry",
    "public_link": "https://social.example/ann/status/1",
    "accused": {"staff_id": "li.na", "name": "Miss Li from the counter", "department": "sales"},
    "taken_by": {"role": "installer", "staff_id": "zhao.lin", "department": "field_service"},
}


@asynccontextmanager
async def caller(world: World, *scopes: str) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody whose key has these scopes only."""
    key = await create_key(world.url, "somebody", scopes)
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(
        transport=world.http._transport, base_url="http://redress", headers=headers
    ) as http:
        yield http


async def add(world: World, complaint: dict[str, Any], status: int = 201, **body: Any) -> dict[str, Any]:
    answer = await world.http.post(
        f"{REGISTER}/{complaint['id']}/additions", json={"channel": "phone"} | body
    )
    assert answer.status_code == status, answer.text
    added: dict[str, Any] = answer.json()
    return added


async def read(world: World, complaint: dict[str, Any], what: str = "") -> dict[str, Any]:
    answer = await world.http.get(f"{REGISTER}/{complaint['id']}{what}")
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def events(world: World, complaint: dict[str, Any], name: str) -> list[dict[str, Any]]:
    await world.settled()
    return [
        json.loads(record.value)
        for record in await world.log_records("redress.intake")
        if record.key == complaint["id"] and record.headers["ce_type"] == f"redress.{name}.v1"
    ]


@pytest.mark.requirement(
    "000-13", "000-24", "001-01", "001-02", "001-03", "001-04", "001-09", "001-10", "001-38", "002-03"
)
async def test_everything_that_was_told_is_kept_and_told_on_without_personal_data(world: World) -> None:
    registered = await world.register(WHOLE)
    assert (registered["completeness"], registered["missing"]) == (1, [])
    assert registered["next_question"] is None

    shown = await read(world, registered)
    assert (shown["against"], shown["visibility"]) == ("person", "public"), "both follow from what was told"
    assert shown["order"] == WHOLE["order"]
    assert shown["product"] == WHOLE["product"]
    assert shown["expectation"] == WHOLE["expectation"]
    assert shown["facts"]["quantity"] == WHOLE["facts"]["quantity"]
    assert shown["claimed_losses"] == WHOLE["claimed_losses"]
    assert shown["desired_compensation"] == ["material", "moral"]
    assert shown["taken_by"] == WHOLE["taken_by"]
    assert shown["accused"] == {"staff_id": "li.na", "department": "sales"}
    assert shown["facts"]["phenomenon"] == "Alarm R4 after ten minutes; [name] saw it."

    contact = await read(world, registered, "/contact")
    assert contact["public_link"] == WHOLE["public_link"]
    assert contact["accused_name"] == "Miss Li from the counter"

    [event] = await events(world, registered, "complaint.registered")
    assert event["defect_rate"] == "0.050000", "12 of 240"
    assert event["claimed_losses"] == [
        {"kind": loss["kind"], "amount": loss["amount"]} for loss in WHOLE["claimed_losses"]
    ]
    assert (event["contract_id"], event["accused_id"], event["taken_by"]) == (
        "HT-2026-07",
        "li.na",
        "installer",
    )
    assert event["desired_compensation"] == ["material", "moral"]
    assert event["expectation"]["aspects"] == ["quality", "delivery"]
    everything = "\n".join(record.value.decode() for record in await world.log_records())
    for secret in ("Miss Li", "social.example", "Ann"):
        assert secret not in everything


@pytest.mark.requirement("001-10", "004-01", "000-03")
async def test_a_one_line_oral_complaint_is_taken_and_completed_later(world: World) -> None:
    registered = await world.register(ORAL)
    asked = registered["next_question"]
    assert asked == {
        "field": "statement.wanted",
        "form": "open",
        "en": "Which solution would be right for you?",
        "zh": "您希望我们怎样解决这个问题？",
        "choices": None,
    }
    assert (await read(world, registered))["next_question"]["field"] == asked["field"]
    first = await add(
        world, registered, statement={"wanted": "换一台。", "feeling": "很失望。"}, said="请换一台。"
    )
    assert first["number"] == 1
    assert first["completeness"] > registered["completeness"]
    assert set(registered["missing"]) - set(first["missing"]) == {"statement.wanted", "statement.feeling"}
    assert first["next_question"]["form"] == "open"
    second = await add(
        world,
        registered,
        about="goods",
        order={"id": "SO-1"},
        product={"model": "M7"},
        desired_remedies=["exchange"],
        facts=dict.fromkeys(("who", "what", "where", "why", "how", "how_many"), "是")
        | {"when": "2026-11-20T09:30:00+08:00"},
        expectation={"aspects": ["quality"]},
    )
    assert second["missing"] == ["customer.contact"]
    assert second["next_question"]["form"] == "closed"
    last = await add(world, registered, contact={"name": "王小明", "phone": "13800138000"})
    assert (last["completeness"], last["missing"], last["next_question"]) == (1, [], None)

    shown = await read(world, registered)
    assert (shown["completeness"], shown["additions"]) == (1, 3)
    assert shown["statement"] == {
        "what_went_wrong": "电机太吵了。",
        "feeling": "很失望。",
        "wanted": "换一台。",
    }
    assert shown["order"] == {"id": "SO-1"}
    contact = await read(world, registered, "/contact")
    assert (contact["name"], contact["phone"]) == ("王小明", "13800138000")
    told = await events(world, registered, "complaint.supplemented")
    assert [event["number"] for event in told] == [1, 2, 3]
    assert [event["completeness"] for event in told] == [
        first["completeness"],
        second["completeness"],
        last["completeness"],
    ]
    assert (told[1]["about"], told[1]["order_id"]) == ("goods", "SO-1")


@pytest.mark.requirement("004-01", "001-09")
async def test_what_was_told_first_stays_and_of_the_rest_the_newest_counts(world: World) -> None:
    registered = await world.register(WHOLE)
    await add(
        world,
        registered,
        statement={"wanted": "My money back.", "feeling": "Worse."},
        product={"batch": "2026-42"},
        desired_remedies=["refund"],
    )
    shown = await read(world, registered)
    assert shown["statement"]["wanted"] == WHOLE["statement"]["wanted"]
    assert shown["product"] == WHOLE["product"] | {"batch": "2026-42"}
    assert shown["desired_remedies"] == ["refund"]
    [entry] = (await read(world, registered, "/additions"))["items"]
    assert entry["told"]["statement"] == {"wanted": "My money back.", "feeling": "Worse."}
    database = world.context("intake").database
    for table in ("complaints", "additions"):
        with pytest.raises(DBAPIError, match="never changed"):
            async with database.transaction() as transaction:
                await transaction.execute(text(f"UPDATE {table} SET channel = 'letter'"))


@pytest.mark.requirement("004-02")
async def test_the_customers_emotion_is_kept_contact_by_contact(world: World) -> None:
    registered = await world.register(ORAL | {"emotion": "angry"})
    assert (await read(world, registered))["mood_turned"] is False
    now = (await read(world, registered))["registered_at"]
    await add(world, registered, emotion="grateful")
    await add(world, registered, emotion="anxious", contact_at="2026-11-01T08:00:00Z")  # written down late
    shown = await read(world, registered)
    assert [(mood["emotion"], mood["valence"]) for mood in shown["moods"]] == [
        ("anxious", "negative"),
        ("angry", "negative"),
        ("grateful", "positive"),
    ]
    assert shown["moods"][1]["at"] == now
    assert shown["mood_turned"] is True
    assert [event["emotion"] for event in await events(world, registered, "complaint.supplemented")] == [
        "grateful",
        "anxious",
    ]


@pytest.mark.requirement("001-26")
async def test_a_restatement_waits_for_the_customers_word(world: World) -> None:
    registered = await world.register(WHOLE)
    restated = await add(world, registered, restatement={"text": "Ann Example has 12 motors with alarm R4."})
    page = f"/intake/v1/tracking/{registered['reference']}"
    token = {"X-Tracking-Token": registered["tracking_token"]}
    [seen] = (await world.customer.get(page, headers=token)).json()["additions"]
    assert seen["restatement"] == "Ann Example has 12 motors with alarm R4."
    assert "confirmed" not in seen
    url = f"{page}/additions/{restated['id']}/confirmation"
    wrong = await world.customer.post(url, json={"confirmed": True}, headers={"X-Tracking-Token": "x"})
    assert wrong.status_code == 404
    corrected = {"confirmed": False, "correction": "It is 13. Call 13800138000."}
    for _ in range(2):  # the second changes nothing
        answer = await world.customer.post(url, json=corrected, headers=token)
        assert answer.status_code == 200, answer.text
    other = await world.customer.post(url, json={"confirmed": True}, headers=token)
    assert (other.status_code, other.json()["code"]) == (409, "answered-before")

    view = (await world.customer.get(page, headers=token)).json()
    assert view["additions"][0]["confirmed"] is False
    mine = [step["step"] for step in view["steps"] if step["step"].startswith(("supp", "restat"))]
    assert mine == ["supplemented", "restatement_corrected"]
    [entry] = (await read(world, registered, "/additions"))["items"]
    assert entry["restatement"] == "[name] has 12 motors with alarm R4."
    assert entry["confirmation"]["correction"] == "It is 13. Call [phone]."
    assert entry["confirmation"]["answered_by"] == "customer"
    [event] = await events(world, registered, "restatement.answered")
    sent = text(
        "SELECT facts->>'restatement' FROM deliveries WHERE template = 'restatement' AND complaint_id = :id"
    )
    async with world.context("notification").database.reading() as connection:
        letters = (await connection.execute(sent, {"id": registered["id"]})).scalars().all()
    assert letters == ["[name] has 12 motors with alarm R4."], "it was also sent, to be confirmed"
    assert (event["confirmed"], event["correction"]) == (False, "It is 13. Call [phone].")

    kinds = [
        entry["kind"]
        for entry in (await world.http.get(f"/resolution/v1/cases/{registered['id']}/timeline")).json()[
            "items"
        ]
    ]
    assert [kind for kind in kinds if kind.startswith(("supp", "restat"))] == [
        "supplemented",
        "restated",
        "restatement_corrected",
    ]


@pytest.mark.requirement("001-26")
async def test_staff_record_what_the_customer_said_to_a_restatement(world: World) -> None:
    registered = await world.register(ORAL)
    at_once = await add(world, registered, restatement={"text": "Too loud.", "confirmed": True})
    later = await add(world, registered, restatement={"text": "Since Monday."})
    plain = await add(world, registered, said="And it smells.")

    async def confirm(addition: str, **body: Any) -> httpx.Response:
        url = f"{REGISTER}/{registered['id']}/additions/{addition}/confirmation"
        return await world.http.post(url, json=body)

    assert (await confirm(later["id"], confirmed=True)).status_code == 200
    assert (await confirm(at_once["id"], confirmed=True)).status_code == 200, "as it was"
    refused = await confirm(plain["id"], confirmed=True)
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing-restated")
    assert (await confirm(str(uuid4()), confirmed=True)).status_code == 404
    unexplained = await confirm(later["id"], confirmed=False)
    assert unexplained.status_code == 422
    assert "更正" in unexplained.text or "correction" in unexplained.text
    entries = (await read(world, registered, "/additions"))["items"]
    assert [entry.get("confirmation", {}).get("confirmed") for entry in entries] == [True, True, None]
    assert len(await events(world, registered, "restatement.answered")) == 2


async def test_no_personal_data_of_an_addition_reaches_the_log(world: World) -> None:
    registered = await world.register(ORAL)
    added = await add(
        world,
        registered,
        said="I am Ann Example; Mr Grumble at counter 3 shouted at me.",
        statement={"feeling": "Ann feels bad.", "wanted": "Call 138 0013 8000."},
        contact={"name": "Ann Example", "email": "ann@example.com", "address": "12 Elm Street"},
        accused={"name": "Mr Grumble"},
        expectation={"expected": "Mr Grumble listens.", "received": "Ann was sent away."},
        restatement={"text": "Ann Example of 12 Elm Street complains of Mr Grumble.", "confirmed": False}
        | {"correction": "ann@example.com, not Ann alone."},
    )
    assert added["number"] == 1
    await world.settled()
    # Not 0013 without its space: an id or a trace may hold that by chance.
    secrets = ("Ann", "Grumble", " 0013", "13800138000", "ann@", "Elm")
    everything = "\n".join(
        record.value.decode() + json.dumps(dict(record.headers)) for record in await world.log_records()
    )
    for secret in secrets:
        assert secret not in everything
    assert "shouted at me" in everything
    page = (await world.http.get(f"{REGISTER}/{registered['id']}/additions")).text
    for secret in secrets:
        assert secret not in page
    contact = await read(world, registered, "/contact")
    assert (contact["email"], contact["accused_name"]) == ("ann@example.com", "Mr Grumble")


@pytest.mark.requirement("000-13")
async def test_a_public_complaint_cannot_be_hidden(world: World) -> None:
    hidden = await world.http.post(REGISTER, json=WHOLE | {"visibility": "private"})
    assert hidden.status_code == 422
    assert [error["field"] for error in hidden.json()["errors"]] == ["body/public_link"]
    registered = await world.register(TOLD)
    assert (await read(world, registered))["visibility"] == "private"
    await add(world, registered, public_link="https://forum.example/t/1")
    await add(world, registered, said="Nobody answers there.")
    assert (await read(world, registered))["visibility"] == "public"
    first, second = await events(world, registered, "complaint.supplemented")
    assert first["visibility"] == "public"
    assert "visibility" not in second
    assert "forum.example" not in json.dumps(first)
    refused = await world.http.post(
        f"{REGISTER}/{registered['id']}/additions", json={"channel": "phone", "visibility": "private"}
    )
    assert refused.json()["errors"][0]["field"] == "body/visibility"


@pytest.mark.requirement("000-03")
async def test_a_rejected_complaint_stays_on_record_and_can_be_added_to(world: World) -> None:
    registered = await world.register()
    await world.settled()
    case = f"/resolution/v1/cases/{registered['id']}"
    for action, body in (
        ("accept", {}),
        ("judgement", {"reason_sufficient": False, "demand_reasonable": False, "explanation": "Wear."}),
        ("carry-out", {"result": "We explained the wear."}),
        ("close", {"outcome": "acceptable", "reason": "She said so."}),
    ):
        answer = await world.http.post(f"{case}/{action}", json=body)
        assert answer.status_code == 200, answer.text
    await world.settled()
    await add(world, registered, said="I still think it is your fault.", emotion="disappointed")
    shown = await read(world, registered)
    assert (shown["status"], shown["additions"]) == ("closed", 1)
    assert shown["statement"]["feeling"] == TOLD["statement"]["feeling"]
    listed = (await world.http.get(REGISTER)).json()["items"]
    assert registered["id"] in [item["id"] for item in listed]


@pytest.mark.requirement("003-20a", "003-05")
@pytest.mark.parametrize("role", ContactRole)
async def test_contact_staff_of_any_department_register_and_add_and_see_nothing_else(
    world: World, role: ContactRole
) -> None:
    async with caller(world, "complaints:write") as staff:
        told = ORAL | {"channel": "field_visit", "taken_by": {"role": role, "department": "delivery_north"}}
        answer = await staff.post(REGISTER, json=told)
        assert answer.status_code == 201, answer.text
        registered = answer.json()
        added = await staff.post(
            f"{REGISTER}/{registered['id']}/additions", json={"channel": "phone", "emotion": "calm"}
        )
        assert added.status_code == 201, added.text
        for path in ("", "/additions", "/contact", "/coding"):
            assert (await staff.get(f"{REGISTER}/{registered['id']}{path}")).status_code == 403
    [event] = await events(world, registered, "complaint.registered")
    assert event["taken_by"] == role
    async with caller(world, "complaints:read") as reader:
        refused = await reader.post(
            f"{REGISTER}/{registered['id']}/additions", json={"channel": "phone", "emotion": "calm"}
        )
        assert refused.status_code == 403


@pytest.mark.requirement("000-09")
@pytest.mark.parametrize("kind", ["external", "other_department", "own_department", "anonymous"])
async def test_complainants_of_every_type(world: World, kind: str) -> None:
    registered = await world.register(ORAL | {"customer": {"type": kind}})
    assert (await read(world, registered))["complainant_type"] == kind
    assert ("customer.contact" in registered["missing"]) == (kind != "anonymous")
    [event] = await events(world, registered, "complaint.registered")
    assert event["complainant_type"] == kind


async def test_a_retried_addition_is_added_once_and_twins_are_numbered_apart(world: World) -> None:
    registered = await world.register(ORAL)
    url = f"{REGISTER}/{registered['id']}/additions"
    body = {"channel": "phone", "said": "And it smells."}
    answers = await asyncio.gather(
        *(world.http.post(url, json=body, headers={"Idempotency-Key": f"a{n % 4}"}) for n in range(12))
    )
    assert {answer.status_code for answer in answers} == {201}
    entries = (await read(world, registered, "/additions"))["items"]
    assert [entry["number"] for entry in entries] == [1, 2, 3, 4]
    assert len(await events(world, registered, "complaint.supplemented")) == 4


async def test_additions_come_in_pages(world: World) -> None:
    registered = await world.register(ORAL)
    for n in range(5):
        await add(world, registered, said=f"Contact {n}.")
    seen, cursor = [], None
    while True:
        params = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        page = (await world.http.get(f"{REGISTER}/{registered['id']}/additions", params=params)).json()
        seen += [entry["said"] for entry in page["items"]]
        if (cursor := page.get("next")) is None:
            break
    assert seen == [f"Contact {n}." for n in range(5)]


BAD_COMPLAINTS: dict[str, tuple[dict[str, Any], str]] = {
    "anonymous with a name": ({"customer": {"type": "anonymous", "name": "Ann"}}, "body/customer"),
    "a person, but against the organisation": (
        {"against": "organisation", "accused": {"name": "x"}},
        "body/accused",
    ),
    "nobody accused": ({"accused": {}}, "body/accused"),
    "more affected than there are": (
        {"facts": {"quantity": {"affected": 9, "total": 8}}},
        "body/facts/quantity",
    ),
    "of none": ({"facts": {"quantity": {"affected": 0, "total": 0}}}, "body/facts/quantity/total"),
    "a rate over one": ({"facts": {"defect_rate": "5"}}, "body/facts/defect_rate"),
    "a loss without a currency": (
        {"claimed_losses": [{"kind": "idle", "amount": {"amount": "1"}}]},
        "body/claimed_losses/0/amount/currency",
    ),
    "too many losses": (
        {"claimed_losses": [{"kind": "idle", "amount": {"amount": "1", "currency": "CNY"}}] * 21},
        "body/claimed_losses",
    ),
    "no web link": ({"public_link": "javascript:alert(1)"}, "body/public_link"),
    "a link without end": ({"public_link": "https://x.example/" + "a" * 2000}, "body/public_link"),
    "an unknown emotion": ({"emotion": "hungry"}, "body/emotion"),
    "a staff id that is a sentence": ({"accused": {"staff_id": "the tall one"}}, "body/accused/staff_id"),
}


@pytest.mark.requirement("P-01")
@pytest.mark.parametrize("case", BAD_COMPLAINTS)
async def test_contradictions_are_refused_by_the_field(world: World, case: str) -> None:
    more, field = BAD_COMPLAINTS[case]
    answer = await world.http.post(REGISTER, json=ORAL | more)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]


BAD_ADDITIONS: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "body"),
    "nothing but empty parts": ({"facts": {}, "order": {}, "contact": {}}, "body"),
    "tomorrow": ({"said": "x", "contact_at": "2999-01-01T00:00:00Z"}, "body/contact_at"),
    "long ago": ({"said": "x", "contact_at": "0001-01-01T00:00:00Z"}, "body/contact_at"),
    "no offset": ({"said": "x", "contact_at": "2026-01-01T00:00:00"}, "body/contact_at"),
    "what went wrong again": (
        {"statement": {"what_went_wrong": "x"}},
        "body/statement/what_went_wrong",
    ),
    "a correction of what is confirmed": (
        {"restatement": {"text": "x", "confirmed": True, "correction": "y"}},
        "body/restatement",
    ),
    "not confirmed, and why?": ({"restatement": {"text": "x", "confirmed": False}}, "body/restatement"),
    "too long": ({"said": "x" * 10_001}, "body/said"),
}


@pytest.mark.requirement("P-01")
@pytest.mark.parametrize("case", BAD_ADDITIONS)
async def test_an_addition_that_makes_no_sense_is_refused_by_the_field(world: World, case: str) -> None:
    more, field = BAD_ADDITIONS[case]
    registered = await world.register(ORAL)
    answer = await world.http.post(
        f"{REGISTER}/{registered['id']}/additions", json={"channel": "phone"} | more
    )
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert (await read(world, registered))["additions"] == 0


async def test_nothing_is_added_to_what_is_not_there(world: World) -> None:
    url = f"{REGISTER}/{uuid4()}/additions"
    assert (await world.http.post(url, json={"channel": "phone", "said": "x"})).status_code == 404
    assert (await world.http.get(url)).status_code == 404
