"""What a text says, over HTTP; and the rulebook of values that is edited."""

from typing import Any

import pytest

from shared.keys import create_key
from tests.world import World

URL = "/insights/v1/cues"
BOOK = "/insights/v1/rulebooks/value-orientation"


@pytest.mark.requirement("002-25", "000-25", "000-23")
async def test_who_reads_a_complaint_sees_what_its_words_say_and_where(world: World) -> None:
    text = "热水壶漏电，客服骂人！不要退款，要求换货并赔偿500元，否则打12315。"
    answer = await world.http.post(URL, json={"text": f"  {text}\n", "language": "zh"})
    assert answer.status_code == 200, answer.text
    heard: dict[str, Any] = answer.json()
    assert (heard["remedies"], heard["refused"]) == (["exchange", "compensation"], ["refund"])
    assert {each["code"] for each in heard["values"]} == {"safety", "respect"}
    assert all(each["name_zh"] and each["name_en"] for each in heard["values"])
    assert {"safety", "threat", "facet", "remedy"} <= {each["cue"] for each in heard["findings"]}
    for each in heard["findings"]:
        assert heard["text"][each["start"] : each["end"]] == each["words"]
    (paid,) = [each["amount"] for each in heard["findings"] if each["amount"]]
    assert paid == {"value": "500", "currency": "CNY"}
    assert heard["valence"] == "negative"
    assert -1 < heard["polarity"] < 0


async def test_irony_is_left_to_people(world: World) -> None:
    heard = (await world.http.post(URL, json={"text": "Thanks for nothing."})).json()
    assert (heard["polarity"], heard["valence"], heard["emotions"]) == (None, None, [])


@pytest.mark.empty_world
@pytest.mark.requirement("000-23")
async def test_the_company_says_which_values_a_disappointment_touches(world: World) -> None:
    text = {"text": "The parcel is late."}
    before = (await world.http.post(URL, json=text)).json()
    assert ([each["code"] for each in before["values"]], before["values_version"]) == (["speed"], 0)
    content = {
        "values": [{"code": "reliance", "name_en": "Being able to rely on it", "name_zh": "靠得住"}],
        "facets": {"late": ["reliance"]},
    }
    made = await world.http.post(f"{BOOK}/versions", json={"content": content, "reason": "Our own words."})
    assert made.status_code == 201, made.text
    switched = await world.http.put(BOOK, json={"version": 1, "reason": "Agreed."}, headers={"If-Match": "*"})
    assert switched.status_code == 200, switched.text
    after = (await world.http.post(URL, json=text)).json()
    assert ([each["code"] for each in after["values"]], after["values_version"]) == (["reliance"], 1)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body/text"),
        ({"text": "   "}, "body/text"),
        ({"text": "a" * 10_001}, "body/text"),
        ({"text": "a\x00"}, "body/text"),
        ({"text": "a", "language": "fr"}, "body/language"),
        ({"text": "a", "more": 1}, "body/more"),
    ],
)
async def test_what_cannot_be_read_is_refused_with_the_field(
    world: World, body: dict[str, Any], field: str
) -> None:
    answer = await world.http.post(URL, json=body)
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == [field]


async def test_it_is_for_those_who_may_read_cases(world: World) -> None:
    other = {"Authorization": f"Bearer {await create_key(world.url, 'measures', ['measures:read'])}"}
    answer = await world.http.post(URL, json={"text": "Hello."}, headers=other)
    assert answer.status_code == 403
