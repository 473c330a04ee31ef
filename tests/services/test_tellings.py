"""What insights learns of a complaint beside its counts: where, which customer, which goods, and in which words."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from shared import clock
from tests.world import TOLD, World

STORY: dict[str, Any] = TOLD | {
    "statement": {
        "what_went_wrong": "Wilhelmina Oxenstierna here: the motor shows alarm R4. Call me: 13800138000.",
        "feeling": "We feel left alone, says Wilhelmina Oxenstierna.",
        "wanted": "A replacement this week.",
    },
    "customer": {
        "external_id": "C-9001",
        "name": "Wilhelmina Oxenstierna",
        "email": "wilhelmina@oxenstierna.example",
        "key_account": True,
    },
    "product": {"id": "M-7", "name": "Servo motor", "batch": "2026-41", "supplier": "Bearings of Wuxi"},
    "facts": {"region": "CN-31"},
}
SECRETS = ("Wilhelmina", "Oxenstierna", "13800138000", "C-9001")


def since(days: int) -> dict[str, Any]:
    """The story of somebody who has been a customer for so many days."""
    day = clock.now().date() - timedelta(days=days)
    return STORY | {"customer": STORY["customer"] | {"since": str(day)}}


async def facts_of(world: World, complaint: dict[str, Any]) -> dict[str, Any]:
    await world.settled()
    answer = await world.http.get(f"/insights/v1/complaints/{complaint['id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def telling_of(world: World, complaint: dict[str, Any]) -> Any:
    await world.settled()
    async with world.context("insights").database.reading() as connection:
        question = text("SELECT * FROM tellings WHERE id = :id")
        return (await connection.execute(question, {"id": UUID(complaint["id"])})).one()


@pytest.mark.requirement("003-01", "N-E", "002-10")
async def test_insights_know_where_it_happened_to_whom_and_with_which_goods(world: World) -> None:
    complaint = await world.register(since(days=100))
    known = await facts_of(world, complaint)
    expected = {
        "region": "CN-31",
        "batch": "2026-41",
        "supplier": "Bearings of Wuxi",
        "standing": "new",
        "key_account": True,
        "language": "en",
    }
    assert {name: known[name] for name in expected} == expected
    [registered] = [
        json.loads(record.value)
        for record in await world.told_of(complaint["id"])
        if record.headers["ce_type"].startswith("redress.complaint.registered")
    ]
    assert (registered["region"], registered["standing"], registered["key_account"]) == ("CN-31", "new", True)
    assert known["customer_id"] == registered["customer_id"]
    assert "since" not in json.dumps(registered), "since when is nobody's business but intake's"
    everything = "".join(record.value.decode() for record in await world.told_of(complaint["id"]))
    assert not [secret for secret in SECRETS if secret in everything]


@pytest.mark.requirement("003-01")
async def test_a_customer_of_a_year_is_an_established_one(world: World) -> None:
    assert (await facts_of(world, await world.register(since(days=364))))["standing"] == "new"
    assert (await facts_of(world, await world.register(since(days=366))))["standing"] == "established"
    unknown = await facts_of(world, await world.register(STORY | {"customer": {"name": "Somebody Else"}}))
    assert (unknown["standing"], unknown["key_account"]) == (None, None)


@pytest.mark.requirement("002-10")
async def test_what_a_later_contact_corrects_is_corrected_here(world: World) -> None:
    complaint = await world.register(STORY)
    before = await facts_of(world, complaint)
    added = await world.http.post(
        f"/intake/v1/complaints/{complaint['id']}/additions",
        json={
            "channel": "phone",
            "said": "It was in Berlin, says Wilhelmina, and another batch.",
            "product": {"batch": "2026-42", "supplier": "Bearings of Ulm"},
            "facts": {"region": "DE-BE"},
        },
    )
    assert added.status_code == 201, added.text
    after = await facts_of(world, complaint)
    changed = {name: after[name] for name in after if after[name] != before[name]}
    assert {"region": "DE-BE", "batch": "2026-42", "supplier": "Bearings of Ulm"}.items() <= changed.items()
    assert (after["product"], after["key_account"]) == (before["product"], True)


@pytest.mark.requirement("P-36")
async def test_the_words_are_kept_masked_and_go_with_the_customer(world: World) -> None:
    mine = STORY | {"customer": STORY["customer"] | {"external_id": "C-9001-words"}}
    complaint = await world.register(mine)
    path, token = f"/intake/v1/complaints/{complaint['id']}", complaint["tracking_token"]
    added = await world.http.post(
        f"{path}/additions",
        json={"channel": "phone", "said": "Wilhelmina Oxenstierna called: still no answer."},
    )
    assert added.status_code == 201, added.text
    telling = await telling_of(world, complaint)
    assert "alarm R4" in telling.what_went_wrong
    assert "left alone" in telling.feeling
    assert telling.wanted == "A replacement this week."
    assert len(telling.added) == 1
    assert "still no answer" in telling.added[0]
    assert (telling.language, telling.product) == ("en", (await facts_of(world, complaint))["product"])
    assert not [secret for secret in SECRETS if secret in str(telling)]

    withdrawn = await world.customer.post(
        f"/intake/v1/tracking/{complaint['reference']}/withdrawal",
        headers={"X-Tracking-Token": token},
        json={"reason": "It works again."},
    )
    assert withdrawn.status_code == 200, withdrawn.text
    await world.settled()
    erased = await world.http.post(
        f"/intake/v1/customers/{telling.customer_id}/erasure", json={"reason": "Asked for."}
    )
    assert erased.status_code == 200, erased.text
    gone = await telling_of(world, complaint)
    assert gone.erased
    assert (gone.what_went_wrong, gone.feeling, gone.wanted, gone.added) == (None, None, None, [])
    assert gone.registered_at == telling.registered_at, "that there was a complaint is no secret"
