"""Findings, training, rewards and duties over HTTP and the log."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.routing.findings.watch import Watch
from services.routing.store import DispatchStore
from services.routing.training.api import session_of
from shared import clock
from shared.database import Transaction
from shared.events import CaseAccepted, CaseClosed, CaseResumed, PromiseBroken, PromiseKept, TrainingNeeded
from shared.events.insights import TrainingKind
from shared.events.vocabulary import Outcome
from shared.ids import new_id
from tests.services.test_directory import account, department, fields, person, synced
from tests.services.test_routing import tell
from tests.world import TOLD, World, eventually

pytestmark = pytest.mark.slow

V1 = "/routing/v1"
EXAM = {
    "course": "policy_and_process",
    "starts_at": "2026-03-02T09:00:00+08:00",
    "ends_at": "2026-03-02T12:00:00+08:00",
    "trainer": "赵琳 Zhao Lin",
}


async def found(world: World, kind: str, **params: Any) -> dict[str, Any]:
    """The findings of a kind, by subject."""
    answer = await world.http.get(f"{V1}/directory/findings", params={"kind": kind, "limit": 200, **params})
    return {each["subject"]: each for each in answer.json()["items"]}


async def posted(world: World, path: str, body: Any, status: int = 201, key: str | None = None) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    answer = await world.http.post(f"{V1}{path}", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


async def session(world: World, *people: str, **changes: Any) -> Any:
    return await posted(world, "/training/sessions", EXAM | {"participants": people} | changes)


async def passed(world: World, held: Any, who: str, score: int = 95) -> Any:
    body = {"results": [{"person": who, "score": score, "feedback": "流程掌握扎实。"}]}
    return (await posted(world, f"/training/sessions/{held['id']}/results", body))["results"][0]


@pytest.mark.empty_world
async def test_what_is_unowned_is_found_and_settles_when_it_is_mended(world: World) -> None:
    watch = world.context("routing").part(Watch)
    await world.register()
    await world.settled()
    await watch.turn()
    assert await found(world, "department-empty") == {}
    await synced(world, departments=[department("lonely")])
    await watch.turn()
    [finding] = (await found(world, "department-empty")).values()
    assert finding["subject"] == "lonely"
    assert "lonely" in finding["detail_en"]
    assert "lonely" in finding["detail_zh"]
    assert await watch.turn() == (0, 0), "it is found once"
    await synced(world, people=[person("lonely.one", department="lonely")])
    assert await watch.turn() == (0, 1)
    assert await found(world, "department-empty") == {}
    settled = (await found(world, "department-empty", settled=True))["lonely"]
    assert settled["id"] == finding["id"]
    assert settled["settled_at"] >= settled["opened_at"]

    everybody = (await world.http.get(f"{V1}/directory")).json()["people"]
    named = ("id", "name", "department", "languages")
    gone = [{name: each[name] for name in named} | {"active": False} for each in everybody]
    await synced(world, people=gone, requeue=True)
    await watch.turn()
    assert "customer_service" in await found(world, "department-empty")
    assert len(await found(world, "category-unowned")) == 10
    [left] = (await found(world, "handler-gone")).values()
    assert "1 open complaints" in left["detail_en"]
    shown = (await world.http.get("/metrics")).text
    assert 'redress_findings_open{kind="category-unowned"} 10.0' in shown


async def test_it_is_looked_for_on_schedule_by_any_number_of_replicas(world: World) -> None:
    async def flagged() -> bool:
        return "zhao.lin" in await found(world, "training-missing")

    await eventually(flagged, what="the worker to find a salesperson without training")
    await synced(world, departments=[department("replica_unit")])
    watch = world.context("routing").part(Watch)
    changed = await asyncio.gather(*(watch.turn() for _ in range(4)))
    assert sum(opened for opened, _ in changed) == 1, "it is found once"
    rows = await found(world, "department-empty", settled=True)
    assert rows["replica_unit"].get("settled_at") is None


async def test_the_database_refuses_what_must_not_be(world: World) -> None:
    await synced(world, people=[person("guard.one")])
    await posted(world, "/policies", POLICY | {"code": "guarded", "layers": [4]})
    away = "INSERT INTO absences VALUES (gen_random_uuid(), 'guard.one', now(), now() + interval '1 day', 'leave')"
    refused = {
        "UPDATE policies SET title_en = 'Else' WHERE code = 'guarded'": "never changes",
        "DELETE FROM policies WHERE code = 'guarded'": "never changes",
        away: "overlap",
        "UPDATE people SET deputy = id WHERE id = 'guard.one'": "ck_people_deputy",
        "UPDATE people SET supervisor = id WHERE id = 'guard.one'": "ck_people_supervisor",
        "UPDATE people SET amount = 5 WHERE id = 'guard.one'": "ck_people_amount",
        "UPDATE departments SET successor = code": "ck_departments_successor",
    }
    database = world.context("routing").database
    await database.at_once(text(away), {})
    for statement, says in refused.items():
        with pytest.raises(DBAPIError, match=says):
            await database.at_once(text(statement), {})


@pytest.mark.requirement("003-21", "002-12", "002-13", "002-14", "P-17")
async def test_contact_staff_without_training_are_flagged_until_they_pass(world: World) -> None:
    catalogue = (await world.customer.get(f"{V1}/training/catalogue")).json()
    assert [kind["name_zh"] for kind in catalogue["kinds"]] == [
        "服务理念与文化",
        "投诉的类型与原因",
        "情绪管理与沟通技巧",
        "问题解决能力",
        "模拟案例",
    ]
    assert [mode["code"] for mode in catalogue["modes"]] == ["internal", "external", "online"]
    assert [each["code"] for each in catalogue["assessments"]] == ["questionnaire", "exam", "practice"]
    mine = await account(world, "contact.one", meets_customers=True)
    await synced(world, people=[person("desk.one")])
    watch = world.context("routing").part(Watch)
    await watch.turn()
    missing = await found(world, "training-missing")
    assert "contact.one" in missing
    assert "desk.one" not in missing, "whoever meets no customers needs none"
    me = f"{V1}/directory/people/me"
    assert (await world.http.get(me, headers=mine)).json()["training_missing"] is True

    held = await session(world, "contact.one", "desk.one")
    failed = await passed(world, held, "contact.one", score=79)
    assert (failed["passed"], failed.get("certificate")) == (False, None)
    twice = await world.http.post(
        f"{V1}/training/sessions/{held['id']}/results",
        json={"results": [{"person": "contact.one", "score": 100}]},
    )
    assert await fields(twice, 409) == ["body/results/0/person"]
    again = await session(world, "contact.one")
    result = await passed(world, again, "contact.one", score=80)
    assert (result["passed"], result["certificate"]) == (True, "policy-process")
    shown = (await world.http.get(me, headers=mine)).json()
    assert shown["training_missing"] is False
    [paper] = shown["certificates"]
    valid_for = datetime.fromisoformat(paper["expires_at"]) - clock.now()
    assert timedelta(days=364) < valid_for <= timedelta(days=365)
    await watch.turn()
    assert "contact.one" not in await found(world, "training-missing")
    own = (await world.http.get(f"{V1}/training/results/me", headers=mine)).json()["items"]
    assert [each["score"] for each in own] == ["80.00", "79.00"]
    assert own[0]["feedback"] == "流程掌握扎实。"


@pytest.mark.requirement("003-21")
@pytest.mark.empty_world
async def test_a_certificate_that_expired_counts_no_more(world: World) -> None:
    await synced(world, people=[person("paper.one", meets_customers=True)])
    await passed(world, await session(world, "paper.one"), "paper.one")
    watch, now = world.context("routing").part(Watch), clock.now()

    async def flagged(days: int) -> tuple[bool, bool, bool, int]:
        with clock.moved_to(lambda: now + timedelta(days=days)):
            await watch.turn()
            shown = (await world.http.get(f"{V1}/directory/people/paper.one")).json()
            within: dict[str, Any] = {"person": "paper.one", "expires_within": 30}
            listed = (await world.http.get(f"{V1}/training/certificates", params=within)).json()["items"]
            return (
                "paper.one/policy-process" in await found(world, "certificate-expires"),
                "paper.one" in await found(world, "training-missing"),
                shown["training_missing"],
                len(listed),
            )

    assert await flagged(300) == (False, False, False, 0)
    assert await flagged(340) == (True, False, False, 1)
    assert await flagged(366) == (False, True, True, 0)


async def test_sessions_name_courses_and_people_that_exist(world: World) -> None:
    await synced(world, people=[person("session.one"), person("session.two")])

    async def refused(**changes: Any) -> list[str]:
        return await fields(await world.http.post(f"{V1}/training/sessions", json=EXAM | changes))

    assert await refused(course="juggling") == ["body/course"]
    assert await refused(participants=["session.one", "nobody"]) == ["body/participants/1"]
    assert await refused(ends_at=EXAM["starts_at"]) == ["body"]
    held = await session(world, "session.one")
    stranger = {"results": [{"person": "session.two", "score": 90}]}
    answer = await world.http.post(f"{V1}/training/sessions/{held['id']}/results", json=stranger)
    assert await fields(answer) == ["body/results/0/person"]
    more = await posted(
        world, f"/training/sessions/{held['id']}/participants", {"people": ["session.two"]}, 200
    )
    assert more["participants"] == ["session.one", "session.two"]
    listed = await world.http.get(f"{V1}/training/sessions", params={"course": EXAM["course"], "limit": 200})
    assert [each["participants"] for each in listed.json()["items"] if each["id"] == held["id"]] == [
        ["session.one", "session.two"]
    ]


async def test_nobody_says_what_became_of_themselves(world: World) -> None:
    mine = await account(world, "trainer.one", "training:write")
    await synced(world, people=[person("pupil.one")])
    held = await session(world, "trainer.one", "pupil.one")
    url = f"{V1}/training/sessions/{held['id']}/results"

    async def said(*people: str) -> int:
        body = {"results": [{"person": each, "score": 100} for each in people]}
        return (await world.http.post(url, json=body, headers=mine)).status_code

    assert await said("trainer.one") == 403
    assert await said("pupil.one", "trainer.one") == 403
    papers = await world.http.get(f"{V1}/training/certificates", params={"person": "trainer.one"})
    assert papers.json()["items"] == []
    assert await said("pupil.one") == 201
    await passed(world, held, "trainer.one")


GRADES = {
    "apologised": 20,
    "sympathised": 10,
    "asked_wish": 20,
    "offered_best": 15,
    "offered_next": 0,
    "promised_only_possible": 10,
    "improves": 0,
}


@pytest.mark.requirement("002-12", "002-14")
async def test_the_case_of_three_answers_is_a_drill_with_a_graded_checklist(world: World) -> None:
    book = (await world.http.get(f"{V1}/rulebooks/drills")).json()["content"]
    [drill] = [each for each in book["drills"] if each["code"] == "three_answers"]
    assert [answer["code"] for answer in drill["answers"]] == ["A", "B", "C"]
    assert drill["best"] == "C"
    assert all(answer["text_zh"] and answer["why_en"] for answer in drill["answers"])
    await synced(world, people=[person("drill.one")])
    url = "/training/drills/three_answers/runs"
    run = {
        "person": "drill.one",
        "answer": "很抱歉给您造成困扰……",
        "grades": GRADES,
        "feedback": "请准备第二方案。",
    }
    done = await posted(world, url, run, key="drill")
    assert (done["points"], done["most"], done["passed"]) == (75, 100, True)
    assert done == await posted(world, url, run, key="drill")
    results = await world.http.get(f"{V1}/training/results", params={"person": "drill.one"})
    [practice] = results.json()["items"]
    assert (practice["course"], practice["assessed_how"], practice["score"]) == (
        "simulated_cases",
        "practice",
        "75.00",
    )
    assert practice["certificate"] == "simulated-cases"
    weak = await posted(world, url, run | {"grades": GRADES | {"apologised": 19}})
    assert weak["passed"] is False

    async def refused(grades: dict[str, int]) -> list[str]:
        return await fields(await world.http.post(f"{V1}{url}", json=run | {"grades": grades}))

    assert await refused({**GRADES, "apologised": 21}) == ["body/grades/apologised"]
    assert await refused({**GRADES, "juggled": 1}) == ["body/grades/juggled"]
    assert await refused({k: v for k, v in GRADES.items() if k != "improves"}) == ["body/grades/improves"]
    mine = await account(world, "drill.two", "training:write")
    own = await world.http.post(f"{V1}{url}", json=run | {"person": "drill.two"}, headers=mine)
    assert own.status_code == 403, "nobody grades themselves"


def need(complaint_id: UUID, need_id: UUID, complaints: int = 4, **whose: Any) -> TrainingNeeded:
    return TrainingNeeded(
        complaint_id=complaint_id,
        need_id=need_id,
        about="service_attitude",
        kind=TrainingKind.SERVICE_IDEA,
        complaints=complaints,
        evidence=(complaint_id,),
        found_at=clock.now(),
        **whose,
    )


async def test_feedback_and_answers_are_between_the_person_and_whoever_trains(world: World) -> None:
    own = await account(world, "confide.one", "cases:read")
    other = await account(world, "confide.two", "cases:read")
    trainer = await account(world, "confide.trainer", "cases:read", "training:write")
    await passed(world, await session(world, "confide.one"), "confide.one")
    run = {"person": "confide.one", "answer": "很抱歉……", "grades": GRADES, "feedback": "请更真诚。"}
    await posted(world, "/training/drills/three_answers/runs", run)

    async def seen(path: str, headers: dict[str, str]) -> list[tuple[Any, ...]]:
        params = {"person": "confide.one"} if path != "results/me" else {}
        answer = await world.http.get(f"{V1}/training/{path}", params=params, headers=headers)
        names = ("passed", "answer", "feedback")
        return [tuple(each.get(name) for name in names) for each in answer.json()["items"]]

    runs, results = "drills/runs", "results"
    for headers in (own, trainer):
        assert await seen(runs, headers) == [(True, "很抱歉……", "请更真诚。")]
        assert await seen(results, headers) == [(True, None, "请更真诚。"), (True, None, "流程掌握扎实。")]
    assert await seen(runs, other) == [(True, None, None)]
    assert await seen(results, other) == [(True, None, None)] * 2
    assert await seen("results/me", own) == await seen(results, trainer)


async def needed(world: World, complaint_id: str, *, need_id: UUID | None = None, **whose: Any) -> str:
    found = need(UUID(complaint_id), need_id or new_id(), **whose)
    await tell(world, found, found)
    return str(found.need_id)


async def need_of(world: World, need_id: str) -> Any:
    listed = await world.http.get(f"{V1}/training/needs", params={"settled": True, "limit": 200})
    [found] = [each for each in listed.json()["items"] if each["id"] == need_id]
    return found


@pytest.mark.requirement("002-15", "N-N")
async def test_a_need_that_complaints_show_is_met_by_a_course_passed_after_it(world: World) -> None:
    await synced(
        world,
        departments=[department("need_unit")],
        people=[
            person("need.one"),
            person("need.a", department="need_unit"),
            person("need.b", department="need_unit"),
        ],
    )
    early = await session(world, "need.one")
    await passed(world, early, "need.one")
    registered = await world.register()
    own = await needed(world, registered["id"], person_id="need.one")
    unit = await needed(world, registered["id"], department="need_unit")
    by_hand = await needed(world, registered["id"], person_id="li.na")
    shown = await need_of(world, own)
    assert (shown["kind"], shown["complaints"], shown["complaint_id"]) == (
        "service_idea",
        4,
        registered["id"],
    )
    assert "settled_at" not in shown, "what was passed before does not count"

    held = await session(world, "need.one")
    assigned = await posted(world, f"/training/needs/{unit}/assign", {"session": held["id"]}, 200)
    assert assigned["session"] == held["id"]
    other = await session(world, "need.one", course="safety")
    await passed(world, other, "need.one")
    assert "settled_at" not in await need_of(world, own), "that is another kind of training"
    await passed(world, held, "need.one")
    assert (await need_of(world, own))["settled_how"] == "met"
    await passed(world, held, "need.a")
    assert "settled_at" not in await need_of(world, unit), "one of the two is left"
    await passed(world, held, "need.b")
    assert (await need_of(world, unit))["settled_how"] == "met"

    settled = await posted(world, f"/training/needs/{by_hand}/settle", {"note": "师傅已辅导。"}, 200)
    assert (settled["settled_how"], settled["note"]) == ("by_hand", "师傅已辅导。")
    late = await world.http.post(f"{V1}/training/needs/{by_hand}/settle", json={"note": "Again."})
    assert late.status_code == 409
    nowhere = {"session": str(new_id())}
    listed = await needed(world, registered["id"], person_id="need.one")
    refused = await world.http.post(f"{V1}/training/needs/{listed}/assign", json=nowhere)
    assert await fields(refused) == ["body/session"]


async def waited_for(transaction: Transaction) -> None:
    """Until somebody waits for what this transaction holds."""
    waits = text("SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))")

    async def somebody() -> bool:
        return (await transaction.execute(waits)).first() is not None

    await eventually(somebody, what="somebody to wait for a need that is held")


HOLD = text("SELECT FROM training_needs WHERE id = :id FOR UPDATE NOWAIT")


async def test_a_need_is_assigned_while_results_of_the_session_are_kept(world: World) -> None:
    await synced(world, people=[person("lock.one")])
    need_id = await needed(world, (await world.register())["id"], person_id="lock.one")
    held = await session(world)
    async with world.context("routing").database.transaction() as transaction:
        await session_of(transaction, UUID(held["id"]))
        assign = posted(world, f"/training/needs/{need_id}/assign", {"session": held["id"]}, 200)
        assert (await asyncio.wait_for(assign, 20))["session"] == held["id"]


async def two_needs(world: World, complaint_id: str) -> tuple[str, str]:
    """The one with the lower id was found last."""
    await synced(world, people=[person("order.one"), person("order.two")])
    ids = sorted([new_id(), new_id()])
    for need_id, whose in ((ids[1], "order.two"), (ids[0], "order.one")):
        await needed(world, complaint_id, person_id=whose, need_id=need_id)
    return str(ids[0]), str(ids[1])


async def test_needs_are_met_in_the_order_of_their_ids(world: World) -> None:
    low, high = await two_needs(world, (await world.register())["id"])
    held = await session(world, "order.one", "order.two")
    both = {"results": [{"person": each, "score": 95} for each in ("order.two", "order.one")]}
    database = world.context("routing").database
    async with database.transaction() as transaction:
        await transaction.execute(HOLD, {"id": UUID(low)})
        keeping = asyncio.create_task(posted(world, f"/training/sessions/{held['id']}/results", both))
        await waited_for(transaction)
        await database.at_once(HOLD, {"id": UUID(high)})  # raises when whoever waits holds it
    await keeping
    assert [(await need_of(world, each))["settled_how"] for each in (low, high)] == ["met", "met"]


async def test_needs_are_saved_in_the_order_of_their_ids(world: World) -> None:
    registered = await world.register()
    low, high = await two_needs(world, registered["id"])
    complaint, database = UUID(registered["id"]), world.context("routing").database
    store = DispatchStore()

    async def told_again() -> None:
        async with database.transaction() as transaction:
            dispatch = (await store.load(transaction, [complaint]))[complaint]
            for need_id, whose in ((high, "order.two"), (low, "order.one")):
                dispatch.need_training(need(complaint, UUID(need_id), complaints=5, person_id=whose))
            await store.save(transaction, [dispatch])

    async with database.transaction() as transaction:
        await transaction.execute(HOLD, {"id": UUID(low)})
        saving = asyncio.create_task(told_again())
        await waited_for(transaction)
        await database.at_once(HOLD, {"id": UUID(high)})
    await saving
    assert [(await need_of(world, each))["complaints"] for each in (low, high)] == [5, 5]


def _handled(complaint_id: str, handler: str, outcome: Outcome, *before: Any) -> list[Any]:
    complaint, at = UUID(complaint_id), clock.now()
    kept = PromiseKept(complaint_id=complaint, promise_id=new_id(), handler_id=handler, kept_at=at)
    return [
        CaseAccepted(complaint_id=complaint, handler_id=handler, accepted_at=at),
        *(event(complaint, handler, at) for event in before),
        kept,
        CaseClosed(complaint_id=complaint, outcome=outcome, closed_by="key:x", closed_at=at),
    ]


def _broken(complaint: UUID, handler: str, at: datetime) -> PromiseBroken:
    return PromiseBroken(complaint_id=complaint, promise_id=new_id(), handler_id=handler, broken_at=at)


def _waiting(complaint: UUID, handler: str, at: datetime) -> PromiseBroken:
    return _broken(complaint, handler, at).model_copy(update={"waiting_for_customer": True})


def _resumed(complaint: UUID, handler: str, at: datetime) -> CaseResumed:
    return CaseResumed(complaint_id=complaint, resumed_at=at)


async def rewards(world: World, path: str = "/rewards", **headers: str) -> Any:
    answer = await world.http.get(f"{V1}{path}", params={"period": str(clock.now().year)}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.requirement("002-24", "004-11")
@pytest.mark.empty_world
async def test_points_are_for_how_complaints_were_handled_and_never_for_how_few(world: World) -> None:
    async def handled(handler: str, outcome: Outcome, *before: Any) -> None:
        complaint = (await world.register())["id"]
        await world.settled()
        facts = _handled(complaint, handler, outcome, *before)
        await tell(world, *facts)

    mine = await account(world, "reward.busy")
    own_account = (await world.http.get(f"{V1}/directory/people/reward.busy")).json()["account"]
    for _ in range(5):
        await handled("reward.busy", Outcome.SATISFIED)
    await handled(own_account, Outcome.SATISFIED)
    await handled("reward.busy", Outcome.ACCEPTABLE, _broken, _resumed)
    for _ in range(5):
        await handled("reward.plain", Outcome.ACCEPTABLE, _waiting)
    await handled("reward.few", Outcome.SATISFIED)

    shown = await rewards(world)
    assert [(each["person"], each.get("rank"), each["handled"]) for each in shown["people"]] == [
        ("reward.busy", 1, 7),
        ("reward.plain", 2, 5),
        ("reward.few", None, 1),
    ], "the best per case is first; one case says nothing, however well it went"
    busy, plain, few = shown["people"]
    by_result = {each["result"]: (each["times"], each["points"]) for each in busy["made_up_of"]}
    assert by_result == {
        "case_handled": (7, 0),
        "promise_kept": (7, 14),
        "outcome_satisfied": (6, 60),
        "outcome_acceptable": (1, 5),
        "first_contact": (6, 30),
        "promise_broken": (1, -4),
        "case_resumed": (1, -5),
    }
    assert (busy["points"], busy["points_per_case"]) == (100, round(100 / 7, 4))
    assert (plain["points"], few["points"]) == (60, 17)
    assert "promise_broken" not in {each["result"] for each in plain["made_up_of"]}, (
        "the customer was waited for"
    )
    own = await rewards(world, "/rewards/me", **mine)
    assert [(each["person"], each["points"]) for each in own["people"]] == [("reward.busy", 100)]
    rows = await world.http.get(
        f"{V1}/rewards/earnings",
        params={"period": str(clock.now().year), "person": "reward.few"},
    )
    assert {each["fact_type"] for each in rows.json()["items"]} == {
        "redress.promise.kept.v1",
        "redress.case.closed.v1",
    }


@pytest.mark.empty_world
async def test_what_is_earned_counts_for_one_when_an_account_reads_like_anothers_id(world: World) -> None:
    await synced(world, people=[person("twin.id"), person("twin.account", account="twin.id")])
    complaint = (await world.register())["id"]
    await world.settled()
    await tell(world, *_handled(complaint, "twin.id", Outcome.SATISFIED))
    shown = (await rewards(world))["people"]
    assert [(each["person"], each["name"], each["handled"]) for each in shown] == [("twin.id", "Twin.Id", 1)]
    params = {"period": str(clock.now().year), "person": "twin.account"}
    rows = await world.http.get(f"{V1}/rewards/earnings", params=params)
    assert rows.json()["items"] == []
    rows = await world.http.get(f"{V1}/rewards/earnings", params=params | {"person": "twin.id"})
    assert len(rows.json()["items"]) == sum(each["times"] for each in shown[0]["made_up_of"])


@pytest.mark.requirement("002-24")
async def test_a_praise_of_a_person_earns_points_once(world: World) -> None:
    praise = TOLD | {"kind": "praise", "against": "person", "accused": {"staff_id": "praised.one"}}
    await synced(world, people=[person("praised.one")])
    await world.register(praise)
    await world.settled()
    shown = await rewards(world)
    [one] = [each for each in shown["people"] if each["person"] == "praised.one"]
    assert (one["points"], one["handled"]) == (10, 0)


@pytest.mark.requirement("004-11", "002-24")
@pytest.mark.parametrize(
    ("points", "says"),
    [
        ({"case_handled": -1, "promise_kept": 2}, "few complaints"),
        ({"promise_broken": 3, "promise_kept": 2}, "failure"),
        ({"promise_broken": -3}, "no complaint comes first"),
        ({"complaints_received": 5, "promise_kept": 2}, "case_handled"),
    ],
)
async def test_the_book_refuses_to_reward_few_complaints(
    world: World, points: dict[str, int], says: str
) -> None:
    body = {"content": {"points_by_result": points}, "reason": "A trial."}
    answer = await world.http.post(f"{V1}/rulebooks/rewards/versions", json=body)
    assert answer.status_code == 422
    assert says in answer.text


POLICY = {
    "code": "answer_in_time",
    "title_en": "We answer when we said we would",
    "title_zh": "到承诺时间一定答复",
    "body_en": "Whoever promised a time answers by then.",
    "body_zh": "无论进展如何，到承诺的时间一定给客户答复。",
    "targets": [{"measure": "promises_kept", "value": "98", "unit": "percent"}],
    "valid_from": "2026-01-01T00:00:00+08:00",
}


@pytest.mark.requirement("003-04")
async def test_leadership_sets_policies_that_staff_acknowledge(world: World) -> None:
    await synced(world, departments=[department("duty_unit")])
    mine = await account(world, "duty.one", department="duty_unit")
    await synced(world, people=[person("duty.two", department="duty_unit")])
    policy = POLICY | {"departments": ["duty_unit"]}
    made = await world.http.post(f"{V1}/policies", json=policy)
    assert (made.status_code, made.headers["ETag"]) == (201, '"1"'), made.text
    assert (await world.http.post(f"{V1}/policies", json=policy, headers=mine)).status_code == 403
    late = await world.http.post(f"{V1}/policies", json=policy, headers={"If-Match": '"2"'})
    assert late.status_code == 412

    async def asked(headers: dict[str, str]) -> list[tuple[str, int]]:
        shown = (await world.http.get(f"{V1}/policies/me", headers=headers)).json()
        return [(each["code"], each["version"]) for each in shown]

    async def missing(version: int) -> list[str]:
        url = f"{V1}/policies/answer_in_time/versions/{version}/acknowledgements"
        return [
            each["person"] for each in (await world.http.get(url, params={"missing": True})).json()["items"]
        ]

    assert await asked(mine) == [("answer_in_time", 1)]
    assert await missing(1) == ["duty.one", "duty.two"]
    url = f"{V1}/policies/answer_in_time/versions/1/acknowledge"
    first, again = [await world.http.post(url, headers=mine) for _ in range(2)]
    assert first.json() == again.json(), "the first time counts"
    assert (await asked(mine), await missing(1)) == ([], ["duty.two"])
    assert (await world.http.post(url)).status_code == 403, "no person has this account"

    changed = await world.http.post(
        f"{V1}/policies", json=policy | {"title_en": "Else"}, headers={"If-Match": '"1"'}
    )
    assert changed.json()["version"] == 2
    assert (await asked(mine), await missing(1)) == ([("answer_in_time", 2)], ["duty.two"])
    later = (clock.now() + timedelta(days=9)).isoformat()
    await world.http.post(f"{V1}/policies", json=policy | {"valid_from": later})
    assert await asked(mine) == [("answer_in_time", 2)], "version 3 does not hold yet"
    versions = (await world.http.get(f"{V1}/policies/answer_in_time/versions")).json()["items"]
    assert [(each["version"], each["title_en"]) for each in versions] == [
        (3, POLICY["title_en"]),
        (2, "Else"),
        (1, POLICY["title_en"]),
    ]
    in_force = (await world.http.get(f"{V1}/policies", params={"limit": 200})).json()["items"]
    assert [(each["version"], each["targets"]) for each in in_force if each["code"] == "answer_in_time"] == [
        (2, [{"measure": "promises_kept", "value": "98", "unit": "percent"}])
    ]
    for wrong, field in ((POLICY, "body"), (POLICY | {"departments": ["nowhere"]}, "body/departments/0")):
        assert await fields(await world.http.post(f"{V1}/policies", json=wrong)) == [field]


@pytest.mark.requirement("003-04")
async def test_staff_propose_and_leadership_answers(world: World) -> None:
    mine = await account(world, "propose.one")
    said = {"text": "发货前拍照存档。", "process": "shipping"}

    async def answered(proposal: Any, **headers: str) -> httpx.Response:
        body = {"accepted": True, "answer": "采纳，下月试行。"}
        return await world.http.post(f"{V1}/proposals/{proposal['id']}/answer", json=body, headers=headers)

    made = await world.http.post(f"{V1}/proposals", json=said, headers=mine)
    assert (made.status_code, made.json()["state"], made.json()["person"]) == (201, "open", "propose.one")
    assert (await world.http.post(f"{V1}/proposals", json=said)).status_code == 403
    unknown = await world.http.post(f"{V1}/proposals", json={"text": "x", "policy": "none"}, headers=mine)
    assert await fields(unknown) == ["body/policy"]
    assert (await answered(made.json(), **mine)).status_code == 403, "that is for leadership"
    assert (await answered(made.json(), **{"If-Match": '"2"'})).status_code == 412
    done = await answered(made.json(), **{"If-Match": '"1"'})
    assert (done.json()["state"], done.headers["ETag"]) == ("accepted", '"2"')
    assert (await answered(made.json())).status_code == 409
    own = (await world.http.get(f"{V1}/proposals/me", headers=mine)).json()["items"]
    assert [(each["state"], each["answer"]) for each in own] == [("accepted", "采纳，下月试行。")]
    listed = (await world.http.get(f"{V1}/proposals", params={"state": "open", "limit": 200})).json()["items"]
    assert made.json()["id"] not in {each["id"] for each in listed}
