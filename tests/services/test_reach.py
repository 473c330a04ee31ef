"""How customers are reached who may never have complained: told to intake, asked of it, erased and exported."""

import io
import json
import zipfile
from typing import Any

import pytest
from sqlalchemy import text

from shared.ids import derived_id
from tests.world import World

URL = "/intake/v1/customers/contacts"
WHY = {"X-Purpose": "recall of M7"}


def contact(number: str, **changes: Any) -> dict[str, Any]:
    known = {"external_id": number, "name": "Bo Silent", "email": f"{number}@example.com", "language": "zh"}
    return known | changes


async def tell(world: World, *contacts: dict[str, Any]) -> list[str]:
    answer = await world.http.post(URL, json={"contacts": contacts})
    assert answer.status_code == 200, answer.text
    found: list[str] = answer.json()["customer_ids"]
    return found


async def ask(world: World, *customer_ids: str) -> list[dict[str, Any]]:
    answer = await world.http.get(URL, params={"customer": customer_ids}, headers=WHY)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


@pytest.mark.requirement("003-08", "P-32")
async def test_the_last_word_counts_and_the_number_decides_who_it_is(world: World) -> None:
    [first, again] = await tell(
        world, contact("R-1"), contact("R-1", email="new@example.com", phone="13800138000")
    )
    assert first == again == str(derived_id("customer", "R-1"))
    assert await ask(world, first, str(derived_id("customer", "nobody"))) == [
        {
            "customer_id": first,
            "name": "Bo Silent",
            "email": "new@example.com",
            "phone": "13800138000",
            "language": "zh",
        }
    ]
    async with world.context("intake").database.reading() as connection:
        stored = str((await connection.execute(text("SELECT k::text FROM customer_contacts k"))).all())
    assert "example.com" not in stored, "it is sealed"


@pytest.mark.requirement("003-08", "P-32", "N-J")
async def test_what_was_not_told_apart_their_newest_complaints_tell(world: World) -> None:
    told = {
        "channel": "phone",
        "language": "en",
        "statement": {"what_went_wrong": "It hums."},
        "customer": {"external_id": "R-2", "name": "Ann Example", "email": "ann@example.com"},
    }
    assert (await world.http.post("/intake/v1/complaints", json=told)).status_code == 201
    later = told | {"customer": {"external_id": "R-2", "phone": "13900139000"}}
    assert (await world.http.post("/intake/v1/complaints", json=later)).status_code == 201
    customer = str(derived_id("customer", "R-2"))
    [found] = await ask(world, customer)
    assert (found["email"], found["phone"], found["language"]) == ("ann@example.com", "13900139000", "en")
    await world.settled()
    for case in (await world.http.get("/intake/v1/complaints", params={"limit": 2})).json()["items"]:
        chain = (await world.http.get(f"/resolution/v1/cases/{case['id']}/audit?limit=200")).json()["items"]
        reads = [each["note"] for each in chain if each["action"] == "read"]
        assert reads.count({"what": "contact", "purpose": "recall of M7"}) == 1
    await tell(world, contact("R-2", name="Ann New", email="ann.new@example.com"))
    [found] = await ask(world, customer)
    assert (found["name"], found["email"], found["phone"]) == (
        "Ann New",
        "ann.new@example.com",
        "13900139000",
    )


@pytest.mark.requirement("003-08", "P-32")
async def test_every_reading_is_noted_and_an_erased_customer_is_gone(world: World) -> None:
    [customer] = await tell(world, contact("R-3"))
    refused = await world.http.get(URL, params={"customer": customer}, headers={"X-Purpose": ""})
    assert refused.status_code == 422
    assert len(await ask(world, customer)) == 1
    trail = (await world.http.get("/intake/v1/audit/personal-data", params={"limit": 200})).json()["items"]
    [entry] = [e for e in trail if e.get("customer_id") == customer]
    assert (entry["what"], entry["purpose"]) == ("contact", "recall of M7")
    assert "complaint_id" not in entry

    export = await world.http.get(f"/intake/v1/customers/{customer}/export", headers=WHY)
    with zipfile.ZipFile(io.BytesIO(export.content)) as archive:
        assert json.loads(archive.read("contact.json"))["email"] == "R-3@example.com"

    erased = await world.http.post(f"/intake/v1/customers/{customer}/erasure", json={"reason": "Asked for."})
    assert erased.status_code == 200, erased.text
    assert await ask(world, customer) == []
    async with world.context("intake").database.reading() as connection:
        query = text("SELECT octet_length(sealed) FROM customers WHERE id = :id")
        assert (await connection.execute(query, {"id": customer})).scalar_one() == 0
    await tell(world, contact("R-3"))
    assert len(await ask(world, customer)) == 1, "who comes again is known again"


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"email": None}, "body/contacts/0"),
        ({"language": "fr"}, "body/contacts/0/language"),
        ({"email": "x"}, "email"),
    ],
)
async def test_what_nobody_could_be_reached_by_is_refused(
    world: World, changes: dict[str, Any], place: str
) -> None:
    answer = await world.http.post(URL, json={"contacts": [contact("R-4", **changes)]})
    assert answer.status_code == 422
    assert place in answer.json()["errors"][0]["field"]
