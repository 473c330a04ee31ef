"""Listening, reopening, outside bodies and the case file, over HTTP and the log."""

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pypdfium2
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared import clock
from shared.events import ComplaintSupplemented, CustomerErased
from shared.events.vocabulary import Because, Channel, Emotion, Outcome
from shared.ids import new_id
from shared.keys import create_key
from tests.audit import audit
from tests.resolution_story import HOUR, NINE, assigned, opinion, registered
from tests.services.test_resolution import Office, open_office
from tests.world import World

CALL = {
    **{"via": "phone", "emotion": "aggrieved", "customer_seconds": 480, "agent_seconds": 110},
    **{"empathy": True, "polite_name": True, "solution_focus": False, "slips": ["interruption"]},
    **{
        "key_points": ["Call 13800138000."],
        "questions": ["open", "closed"],
        "positive_value": "Word is kept.",
    },
    **{"locked_point": "Nobody called.", "point_confirmed": True, "needs": ["valued"]},
}


@pytest.fixture
async def office(database_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(database_url, tmp_path, ["cases:read", "cases:work"]) as opened:
        with clock.moved_to(lambda: opened.now):
            yield opened


def supplemented(complaint_id: UUID, emotion: Emotion, office: Office) -> ComplaintSupplemented:
    return ComplaintSupplemented(
        **{"complaint_id": complaint_id, "addition_id": new_id(), "number": 1, "contact_at": office.now},
        **{
            "added_by": "key:desk",
            "added_at": office.now,
            "medium": Channel.PHONE.medium,
            "channel": Channel.PHONE,
        },
        **{"emotion": emotion, "completeness": 0.5},
    )


async def note(office: Office, complaint_id: UUID, **changes: Any) -> httpx.Response:
    url = f"/resolution/v1/cases/{complaint_id}/contacts"
    return await office.http.post(url, json=CALL | changes)


@pytest.mark.requirement("004-02", "004-04", "004-05", "004-06", "004-07", "001-26")
async def test_a_contact_is_judged_by_the_nine_behaviours_and_kept_without_personal_data(
    office: Office,
) -> None:
    complaint_id = await office.opened()
    office.now += HOUR
    answer = await note(office, complaint_id)
    assert answer.status_code == 201, answer.text
    held = answer.json()
    assert held["checklist"] == {
        **dict.fromkeys(("empathy", "polite_name", "talk_share", "key_points", "clarifying"), "met"),
        **{
            "restraint": "missed",
            "summary": "missed",
            "solution_focus": "missed",
            "eye_contact": "not_applicable",
        },
    }
    assert (held["talk_share"], held["funnel"], held["point_confirmed"]) == (81, True, True)
    assert (held["key_points"], held["positive_value"], held["needs"]) == (
        ["Call [phone]."],
        "Word is kept.",
        ["valued"],
    )
    poor = (await note(office, complaint_id, customer_seconds=79, agent_seconds=21)).json()
    assert poor["checklist"]["talk_share"] == "missed"
    listed = await office.read(complaint_id, "/contacts?limit=1")
    assert listed["items"] == [held]
    told = dict(await office.published(complaint_id))["contact.held"]
    assert (told["met"], told["judged"], told["emotion"]) == (4, 8, "aggrieved")
    heard = await office.read(complaint_id, "/listening")
    assert heard["understood_at"] is not None
    assert [e["kind"] for e in (await office.read(complaint_id))["timeline"]][-2:] == ["contact_held"] * 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"agent_seconds": None}, "both"),
        ({"via": "mail"}, "mail"),
        ({"eye_contact": True}, "eye_contact"),
        ({"locked_point": None}, "locked_point"),
        ({"summary_confirmed": True}, "summary"),
        ({"emotion": "calm"}, "positive_value"),
        ({"customer_seconds": 0, "agent_seconds": 0}, "times"),
        ({"held_at": "2026-03-02T01:00:01Z"}, "held_at"),
    ],
)
async def test_a_contact_that_contradicts_itself_is_refused_with_the_remedy(
    office: Office, changes: dict[str, Any], field: str
) -> None:
    complaint_id = await office.opened()
    refused = await note(office, complaint_id, **changes)
    assert refused.status_code == 422, refused.text
    assert field in refused.text
    assert (await office.read(complaint_id, "/contacts"))["items"] == []


@pytest.mark.requirement("004-02", "004-08", "N-H")
async def test_emotions_of_all_contacts_are_one_trajectory_and_the_last_one_gates_the_closing(
    office: Office,
) -> None:
    complaint_id = new_id()
    angry = registered(complaint_id).model_copy(update={"emotion": Emotion.ANGRY})
    await office.hear(angry, assigned(complaint_id))
    await note(office, complaint_id)
    await office.done(complaint_id, "answer", result="Screw sent.")
    refused = await office.act(complaint_id, "close", outcome="satisfied", reason="Said so.")
    assert refused.status_code == 409
    assert "negative_reason" in refused.json()["reason"]["zh"]
    await office.hear(supplemented(complaint_id, Emotion.RELIEVED, office))
    case = await office.done(
        complaint_id, "close", outcome="satisfied", reason="Said so.", trust_restored=True
    )
    assert (case["last_emotion"], case["ended_negative"], case["trust_restored"]) == ("relieved", False, True)
    heard = await office.read(complaint_id, "/listening")
    assert [(e["emotion"], e["told"]) for e in heard["emotions"]] == [
        ("angry", "intake"),
        ("aggrieved", "contact"),
        ("relieved", "intake"),
    ]
    assert (heard["turned"], heard["ended_negative"]) == (True, False)
    office.now += HOUR
    await office.hear(supplemented(complaint_id, Emotion.DISAPPOINTED, office))
    assert (await office.read(complaint_id))["ended_negative"] is True
    assert (await office.read(complaint_id, "/listening"))["turned"] is False
    assert (await office.types(complaint_id))[-1] == "case.ended-negative"


@pytest.mark.requirement("004-08", "000-10")
async def test_the_database_refuses_what_must_never_be(office: Office) -> None:
    closed = await office.carried_out()
    await office.hear(opinion(closed, Outcome.SATISFIED, office.now))
    database = office.context.database
    for wrong in (
        "UPDATE cases SET last_emotion = 'angry', last_emotion_at = now()",
        "UPDATE cases SET problem_solved = NULL",
        "UPDATE cases SET closed_at = NULL",
        "UPDATE cases SET state = 'carried_out', outcome = NULL, closed_at = NULL, follow_ups = 0",
    ):
        with pytest.raises(DBAPIError, match="check constraint"):
            async with database.transaction() as transaction:
                await transaction.execute(text(wrong))


@pytest.mark.requirement("001-30")
async def test_the_waker_asks_a_second_time_and_then_it_may_close_without_an_opinion(office: Office) -> None:
    complaint_id = await office.carried_out()
    alone: dict[str, Any] = {"outcome": "acceptable", "reason": "No answer.", "without_opinion": True}
    assert (await office.act(complaint_id, "close", **alone)).status_code == 409
    office.now += timedelta(days=3)
    assert await office.waker.wake() == 1
    assert (await office.types(complaint_id)).count("follow-up.requested") == 2
    assert await office.waker.wake() == 0
    assert (await office.done(complaint_id, "close", **alone))["state"] == "closed"


@pytest.mark.requirement("000-12b", "000-12d")
async def test_the_waker_finds_neglected_customers_and_broken_promises(office: Office) -> None:
    complaint_id = await office.opened()
    office.now += timedelta(days=2)
    assert await office.waker.wake() == 1
    heard = await office.read(complaint_id, "/listening")
    assert [t["kind"] for t in heard["taboos"]] == ["promise_broken", "neglected"]
    assert "怠慢客户" in heard["taboos"][1]["title"]["zh"]
    raised = dict(await office.published(complaint_id))["taboo.raised"]
    assert (raised["taboo"], raised["handler_id"]) == ("neglected", "e-1007")


@pytest.mark.requirement("000-12e", "N-H")
async def test_excuses_are_found_before_and_when_they_are_sent(office: Office) -> None:
    complaint_id = await office.opened()
    words = "对不起，这是公司规定; not my job."
    found = await office.http.post("/resolution/v1/wording", json={"text": words})
    seen = [(each["kind"], each["words"], each["treatment"]) for each in found.json()["findings"]]
    assert seen == [("excuse", "这是公司规定", "warn"), ("excuse", "not my job", "warn")]
    assert all(
        words[language]
        for each in found.json()["findings"]
        for words in (each["why"], each["kinder"])
        for language in ("en", "zh")
    )
    kind = (await office.http.post("/resolution/v1/wording", json={"text": "马上修好。"})).json()
    assert kind == {"blocked": False, "findings": []}
    case = await office.done(complaint_id, "reply", message=words)
    [entry] = [e for e in case["timeline"] if e["kind"] == "excused"]
    assert (entry["text"], entry["audience"]) == ("这是公司规定 · not my job", "internal")


@pytest.mark.requirement("000-10")
async def test_a_problem_is_corrected_long_after_the_closing(office: Office) -> None:
    complaint_id = await office.carried_out()
    await office.hear(opinion(complaint_id, Outcome.SATISFIED, office.now))
    office.now += timedelta(days=90)
    case = await office.done(complaint_id, "correction", correction="Torque is checked; call 13800138000.")
    assert (case["problem_found"], case["problem_solved"]) == (True, True)
    assert case["correction"] == "Torque is checked; call [phone]."
    assert (await office.types(complaint_id))[-1] == "problem.corrected"


@pytest.mark.requirement("P-24")
async def test_staff_reopen_within_the_window(office: Office) -> None:
    early, late = await office.carried_out(), await office.carried_out()
    for each in (early, late):
        await office.hear(opinion(each, Outcome.SATISFIED, office.now))
    office.now += timedelta(days=30)
    before = (await office.read(early))["timeline"]
    case = await office.done(early, "reopen", reason="The noise came back.")
    assert (case["state"], case["outcome"], case["reopened"]) == ("accepted", None, 1)
    assert case["timeline"][: len(before)] == before
    assert case["promise"]["due_at"] > office.now.isoformat()
    assert (await office.types(early))[-2:] == ["case.reopened", "promise.made"]
    office.now += timedelta(seconds=1)
    refused = await office.act(late, "reopen", reason="The noise came back.")
    assert refused.status_code == 409
    assert "另行登记" in refused.json()["reason"]["zh"]


@pytest.mark.requirement("P-47")
async def test_a_complaint_goes_before_an_outside_body_and_comes_back(office: Office) -> None:
    complaint_id = await office.opened()
    unknown = await office.act(complaint_id, "dispute", body="nobody", reason="?")
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "body/body")
    case = await office.done(complaint_id, "dispute", body="consumer-association", reason="Ann: 13800138000.")
    assert case["promise"] is not None
    assert (await office.act(complaint_id, "dispute", body="court", reason="?")).status_code == 409
    [dispute] = (await office.read(complaint_id, "/disputes"))["items"]
    assert (dispute["state"], dispute["reason"]) == ("handed_over", "Ann: [phone].")
    assert (dispute["name"]["zh"], dispute["answer_due_at"]) == ("消费者协会", "2026-03-17T01:00:00Z")
    office.now = NINE + timedelta(days=12, seconds=1)
    await office.waker.wake()
    assert "dispute.deadline-near" in await office.types(complaint_id)
    await office.done(complaint_id, "dispute-answer", answer="We sent the file.")
    case = await office.done(
        complaint_id, "dispute-decision", favour="customer", decision="Exchange.", outcome="acceptable"
    )
    assert (case["state"], case["closed_by"], case["result"]) == ("closed", "outside-body", "Exchange.")
    [dispute] = (await office.read(complaint_id, "/disputes"))["items"]
    assert (dispute["state"], dispute["favour"], dispute["ends_case"]) == ("decided", "customer", True)
    assert (
        await office.act(complaint_id, "dispute-decision", favour="both", decision="?")
    ).status_code == 409
    assert "13800138000" not in str(await office.published())


async def test_an_erased_customer_leaves_no_words_behind(office: Office) -> None:
    complaint_id = await office.opened()
    await note(office, complaint_id, summary="Ann waits.", summary_confirmed=True)
    await office.done(complaint_id, "accept")
    await office.done(complaint_id, "correction", correction="Ann is called first.")
    await office.done(complaint_id, "dispute", body="court", reason="Ann went there.")
    await office.hear(
        CustomerErased(
            complaint_id=complaint_id, customer_id=new_id(), because=Because.REQUESTED, erased_at=office.now
        )
    )
    for table in ("contacts", "disputes", "timeline", "cases"):
        rows = await office.rows(f"SELECT to_jsonb(t)::text FROM {table} t")  # names from above
        assert rows
        assert not any(word in str(rows) for word in ("Ann", "Nobody called", "Word is kept", "phone]")), (
            table
        )


# all five services


async def _closed(world: World) -> dict[str, Any]:
    one = await world.register()
    await world.settled()
    answer = await world.http.post(f"/resolution/v1/cases/{one['id']}/answer", json={"result": "Sent."})
    assert answer.status_code == 200, answer.text
    await world.settled()
    body = {"outcome": "satisfied", "trust_restored": True}
    assert (await _ask(world, one, "opinion", **body)).status_code == 200
    await world.settled()
    return one


async def _ask(world: World, one: dict[str, Any], what: str, **body: Any) -> httpx.Response:
    token = {"X-Tracking-Token": one["tracking_token"]}
    return await world.customer.post(
        f"/intake/v1/tracking/{one['reference']}/{what}", json=body, headers=token
    )


async def _sees(world: World, one: dict[str, Any]) -> dict[str, Any]:
    token = {"X-Tracking-Token": one["tracking_token"]}
    seen: dict[str, Any] = (
        await world.customer.get(f"/intake/v1/tracking/{one['reference']}", headers=token)
    ).json()
    return seen


@pytest.mark.empty_world
@pytest.mark.slow
@pytest.mark.requirement("P-24", "000-01")
async def test_a_customer_has_the_closed_case_taken_up_again(world: World) -> None:
    one = await _closed(world)
    seen = await _sees(world, one)
    assert (seen["status"], "reopen_until" in seen) == ("closed", True)
    first = await _ask(world, one, "reopening", reason="Ann Example again: the alarm is back, 13800138000.")
    assert first.status_code == 200, first.text
    await world.settled()
    case = (await world.http.get(f"/resolution/v1/cases/{one['id']}")).json()
    assert (case["state"], case["reopened"], case["promise"] is not None) == ("accepted", 1, True)
    [entry] = [e for e in case["timeline"] if e["kind"] == "reopened"]
    assert (entry["author"], entry["text"]) == ("customer", "[name] again: the alarm is back, [phone].")
    seen = await _sees(world, one)
    assert (seen["status"], seen.get("outcome"), seen.get("reopen_until")) == ("accepted", None, None)
    assert "promised_at" in seen
    dispatch = (await world.http.get(f"/routing/v1/complaints/{one['id']}")).json()
    assert dispatch["status"] == "assigned"
    told = await world.http.get(
        "/notification/v1/deliveries", params={"complaint_id": one["id"], "limit": 200}
    )
    assert "reopened" in [each["template"] for each in told.json()["items"]]
    early = await _ask(world, one, "reopening", reason="Once more.")
    assert (early.status_code, early.json()["code"]) == (409, "not-closed")
    assert await audit(world.url, {UUID(one["id"])}) == []


@pytest.mark.empty_world
@pytest.mark.slow
@pytest.mark.requirement("P-24")
async def test_whoever_comes_too_late_is_told_how_else_to_complain(world: World) -> None:
    one = await _closed(world)
    later = clock.now() + timedelta(days=31)
    with clock.moved_to(lambda: later):
        refused = await _ask(world, one, "reopening", reason="The alarm is back.")
    assert (refused.status_code, refused.json()["code"]) == (409, "too-late-to-reopen")
    assert "另行登记投诉" in refused.text
    assert (await _sees(world, one))["status"] == "closed"


@pytest.mark.slow
@pytest.mark.requirement("000-07")
async def test_a_closed_case_is_scored_by_somebody_who_did_not_work_it(world: World) -> None:
    one = await _closed(world)
    url = f"/resolution/v1/cases/{one['id']}/scorecards"
    marks = {"strict": 4, "earnest": 5, "proactive": 3, "efficient": 4, "taboos": ["brushed_off"]}
    own = await world.http.post(url, json=marks)  # the same key answered the case
    assert (own.status_code, "评分人" in own.text) == (409, True)
    key = await create_key(world.url, "reviewer", ["cases:read", "cases:work"])
    reviewer = {"Authorization": f"Bearer {key}"}
    given = await world.http.post(url, json=marks | {"comment": "Ring 13800138000."}, headers=reviewer)
    assert given.status_code == 201, given.text
    assert (given.json()["proactive"], given.json()["comment"]) == (3, "Ring [phone].")
    assert (await world.http.get(url)).json()["items"] == [given.json()]
    assert (await world.http.post(url, json=marks | {"strict": 6}, headers=reviewer)).status_code == 422
    fresh = await world.register()
    await world.settled()
    unfinished = f"/resolution/v1/cases/{fresh['id']}/scorecards"
    assert (await world.http.post(unfinished, json=marks, headers=reviewer)).status_code == 409


@pytest.mark.slow
@pytest.mark.requirement("P-47")
async def test_the_file_of_a_case_holds_everything_and_to_read_it_is_recorded(world: World) -> None:
    one = await world.register()
    await world.settled()
    content = b"The alarm, as the machine printed it."
    attached = await world.http.post(
        f"/intake/v1/complaints/{one['id']}/attachments", files={"file": ("alarm.txt", content, "text/plain")}
    )
    assert attached.status_code == 201, attached.text
    case = f"/resolution/v1/cases/{one['id']}"
    yes = {"reason_sufficient": True, "demand_reasonable": True, "explanation": "The batch is faulty."}
    offers = [
        {
            "remedies": ["exchange"],
            "description": "一台新电机。",
            "value": {"amount": "12.50", "currency": "CNY"},
        }
    ]
    for action, body in (
        ("accept", {}),
        ("judgement", yes),
        ("contacts", CALL),
        ("offers", {"offers": offers}),
        ("dispute", {"body": "consumer-association", "reason": "They went there."}),
    ):
        done = await world.http.post(f"{case}/{action}", json=body)
        assert done.status_code in {200, 201}, done.text
    await world.settled()
    version = (await world.http.get(case)).json()["version"]
    file = (await world.http.get(f"{case}/file")).json()
    assert file["statement"]["what_went_wrong"]
    assert [a["sha256"] for a in file["attachments"]] == [hashlib.sha256(content).hexdigest()]
    assert (file["judgement"]["valid"], file["explanation"]) == (True, "The batch is faulty.")
    assert (file["offers"][0]["description"], file["offers"][0]["value"]["amount"]) == (
        "一台新电机。",
        "12.50",
    )
    assert [p["state"] for p in file["promises"]] == ["kept", "kept", "live"]
    assert file["contacts"][0]["locked_point"] == "Nobody called."
    assert [e["emotion"] for e in file["emotions"]][-1] == "aggrieved"
    assert file["disputes"][0]["name"]["en"] == "Consumers' association"
    kinds = [entry["kind"] for entry in file["timeline"]]
    assert kinds[0] == "opened"
    for language, words in (
        ("zh", ("投诉案卷", "一台新电机。", "消费者协会", "顾客陈述")),
        ("en", ("Casefile", "一台新电机。", "Consumers'association", "Whatthecustomertold")),
    ):
        paper = await world.http.get(f"{case}/file", params={"format": "pdf", "language": language})
        assert (paper.status_code, paper.headers["Content-Type"]) == (200, "application/pdf")
        assert one["reference"] in paper.headers["Content-Disposition"]
        document = pypdfium2.PdfDocument(paper.content)
        said = "".join("".join(page.get_textpage().get_text_range().split()) for page in document)
        document.close()
        for word in (*words, hashlib.sha256(content).hexdigest()[:20], one["reference"]):
            assert word in said, word
    await world.settled()
    assert (await world.http.get(case)).json()["version"] == version, "a reading makes nobody's If-Match fail"
    chain = (await world.http.get(f"{case}/audit?limit=200")).json()["items"]
    noted = [e["note"] for e in chain if e["action"] == "read" and e["note"]["what"] == "case-file"]
    assert [note["purpose"] for note in noted] == ["json", "pdf", "pdf"]
    records = [r for r in await world.log_records("redress.resolution") if r.key == one["id"]]
    assert [r.headers["ce_type"] for r in records].count("redress.case.file-read.v1") == 3
    assert (await world.http.get(f"/resolution/v1/cases/{new_id()}/file")).status_code == 404
