"""Purchases of customers who had complained: told by the shop, on the log without a number, gone with the customer."""

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from shared.ids import derived_id
from tests.world import World

URL = "/intake/v1/purchases"
WHY = {"X-Purpose": "asked by the customer"}


def purchase(number: str, order: str, **changes: Any) -> dict[str, Any]:
    at = datetime.now(UTC).isoformat()
    known = {
        "external_id": number,
        "order_id": order,
        "purchased_at": at,
        "product": "Kettle of ann@example.com",
    }
    return known | {"amount": {"amount": "99.50", "currency": "CNY"}} | changes


async def tell(world: World, *purchases: dict[str, Any], **headers: str) -> dict[str, int]:
    answer = await world.http.post(URL, json={"purchases": purchases}, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, int] = answer.json()
    return found


async def complain(world: World, number: str) -> str:
    told = {
        "channel": "phone",
        "language": "en",
        "statement": {"what_went_wrong": "It hums."},
        "customer": {"external_id": number, "name": "Ann Example"},
    }
    answer = await world.http.post("/intake/v1/complaints", json=told)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def bought(world: World, complaint_id: str) -> list[datetime]:
    async with world.context("insights").database.reading() as connection:
        query = text("SELECT bought_at FROM journeys WHERE id = CAST(:id AS uuid)")
        found: list[datetime] | None = (await connection.execute(query, {"id": complaint_id})).scalar()
    return found or []


@pytest.mark.requirement("000-15", "N-J")
async def test_only_those_who_complained_before_are_kept_and_each_order_once(world: World) -> None:
    before = purchase("B-1", "O-0", purchased_at="2026-01-01T00:00:00Z")
    first = await complain(world, "B-1")
    told = [before, purchase("B-1", "O-1"), purchase("B-1", "O-1"), purchase("nobody", "O-2")]
    assert await tell(world, *told) == {"recorded": 1, "repeated": 1, "passed_over": 2}
    assert await tell(world, *told) == {"recorded": 0, "repeated": 2, "passed_over": 2}
    second = await complain(world, "B-1")
    assert (await tell(world, purchase("B-1", "O-3")))["recorded"] == 1
    await world.settled()
    assert (len(await bought(world, first)), len(await bought(world, second))) == (1, 1)
    async with world.context("intake").database.reading() as connection:
        rows = (await connection.execute(text("SELECT p::text FROM purchases p"))).scalars().all()
    whole = " ".join(rows)
    assert not any(word in whole for word in ("O-1", "B-1", "ann@example.com")), "neither number, and masked"


@pytest.mark.requirement("000-15", "P-32", "N-J")
async def test_what_an_erased_customer_bought_is_exported_and_goes(world: World) -> None:
    case = await complain(world, "B-5")
    await tell(world, purchase("B-5", "O-1"))
    await world.settled()
    customer = derived_id("customer", "B-5")
    export = await world.http.get(f"/intake/v1/customers/{customer}/export", headers=WHY)
    with zipfile.ZipFile(io.BytesIO(export.content)) as archive:
        told = " ".join(archive.read(name).decode() for name in archive.namelist() if name.endswith(".json"))
        shown = [json.loads(archive.read(name)) for name in archive.namelist() if name.endswith(".json")]
    assert "99.50" in told, shown
    erased = await world.http.post(
        f"/intake/v1/customers/{customer}/erasure", json={"reason": "Asked for.", "even_open": True}
    )
    assert erased.status_code == 200, erased.text
    await world.settled()
    assert await bought(world, case) == []
    async with world.context("intake").database.reading() as connection:
        query = text("SELECT count(*) FROM purchases WHERE complaint_id = CAST(:id AS uuid)")
        assert (await connection.execute(query, {"id": case})).scalar_one() == 0
    assert (await tell(world, purchase("B-5", "O-2")))["passed_over"] == 1


async def test_what_has_not_happened_is_refused_by_its_place(world: World) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    body = {"purchases": [purchase("B-6", "O-1"), purchase("B-6", "O-2", purchased_at=tomorrow)]}
    answer = await world.http.post(URL, json=body)
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == ["body/purchases/1/purchased_at"]
    assert (await world.customer.post(URL, json=body)).status_code in (401, 403)
