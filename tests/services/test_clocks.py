"""Clocks over HTTP and the log: pauses, misses, escalations, calendars copied from routing, promises of one's own."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.resolution.clocks import refreshing
from services.resolution.clocks.book import CLOCKS
from services.resolution.clocks.calendars import CalendarCopy
from services.resolution.clocks.refreshing import Refresher
from services.resolution.clocks.store import write_calendars
from shared import clock
from shared.database import sql
from shared.events import ComplaintSupplemented, CustomerWrote
from shared.events.intake import ComplaintRegistered
from shared.events.vocabulary import Channel, Outcome, Severity, Visibility
from shared.ids import new_id
from shared.waking import BATCH
from tests.company import Company, open_company
from tests.resolution_story import HOUR, NINE, assigned, opinion, registered, triaged
from tests.services.test_resolution import DUE, OFFERS, YES, Office, open_office
from tests.world import TOLD, World, eventually

DAY = timedelta(days=1)
OFFICE_HOURS = [["09:00", "12:00"], ["13:00", "18:00"]]


@pytest.fixture
async def office(database_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(database_url, tmp_path, ["admin"]) as opened:
        with clock.moved_to(lambda: opened.now):
            yield opened


@pytest.fixture
async def company(database_url: str, tmp_path: Path) -> AsyncIterator[Company]:
    async with open_company(database_url, tmp_path) as opened:
        with clock.moved_to(lambda: opened.now):
            yield opened


def wrote(complaint_id: UUID, at: datetime, number: int = 1) -> CustomerWrote:
    return CustomerWrote(
        complaint_id=complaint_id, message_id=new_id(), number=number, message="M7.", written_at=at
    )


def public(complaint_id: UUID) -> ComplaintRegistered:
    return registered(complaint_id).model_copy(update={"visibility": Visibility.PUBLIC})


def clocks_of(case: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {shown["clock"]: shown for shown in case["clocks"]["clocks"]}


async def wake_all(office: Office) -> None:
    """A moment later, because at its very moment nothing is due yet."""
    office.now += timedelta(milliseconds=1)
    while await office.waker.wake():
        pass


async def listed(office: Office, path: str) -> Any:
    answer = await office.http.get(f"/resolution/v1/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.requirement("P-11", "P-13", "001-12")
async def test_a_question_to_the_customer_stops_the_clocks_and_their_answer_starts_them(
    office: Office,
) -> None:
    complaint_id = await office.opened()
    case = await office.done(complaint_id, "accept")
    assert clocks_of(case).keys() == {"first_response", "resolution", "accept", "judge", "promise"}
    assert (case["clocks"]["policy_version"], case["clocks"]["paused_since"]) == (0, None)
    office.now += HOUR
    case = await office.done(complaint_id, "ask-customer", question="Call me: 13800138000. Which motor?")
    assert (case["waiting_for"], case["clocks"]["paused_since"]) == ("customer", "2026-03-02T02:00:00Z")
    assert clocks_of(case)["resolution"]["due_at"] is None
    assert clocks_of(case)["first_response"]["met_at"] == "2026-03-02T02:00:00Z"
    assert "13800138000" not in str(await office.published())
    assert [c["id"] for c in (await listed(office, "cases?waiting_for=customer"))["items"]] == [
        str(complaint_id)
    ]
    refused = await office.act(complaint_id, "ask-colleague", whom="wang.lei", question="Which batch?")
    assert refused.status_code == 409
    office.now += DAY
    await office.hear(wrote(complaint_id, office.now))
    case = await office.read(complaint_id)
    assert (case["waiting_for"], case["clocks"]["paused_since"]) == (None, None)
    assert clocks_of(case)["next_response"]["met_at"] is None
    resolution = datetime.fromisoformat(clocks_of(case)["resolution"]["due_at"])
    assert resolution > NINE + 14 * DAY
    by_phone = await office.opened()
    await office.done(by_phone, "ask-customer", question="Which motor?")
    case = await office.done(by_phone, "answered", answer="M7, said on the telephone.")
    assert (case["waiting_for"], case["timeline"][-1]["kind"]) == (None, "answer_recorded")


@pytest.mark.requirement("001-13", "001-12")
async def test_a_colleague_is_chased_until_they_have_answered(office: Office) -> None:
    complaint_id = await office.opened()
    await office.done(complaint_id, "accept")
    case = await office.done(complaint_id, "ask-colleague", whom="wang.lei", question="Which batch?")
    assert (case["waiting_for"], case["asked_whom"]) == ("colleague", "wang.lei")
    assert case["clocks"]["paused_since"] is None
    office.now = NINE + 5 * HOUR + HOUR / 60
    await wake_all(office)
    assert (await office.types(complaint_id)).count("colleague.chased") == 1
    case = await office.done(complaint_id, "answered", answer="41.")
    assert (case["asked_whom"], case["chase_at"]) == (None, None)


@pytest.mark.requirement("002-21", "003-07", "P-14", "P-11")
async def test_what_was_missed_is_listed_with_whoever_answers_for_it(office: Office) -> None:
    late, unowned = await office.opened(), new_id()
    await office.hear(registered(unowned))
    await office.done(late, "accept")
    office.now = NINE + 30 * DAY
    await wake_all(office)
    types = Counter(await office.types(late))
    assert (types["case.escalated"], types["case.escalated-to-leadership"]) == (
        2,
        2,
    )  # first response, resolution
    rows = (await listed(office, "accountability?handler=e-1007"))["items"]
    assert {row["clock"] for row in rows} == {"first_response", "resolution", "judge", "promise"}
    assert {(row["accountable"], row["department"], row["policy_version"]) for row in rows} == {
        ("handler", "after-sales", 0)
    }
    assert [row["due_at"] for row in rows] == sorted((row["due_at"] for row in rows), reverse=True)
    everything = (await listed(office, "accountability"))["items"]
    assert {row["accountable"] for row in everything if row["complaint_id"] == str(unowned)} == {"management"}
    first = (await listed(office, "accountability?clock=first_response&limit=1"))["items"]
    assert len(first) == 1
    until = (NINE + 2 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")
    early = (await listed(office, f"accountability?until={until}&department=after-sales"))["items"]
    assert {row["clock"] for row in early} < {row["clock"] for row in rows}
    assert all(row["met_at"] is None for row in rows if row["clock"] != "promise")
    await office.done(late, "reply", message="Sorry.")
    rows = (await listed(office, "accountability?handler=e-1007&clock=first_response"))["items"]
    assert rows[0]["met_at"] == office.now.isoformat().replace("+00:00", "Z")


@pytest.mark.requirement("P-14", "N-I")
async def test_two_replicas_escalating_twice_and_only_the_first_hundred_rows_looked_at(
    office: Office, tmp_path: Path
) -> None:
    ids = [new_id() for _ in range(BATCH + 30)]
    await office.hear(*(registered(complaint_id) for complaint_id in ids))
    url = office.process.settings.database_url
    assert url is not None
    async with open_office(url, tmp_path, ["cases:read"]) as other:
        office.now = NINE + 20 * DAY
        await asyncio.gather(*(wake_all(replica) for replica in (office, other, other, office)))
        await wake_all(office)
    told = Counter(
        (kind, data["complaint_id"], data.get("number")) for kind, data in await office.published()
    )
    missed = {key: count for key, count in told.items() if key[0] in {"clock.missed", "case.escalated"}}
    assert set(missed.values()) == {1}
    assert {complaint_id for _, complaint_id, _ in missed} == set(map(str, ids))
    escalated = Counter(key[1] for key in missed if key[0] == "case.escalated")
    assert set(escalated.values()) == {2}


@pytest.mark.requirement("P-12", "N-I")
async def test_a_calendar_of_routing_counts_and_a_changed_one_counts_anew(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "BATCH", 2)
    refresher: Refresher = company.context.part(Refresher)
    week = {str(day): OFFICE_HOURS for day in range(5)}
    entry = {"code": "short", "name_en": "Short", "name_zh": "短", "zone": "Asia/Shanghai", "spans": week}
    await company.directory("PUT", "", calendars=[entry])
    await company.directory("PUT", "/departments/desk", calendar="short", **unit("desk", 2))
    ids = [new_id() for _ in range(5)]
    for complaint_id in ids:
        at_desk = assigned(complaint_id).model_copy(update={"department": "desk"})
        await company.hear(registered(complaint_id), triaged(complaint_id), at_desk)
    assert await refresher.refresh() == 5
    await wake_all(company)
    before = {i: clocks_of(await company.read(i)) for i in ids}
    assert await refresher.refresh() == 0
    entry["spans"] = {str(day): [["09:00", "10:00"]] for day in range(5)}
    await company.directory("PUT", "", calendars=[entry])
    assert await refresher.refresh() == 5
    await wake_all(company)
    for i in ids:
        after = clocks_of(await company.read(i))
        assert after["accept"]["due_at"] == "2026-03-11T02:00:00Z", "an hour a day"
        assert before[i]["accept"]["due_at"] == "2026-03-02T10:00:00Z"
        assert after["promise"]["due_at"] == before[i]["promise"]["due_at"], "a word that was given stays"
    assert await refresher.refresh() == 0
    await company.directory("PUT", "/departments/desk", calendar=None, **unit("desk", 2))
    assert await refresher.refresh() == 5
    await wake_all(company)
    assert clocks_of(await company.read(ids[0]))["accept"]["due_at"] == before[ids[0]]["accept"]["due_at"]


def unit(code: str, layer: int) -> dict[str, Any]:
    return {"code": code, "name_en": code, "name_zh": "部门", "layer": layer}


@pytest.mark.requirement("P-12")
async def test_while_routing_is_away_the_copy_of_its_calendars_stays(office: Office) -> None:
    copy = CalendarCopy.model_validate(
        {"zone": "Asia/Shanghai", "spans": {"0": [["09:00", "11:00"]], "1": [["09:00", "11:00"]]}}
    )
    async with office.context.database.transaction() as transaction:
        await write_calendars(transaction, {"after-sales": copy}, office.now)
    refresher: Refresher = office.context.part(Refresher)
    complaint_id = await office.opened()
    await refresher.refresh()
    await wake_all(office)
    assert await office.rows("SELECT department FROM calendars") == [("after-sales",)]
    shown = clocks_of(await office.read(complaint_id))
    assert shown["accept"]["due_at"] == "2026-03-10T03:00:00Z", "two hours on Mondays and on Tuesdays"


@pytest.mark.requirement("P-12", "N-I")
async def test_what_is_woken_for_nothing_goes_back_to_sleep_and_crowds_nobody_out(office: Office) -> None:
    """A department has a calendar by which nobody can count; and a replica woke cases by what held before."""
    copy = CalendarCopy.model_validate({"zone": "Asia/Shanghai", "spans": {}})
    async with office.context.database.transaction() as transaction:
        await write_calendars(transaction, {"after-sales": copy}, office.now)
    refresher: Refresher = office.context.part(Refresher)
    complaint_id = await office.opened()
    await refresher.refresh()
    await wake_all(office)
    assert await refresher.refresh() == 0
    stale = sql("UPDATE cases SET wakes_at = :now")
    async with office.context.database.transaction() as transaction:
        await transaction.execute(stale, {"now": office.now})
    version = (await office.read(complaint_id))["version"]
    await wake_all(office)
    [(wakes_at,)] = await office.rows("SELECT wakes_at FROM cases")
    assert wakes_at > office.now
    assert (await office.read(complaint_id))["version"] == version


@pytest.mark.requirement("P-13")
async def test_another_version_of_the_rulebook_counts_anew(office: Office) -> None:
    complaint_id = await office.opened()
    content = CLOCKS.shipped.model_dump(mode="json")
    content["rows"][0]["hours"]["resolution"] = 8
    made = await office.http.post(
        "/resolution/v1/rulebooks/clocks/versions", json={"content": content, "reason": "Faster."}
    )
    assert made.status_code == 201, made.text
    await office.http.put("/resolution/v1/rulebooks/clocks", json={"version": 1, "reason": "Faster."})
    refresher: Refresher = office.context.part(Refresher)
    assert await refresher.refresh() == 1
    await wake_all(office)
    case = await office.read(complaint_id)
    assert case["clocks"]["policy_version"] == 1
    assert clocks_of(case)["resolution"]["due_at"] == "2026-03-02T10:00:00Z"


@pytest.mark.requirement("000-13")
async def test_a_public_complaint_closes_only_after_it_was_answered_in_public(office: Office) -> None:
    complaint_id = new_id()
    await office.hear(public(complaint_id), triaged(complaint_id), assigned(complaint_id))
    await office.done(complaint_id, "answer", result="Screw sent.")
    private = ComplaintSupplemented(
        complaint_id=complaint_id,
        addition_id=new_id(),
        number=1,
        contact_at=office.now,
        added_by="key:li",
        added_at=office.now,
        medium=Channel.PHONE.medium,
        channel=Channel.PHONE,
        visibility=Visibility.PRIVATE,
        completeness=0.5,
    )
    await office.hear(private, opinion(complaint_id, Outcome.SATISFIED, office.now + HOUR))
    case = await office.read(complaint_id)
    assert (case["state"], case["visibility"]) == ("carried_out", "public")
    reasons = {no["action"]: no["reason"]["zh"] for no in case["not_yet"]}
    assert "公开回应" in reasons["close"]
    refused = await office.act(complaint_id, "close", outcome="satisfied", reason="Said so.")
    assert refused.status_code == 409
    case = await office.done(
        complaint_id, "public-response", where="https://forum.example.com/1", response="Sent."
    )
    assert (case["state"], case["outcome"], case["closed_by"]) == ("closed", "satisfied", "customer")


@pytest.mark.requirement("000-22")
async def test_small_things_that_became_big_can_be_listed(office: Office) -> None:
    small, big = await office.opened(), await office.opened()
    await office.hear(triaged(big, Severity.MAJOR, NINE + 2 * HOUR))
    assert [case["id"] for case in (await listed(office, "cases?grew=true"))["items"]] == [str(big)]
    assert [case["id"] for case in (await listed(office, "cases?grew=false"))["items"]] == [str(small)]
    assert "case.grew" in await office.types(big)
    assert "小事变大" in str((await office.read(big))["timeline"])


@pytest.mark.requirement("001-28", "N-B", "003-09")
async def test_a_later_promise_is_allowed_by_layer_and_beyond_it_by_a_permit_that_is_used_once(
    company: Company,
) -> None:
    complaint_id = await company.opened()
    na, fang = company.seen_by("na"), company.seen_by("fang")
    sooner = (NINE + 2 * HOUR).isoformat()
    case = await company.done(complaint_id, "reply", message="Soon.", promise_by=sooner)
    assert datetime.fromisoformat(case["promise"]["due_at"]) == NINE + 2 * HOUR
    own = (NINE + DAY + 9 * HOUR).isoformat()  # sixteen hours of work
    unlisted = await company.act(complaint_id, "reply", message="Soon.", promise_by=own)
    assert (unlisted.status_code, unlisted.json()["approvers"]) == (409, [])
    assert (await na.done(complaint_id, "reply", message="Soon.", promise_by=own))["state"] == "open"
    late: dict[str, Any] = {"message": "After the test.", "promise_by": (NINE + 4 * DAY).isoformat()}
    refused = await na.act(complaint_id, "reply", **late)
    assert (refused.status_code, refused.json()["type"].rsplit(":", 1)[1]) == (409, "approval-needed")
    assert [each["id"] for each in refused.json()["approvers"]] == ["fang", "min"]
    asked = await na.ask(**refused.json()["approval"], reason="The test takes three days.")
    assert asked.status_code == 201, asked.text
    approval_id = asked.json()["id"]
    assert (await na.act(complaint_id, "reply", approval_id=approval_id, **late)).status_code == 409
    await fang.decide(approval_id, "grant")
    later = late | {"promise_by": (NINE + 5 * DAY).isoformat()}
    assert (await na.act(complaint_id, "reply", approval_id=approval_id, **later)).status_code == 409
    case = await na.done(complaint_id, "reply", approval_id=approval_id, **late)
    assert datetime.fromisoformat(case["promise"]["due_at"]) == NINE + 4 * DAY
    assert (await na.act(complaint_id, "reply", approval_id=approval_id, **late)).status_code == 409
    beyond = await na.act(complaint_id, "reply", message="?", promise_by="2999-01-01T00:00:00Z")
    assert (beyond.status_code, beyond.json()["code"]) == (409, "promise-too-far")
    past = await na.act(complaint_id, "reply", message="?", promise_by=NINE.isoformat())
    assert (past.status_code, past.json()["code"]) == (409, "promise-in-the-past")


@pytest.mark.requirement("001-31", "N-B")
async def test_how_many_promises_were_kept_by_person_department_and_period(office: Office) -> None:
    kept, broken, waited, nobody = [await office.opened() for _ in range(3)] + [new_id()]
    await office.hear(registered(nobody))
    await office.hear(assigned(broken, handler_id="e-2", at=NINE + HOUR))
    await office.done(kept, "reply", message="Soon.")
    await office.done(waited, "accept")
    await office.done(waited, "judgement", **YES)
    await office.done(waited, "offers", offers=OFFERS)
    office.now = DUE + HOUR
    await wake_all(office)
    rates = {rate["who"]: rate for rate in await listed(office, "kept-rates")}
    assert (rates["e-1007"]["kept"], rates["e-1007"]["broken"], rates["e-1007"]["excused"]) == (3, 1, 1)
    assert rates["e-1007"]["rate"] == 0.75
    assert (rates["e-2"]["rate"], rates[None]["broken"]) == (0, 1)
    [department] = await listed(office, "kept-rates?by=department&department=after-sales")
    assert (department["kept"], department["broken"]) == (3, 2)
    before = DUE.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert [r["rate"] for r in await listed(office, f"kept-rates?until={before}&handler=e-1007")] == [1]
    assert await listed(office, "kept-rates?since=2027-01-01T00:00:00Z") == []


@pytest.mark.requirement("001-28", "P-09")
async def test_closing_while_a_promise_is_due_this_second(office: Office) -> None:
    ids = [await office.opened() for _ in range(12)]
    office.now = DUE + timedelta(milliseconds=1)
    answers, *_ = await asyncio.gather(
        asyncio.gather(*(office.act(complaint_id, "answer", result="Done.") for complaint_id in ids)),
        office.waker.wake(),
        office.waker.wake(),
    )
    assert {answer.status_code for answer in answers} == {200}
    await wake_all(office)
    for complaint_id in ids:
        types = Counter(await office.types(complaint_id))
        assert types["promise.broken"] == 1
        assert types["promise.made"] == 1 + types["promise.kept"], "the waker was first, or the person"
        missed = [d["clock"] for kind, d in await office.published(complaint_id) if kind == "clock.missed"]
        assert missed == ["accept"]
        assert (await office.read(complaint_id))["promise"] is None


@pytest.mark.requirement("P-11")
async def test_a_case_that_is_older_than_its_clocks_gets_them_when_it_is_next_looked_at(
    office: Office,
) -> None:
    complaint_id = await office.opened()
    async with office.context.database.transaction() as transaction:
        await transaction.execute(
            sql("UPDATE cases SET clocks = NULL, clock_policy = NULL, calendar_digest = NULL")
        )
    refresher: Refresher = office.context.part(Refresher)
    assert await refresher.refresh() == 1
    office.now = NINE + HOUR
    await wake_all(office)
    shown = clocks_of(await office.read(complaint_id))
    assert shown["resolution"]["started_at"] == office.now.isoformat().replace("+00:00", "Z")
    assert await refresher.refresh() == 0


@pytest.mark.slow
@pytest.mark.empty_world
@pytest.mark.requirement("003-07", "P-14", "001-12", "001-28")
async def test_the_right_people_are_told_what_is_late_and_the_customer_what_is_asked(world: World) -> None:
    complaint_id = (await world.register(TOLD))["id"]
    await world.settled()
    url = f"/resolution/v1/cases/{complaint_id}"
    asked = await world.http.post(f"{url}/ask-customer", json={"question": "Which motor is it?"})
    assert asked.status_code == 200, asked.text
    await world.settled()

    async def letter(template: str) -> list[Any]:
        async with world.context("notification").database.reading() as connection:
            wanted = {"id": complaint_id, "template": template}
            found = await connection.execute(_LETTERS, wanted)
            return [row.facts for row in found]

    assert (await letter("asked"))[0]["question"] == "Which motor is it?"
    extended = {"hours": 8, "reason": "The expert's report is late."}
    assert (await world.http.post(f"{url}/answered", json={"answer": "M7."})).status_code == 200
    assert (await world.http.post(f"{url}/extend", json=extended)).status_code == 200
    await world.settled()
    assert (await letter("extended"))[0]["reason"] == "The expert's report is late."
    start = clock.now()
    with clock.moved_to(lambda: start + 60 * DAY):

        async def told() -> set[tuple[str, str]]:
            async with world.context("routing").database.reading() as connection:
                found = await connection.execute(_NOTICES, {"id": complaint_id})
                return {(row.audience, row.reason) for row in found}

        wanted = {
            ("responsible-department", "time-over"),
            ("complaint-management", "escalated"),
            ("leadership", "escalated"),
        }

        async def all_told() -> bool:
            return wanted <= await told()

        await eventually(all_told, 30, "the notices of what is late")


_LETTERS = sql("SELECT facts FROM deliveries WHERE complaint_id = :id AND template = :template")
_NOTICES = sql("SELECT audience, reason FROM notices WHERE complaint_id = :id")
