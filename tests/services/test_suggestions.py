"""What complaints suggest to change: found in the read tables, decided by people, carried out and judged by numbers."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.insights.exact import rate_ratio
from services.insights.rebuild import rebuild
from services.insights.suggestions.finding import SuggestionFinder
from shared import clock
from shared.events import (
    ApprovalAsked,
    ApprovalGranted,
    CaseAccepted,
    ComplaintTriaged,
    ImprovementClosed,
    ImprovementOpened,
    SuggestionMade,
)
from shared.events.approvals import Permit
from shared.events.routing import Decider
from shared.events.vocabulary import Severity
from shared.ids import derived_id
from shared.keys import create_key
from tests.conftest import NewDatabase
from tests.insights_story import Told, records
from tests.services.test_insights import Insights, open_insights
from tests.services.test_insights_recurrence import BEGAN, DAY, feed, id_of, said
from tests.world import World, eventually

URL = "/insights/v1/suggestions"
IMPROVE: dict[str, Any] = {
    "action": "improvement",
    "title": "Plug",
    "problem": "The plug smokes. Call 13800138000.",
}
CHANGE = IMPROVE | {"action": "change"}


@pytest.fixture
async def insights(new_database: NewDatabase, scratch: Path) -> AsyncIterator[Insights]:
    async with open_insights(await new_database(), scratch) as opened:
        url = opened.context.settings.database_url or ""
        key = await create_key(url, "lead", ["cases:read", "policies:write"])
        opened.http.headers["Authorization"] = f"Bearer {key}"
        yield opened


def worked(number: int, day: float, *permits: Permit, granted: bool = False) -> list[Told]:
    """A case about late deliveries, accepted on a day, for which something had to be permitted."""
    at = BEGAN + day * DAY
    of: dict[str, Any] = {"complaint_id": id_of(number)}
    triaged = ComplaintTriaged(
        **of,
        category="late_delivery",
        severity=Severity.GENERAL,
        reasons=("r",),
        triaged_at=at,
        decided_by=Decider.PERSON,
    )
    story: list[Told] = [
        said(number, f"第{number}次晚到。", day),
        (at, triaged),
        (at, CaseAccepted(**of, handler_id="li.na", accepted_at=at)),
    ]
    for permit in permits:
        same: dict[str, Any] = of | {
            "approval_id": derived_id("approval", number, permit),
            "permit": permit,
            "subject_id": id_of(number),
        }
        asked = ApprovalAsked(**same, reason="r", asked_by="key:1", decide_by=at + DAY, asked_at=at)
        story.append((at, asked))
        if granted:
            story.append((at, ApprovalGranted(**same, granted_by="key:2", granted_at=at)))
    return story


def lacking(first: int, last: int, day: float = 1, every: int = 2) -> list[Told]:
    """Cases of which each other needed more than its handler may grant."""
    return [
        told
        for number in range(first, last)
        for told in worked(
            number, day + number / 100, *([Permit.BEYOND_LIMITS] if number % every == 0 else [])
        )
    ]


async def look(of: Insights, day: float = 30) -> int:
    with clock.moved_to(lambda: BEGAN + timedelta(days=day)):
        return await SuggestionFinder(of.context).turn()


async def listed(of: Insights, **wanted: str) -> list[dict[str, Any]]:
    answer = await of.http.get(URL, params=wanted)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def post(of: Insights, path: str, status: int = 200, day: float = 31, **body: Any) -> dict[str, Any]:
    with clock.moved_to(lambda: BEGAN + timedelta(days=day)):
        answer = await of.http.post(f"{URL}/{path}", json=body)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.requirement("003-15", "003-11", "003-12")
async def test_a_category_whose_handlers_must_ask_too_often_suggests_more_authority(
    insights: Insights,
) -> None:
    await feed(insights, *lacking(1, 21))
    assert (await look(insights), await look(insights)) == (1, 0)
    (found,) = await listed(insights, kind="policy", state="open")
    assert (found["source"], found["subject"]) == (
        "authority_lacking",
        {"permit": "beyond_limits", "category": "late_delivery"},
    )
    assert (found["events"], found["cases"], found["days"]) == (10, 20, 180)
    assert (round(found["low"], 4), round(found["high"], 4)) == (0.272, 0.728)
    assert found["evidence"] == [str(id_of(number)) for number in range(20, 0, -2)]
    assert found["words_en"].startswith("Let first-line staff grant more in ")
    assert "180天内20件中有10件须审批" in found["words_zh"]
    (told,) = await insights.rows("SELECT key, value, headers->>'ce_type' FROM outbox")
    assert (told[0], told[2]) == (str(id_of(20)), "redress.suggestion.made.v1")
    assert SuggestionMade.model_validate_json(told[1]).words_zh == found["words_zh"]


@pytest.mark.requirement("003-11")
async def test_an_exception_that_is_granted_again_and_again_is_named(insights: Insights) -> None:
    usual = [
        told
        for number in range(1, 11)
        for told in worked(number, number / 10, Permit.PROMISE_LATER, granted=True)
    ]
    gates = [told for number in range(11, 21) for told in worked(number, 2, Permit.SKIP_GATE, granted=True)]
    refused = [told for number in range(21, 31) for told in worked(number, 3, Permit.PUBLIC)]
    await feed(insights, *usual, *gates, *refused)
    assert await look(insights) == 2, "what was not granted is no exception"
    found = {each["subject"]["permit"]: each for each in await listed(insights)}
    assert {permit: each["kind"] for permit, each in found.items()} == {
        "promise_later": "policy",
        "skip_gate": "process",
    }
    assert "“延后承诺”" in found["promise_later"]["words_zh"]


async def test_a_few_permits_of_many_cases_suggest_nothing(insights: Insights) -> None:
    await feed(insights, *lacking(1, 61, every=10))
    assert await look(insights) == 0, "six of sixty: the share may be five in a hundred"


@pytest.mark.requirement("000-25", "003-11")
async def test_a_hazard_that_comes_again_asks_for_another_product_and_training_for_another_course(
    insights: Insights,
) -> None:
    await feed(insights, said(1, "插头冒烟。"), said(2, "插头冒烟。", 1))
    async with insights.context.database.transaction() as transaction:
        for number, (state, ended) in enumerate((("removed", "2026-03-05"), ("open", None)), 1):
            await transaction.execute(
                text(
                    "INSERT INTO hazards (id, version, found_by, danger, product, likelihood, severity, state, reason, "
                    "review_by, evidence, registered_at, changed_by, changed_at, ended_at) VALUES (:id, 1, 'rules', "
                    "'fire', 'motor', 2, 5, :state, 'r', '2026-04-01', ARRAY[CAST(:of AS uuid)], :at, 'rules', :at, "
                    "CAST(:ended AS text)::timestamptz)"
                ),
                {
                    "id": derived_id("h", number),
                    "state": state,
                    "of": id_of(number),
                    "at": BEGAN + number * 5 * DAY,
                    "ended": ended,
                },
            )
        for number in (1, 2):
            await transaction.execute(
                text(
                    "INSERT INTO training_needs (id, complaint_id, department, lapse, about, kind, since, complaints, "
                    "cases, expected, ratio_low, p_value, q_value, thresholds_version, evidence, found_at) VALUES "
                    "(:id, :of, 'logistics', 'promise_broken', 'x', 'service_idea', '2026-03-01', 5, 9, 1, 1.5, 0.01, "
                    "0.02, 0, ARRAY[CAST(:of AS uuid)], :at)"
                ),
                {"id": derived_id("n", number), "of": id_of(number), "at": BEGAN + number * 9 * DAY},
            )
    assert await look(insights) == 2
    found = {each["source"]: each for each in await listed(insights)}
    assert found["hazard_again"]["kind"] == "product"
    assert found["hazard_again"]["subject"] == {"danger": "fire", "product": "motor"}
    assert found["hazard_again"]["words_zh"] == "建议改进产品：motor的“起火”隐患在180天内登记了2次。"
    assert found["training_again"]["kind"] == "training"
    assert (
        "found 2 times in 180 days to need training for broken promises"
        in found["training_again"]["words_en"]
    )
    assert found["training_again"]["evidence"] == [str(id_of(2)), str(id_of(1))]


@pytest.mark.requirement("003-15", "003-11")
async def test_a_change_is_accepted_carried_out_and_judged_by_the_numbers(insights: Insights) -> None:
    await feed(insights, *lacking(1, 41))
    await look(insights)
    (found,) = await listed(insights)
    at = found["id"]
    accepted = await post(insights, f"{at}/accept", **CHANGE)
    assert (accepted["state"], accepted["problem"]) == ("accepted", "The plug smokes. Call [phone].")
    assert accepted["effect"] is None
    for path, body in (("accept", CHANGE), ("decline", {"reason": "No."})):
        again = await post(insights, f"{at}/{path}", 409, **body)
        assert (again["code"], again["state_now"]) == ("other-state", "accepted")
    early = await post(insights, f"{at}/effect", 409, effective=True, reason="Surely.")
    assert early["code"] == "nothing-to-judge-yet"
    for wrong in ("2026-03-30", "2026-04-05"):  # before the suggestion, and to come
        refused = await post(insights, f"{at}/carry-out", 422, day=33, reference="v4", in_force_on=wrong)
        assert refused["errors"][0]["field"] == "body/in_force_on"
    await post(insights, f"{at}/carry-out", day=33, reference="authority v4", in_force_on="2026-04-01")
    assert await look(insights, 40) == 0, "it is being done"
    await feed(insights, *lacking(41, 101, 35, every=20))
    early = await post(insights, f"{at}/effect", 409, day=60, effective=True, reason="Surely.")
    assert early["code"] == "nothing-to-judge-yet"
    judged = await post(insights, f"{at}/effect", day=62, effective=True, reason="Three in sixty.")
    assert judged["state"] == "judged"
    effect, expected = judged["effect"], rate_ratio(20, 3, 40, 60)
    assert (effect["before"], effect["exposure_before"], effect["after"], effect["exposure_after"]) == (
        20,
        40,
        3,
        60,
    )
    assert (effect["rate_ratio"], effect["high"], effect["fell"]) == (expected.ratio, expected.high, True)
    with clock.moved_to(lambda: BEGAN + 100 * DAY):
        later = (await insights.http.get(f"{URL}/{at}")).json()
    assert later["effect"] == effect, "it stays what lay before whoever judged"
    assert [(step["stage"], step["what"]) for step in later["loop"]] == [
        ("problem", "seen"),
        ("suggestion", "made"),
        ("decision", "accepted"),
        ("action", "in_force"),
        ("effect", "effective"),
    ]
    assert later["loop"][0]["complaints"] == found["evidence"]
    assert later["loop"][3]["said"] == "authority v4 (2026-04-01)"
    assert (later["loop"][4]["words_zh"], later["loop"][4]["said"]) == ("确认有效", "Three in sixty.")


async def test_what_was_counted_before_a_suggestion_is_not_counted_after_it_too(insights: Insights) -> None:
    """The change is in force from the very day of the suggestion on."""
    await feed(insights, *lacking(1, 21, 29.75))
    await look(insights)
    (found,) = await listed(insights)
    await post(insights, f"{found['id']}/accept", **CHANGE)
    done = await post(insights, f"{found['id']}/carry-out", reference="v4", in_force_on="2026-03-31")
    assert done["effect"] is None, "no case was accepted since"
    await feed(insights, *lacking(21, 23, 30.5))
    with clock.moved_to(lambda: BEGAN + 31 * DAY):
        effect = (await insights.http.get(f"{URL}/{found['id']}")).json()["effect"]
    assert (effect["since"], effect["after"], effect["exposure_after"]) == (found["made_at"], 1, 2)


@pytest.mark.requirement("003-15", "000-08")
async def test_an_improvement_is_judged_from_its_closing_on_and_a_dropped_one_at_any_time(
    insights: Insights,
) -> None:
    await feed(insights, *lacking(1, 41))
    await look(insights)
    (found,) = await listed(insights)
    at = found["id"]
    accepted = await post(insights, f"{at}/accept", **IMPROVE)
    of: dict[str, Any] = {
        "complaint_id": id_of(40),
        "improvement_id": UUID(accepted["improvement_id"]),
    }
    opened = ImprovementOpened(**of, opened_by="key:1", opened_at=BEGAN + 32 * DAY)
    closed = ImprovementClosed(**of, rounds=1, closed_by="key:1", closed_at=BEGAN + 40 * DAY)
    await feed(insights, *lacking(1, 41), (opened.opened_at, opened))
    await post(insights, f"{at}/effect", 409, day=90, effective=True, reason="Surely.")
    await feed(
        insights,
        *lacking(1, 41),
        (opened.opened_at, opened),
        (closed.closed_at, closed),
        *lacking(41, 81, 42),
    )
    await post(insights, f"{at}/effect", 409, day=69, effective=True, reason="Surely.")
    judged = await post(insights, f"{at}/effect", day=71, effective=False, reason="As many as before.")
    assert [step["what"] for step in judged["loop"]] == [
        *("seen", "made", "accepted"),
        *("improvement_opened", "improvement_closed", "not_effective"),
    ]
    effect = judged["effect"]
    assert (effect["since"], effect["after"], effect["exposure_after"]) == ("2026-04-10T09:00:00Z", 20, 40)
    assert not effect["fell"]
    await feed(insights, *lacking(81, 101, 75))
    assert await look(insights, 80) == 1
    again = (await listed(insights, state="open"))[0]["id"]
    await post(insights, f"{again}/accept", day=81, **IMPROVE)
    dropped = await post(insights, f"{again}/effect", day=82, effective=False, reason="It was dropped.")
    assert (dropped["state"], dropped["effective"], dropped["effect"]) == ("judged", False, None)


@pytest.mark.requirement("003-15")
async def test_what_was_declined_is_suggested_again_only_by_what_happened_since(insights: Insights) -> None:
    await feed(insights, *lacking(1, 21))
    await look(insights)
    (found,) = await listed(insights)
    old = await insights.http.post(
        f"{URL}/{found['id']}/decline", json={"reason": "x"}, headers={"If-Match": '"7"'}
    )
    assert old.status_code == 412
    declined = await post(insights, f"{found['id']}/decline", reason="New table next month: 13800138000.")
    assert (declined["state"], declined["loop"][-1]["what"]) == ("declined", "declined")
    assert declined["loop"][-1]["said"] == "New table next month: [phone]."
    assert await look(insights, 40) == 0
    await feed(insights, *lacking(21, 41, 45))
    assert await look(insights, 60) == 1
    new, before = await listed(insights)
    assert (before["id"], new["cases"], new["state"]) == (found["id"], 20, "open")
    assert (before["days"], new["days"]) == (180, 29), "it is counted since the decision"
    assert "29天内20件中有10件须审批" in new["words_zh"]
    types = await insights.rows("SELECT headers->>'ce_type' FROM outbox ORDER BY id")
    assert types == [
        ("redress.suggestion.made.v1",),
        ("redress.suggestion.declined.v1",),
        ("redress.suggestion.made.v1",),
    ]


@pytest.mark.requirement("003-11")
async def test_what_had_to_be_permitted_is_the_same_after_a_rebuild(insights: Insights) -> None:
    story = lacking(1, 21)
    await insights.context.log.append(records(story))
    await feed(insights, *story)
    await look(insights)
    queries = [f"SELECT * FROM {table} ORDER BY id" for table in ("conduct", "suggestions")]
    before = [await insights.rows(query) for query in queries]
    assert ["beyond_limits"] in [row[-2] for row in before[0]]
    await rebuild(insights.context, at_once=1)
    assert [await insights.rows(query) for query in queries] == before
    assert await look(insights, 31) == 0


async def test_only_leadership_decides(insights: Insights) -> None:
    await feed(insights, *lacking(1, 21))
    await look(insights)
    (found,) = await listed(insights)
    key = await create_key(insights.context.settings.database_url or "", "w", ["cases:read", "cases:work"])
    for path, body in (
        ("accept", CHANGE),
        ("decline", {"reason": "x"}),
        ("carry-out", {"reference": "x", "in_force_on": "2026-04-01"}),
        ("effect", {"effective": True, "reason": "x"}),
    ):
        answer = await insights.http.post(
            f"{URL}/{found['id']}/{path}", json=body, headers={"Authorization": f"Bearer {key}"}
        )
        assert answer.status_code == 403, path
        nobody = await insights.http.post(f"{URL}/{id_of(1)}/{path}", json=body)
        assert (nobody.status_code, nobody.json()["errors"][0]["field"]) == (404, "path/suggestion_id")


@pytest.mark.empty_world
@pytest.mark.requirement("003-15", "003-11", "003-12", "000-25")
async def test_an_accepted_suggestion_opens_its_improvement_and_tells_how_it_goes(world: World) -> None:
    complaints = [(await world.register())["id"] for _ in range(2)]
    await world.settled()
    insights = world.context("insights")
    async with insights.database.transaction() as transaction:
        for number, state in enumerate(("removed", "open")):
            await transaction.execute(
                text(
                    "INSERT INTO hazards (id, version, found_by, danger, product, likelihood, severity, state, reason, "
                    "review_by, evidence, registered_at, changed_by, changed_at, ended_at) VALUES (:id, 1, 'rules', "
                    "'fire', 'Servo motor', 2, 5, :state, 'r', '2026-04-01', ARRAY[CAST(:of AS uuid)], :at, 'rules', "
                    ":at, CASE WHEN :state = 'removed' THEN CAST(:at AS timestamptz) END)"
                ),
                {
                    "id": derived_id("h", number),
                    "state": state,
                    "of": complaints[number],
                    "at": clock.now() - (2 - number) * DAY,
                },
            )
    await SuggestionFinder(insights).turn()
    (found,) = (await world.http.get(URL)).json()["items"]
    answer = await world.http.post(f"{URL}/{found['id']}/accept", json=IMPROVE)
    assert answer.status_code == 200, answer.text
    improvement_id = answer.json()["improvement_id"]
    own = await world.http.post(
        f"{URL}/{found['id']}/carry-out", json={"reference": "x", "in_force_on": str(clock.now().date())}
    )
    assert (own.status_code, own.json()["code"]) == (409, "by-an-improvement")

    async def opened() -> dict[str, Any]:
        answer = await world.http.get(f"/resolution/v1/improvements/{improvement_id}")
        return answer.json() if answer.status_code == 200 else {}

    improvement = await eventually(opened, what="the improvement")
    assert (improvement["title"], improvement["problem"]) == ("Plug", "The plug smokes. Call [phone].")
    assert improvement["product"] == "Servo motor"
    assert improvement["complaint_id"] == complaints[1], "the newest that speaks for it"
    assert {each["complaint_id"] for each in improvement["complaints"]} == set(complaints)

    async def told() -> list[dict[str, Any]]:
        loop: list[dict[str, Any]] = (await world.http.get(f"{URL}/{found['id']}")).json()["loop"]
        return loop if loop[-1]["what"] == "improvement_opened" else []

    loop = await eventually(told, what="the loop to tell of it")
    assert [step["stage"] for step in loop] == ["problem", "suggestion", "decision", "action"]
    await world.settled()
    assert len((await world.http.get("/resolution/v1/improvements")).json()["items"]) == 1
    notices = await world.http.get("/routing/v1/notices", params={"audience": "leadership", "limit": 200})
    assert (complaints[1], "suggestion-made") in {
        (each["complaint_id"], each["reason"]) for each in notices.json()["items"]
    }
