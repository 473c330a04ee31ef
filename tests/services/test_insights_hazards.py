"""The register of hazards: found in what customers tell, or entered by people, and told to the department."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.insights.hazards.finding import HazardFinder
from shared import clock
from shared.events.intake import ProductRef
from shared.keys import create_key
from tests.conftest import NewDatabase
from tests.insights_story import START, records
from tests.services.test_insights import Insights, insights, open_insights  # noqa: F401 - a fixture
from tests.services.test_insights_voices import feed, told
from tests.world import World, eventually

URL = "/insights/v1/hazards"
KETTLE = ProductRef(name="kettle")


async def look(of: Insights, days: int = 1) -> int:
    with clock.moved_to(lambda: START + timedelta(days=days)):
        return await HazardFinder(of.context).turn()


@pytest.mark.requirement("000-25")
async def test_the_same_danger_in_several_complaints_is_registered_once(insights: Insights) -> None:  # noqa: F811
    story = [told(number, "The plug sparks and smokes.", product=KETTLE) for number in range(5)]
    story += [told(10, "I got an electric shock.", product=KETTLE), told(11, "It is late.", product=KETTLE)]
    await feed(insights, records(story))
    assert (await look(insights), await look(insights)) == (1, 0)
    (entry,) = (await insights.stranger.get(URL)).json()["items"]
    said = {
        name: entry[name]
        for name in ("danger", "product", "found_by", "state", "likelihood", "severity", "risk")
    }
    assert said == {
        "danger": "fire",
        "product": "kettle",
        "found_by": "rules",
        "state": "open",
        "likelihood": 3,
        "severity": 5,
        "risk": 15,
    }
    assert entry["evidence"] == [str(each[1].complaint_id) for each in reversed(story[:5])]
    assert entry["review_by"] == "2026-04-01"
    assert await insights.rows("SELECT headers->>'ce_type' FROM outbox") == [
        ("redress.hazard.registered.v1",)
    ]
    (first,) = (await insights.stranger.get(f"{URL}/{entry['id']}/history")).json()["items"]
    assert (first["version"], first["changed_by"]) == (1, "rules")
    assert {"field": "likelihood", "before": None, "after": 3} in first["changes"]


@pytest.mark.requirement("000-25")
async def test_a_hazard_that_comes_back_after_it_was_removed_is_a_new_entry(insights: Insights) -> None:  # noqa: F811
    await feed(insights, records([told(n, "The plug smokes.", product=KETTLE) for n in range(2)]))
    assert await look(insights) == 1
    async with insights.context.database.transaction() as transaction:
        await transaction.execute(
            text("UPDATE hazards SET state = 'removed', reason = 'r', ended_at = '2026-03-03T00:00:00Z'")
        )
    assert await look(insights, days=3) == 0, "the old complaints do not count again"
    await feed(insights, records([told(n, "The plug smokes.", product=KETTLE, day=5) for n in (20, 21)]))
    assert await look(insights, days=6) == 1
    assert len((await insights.stranger.get(URL)).json()["items"]) == 2


@pytest.mark.requirement("000-25", "003-11")
async def test_people_register_rate_and_end_a_hazard_and_the_department_is_told(world: World) -> None:
    complaint = await world.register()
    i = complaint["id"]
    body: dict[str, Any] = {
        "what": "The plug gets hot; ask 13800138000.",
        "product": "kettle",
        "likelihood": 3,
        "severity": 5,
        "review_by": "2020-01-01",
        "evidence": [i],
    }

    async def registered() -> Any:
        answer = await world.http.post(URL, json=body)
        return answer if answer.status_code == 201 else None

    made = await eventually(registered)
    entry = made.json()
    assert (entry["what"], entry["overdue"], made.headers["ETag"]) == (
        "The plug gets hot; ask [phone].",
        True,
        '"1"',
    )

    async def noticed() -> list[Any]:
        answer = await world.http.get(
            "/routing/v1/notices", params={"audience": "complaint-management", "limit": 200}
        )
        assert answer.status_code == 200, answer.text
        return [
            each
            for each in answer.json()["items"]
            if (each["reason"], each["complaint_id"]) == ("hazard-registered", i)
        ]

    assert await eventually(noticed)
    where = f"{URL}/{entry['id']}"
    accepted = body | {"state": "accepted", "owner": "li.na"}
    refused = await world.http.put(where, json=accepted)
    assert refused.status_code == 422
    old = await world.http.put(where, json=accepted | {"reason": "x"}, headers={"If-Match": '"7"'})
    assert old.status_code == 412
    done = await world.http.put(
        where, json=accepted | {"reason": "Within the norm."}, headers={"If-Match": '"1"'}
    )
    assert done.status_code == 200, done.text
    shown = (await world.http.get(where)).json()
    assert (shown["state"], shown["owner"], shown["version"], shown["overdue"]) == (
        "accepted",
        "li.na",
        2,
        False,
    )
    gone = await world.http.put(where, json=body | {"state": "removed", "reason": "Recalled."})
    assert gone.status_code == 200, gone.text
    late = await world.http.put(where, json=body | {"state": "open"})
    assert (late.status_code, late.json()["state"]) == (409, "removed")
    three, two, one = (await world.http.get(f"{where}/history")).json()["items"]
    assert (three["version"], three["changed_by"], three["changed_at"]) == (
        3,
        gone.json()["changed_by"],
        gone.json()["changed_at"],
    )
    assert three["changes"] == [
        {"field": "owner", "before": "li.na", "after": None},
        {"field": "state", "before": "accepted", "after": "removed"},
        {"field": "reason", "before": "Within the norm.", "after": "Recalled."},
    ]
    assert [change["field"] for change in two["changes"]] == ["owner", "state", "reason"]
    said = {change["field"]: change["after"] for change in one["changes"]}
    assert (said["what"], said["evidence"]) == ("The plug gets hot; ask [phone].", [i])
    assert "owner" not in said, "nothing was said of it"
    part = (await world.http.get(f"{where}/history", params={"limit": 2})).json()
    rest = (await world.http.get(f"{where}/history", params={"limit": 2, "cursor": part["next"]})).json()
    assert [each["version"] for each in (*part["items"], *rest["items"])] == [3, 2, 1]
    assert rest["items"] == [one]
    unknown = await world.http.get(f"{URL}/{i}/history")
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (404, "path/hazard_id")
    with pytest.raises(DBAPIError, match="only added to"):
        async with world.context("insights").database.transaction() as transaction:
            await transaction.execute(text("DELETE FROM hazard_versions"))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"evidence": []}, "body/evidence"),
        ({"evidence": ["01997f3e-6f0a-7cc0-8d6a-0f6d3c1c9e51"]}, "body/evidence/0"),
        ({"severity": 6}, "body/severity"),
        ({"what": " "}, "body/what"),
        ({"region": "Bavaria"}, "body/region"),
    ],
)
async def test_an_entry_that_says_nothing_is_refused(
    world: World, change: dict[str, Any], field: str
) -> None:
    body = {
        "what": "It gets hot.",
        "likelihood": 3,
        "severity": 5,
        "review_by": "2026-06-30",
        "evidence": ["01997f3e-6f0a-7cc0-8d6a-0f6d3c1c9e51"],
    }
    answer = await world.http.post(URL, json=body | change)
    assert answer.status_code == 422, answer.text
    assert field in [error["field"] for error in answer.json()["errors"]]


@pytest.mark.requirement("000-25")
async def test_what_the_rules_found_stays_a_hazard_of_its_product(
    new_database: NewDatabase, scratch: Path
) -> None:
    """Else it could not be told apart from that of the other product, nor be known again."""
    url = await new_database()
    async with open_insights(url, scratch) as opened:
        key = await create_key(url, "worker", ["cases:read", "cases:work"])
        opened.http.headers["Authorization"] = f"Bearer {key}"
        other = ProductRef(name="oven")
        given = records(
            [told(n, "The plug smokes.", product=KETTLE) for n in range(2)]
            + [told(n, "The plug smokes.", product=other) for n in range(2, 4)]
        )
        await feed(opened, given)
        await opened.feed(given)
        assert await look(opened) == 2
        mine, _ = (await opened.http.get(URL)).json()["items"]
        change = {
            name: mine[name]
            for name in ("what", "product", "likelihood", "severity", "state", "review_by", "evidence")
        }
        (there,) = {"kettle", "oven"} - {mine["product"]}
        for product in (there, "lamp", None):
            moved = await opened.http.put(f"{URL}/{mine['id']}", json=change | {"product": product})
            assert moved.status_code == 422, moved.text
            assert moved.json()["errors"][0]["field"] == "body/product"
        kept = await opened.http.put(f"{URL}/{mine['id']}", json=change)
        assert kept.status_code == 200, kept.text
        assert await look(opened, days=2) == 0
