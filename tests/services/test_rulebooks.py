"""Rulebooks over HTTP: the tables by which routing decides, with versions."""

from typing import Any

import pytest

from services.routing.transfer.distribution import DISTRIBUTION
from shared.keys import create_key
from tests.world import World

URL = "/routing/v1/rulebooks/distribution"
ROW = {
    "fact": "redress.complaint.triaged",
    "audience": "leadership",
    "reason": "all-of-them",
    "words_en": "Any complaint",
    "words_zh": "任何投诉",
}
LEADERS_HEAR_ALL = DISTRIBUTION.shipped.model_dump(mode="json") | {"rows": [ROW]}


async def _told(world: World, registered: dict[str, Any]) -> set[str]:
    """The audiences that were told of the complaint."""
    await world.settled()
    told = set()
    for audience in ("responsible-department", "technical-support", "leadership"):
        records = await world.log_records(f"redress.transfer.{audience}")
        told |= {audience for record in records if record.key == registered["id"]}
    return told


@pytest.mark.empty_world
@pytest.mark.requirement("003-17", "002-11")
async def test_a_version_decides_once_it_is_switched_on_and_until_another_one_is(world: World) -> None:
    listed = (await world.http.get("/routing/v1/rulebooks")).json()
    assert {each["kind"]: each["version"] for each in listed}["distribution"] == 0
    made = await world.http.post(
        f"{URL}/versions", json={"content": LEADERS_HEAR_ALL, "reason": "The general manager asked for it."}
    )
    assert (made.status_code, made.json()) == (201, {"kind": "distribution", "version": 1})
    assert await _told(world, await world.register()) == {"responsible-department", "technical-support"}

    shipped = await world.http.get(URL)
    switched = await world.http.put(
        URL, json={"version": 1, "reason": "Agreed."}, headers={"If-Match": shipped.headers["ETag"]}
    )
    assert (switched.status_code, switched.headers["ETag"]) == (200, '"1"')
    assert await _told(world, await world.register()) == {"leadership"}

    late = await world.http.put(
        URL, json={"version": 0, "reason": "No."}, headers={"If-Match": shipped.headers["ETag"]}
    )
    assert late.status_code == 412
    back = await world.http.put(URL, json={"version": 0, "reason": "Too much."}, headers={"If-Match": "*"})
    assert back.json()["content"] == shipped.json()["content"]
    assert await _told(world, await world.register()) == {"responsible-department", "technical-support"}

    made_one, shipped_one = (await world.http.get(f"{URL}/versions")).json()
    assert (made_one["version"], made_one["in_force"], made_one["reason"]) == (
        1,
        False,
        "The general manager asked for it.",
    )
    assert (shipped_one["version"], shipped_one["in_force"]) == (0, True)
    assert shipped_one["switched_because"] == "Too much.", "who switched back said why"
    assert (await world.http.get(f"{URL}/versions/1")).json()["content"]["rows"][0]["reason"] == "all-of-them"


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (LEADERS_HEAR_ALL | {"rows": []}, "body/content/rows"),
        (LEADERS_HEAR_ALL | {"rows": [ROW | {"audience": "everybody"}]}, "body/content/rows/0/audience"),
        (LEADERS_HEAR_ALL | {"more": 1}, "body/content/more"),
        ({}, "body/content/rows"),
    ],
)
async def test_a_version_that_says_nothing_sensible_is_refused(
    world: World, content: dict[str, Any], field: str
) -> None:
    answer = await world.http.post(f"{URL}/versions", json={"content": content, "reason": "A try."})
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]


async def test_what_was_never_made_cannot_be_switched_on(world: World) -> None:
    answer = await world.http.put(URL, json={"version": 99, "reason": "A try."})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (404, "body/version")
    assert (await world.http.get(f"{URL}/versions/99")).status_code == 404


async def test_a_version_is_made_once_however_often_it_is_sent(world: World) -> None:
    body = {"content": LEADERS_HEAR_ALL, "reason": "Sent twice."}
    answers = [
        await world.http.post(f"{URL}/versions", json=body, headers={"Idempotency-Key": "v"})
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()


async def test_who_only_reads_cases_changes_no_rulebook(world: World) -> None:
    reader = {"Authorization": f"Bearer {await create_key(world.url, 'reader', ['cases:read'])}"}
    assert (await world.http.get(URL, headers=reader)).status_code == 200
    body = {"content": LEADERS_HEAR_ALL, "reason": "A try."}
    assert (await world.http.post(f"{URL}/versions", json=body, headers=reader)).status_code == 403
    assert (await world.http.put(URL, json={"version": 0, "reason": "x"}, headers=reader)).status_code == 403


async def test_the_document_says_what_each_rulebook_holds(world: World) -> None:
    document = (await world.http.get("/routing/openapi.json")).json()
    body = document["paths"]["/v1/rulebooks/distribution/versions"]["post"]["requestBody"]
    reference = body["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
    content = document["components"]["schemas"][reference]["properties"]["content"]["$ref"]
    assert content.endswith("/DistributionTableGiven")
