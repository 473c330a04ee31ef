"""The policy of the reply check: what somebody writes to a customer is blocked, warned of, or sent all the same."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic_core import from_json

from services.resolution.books import BOOKS
from shared import clock
from shared.keys import create_key
from shared.reply_policy import REPLY_POLICY
from tests.resolution_story import HOUR
from tests.services.test_resolution import Office, open_office
from tests.world import World

BLAME = "It is your own fault."
BLAME_ZH = "这是您的错。"
BUSY = "We were very busy."
POLICY = "/resolution/v1/rulebooks/reply-policy"


@pytest.fixture
async def office(database_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    scopes = ["cases:read", "cases:work", "rulebooks:write"]
    async with open_office(database_url, tmp_path, scopes) as opened:
        with clock.moved_to(lambda: opened.now):
            yield opened


async def flags(office: Office, complaint_id: UUID) -> list[dict[str, Any]]:
    return [told for name, told in await office.published(complaint_id) if name == "reply.flagged"]


JUDGED = {"reason_sufficient": True, "demand_reasonable": True}
OFFER = {"remedies": ["repair"], "description": "We repair it."}


@pytest.mark.requirement("004-03", "001-16", "001-36", "000-12e", "N-H")
@pytest.mark.parametrize("words", [BLAME, BLAME_ZH])
async def test_wherever_a_person_writes_to_a_customer_blocked_words_are_refused_with_a_kinder_way(
    office: Office, words: str
) -> None:
    complaint_id = await office.opened()
    await office.done(complaint_id, "accept")
    for action, body, field in (
        ("reply", {"message": words}, "body/message"),
        ("ask-customer", {"question": words}, "body/question"),
        ("extend", {"hours": 8, "reason": words}, "body/reason"),
        ("judgement", JUDGED | {"explanation": words}, "body/explanation"),
        ("answer", {"result": words}, "body/result"),
    ):
        refused = await office.act(complaint_id, action, **body)
        assert (refused.status_code, refused.json()["type"]) == (422, "urn:redress:problem:reply-check"), (
            action
        )
        assert [each["field"] for each in refused.json()["errors"]] == [field]
        [finding] = refused.json()["findings"]
        assert finding["words"] in words
        assert finding["kinder"].keys() == finding["why"].keys() == {"zh", "en"}
        assert finding["kinder"]["zh"] in refused.json()["errors"][0]["detail"]
    await office.done(complaint_id, "judgement", **JUDGED, explanation="A fault of the batch.")
    offers = [OFFER, OFFER | {"description": words}]
    refused = await office.act(complaint_id, "offers", offers=offers)
    assert [each["field"] for each in refused.json()["errors"]] == ["body/offers/1/description"]
    assert await flags(office, complaint_id) == [], "what was not said is no fact"
    case = await office.read(complaint_id)
    assert words not in str(case)


@pytest.mark.requirement("004-03", "N-H")
async def test_milder_findings_go_out_and_are_told_to_the_writer_and_to_insights_without_the_words(
    office: Office,
) -> None:
    complaint_id = await office.opened()
    sent = await office.act(complaint_id, "reply", message=f"{BUSY} We call you on Friday.")
    assert sent.status_code == 200, sent.text
    assert sent.headers["Reply-Check"].startswith('excuse;family="busy";weight=2;field="body/message";start=')
    start, end = (int(part.partition("=")[2]) for part in sent.headers["Reply-Check"].split(";")[-2:])
    assert f"{BUSY} We call you on Friday."[start:end] in BUSY
    [flag] = await flags(office, complaint_id)
    assert (flag["families"], flag["heaviest"], flag["blocked"]) == ({"busy": 1}, 2, False)
    assert flag["written_by"].startswith("key:")
    assert "busy." not in str(flag)
    kind = await office.act(complaint_id, "reply", message="Thank you. We call you on Friday.")
    assert "Reply-Check" not in kind.headers
    assert len(await flags(office, complaint_id)) == 1


@pytest.mark.requirement("004-03")
async def test_somebody_entitled_sends_blocked_words_with_a_reason_when_the_policy_allows_it(
    office: Office, database_url: str
) -> None:
    complaint_id = await office.opened()
    reason = "The lawyer wants these words; Ann's number is 13800138000."
    body: dict[str, Any] = {"message": BLAME, "despite_findings": reason}
    assert (await office.act(complaint_id, "reply", **body)).status_code == 422, "without the scope"
    key = await create_key(database_url, "head", ["cases:work", "replies:override"])
    head = {"Authorization": f"Bearer {key}"}
    no_reason = await office.act(complaint_id, "reply", headers=head, message=BLAME)
    assert no_reason.status_code == 422
    assert "despite_findings" in no_reason.json()["detail"]
    assert (await office.act(complaint_id, "reply", headers=head, **body)).status_code == 200
    [flag] = await flags(office, complaint_id)
    assert (flag["blocked"], flag["heaviest"]) == (True, 3)
    assert flag["despite"].startswith("The lawyer wants these words")
    assert "13800138000" not in str(flag)

    strict = REPLY_POLICY.shipped.model_dump(mode="json") | {"may_be_overridden": False}
    await put_in_force(office, strict)
    assert (await office.act(complaint_id, "reply", headers=head, **body)).status_code == 422


async def put_in_force(office: Office, content: dict[str, Any]) -> None:
    made = await office.http.post(f"{POLICY}/versions", json={"content": content, "reason": "Agreed."})
    assert made.status_code == 201, made.text
    switch = {"version": made.json()["version"], "reason": "Agreed."}
    assert (await office.http.put(POLICY, json=switch)).status_code == 200


@pytest.mark.requirement("004-03")
async def test_the_policy_decides_by_weight_by_family_and_by_readers(office: Office) -> None:
    complaint_id = await office.opened()
    lenient = {
        "by_weight": {"1": "off", "2": "off", "3": "warn"},
        "families": {"busy": "block"},
        "readers": {"everybody": {"fault": "block"}},
        "may_be_overridden": False,
    }
    await put_in_force(office, lenient)
    assert (await office.act(complaint_id, "reply", message=BUSY)).status_code == 422
    assert (await office.act(complaint_id, "reply", message=BLAME)).status_code == 200
    for readers, blocked in (("customer", False), ("everybody", True)):
        seen = await office.http.post("/resolution/v1/wording", json={"text": BLAME, "readers": readers})
        assert seen.json()["blocked"] is blocked
    for wrong, says in (
        ({"families": {"nonsense": "block"}}, "there is no family"),
        ({"by_weight": {"3": "block"}}, "weight 1"),
    ):
        body = {"content": lenient | wrong, "reason": "Try."}
        refused = await office.http.post(f"{POLICY}/versions", json=body)
        assert refused.status_code == 422
        assert says in refused.text


@pytest.mark.requirement("001-16", "000-12e")
async def test_the_company_s_own_words_count_like_those_of_the_check(office: Office) -> None:
    complaint_id = await office.opened()
    book = next(each for each in BOOKS if each.kind == "explanations")
    content = book.shipped.model_dump(mode="json")
    content["blaming"].append("mishandled by the owner")
    url = "/resolution/v1/rulebooks/explanations"
    made = await office.http.post(f"{url}/versions", json={"content": content, "reason": "Ours."})
    assert made.status_code == 201, made.text
    await office.http.put(url, json={"version": 1, "reason": "Ours."})
    refused = await office.act(complaint_id, "reply", message="It was Mishandled  by the\nowner, we think.")
    [finding] = refused.json()["findings"]
    assert (finding["family"], finding["words"]) == ("house-blame", "Mishandled  by the\nowner")


async def test_a_repeated_request_is_answered_as_the_first_was(office: Office) -> None:
    complaint_id = await office.opened()
    office.now += HOUR
    key = {"Idempotency-Key": "one"}
    for replayed in (None, "true"):
        sent = await office.act(complaint_id, "reply", headers=key, message=BUSY)
        assert (sent.status_code, sent.headers.get("Idempotent-Replayed")) == (200, replayed)
    assert len(await flags(office, complaint_id)) == 1


@pytest.mark.requirement("004-03", "000-12e")
async def test_the_dialogue_and_what_is_restated_pass_the_same_check(world: World) -> None:
    registered = await world.register()
    url = f"/intake/v1/complaints/{registered['id']}"
    refused = await world.http.post(f"{url}/messages", json={"text": BLAME_ZH})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "body/text")
    restated = {"channel": "phone", "restatement": {"text": BLAME}}
    refused = await world.http.post(f"{url}/additions", json=restated)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "body/restatement/text")
    known = {"channel": "phone", "restatement": {"text": BLAME, "confirmed": True}}
    assert (await world.http.post(f"{url}/additions", json=known)).status_code == 201, (
        "it is not sent any more"
    )

    warned = await world.http.post(f"{url}/messages", json={"text": f"{BUSY} It comes on Friday."})
    assert warned.status_code == 201, warned.text
    assert 'family="busy"' in warned.headers["Reply-Check"]
    body = {"text": BLAME, "despite_findings": "They asked for plain words."}
    assert (await world.http.post(f"{url}/messages", json=body)).status_code == 201
    await world.settled()
    told = [
        record for record in await world.log_records("redress.resolution") if record.key == registered["id"]
    ]
    flags = [from_json(each.value) for each in told if each.headers["ce_type"] == "redress.reply.flagged.v1"]
    assert [(each["families"], each["blocked"], each.get("despite")) for each in flags] == [
        ({"busy": 1}, False, None),
        # The company lists it among its excuses, too: that counts as a taboo of its own.
        ({"fault": 1, "house-excuse": 1}, True, "They asked for plain words."),
    ]
