"""From a complaint at the door to a notice on the desk of those who lead, by way of the early warning."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from services.insights.alerts.watch import Watch
from shared import clock
from shared.ids import derived_id
from tests.services.test_early_warning import JUDGED_AT, MONDAY, QUIET, SURGE, URL, WEEK, at, put, surge
from tests.world import TOLD, World, eventually

YEAR_LATER = 60 * WEEK
"""After the present: whatever the clock of the machine says, nothing else happens in that week."""


@pytest.mark.empty_world
@pytest.mark.requirement("003-06", "003-12", "N-G", "000-18")
async def test_leadership_and_the_department_hear_of_a_surge_and_decide(world: World) -> None:
    insights = world.context("insights")
    moment = at(MONDAY + timedelta(days=6)) + YEAR_LATER
    with clock.moved_to(lambda: moment):
        told = await world.register(TOLD | {"product": {"name": "kettle"}})  # the newest of the surge
        await world.settled()
    moved = [
        each | {"registered_at": each["registered_at"] + YEAR_LATER, "id": derived_id("moved", each["id"])}
        for each in [*QUIET, *SURGE]
    ]
    await put(insights.database, *moved)
    async with insights.database.transaction() as transaction:
        # Somebody coded it as the others of the surge: it is the same trouble.
        await transaction.execute(
            text("UPDATE complaints SET category = 'function_fault', subcategory = 'use' WHERE id = :id"),
            {"id": told["id"]},
        )
    with clock.moved_to(lambda: JUDGED_AT + YEAR_LATER):
        await insights.part(Watch).turn()

        async def raised() -> list[dict[str, object]]:
            items: list[dict[str, object]] = (await world.http.get(URL, params={"limit": 200})).json()[
                "items"
            ]
            return items

        found = surge(await eventually(raised, what="the alert"), product="kettle", subcategory="use")
        await world.settled()

        for audience in ("leadership", "responsible-department"):
            notices = await world.http.get("/routing/v1/notices", params={"audience": audience, "limit": 200})
            heard = [
                each
                for each in notices.json()["items"]
                if (each["complaint_id"], each["reason"]) == (told["id"], "early-warning")
            ]
            assert heard, audience
        url = f"{URL}/{found['id']}"
        seen = await world.http.post(f"{url}/acknowledge")
        assert seen.status_code == 200, seen.text
        confirmed = await world.http.post(f"{url}/confirm", json={"reason": "The handle breaks."})
        assert confirmed.json()["verdict"] == "confirmed"
        await world.settled()
    records = await world.log_records("redress.insights")
    types = [record.headers["ce_type"] for record in records]
    assert {
        "redress.warning.raised.v1",
        "redress.warning.acknowledged.v1",
        "redress.warning.confirmed.v1",
    } <= set(types)
