"""Improvements over HTTP: eight steps, clocks, the effect by the numbers, recurrence, the report."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy.exc import DBAPIError

from services.insights.app import service as insights
from services.resolution.improvement.ordering import Ordering
from services.resolution.improvement.returning import Returning
from services.resolution.improvement.setting_aside import ASIDE
from services.resolution.improvement.store import store
from services.routing.app import service as routing_service
from shared import clock
from shared.aggregate import save_one
from shared.database import sql
from shared.eventlog import Record
from shared.events import ComplaintSupplemented, CustomerErased, ProblemRecurred, SuggestionAccepted
from shared.events.intake import ProductRef
from shared.events.learning import RecurredBy, SuggestionKind, SuggestionSource
from shared.events.vocabulary import Because, Channel, Severity
from shared.ids import new_id
from tests.company import Company, open_company
from tests.resolution_story import HOUR, NINE, assigned, records, registered, triaged
from tests.services.test_resolution import NO, OFFERS, YES

URL = "/resolution/v1/improvements"
DAY = timedelta(days=1)
MOTOR = ProductRef(name="Servo motor", model="M7-400", batch="2026-41")
NEW: dict[str, Any] = {
    "title": "Alarm R4",
    "problem": "9 of 240 motors of batch 2026-41 stop with alarm R4. Call 13800138000.",
}
ANALYSIS: dict[str, Any] = {
    "occurrence": [["The joint opens.", "It was soldered too cold.", "The probe is not on the plan."]],
    "escape": [["The test ends cold.", "It takes two minutes.", "Its length was never derived."]],
    "fishbone": {"machine": ["Probe off"], "method": ["Short test"]},
    "root_cause": "Probes are not on the calibration plan.",
    "escape_cause": "The test is shorter than warming up.",
    "impact": "Two lines stood for six hours.",
}
PREVENTION = {
    "standards": [
        {"reference": "WI-017", "version": "C", "title": "Calibration", "changed_on": "2026-03-20"}
    ],
    "trainings": [{"course": "causes_and_remedies", "held_on": "2026-03-21", "participants": 14}],
}


@pytest.fixture
async def company(database_url: str, tmp_path: Path) -> AsyncIterator[Company]:
    async with open_company(database_url, tmp_path, insights) as opened:
        with clock.moved_to(lambda: opened.now):
            units = [{"code": "quality", "name_en": "Quality", "name_zh": "品质部", "layer": 4}]
            inspector = {"id": "wei", "name": "魏", "department": "quality", "languages": ["zh"]}
            await opened.directory("PUT", "", departments=units, people=[inspector])
            yield opened


async def told(company: Company, at: datetime | None = None, severity: Severity = Severity.GENERAL) -> UUID:
    """A complaint about the motor, known to resolution and insights."""
    complaint_id = new_id()
    at = at or company.now
    events = (
        registered(complaint_id, at).model_copy(update={"product": MOTOR}),
        triaged(complaint_id, severity, at + HOUR / 60),
    )
    await company.hear(*events, assigned(complaint_id, at=at + HOUR / 30))
    await insights.pump(company.process.contexts["insights"]).handle(records(events))
    return complaint_id


async def judged(company: Company, complaint_id: UUID, **judgement: Any) -> None:
    await company.done(complaint_id, "accept")
    await company.done(complaint_id, "judgement", **(judgement or YES))


async def post(
    company: Company, path: str, headers: dict[str, str] | None = None, **body: Any
) -> httpx.Response:
    return await company.http.post(f"{URL}{path}", json=body, headers=headers)


async def done(company: Company, path: str, method: str = "POST", **body: Any) -> dict[str, Any]:
    answer = await company.http.request(method, f"{URL}{path}", json=body)
    assert answer.status_code in {200, 201}, answer.text
    improvement: dict[str, Any] = answer.json()
    assert answer.headers["ETag"] == f'"{improvement["version"]}"'
    return improvement


async def refused(company: Company, path: str, method: str = "POST", **body: Any) -> dict[str, Any]:
    answer = await company.http.request(method, f"{URL}{path}", json=body)
    assert answer.status_code == 409, answer.text
    problem: dict[str, Any] = answer.json()
    return problem


async def opened(company: Company, *complaint_ids: UUID) -> dict[str, Any]:
    carried = complaint_ids or (await told(company),)
    return await done(company, "", complaint_ids=[str(each) for each in carried], **NEW)


async def met(company: Company) -> str:
    """A meeting of the team, with its minutes."""
    at = (company.now + HOUR).isoformat()
    answer = await company.http.post(
        "/routing/v1/meetings", json={"title": "R4", "at": at, "attendees": ["na", "wei"]}
    )
    assert answer.status_code == 201, answer.text
    meeting_id: str = answer.json()["id"]
    return meeting_id


async def minuted(company: Company, meeting_id: str) -> None:
    answer = await company.http.post(
        f"/routing/v1/meetings/{meeting_id}/minutes", json={"text": "The oven is looked at."}
    )
    assert answer.status_code == 200, answer.text


def places(company: Company, **affected: str) -> list[dict[str, Any]]:
    due = (company.now + 3 * DAY).isoformat()
    return [
        {"place": place, "affected": False}
        if place not in affected
        else {
            "place": place,
            "affected": True,
            "quantity": affected[place],
            "unit": "pcs",
            "action": {"what": f"Block {place}.", "responsible": "na", "due_at": due},
        }
        for place in ("supplier_stock", "in_transit", "own_stock", "line")
    ]


async def teamed(company: Company) -> dict[str, Any]:
    """An improvement that stands before containment."""
    complaint_id = await told(company)
    await judged(company, complaint_id)
    return await teamed_for(company, await opened(company, complaint_id))


async def teamed_for(company: Company, improvement: dict[str, Any]) -> dict[str, Any]:
    at = f"/{improvement['id']}"
    await done(company, f"{at}/pass", step="record")
    await done(company, f"{at}/pass", step="validity")
    await done(company, f"{at}/team", "PUT", lead="na", others=["wei"])
    meeting_id = await met(company)
    await minuted(company, meeting_id)
    await done(company, f"{at}/meetings", meeting_id=meeting_id)
    return await done(company, f"{at}/pass", step="team")


async def contained(company: Company) -> dict[str, Any]:
    return await contained_by(company, await teamed(company))


async def contained_by(company: Company, improvement: dict[str, Any]) -> dict[str, Any]:
    await done(company, f"/{improvement['id']}/containment", "PUT", places=places(company))
    return await done(company, f"/{improvement['id']}/pass", step="containment")


async def found(company: Company, improvement: dict[str, Any]) -> dict[str, Any]:
    """The cause is analysed, and verified by somebody else."""
    at = f"/{improvement['id']}"
    made = await done(company.seen_by("na"), f"{at}/analyses", **ANALYSIS)
    number = made["analyses"][-1]["number"]
    await done(company, f"{at}/analyses/{number}/verification", confirmed=True, how="50 of 50 hold.")
    return await done(company, f"{at}/pass", step="cause")


async def planned(company: Company, improvement: dict[str, Any]) -> list[int]:
    """Numbers of the two actions of the plan, due in ten days."""
    at, due = f"/{improvement['id']}", (company.now + 10 * DAY).isoformat()
    for kind in ("corrective", "detection"):
        made = await done(company, f"{at}/actions", kind=kind, what=f"{kind}.", responsible="na", due_at=due)
    await done(company, f"{at}/pass", step="plan")
    return [action["number"] for action in made["actions"][-2:]]


async def carried_out(company: Company, improvement: dict[str, Any]) -> dict[str, Any]:
    for number in await planned(company, improvement):
        finished = await done(company, f"/{improvement['id']}/actions/{number}/done", evidence="Plan K-17.")
    return finished


async def closed(company: Company) -> dict[str, Any]:
    improvement = await carried_out(company, await found(company, await contained(company)))
    company.now += 31 * DAY
    return await prevented(company, improvement)


async def prevented(company: Company, improvement: dict[str, Any]) -> dict[str, Any]:
    """The watch period is over: it is judged effective, and closes."""
    at = f"/{improvement['id']}"
    await done(company, f"{at}/effect", effective=True, reason="None in thirty days.")
    await done(company, f"{at}/pass", step="execution")
    await done(company, f"{at}/prevention", "PUT", **PREVENTION)
    return await done(company, f"{at}/pass", step="prevention")


async def read(company: Company, improvement: dict[str, Any]) -> dict[str, Any]:
    answer = await company.http.get(f"{URL}/{improvement['id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def all_woken(company: Company) -> None:
    while await company.waker.wake():
        pass


async def facts(company: Company, improvement: dict[str, Any]) -> list[str]:
    return [
        kind.removeprefix("improvement.")
        for kind, data in await company.published()
        if data.get("improvement_id") == improvement["id"]
    ]


@pytest.mark.requirement(
    "001-15", "001-16", "001-17", "001-18", "001-20", "001-21", "001-22", "001-23", "001-24"
)
@pytest.mark.requirement("P-19", "P-21", "N-C", "002-04", "002-27", "004-13", "001-34")
async def test_the_eight_steps_from_record_to_standard(company: Company) -> None:
    for day in range(1, 21):
        await told(company, NINE - day * DAY)
    complaint_id = await told(company)
    improvement = await opened(company, complaint_id)
    at = f"/{improvement['id']}"
    assert (improvement["state"], improvement["step"], improvement["product"]) == (
        "open",
        "record",
        "Servo motor",
    )
    assert "13800138000" not in str(improvement)
    assert [step["discipline"] for step in improvement["steps"]] == [
        "D2",
        "D2",
        "D1",
        *(f"D{n}" for n in range(3, 8)),
    ]
    await done(company, f"{at}/pass", step="record")

    assert (await refused(company, f"{at}/pass", step="validity"))["code"] == "gate-closed"
    await judged(company, complaint_id)
    await done(company, f"{at}/pass", step="validity")

    await done(company, f"{at}/team", "PUT", lead="wei")
    meeting_id = await met(company)
    assert (await post(company, f"{at}/meetings", meeting_id=meeting_id)).status_code == 422, "no minutes"
    await minuted(company, meeting_id)
    await done(company, f"{at}/meetings", meeting_id=meeting_id)
    alone = await refused(company, f"{at}/pass", step="team")
    assert "quality department never improves alone" in alone["detail"]
    team = await done(company, f"{at}/team", "PUT", lead="na", others=["wei"])
    assert [(m["person"], m["department"], m["lead"]) for m in team["team"]] == [
        ("na", "counter", True),
        ("wei", "quality", False),
    ]
    await done(company, f"{at}/pass", step="team")

    assert "all four places" in (await refused(company, f"{at}/pass", step="containment"))["detail"]
    held = await done(company, f"{at}/containment", "PUT", places=places(company, own_stock="120"))
    assert [p["place"] for p in held["containment"]] == ["supplier_stock", "in_transit", "own_stock", "line"]
    assert "Carry out the measure" in (await refused(company, f"{at}/pass", step="containment"))["detail"]
    await done(company, f"{at}/actions/1/done", evidence="120 are blocked.")
    await done(company, f"{at}/pass", step="containment")

    await refused(company, f"{at}/pass", step="cause")
    made = await done(company.seen_by("na"), f"{at}/analyses", **ANALYSIS)
    assert (made["analyses"][0]["analysed_by"], made["analyses"][0]["impact"]) == ("na", ANALYSIS["impact"])
    assert "other than the author" in (await refused(company, f"{at}/pass", step="cause"))["detail"]
    await done(company.seen_by("fang"), f"{at}/analyses/1/verification", confirmed=True, how="50 of 50 hold.")
    await done(company, f"{at}/pass", step="cause")

    refusal = await refused(company, f"{at}/pass", step="plan")
    assert "corrective" in refusal["detail"]
    assert "detected" in refusal["detail"]
    numbers = await planned(company, improvement)
    for number in numbers:
        assert (await refused(company, f"{at}/pass", step="execution"))["step"] == "execution"
        watched = await done(company, f"{at}/actions/{number}/done", evidence="Plan K-17.")
    assert datetime.fromisoformat(watched["watch_until"]) == company.now + 30 * DAY

    early = await refused(company, f"{at}/effect", effective=True, reason="Surely.")
    assert early["code"] == "still-watching"
    company.now += 30 * DAY + HOUR
    await all_woken(company)
    shown = (await company.http.get(f"{URL}{at}/effect")).json()
    assert (shown["before"], shown["after"], shown["rate_ratio"], shown["fell"]) == (20, 0, 0.0, True)
    judgement = await done(company, f"{at}/effect", effective=True, reason="None in thirty days.")
    assert judgement["effects"][0]["numbers"] == shown
    await done(company, f"{at}/pass", step="execution")

    await refused(company, f"{at}/pass", step="prevention")
    unknown = await company.http.put(
        f"{URL}{at}/prevention",
        json=PREVENTION | {"trainings": [{"course": "no_such", "held_on": "2026-03-21", "participants": 1}]},
    )
    assert unknown.json()["errors"][0]["field"] == "body/trainings/0/course"
    await done(company, f"{at}/prevention", "PUT", **PREVENTION)
    ended = await done(company, f"{at}/pass", step="prevention")
    assert (ended["state"], [step["passed"] for step in ended["steps"]]) == ("closed", [True] * 8)
    assert (await facts(company, improvement)) == [
        *("opened", "joined"),
        *["step-passed"] * 3,
        "action-settled",
        *["step-passed"] * 3,
        *["action-settled"] * 2,
        *("effect-due", "effect-judged", "step-passed", "step-passed", "closed"),
    ]
    story = (await company.read(complaint_id))["timeline"]
    assert [e["text"] for e in story if e["kind"] == "improvement_joined"] == ["Alarm R4"]


@pytest.mark.requirement("001-24")
async def test_a_gate_is_skipped_only_by_a_permit_for_this_very_step(company: Company) -> None:
    improvement = await teamed(company)
    at = f"/{improvement['id']}"
    skip: dict[str, Any] = {"step": "containment", "reason": "None is left anywhere."}

    async def permit(step: str) -> str:
        asked = await company.seen_by("na").ask(
            permit="skip_gate",
            complaint_id=improvement["complaint_id"],
            subject_id=improvement["id"],
            reason="None is left anywhere.",
            terms={"exact": {"step": step, "round": 1}},
        )
        assert asked.status_code == 201, asked.text
        approval_id: str = asked.json()["id"]
        return approval_id

    approval_id = await permit("containment")
    assert (await post(company, f"{at}/skip", **skip, approval_id=approval_id)).status_code == 409, (
        "only asked"
    )
    assert (await company.decide(approval_id, "grant")).status_code == 200
    other = await permit("cause")
    await company.decide(other, "grant")
    assert (await post(company, f"{at}/skip", **skip, approval_id=other)).status_code == 409
    skipped = await done(company, f"{at}/skip", **skip, approval_id=approval_id)
    assert (skipped["step"], skipped["passages"][-1]["move"]) == ("cause", "skipped")
    assert skipped["passages"][-1]["approval_id"] == approval_id
    await done(company, f"{at}/back", to="containment", reason="One was found.")
    assert (await post(company, f"{at}/skip", **skip, approval_id=approval_id)).status_code == 409, "used"
    async with company.context.database.transaction() as transaction:
        with pytest.raises(DBAPIError, match="skipped_by_approval"):
            await transaction.execute(sql("UPDATE improvement_passages SET approval_id = NULL"))


@pytest.mark.requirement("001-20", "N-C")
async def test_nobody_verifies_their_own_analysis(company: Company) -> None:
    improvement = await contained(company)
    at = f"/{improvement['id']}"
    short = await post(company, f"{at}/analyses", **(ANALYSIS | {"escape": [["Once."]]}))
    assert (short.status_code, short.json()["errors"][0]["field"]) == (422, "body/escape/0")
    await done(company.seen_by("na"), f"{at}/analyses", **ANALYSIS)
    verdict: dict[str, Any] = {"confirmed": True, "how": "Tried."}
    own = await refused(company.seen_by("na"), f"{at}/analyses/1/verification", **verdict)
    assert own["code"] == "own-analysis"
    async with company.context.database.transaction() as transaction:
        with pytest.raises(DBAPIError, match="second_person"):
            await transaction.execute(
                sql(
                    "UPDATE improvement_analyses SET verified_by = analysed_by, confirmed = true, "
                    "verified_at = analysed_at, verification = 'x'"
                )
            )
    await done(company.seen_by("fang"), f"{at}/analyses/1/verification", confirmed=False, how="7 of 50 hold.")
    await refused(company, f"{at}/pass", step="cause")
    await done(company.seen_by("fang"), f"{at}/analyses", **ANALYSIS)
    old = await refused(company, f"{at}/analyses/1/verification", **verdict)
    assert (old["code"], old["newest"]) == ("not-to-verify", 2)
    await done(company.seen_by("na"), f"{at}/analyses/2/verification", **verdict)
    assert (await done(company, f"{at}/pass", step="cause"))["step"] == "plan"


@pytest.mark.requirement("001-18", "N-C")
async def test_all_four_places_are_answered_once_and_consistently(company: Company) -> None:
    improvement = await teamed(company)
    at = f"/{improvement['id']}/containment"
    answers = places(company, line="7")
    for wrong in (
        answers[:3],
        [*answers[:3], answers[0]],
        [*answers[:3], answers[3] | {"action": None}],
        [answers[0] | {"quantity": "3"}, *answers[1:]],
        [*answers[:3], answers[3] | {"action": answers[3]["action"] | {"responsible": "nobody"}}],
        [*answers[:3], answers[3] | {"action": answers[3]["action"] | {"due_at": NINE.isoformat()}}],
    ):
        answer = await company.http.put(f"{URL}{at}", json={"places": wrong})
        assert answer.status_code == 422, wrong
    await done(company, at, "PUT", places=answers)
    same = await done(company, at, "PUT", places=answers)
    assert [action["number"] for action in same["actions"]] == [1], "sent again, it is the same action"
    both = await done(company, at, "PUT", places=places(company, line="7", in_transit="2"))
    assert [(a["number"], a["dropped_at"]) for a in both["actions"]] == [(1, None), (2, None)]
    none = await done(company, at, "PUT", places=places(company))
    assert all(action["dropped_at"] for action in none["actions"])
    assert [place["affected"] for place in none["containment"]] == [False] * 4


@pytest.mark.requirement("001-21", "P-19")
async def test_who_is_responsible_is_warned_and_lateness_is_told_once(company: Company) -> None:
    improvement = await found(company, await contained(company))
    at, due = f"/{improvement['id']}", company.now + 10 * DAY
    for wrong in ({"responsible": "nobody"}, {"due_at": NINE.isoformat()}, {"kind": "containment"}):
        action: dict[str, Any] = {"kind": "corrective", "what": "Do.", "responsible": "na"}
        action |= {"due_at": due.isoformat()} | wrong
        assert (await post(company, f"{at}/actions", **action)).status_code == 422, wrong
    assert (await post(company, f"{at}/actions", kind="corrective", what="Do.")).status_code == 422
    await planned(company, improvement)
    before = await facts(company, improvement)
    company.now = due - 48 * HOUR
    await all_woken(company)
    assert await facts(company, improvement) == before, "at the very moment nothing is due"
    company.now += timedelta(seconds=1)
    await all_woken(company)
    assert (await facts(company, improvement))[len(before) :] == ["action-due"] * 2
    company.now = due + timedelta(seconds=1)
    await all_woken(company)
    company.now += HOUR
    await all_woken(company)
    assert (await facts(company, improvement))[len(before) + 2 :] == ["action-overdue"] * 2
    listed = (await company.http.get(URL, params={"overdue": True, "responsible": "na"})).json()["items"]
    assert [each["id"] for each in listed] == [improvement["id"]]
    later = (company.now + DAY).isoformat()
    moved = await done(company, f"{at}/actions/1/move", due_at=later, reason="Parts late.")
    assert moved["actions"][0]["overdue_at"] is None
    await done(company, f"{at}/actions/2/drop", reason="Not needed.")
    assert (await company.http.get(URL, params={"overdue": True})).json()["items"] == []
    told_of = [data for kind, data in await company.published() if kind == "improvement.action-settled"]
    assert [(data["done"], data["was_overdue"]) for data in told_of] == [(False, True)] * 2
    assert (await post(company, f"{at}/actions/2/done", evidence="x")).status_code == 409
    assert (await post(company, f"{at}/actions/9/done", evidence="x")).status_code == 404


@pytest.mark.requirement("001-22", "P-21")
async def test_what_was_not_effective_goes_back_to_the_cause(company: Company) -> None:
    improvement = await carried_out(company, await found(company, await contained(company)))
    at = f"/{improvement['id']}"
    company.now += 31 * DAY
    again = await done(company, f"{at}/effect", effective=False, reason="As many as before.")
    assert (again["step"], again["round"], again["effects"][0]["effective"]) == ("cause", 2, False)
    assert "Analyse" in (await refused(company, f"{at}/pass", step="cause"))["detail"]
    await found(company, again)
    await refused(company, f"{at}/pass", step="plan")
    await carried_out(company, again)
    assert (await refused(company, f"{at}/pass", step="execution"))["code"] == "gate-closed"


@pytest.mark.requirement("001-23", "N-C", "000-08")
async def test_the_same_cause_again_is_found_and_reopens_it(company: Company) -> None:
    improvement = await closed(company)
    at = f"/{improvement['id']}"
    company.now += HOUR
    one = await told(company)
    company.now += 25 * HOUR
    await all_woken(company)
    assert "recurrence-found" not in await facts(company, improvement), "one is below the threshold"
    two, other = await told(company), new_id()
    await company.hear(registered(other, company.now), triaged(other, at=company.now))
    company.now += 25 * HOUR
    await all_woken(company)
    assert (await facts(company, improvement))[-1] == "recurrence-found"
    shown = (await company.http.get(f"{URL}{at}")).json()
    assert {each["complaint_id"] for each in shown["recurrences"]} == {str(one), str(two)}
    no = await done(company, f"{at}/recurrences/{one}", same_cause=False, reason="A cable was cut.")
    assert (no["state"], no["round"]) == ("closed", 1)
    assert (await refused(company, f"{at}/recurrences/{one}", same_cause=False, reason="x"))[
        "code"
    ] == "decided"
    unknown = await post(company, f"{at}/recurrences/{other}", same_cause=True, reason="x")
    assert unknown.status_code == 404
    yes = await done(company, f"{at}/recurrences/{two}", same_cause=True, reason="The same joint.")
    assert (yes["state"], yes["step"], yes["round"]) == ("open", "containment", 2)
    assert [c["recurrence"] for c in yes["complaints"]] == [False, True]
    assert "all four places" in (await refused(company, f"{at}/pass", step="containment"))["detail"]
    joined = [data for kind, data in await company.published(two) if kind == "improvement.joined"]
    assert [data["recurrence"] for data in joined] == [True]


def back(improvement: dict[str, Any], complaint_id: UUID, at: datetime, *more: UUID) -> ProblemRecurred:
    """What insights tells when the problem is back."""
    return ProblemRecurred(
        complaint_id=complaint_id,
        improvement_id=UUID(improvement["id"]),
        improvement_closed_at=datetime.fromisoformat(improvement["ended_at"]),
        by=RecurredBy.RATE,
        before=4,
        days_before=90,
        after=6,
        days_after=30.5,
        customers=6,
        rate_ratio=4.43,
        low=1.05,
        high=21.4,
        evidence=(complaint_id, *more),
        rules_version=0,
        found_at=at,
    )


@pytest.mark.requirement("001-23", "N-C", "000-08")
async def test_a_problem_that_insights_finds_again_begins_it_anew_once(company: Company) -> None:
    """Whichever is read first, the finding or the registration of its complaint."""
    improvement = await closed(company)
    company.now += 40 * DAY
    one, two, worker = await told(company), new_id(), Returning(company.context)
    event = back(improvement, two, company.now, one, new_id())
    await company.hear(event)
    assert await worker.turn() == 0, "its case is not open yet"
    await company.hear(registered(two, company.now), triaged(two, at=company.now), event)
    assert (await worker.turn(), await worker.turn()) == (1, 0)
    shown = await read(company, improvement)
    assert (shown["state"], shown["step"], shown["round"]) == ("open", "containment", 2)
    reason = shown["complaints"][-1]["reason"]
    assert "as often as before: 6 in 30.5 days, and 4 in 90 days before; rate ratio 4.43" in reason
    assert "频率没有下降：30.5 天内 6 件，此前 90 天内 4 件；发生率之比 4.43" in reason
    assert {each["complaint_id"]: each["same_cause"] for each in shown["recurrences"]} == {
        str(two): True,
        str(one): None,
    }
    assert (await facts(company, improvement)).count("reopened") == 1
    story = (await company.read(two))["timeline"]
    assert [e["kind"] for e in story if e["kind"].startswith("improvement")] == ["improvement_joined"]
    # Another finding about the same closing comes late: somebody is at it already.
    late = event.model_copy(update={"found_at": company.now + HOUR})
    await company.hear(late.model_copy(update={"improvement_closed_at": company.now}))
    assert await worker.turn() == 1
    assert (await facts(company, improvement)).count("reopened") == 1
    outcomes = await company.rows("SELECT outcome FROM improvement_returns ORDER BY outcome")
    assert outcomes == [("passed",), ("reopened",)]


async def forbid(company: Company, table: str, what: str | None) -> None:
    """From now on its rows must be so, or again need not."""
    change = "DROP CONSTRAINT odd" if what is None else f"ADD CONSTRAINT odd CHECK ({what}) NOT VALID"
    async with company.context.database.transaction() as transaction:
        await transaction.execute(sql(f"ALTER TABLE {table} {change}"))


def accepted(complaint_id: UUID, title: str, at: datetime) -> SuggestionAccepted:
    return SuggestionAccepted(
        complaint_id=complaint_id,
        suggestion_id=new_id(),
        kind=SuggestionKind.PRODUCT,
        source=SuggestionSource.HAZARD_AGAIN,
        improvement_id=new_id(),
        title=title,
        problem="It smokes.",
        evidence=(complaint_id,),
        accepted_by="key:1",
        accepted_at=at,
    )


@pytest.mark.requirement("003-15")
async def test_an_improvement_that_cannot_be_opened_holds_up_no_other(company: Company) -> None:
    worker, one = Ordering(company.context), await told(company)
    bad, good = (accepted(one, title, company.now + n * HOUR) for n, title in enumerate(("Bad", "Good")))
    await company.hear(bad, good)
    await forbid(company, "improvements", "title <> 'Bad'")
    assert await worker.turn() == 1
    query = "SELECT title, opened_at IS NULL, error FROM improvement_orders ORDER BY ordered_at"
    (title, waits, error), other = await company.rows(query)
    assert (title, waits, other) == ("Bad", True, ("Good", False, None))
    assert error.startswith("IntegrityError: CheckViolationError 23514")
    metrics = (await company.http.get("/metrics")).text
    assert 'redress_set_aside{table="improvement_orders"} 1.0' in metrics
    await forbid(company, "improvements", None)
    assert await worker.turn() == 0, "it is left alone for a while"
    company.now += ASIDE + HOUR
    assert (await worker.turn(), await worker.turn()) == (1, 0)
    for each in (bad, good):
        assert (await company.http.get(f"{URL}/{each.improvement_id}")).json()["title"] == each.title
    metrics = (await company.http.get("/metrics")).text
    assert 'redress_set_aside{table="improvement_orders"} 0.0' in metrics


@pytest.mark.requirement("000-08")
async def test_a_problem_that_cannot_be_taken_back_holds_up_no_other(company: Company) -> None:
    bad, good = await closed(company), await closed(company)
    company.now += 40 * DAY
    worker = Returning(company.context)
    for each in (bad, good):
        await company.hear(back(each, await told(company), company.now))
        company.now += HOUR
    await forbid(company, "improvements", f"state = 'closed' OR id <> '{bad['id']}'")
    assert await worker.turn() == 1
    states = [(await read(company, each))["state"] for each in (bad, good)]
    assert states == ["closed", "open"]
    (error,) = await company.rows("SELECT error FROM improvement_returns WHERE failed_at IS NOT NULL")
    assert error[0].startswith("IntegrityError")
    await forbid(company, "improvements", None)
    company.now += ASIDE + HOUR
    assert await worker.turn() == 1
    assert (await read(company, bad))["state"] == "open"


@pytest.mark.requirement("001-17", "004-13")
async def test_one_improvement_carries_many_complaints(company: Company) -> None:
    one, two = await told(company), await told(company, severity=Severity.MAJOR)
    improvement = await opened(company, one, two)
    at = f"/{improvement['id']}"
    assert (improvement["severity"], len(improvement["complaints"])) == ("major", 2)
    three = await told(company)
    joined = await done(
        company, f"{at}/complaints", complaint_id=str(three), reason="Same batch, 13800138000."
    )
    assert joined["complaints"][2]["reason"] == "Same batch, [phone]."
    await done(company, f"{at}/complaints", complaint_id=str(three), reason="Again.")
    assert [k for k in await facts(company, improvement) if k == "joined"] == ["joined"] * 3
    listed = (await company.http.get(URL, params={"complaint_id": str(three), "step": "record"})).json()
    assert [each["id"] for each in listed["items"]] == [improvement["id"]]
    left = await done(company, f"{at}/complaints/{three}/leave", reason="Another cause.")
    assert len(left["complaints"]) == 2
    assert (await post(company, f"{at}/complaints/{three}/leave", reason="x")).status_code == 404
    story = (await company.read(three))["timeline"]
    kinds = [e["kind"] for e in story if e["kind"].startswith("improvement")]
    assert kinds == ["improvement_joined", "improvement_left"]
    await done(company, f"{at}/complaints/{two}/leave", reason="Another cause.")
    assert (await refused(company, f"{at}/complaints/{one}/leave", reason="x"))["code"] == "last-complaint"
    unknown = await post(company, "", complaint_ids=[str(one), str(new_id())], **NEW)
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "body/complaint_ids/1")
    proposed = improvement["proposed_team"]
    assert (proposed["lead"]["code"], [each["code"] for each in proposed["others"]]) == (
        "service",
        ["quality"],
    )
    transport = await done(company, "", complaint_ids=[str(one)], **NEW, category="transit_damage")
    assert transport["proposed_team"]["lead"]["name_zh"] == "储运部"
    design = await done(company, "", complaint_ids=[str(one)], **NEW, category="function_fault")
    functions = [design["proposed_team"]["lead"], *design["proposed_team"]["others"]]
    assert {"rd", "engineering", "production"} < {each["code"] for each in functions}


@pytest.mark.requirement("001-16")
async def test_without_a_valid_complaint_it_is_dropped(company: Company) -> None:
    complaint_id = await told(company)
    await judged(company, complaint_id, **NO)
    improvement = await opened(company, complaint_id)
    at = f"/{improvement['id']}"
    await done(company, f"{at}/pass", step="record")
    assert "none is" in (await refused(company, f"{at}/pass", step="validity"))["detail"]
    gone = await done(company, f"{at}/drop", reason="Wear is normal.")
    assert gone["state"] == "dropped"
    listed = (await company.http.get(URL, params={"state": "dropped"})).json()["items"]
    assert [each["id"] for each in listed] == [improvement["id"]]
    other = await told(company)
    assert (await post(company, f"{at}/complaints", complaint_id=str(other), reason="x")).status_code == 409


def _further(complaint_id: UUID, number: int, **product: str | None) -> ComplaintSupplemented:
    return ComplaintSupplemented(
        complaint_id=complaint_id,
        addition_id=new_id(),
        number=number,
        contact_at=NINE,
        added_by="na",
        added_at=NINE + HOUR,
        medium=Channel.PHONE.medium,
        channel=Channel.PHONE,
        product=ProductRef(**product),
        completeness=0.5,
    )


async def test_a_product_that_was_told_later_is_what_it_is_about(company: Company) -> None:
    complaint_id = new_id()
    later = _further(complaint_id, 1, **MOTOR.model_dump())
    await company.hear(registered(complaint_id), triaged(complaint_id), later)
    assert (await opened(company, complaint_id))["product"] == "Servo motor"


async def test_a_product_that_is_told_in_pieces_is_the_same_in_every_room(company: Company) -> None:
    complaint_id = new_id()
    first = registered(complaint_id).model_copy(update={"product": ProductRef(name="Servo motor")})
    pieces = [
        _further(complaint_id, n, model="M7-400", batch=batch) for n, batch in ((1, None), (2, "2026-41"))
    ]
    await company.hear(first, triaged(complaint_id), pieces[0])
    await company.hear(pieces[1])
    assert (await opened(company, complaint_id))["product"] == "Servo motor", "not now this and now that name"
    [goods] = await company.rows("SELECT product, model, batch FROM case_products")
    assert tuple(goods) == (None, "M7-400", "2026-41")
    [told] = await company.rows("SELECT told -> 'product', product FROM cases")
    assert tuple(told) == (
        {"name": "Servo motor", "model": "M7-400", "batch": "2026-41"},
        "Servo motor",
    )


async def test_two_at_once_do_not_both_pass(company: Company) -> None:
    improvement = await opened(company)
    at = f"/{improvement['id']}"
    both = await asyncio.gather(*(post(company, f"{at}/pass", step="record") for _ in range(2)))
    assert sorted(answer.status_code for answer in both) == [200, 409]
    stale = await post(company, f"{at}/drop", {"If-Match": '"1"'}, reason="x")
    assert (stale.status_code, stale.json()["step"]) == (412, "validity")
    key = {"Idempotency-Key": "k-1"}
    first = await post(company, f"{at}/drop", key, reason="x")
    again = await post(company, f"{at}/drop", key, reason="x")
    assert (first.status_code, again.content) == (200, first.content)
    assert (await post(company, f"/{new_id()}/pass", step="record")).status_code == 404


@pytest.mark.requirement("P-19")
async def test_the_report_can_be_printed_in_both_languages(company: Company) -> None:
    complaint_id = await told(company)
    await judged(company, complaint_id)
    case = await company.done(complaint_id, "offers", offers=OFFERS)
    await company.done(complaint_id, "consent", offer_id=case["offers"][0]["offer_id"], via="phone")
    improvement = await opened(company, complaint_id)
    for language in ("zh", "en"):
        answer = await company.http.get(f"{URL}/{improvement['id']}/report", params={"language": language})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
        assert answer.content.startswith(b"%PDF-")
        assert f"-v1-{language}.pdf" in answer.headers["content-disposition"]
    assert (await company.http.get(f"{URL}/{new_id()}/report")).status_code == 404


async def test_an_erased_customer_leaves_no_words_in_an_improvement(company: Company) -> None:
    one, two = await told(company), await told(company)
    improvement = await opened(company, one)
    at = f"/{improvement['id']}"
    await done(company, f"{at}/complaints", complaint_id=str(two), reason="Mrs Li says the same.")
    for complaint_id in (one, two):
        gone = CustomerErased(
            complaint_id=complaint_id, customer_id=new_id(), because=Because.RETENTION, erased_at=company.now
        )
        await company.hear(gone)
    text = (await company.http.get(f"{URL}{at}")).text
    assert "Mrs Li" not in text
    assert "motors" not in text


async def test_whoever_writes_at_the_same_moment_does_not_bring_erased_words_back(company: Company) -> None:
    complaint_id = await told(company)
    improvement = await opened(company, complaint_id)
    async with company.context.database.transaction(of=[improvement["id"]]) as transaction:
        [held] = (await store.load(transaction, [UUID(improvement["id"])])).values()
        gone = CustomerErased(
            complaint_id=complaint_id, customer_id=new_id(), because=Because.RETENTION, erased_at=company.now
        )
        await company.hear(gone)
        await save_one(store, transaction, held)
    assert (await read(company, improvement))["problem"] == "[erased]"


@pytest.mark.requirement("P-21", "001-22")
async def test_a_severity_that_becomes_known_later_decides_how_long_is_watched(company: Company) -> None:
    improvement = await found(company, await contained(company))
    complaint_id = UUID(improvement["complaint_id"])
    await company.hear(triaged(complaint_id, Severity.MAJOR, company.now))
    watched = await carried_out(company, improvement)
    until = datetime.fromisoformat(watched["watch_until"])
    assert until - datetime.fromisoformat(watched["watch_from"]) == 90 * DAY


@pytest.mark.requirement("003-19", "001-21")
async def test_what_is_late_is_on_the_agenda_until_it_is_done_and_stays_on_record(company: Company) -> None:
    improvement = await contained(company)
    await planned(company, await found(company, improvement))
    routing = company.process.contexts["routing"]
    heard: set[str] = set()

    async def forward() -> None:
        """Routing hears what resolution told."""
        rows = await company.rows("SELECT topic, key, headers, value FROM outbox ORDER BY id")
        told = [Record(topic, key, headers, value) for topic, key, headers, value in rows]
        fresh = [record for record in told if record.headers["ce_id"] not in heard]
        heard.update(record.headers["ce_id"] for record in fresh)
        await routing_service.pump(routing).handle(fresh)

    async def agenda() -> list[tuple[str, list[str]]]:
        meeting = (await company.http.get(f"/routing/v1/meetings/{await met(company)}")).json()
        return [(each["complaint_id"], each["why"]) for each in meeting["agenda"]]

    complaint_id = improvement["complaint_id"]
    await routing_service.pump(routing).handle(records([registered(UUID(complaint_id))]))
    company.now += 11 * DAY
    await all_woken(company)
    await forward()
    on = dict(await agenda())
    assert "improvement" in on[complaint_id]
    record = (await company.http.get("/routing/v1/accountability")).json()["items"]
    late = [each for each in record if each["kind"] == "improvement"]
    assert [(each["people"], each["supervisors"]) for each in late] == [(["na"], ["fang"])] * 2
    numbers = [action["number"] for action in (await read(company, improvement))["actions"]]
    await done(company, f"/{improvement['id']}/actions/{numbers[0]}/done", evidence="Done.")
    await forward()
    assert "improvement" in dict(await agenda())[complaint_id], "the other one is late still"
    await done(company, f"/{improvement['id']}/drop", reason="Another improvement does it.")
    await forward()
    assert "improvement" not in dict(await agenda()).get(complaint_id, [])
