"""What the other services tell for the briefings: people of an audience, a period, what deserves attention."""

from typing import Any

import pytest

from shared import clock
from tests.services.test_transfer import GRAVE, change_people
from tests.world import TOLD, World

DAY = {"since": "2026-05-11T00:00:00+08:00", "until": "2026-05-12T00:00:00+08:00"}


async def people(world: World, audience: str, **params: Any) -> dict[str | None, list[str]]:
    answer = await world.http.get(f"/routing/v1/audiences/{audience}/people", params=params)
    assert answer.status_code == 200, answer.text
    return {group["department"]: group["people"] for group in answer.json()}


@pytest.mark.empty_world
@pytest.mark.requirement("003-16")
async def test_an_audience_is_who_is_in_charge(world: World) -> None:
    each = await people(world, "responsible-department", each_department=True)
    assert each["quality"] == ["chen.jing"]
    assert each["technical_support"] == ["wang.lei", "zhang.wei"], "nobody is in charge: everybody"
    await change_people(world, "UPDATE people SET supervisor = 'wang.lei' WHERE id = 'zhang.wei'")
    await change_people(world, "UPDATE people SET role = 'rd' WHERE id = 'zhang.wei'")
    assert await people(world, "technical-support") == {None: ["wang.lei", "liu.yang"]}
    assert await people(world, "technical-support", role="rd") == {None: ["zhang.wei"]}
    assert await people(world, "leadership") == {None: []}
    await change_people(world, "UPDATE people SET role = 'general_manager' WHERE id = 'zhao.lin'")
    assert await people(world, "leadership", person=["li.na", "nobody"]) == {None: ["zhao.lin", "li.na"]}
    assert await people(world, "person-concerned", person="li.na") == {None: ["li.na"]}
    assert await people(world, "complaint-management") == {None: ["chen.jing"]}


@pytest.mark.empty_world
@pytest.mark.requirement("002-10", "002-16")
async def test_a_period_counts_a_department_and_the_time_before(world: World) -> None:
    for told in (GRAVE, TOLD):
        await world.register(told)
    await world.settled()
    now = clock.now()
    url = "/insights/v1/periods"
    here = {"since": f"{now:%Y-%m-%d}T00:00:00Z", "until": "2200-01-01T00:00:00Z"}
    too_long = await world.http.get(url, params=here)
    assert (too_long.status_code, too_long.json()["errors"][0]["field"]) == (422, "query/since")
    year = {"since": f"{now.year}-01-01T00:00:00Z", "until": f"{now.year + 1}-01-01T00:00:00Z"}
    whole = (await world.http.get(url, params=year)).json()
    assert (whole["now"]["received"], whole["now"]["open"], whole["before"]["received"]) == (2, 2, 0)
    by_department = [
        (await world.http.get(url, params=year | {"department": code})).json()["now"]["received"]
        for code in ("technical_support", "sales")
    ]
    assert by_department == [2, 0]
    after = {"since": year["until"], "until": f"{now.year + 2}-01-01T00:00:00Z"}
    later = (await world.http.get(url, params=after)).json()
    assert (later["now"]["received"], later["before"]["received"]) == (0, 2)
    assert later["categories"][0] == {"key": "function_fault", "now": 0, "before": 2}
    assert len(later["days"]) == 14
    unknown = await world.http.get(url, params=DAY | {"zone": "Mars/Olympus"})
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "query/zone")


@pytest.mark.empty_world
@pytest.mark.requirement("003-12")
async def test_what_deserves_attention_is_severe_or_public(world: World) -> None:
    grave = await world.register(GRAVE)
    await world.register()
    await world.settled()
    now = clock.now()
    url = "/resolution/v1/attention"
    year = {"since": f"{now.year}-01-01T00:00:00Z", "until": f"{now.year + 1}-01-01T00:00:00Z"}
    found = (await world.http.get(url, params=year)).json()
    assert [case["reference"] for case in found["severe"]["items"]] == [grave["reference"]]
    other = (await world.http.get(url, params=year | {"department": "sales"})).json()
    assert other["severe"] == {"total": 0, "items": []}
    wrong = await world.http.get(url, params={"since": year["until"], "until": year["since"]})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "query/since")
