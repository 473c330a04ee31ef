"""What `bench/fill.py` writes is what the services read: it keeps in step with the tables."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from bench.fill import fill
from shared.tracking import tracking_token
from tests.conftest import NewDatabase
from tests.world import SECRET, World, open_world

pytestmark = pytest.mark.slow


async def test_what_was_filled_can_be_read_and_worked(new_database: NewDatabase, scratch: Path) -> None:
    url = await new_database()
    await fill(url, 100, SECRET)
    async with open_world(url, scratch) as world:
        listed = (await world.http.get("/intake/v1/complaints", params={"limit": 100})).json()["items"]
        newest, oldest = listed[0], listed[-1]
        assert len(listed) == 100
        assert (newest["status"], oldest["status"]) == ("open", "closed")
        for item in newest, oldest:
            await _is_told_everywhere(world, item)
        async with world.context("insights").database.reading() as connection:
            counted = await connection.execute(
                text("SELECT sum(received), sum(closed) FROM daily WHERE dimension = 'none'")
            )
            assert tuple(counted.one()) == (100, 99)

        path = f"/resolution/v1/cases/{newest['id']}/answer"
        answered = await world.http.post(path, json={"result": "It was exchanged."})
        assert answered.status_code == 200, answered.text
        await world.settled()
        tracked = await _tracked(world, newest)
        assert tracked["status"] == "carried_out", "the story of a filled complaint goes on"


async def _is_told_everywhere(world: World, item: dict[str, Any]) -> None:
    for path in (
        f"/intake/v1/complaints/{item['id']}",
        f"/intake/v1/complaints/{item['id']}/contact",
        f"/routing/v1/complaints/{item['id']}",
        f"/resolution/v1/cases/{item['id']}",
        f"/insights/v1/complaints/{item['id']}",
    ):
        answer = await world.http.get(path)
        assert answer.status_code == 200, f"{path}: {answer.text}"
    messages = await world.http.get("/notification/v1/deliveries", params={"complaint_id": item["id"]})
    assert len(messages.json()["items"]) == (2 if item["status"] == "open" else 6)
    assert (await _tracked(world, item))["status"] == item["status"]


async def _tracked(world: World, item: dict[str, Any]) -> dict[str, Any]:
    token = tracking_token(SECRET.encode(), UUID(item["id"]))
    answer = await world.customer.get(
        f"/intake/v1/tracking/{item['reference']}", headers={"X-Tracking-Token": token}
    )
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body
