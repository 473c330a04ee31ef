"""Assignment over HTTP and the log, on real PostgreSQL: explained, handed over, queued, climbing, never unowned."""

import asyncio
import importlib
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.routing.assignment.assigning import HandOver
from services.routing.assignment.drain import Drain
from services.routing.assignment.needs import Needs
from services.routing.assignment.rules import ASSIGNMENT
from services.routing.assignment.store import astray
from services.routing.books import BOOKS
from services.routing.store import DispatchStore
from shared import clock
from shared.aggregate import load_one, save_one
from shared.events import ComplaintSupplemented, CustomerErased
from shared.events.vocabulary import Against, Because, Channel, Severity
from shared.ids import new_id
from shared.rulebooks.store import load_books
from tests.services.test_routing import closed, tell
from tests.world import TOLD, World, eventually

pytestmark = pytest.mark.slow

SHOCK = TOLD | {"statement": {"what_went_wrong": "The housing gives an electric shock."}}
SUPPORT = "technical_support"


async def routed(world: World, complaint_id: str) -> dict[str, Any]:
    answer = await world.http.get(f"/routing/v1/complaints/{complaint_id}")
    body: dict[str, Any] = answer.json()
    return body


async def assigned(world: World, told: dict[str, Any] | None = None) -> dict[str, Any]:
    """A new complaint, once somebody has it."""
    registered = await world.register(told)
    await world.settled()
    found = await routed(world, registered["id"])
    assert found["status"] == "assigned"
    return found


async def do(world: World, statement: str, **values: Any) -> None:
    async with world.context("routing").database.transaction() as transaction:
        await transaction.execute(text(statement), values)


async def events(world: World, complaint_id: str, kind: str) -> list[dict[str, Any]]:
    await world.settled()
    told = await world.log_records("redress.routing")
    return [
        json.loads(r.value)
        for r in told
        if r.key == complaint_id and r.headers["ce_type"] == f"redress.{kind}.v1"
    ]


async def rules(world: World, **changes: Any) -> None:
    """Put other assignment rules in force."""
    content = ASSIGNMENT.shipped.model_dump(mode="json") | changes
    made = await world.http.post(
        "/routing/v1/rulebooks/assignment-rules/versions", json={"content": content, "reason": "a test"}
    )
    assert made.status_code == 201, made.text
    switched = await world.http.put(
        "/routing/v1/rulebooks/assignment-rules",
        json={"version": made.json()["version"], "reason": "a test"},
    )
    assert switched.status_code == 200, switched.text


def status_is(world: World, complaint_id: str, *statuses: str) -> Callable[[], Awaitable[dict[str, Any]]]:
    """What is routed, once it has such a status; nothing before."""

    async def condition() -> dict[str, Any]:
        found = await routed(world, complaint_id)
        return found if found["status"] in statuses else {}

    return condition


@pytest.mark.requirement("P-17", "000-12a", "002-08")
async def test_every_choice_is_explained_and_every_candidate_listed(world: World) -> None:
    found = await assigned(world, SHOCK)
    basis = found["basis"]
    assert (found["department"], basis["step"], basis["met"]) == (
        SUPPORT,
        "responsible-department",
        ["language:en"],
    )
    assert basis["warnings"] == ["safety-certificate:certificate:safety"], "shipped: nobody was trained yet"
    assert basis["fell_out"] == {"language": 1}
    [told] = await events(world, found["complaint_id"], "complaint.assigned")
    assert told["basis"] == basis
    assert told["reasons"][0] == "responsible-department"

    url = f"/routing/v1/complaints/{found['complaint_id']}/candidates"
    listed = (await world.http.get(url)).json()
    by_name = {each["person"]: each for each in listed["candidates"]}
    assert by_name["wang.lei"]["has_it"]
    assert by_name["wang.lei"]["can_take_it"]
    assert by_name["zhang.wei"]["why_not"]["code"] == "language"
    assert by_name["zhang.wei"]["why_not"]["zh"] == "不会顾客所用语言"
    assert by_name["li.na"]["step"] == "acceptance-desk"
    assert (listed["able"], [w["code"] for w in listed["why_not"]]) == (3, ["language"])
    assert await routed(world, found["complaint_id"]) == found, "nothing was changed"


@pytest.mark.requirement("002-08")
async def test_whoever_is_complained_about_loses_the_complaint(world: World) -> None:
    about = {"against": "person", "accused": {"staff_id": "wang.lei"}}
    first = await assigned(world, TOLD | about)
    assert first["handler_id"] != "wang.lei"
    second = await assigned(world)
    assert second["handler_id"] == "wang.lei"
    said = ComplaintSupplemented(
        complaint_id=UUID(second["complaint_id"]),
        addition_id=new_id(),
        number=1,
        contact_at=clock.now(),
        added_by="key:1",
        added_at=clock.now(),
        medium=Channel.PHONE.medium,
        channel=Channel.PHONE,
        accused_id="wang.lei",
        completeness=1,
    )
    await tell(world, said)
    now = await routed(world, second["complaint_id"])
    assert now["status"] == "assigned"
    assert now["handler_id"] not in {"wang.lei", None}
    told = await events(world, second["complaint_id"], "complaint.assigned")
    assert [(each.get("previous_handler_id"), each.get("because")) for each in told] == [
        (None, None),
        ("wang.lei", "accused"),
    ]
    listed = await world.http.get(f"/routing/v1/complaints/{second['complaint_id']}/candidates")
    [accused] = [each for each in listed.json()["candidates"] if each["person"] == "wang.lei"]
    assert accused["why_not"]["code"] == "conflict"


@pytest.mark.requirement("P-16", "P-17")
async def test_a_hand_over_keeps_the_promise_and_is_done_once(world: World) -> None:
    found = await assigned(world)
    complaint_id, before = found["complaint_id"], found["handler_id"]
    case = f"/resolution/v1/cases/{complaint_id}"
    accepted = await world.http.post(f"{case}/accept", json={})
    assert accepted.status_code == 200
    await world.settled()
    promised = (await world.http.get(case)).json()["promise"]
    url = f"/routing/v1/complaints/{complaint_id}/hand-over"
    wish = {"to": {"person": "zhou.min"}, "reason": "She knows Ann, 13800138000."}

    stale = await world.http.post(url, json=wish, headers={"If-Match": '"0"'})
    assert stale.status_code == 412
    tag = (await world.http.get(f"/routing/v1/complaints/{complaint_id}")).headers["ETag"]
    given = {"If-Match": tag, "Idempotency-Key": f"hand-{complaint_id}"}
    first, again = [await world.http.post(url, json=wish, headers=given) for _ in range(2)]
    assert (first.status_code, first.json()) == (200, again.json())
    assert first.headers["ETag"] == f'"{first.json()["version"]}"' != tag
    assert (first.json()["handler_id"], first.json()["department"]) == ("zhou.min", "customer_service")
    async with world.context("routing").database.reading() as connection:
        learned = text("SELECT head, label FROM lessons WHERE complaint_id = :id")
        lessons = (await connection.execute(learned, {"id": complaint_id})).all()
    assert [tuple(row) for row in lessons] == [("department", "customer_service")], "a re-route is a lesson"
    told = await events(world, complaint_id, "complaint.assigned")
    assert len(told) == 2
    assert (told[1]["previous_handler_id"], told[1]["because"]) == (before, "She knows Ann, [phone].")

    async def passed() -> bool:
        return bool((await world.http.get(case)).json()["handler_id"] == "zhou.min")

    await eventually(passed, what="resolution to know the new handler")
    now = (await world.http.get(case)).json()
    assert now["promise"] == promised, "what was promised stands"
    assert now["state"] == "accepted"
    timeline = (await world.http.get(f"{case}/timeline")).text
    assert "handed_over" in timeline


@pytest.mark.parametrize(
    ("to", "field"),
    [
        ({"person": "nobody.here"}, "body/to/person"),
        ({"department": "nowhere"}, "body/to/department"),
        ({"person": "li.na", "department": "sales"}, "body/to"),
        ({}, "body/to"),
    ],
)
async def test_a_hand_over_to_nobody_is_refused(world: World, to: dict[str, str], field: str) -> None:
    found = await assigned(world)
    url = f"/routing/v1/complaints/{found['complaint_id']}/hand-over"
    answer = await world.http.post(url, json={"to": to, "reason": "so"})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_a_hand_over_to_somebody_who_cannot_take_it_names_those_who_can(world: World) -> None:
    found = await assigned(world)
    url = f"/routing/v1/complaints/{found['complaint_id']}/hand-over"
    answer = await world.http.post(url, json={"to": {"person": "zhang.wei"}, "reason": "so"})
    assert (answer.status_code, answer.json()["code"]) == (409, "cannot-take-it")
    assert answer.json()["reasons"] == {"language": 1}
    assert "li.na" in answer.json()["able"]
    assert await routed(world, found["complaint_id"]) == found
    unknown = await world.http.post(f"/routing/v1/complaints/{new_id()}/hand-over", json={"reason": "so"})
    assert unknown.status_code == 404


@pytest.mark.requirement("001-34", "004-13")
async def test_departments_take_part_and_quality_never_works_alone(world: World) -> None:
    told = TOLD | {"statement": {"what_went_wrong": "The shaft is off drawing, out of tolerance."}}
    found = await assigned(world, told)
    assert found["department"] == "quality"
    assert [(each["department"], each["involved_by"]) for each in found["involved"]] == [(SUPPORT, "rules")]
    url = f"/routing/v1/complaints/{found['complaint_id']}/departments"
    wish = {"department": "logistics", "reason": "They packed it, ask 13800138000."}
    first, again = [await world.http.post(url, json=wish) for _ in range(2)]
    assert (first.status_code, again.json()) == (200, first.json())
    assert first.json()["involved"][-1]["reason"] == "They packed it, ask [phone]."
    assert first.json()["handler_id"] == found["handler_id"]
    told_of = await events(world, found["complaint_id"], "department.involved")
    assert [each["department"] for each in told_of] == [SUPPORT, "logistics"]
    unknown = await world.http.post(url, json={"department": "nowhere", "reason": "so"})
    assert unknown.status_code == 422
    assert "logistics" in unknown.json()["detail"]
    await tell(world, closed(found["complaint_id"]))
    late = await world.http.post(url, json={"department": "sales", "reason": "so"})
    assert (late.status_code, late.json()["status_now"]) == (409, "released")
    timeline = await world.http.get(f"/resolution/v1/cases/{found['complaint_id']}/timeline")
    assert "department_involved" in timeline.text


@pytest.mark.empty_world
@pytest.mark.requirement("P-17", "P-18", "N-N")
async def test_what_waits_says_why_and_is_taken_once_somebody_is_trained(world: World) -> None:
    world.context("routing").part(Drain)._pause = 3600  # only what is heard wakes it
    await rules(world, rules=[{"id": "safe", "severity": "major", "certificates": ["safety"]}])
    registered = await world.register(SHOCK)
    await world.settled()
    found = await routed(world, registered["id"])
    assert (found["status"], found.get("handler_id")) == ("waiting", None)
    page = (await world.http.get("/routing/v1/queue")).json()
    [queued] = page["items"]
    assert queued["complaint_id"] == registered["id"]
    assert queued["why"][0]["code"] == "certificate:safety"
    assert queued["why"][0]["people"] >= 3
    assert queued["why"][0]["en"] == "has no valid certificate: safety"
    assert queued["waiting_since"] < queued["climbs_at"]
    now = clock.now()
    await do(
        world,
        "INSERT INTO certificates (person, code, issued_at, expires_at) VALUES ('li.na', 'safety', :now, :until)",
        now=now,
        until=now + timedelta(days=365),
    )
    taken = await eventually(status_is(world, registered["id"], "assigned"), what="the trained to get it")
    assert taken["handler_id"] == "li.na"
    assert taken["basis"]["met"] == ["language:en", "certificate:safety"]
    assert (await world.http.get("/routing/v1/queue")).json()["items"] == []


@pytest.mark.empty_world
@pytest.mark.requirement("P-18")
async def test_a_change_of_the_rules_and_freed_capacity_wake_the_drain(world: World) -> None:
    world.context("routing").part(Drain)._pause = 3600
    await do(world, "UPDATE people SET capacity = 1, active = (id IN ('wang.lei', 'li.na'))")
    await rules(world, chain=[{"id": "responsible-department", "to": "responsible"}])
    first, second, third = [(await world.register())["id"] for _ in range(3)]
    await world.settled()
    both = {i: (await routed(world, i))["status"] for i in (first, second, third)}
    assert sorted(both.values()) == ["assigned", "waiting", "waiting"]
    await rules(world)  # the acceptance desk is asked, too

    async def waiting() -> list[str]:
        return [i for i in both if (await routed(world, i))["status"] == "waiting"]

    async def one() -> list[str]:
        left = await waiting()
        return left if len(left) == 1 else []

    [last] = await eventually(one, what="the desk to get one")
    ended = next(i for i in both if i != last)
    await tell(world, closed(ended))
    await eventually(status_is(world, last, "assigned"), what="whoever is free to get the last")


@pytest.mark.empty_world
@pytest.mark.requirement("P-14", "P-15")
async def test_what_nobody_owns_climbs_is_told_once_and_management_may_take_it(world: World) -> None:
    await do(world, "UPDATE people SET active = (id = 'chen.jing'), capacity = 1")  # of layer 4
    unsure = {"channel": "letter", "language": "en", "statement": {"what_went_wrong": "I am not happy."}}
    undecided, unowned, major = [(await world.register(told))["id"] for told in (unsure, TOLD, SHOCK)]
    await world.settled()
    assert {(await routed(world, i))["status"] for i in (unowned, major)} == {"waiting"}
    drain = world.context("routing").part(Drain)
    assert await drain.climb() == 0, "not yet"
    start = clock.now()
    with clock.moved_to(lambda: start + timedelta(hours=2)):
        await eventually(status_is(world, major, "assigned"), what="the major one to climb")
    assert (await routed(world, major))["handler_id"] == "chen.jing"
    [climbed] = await events(world, major, "complaint.unassigned")
    assert (climbed["number"], climbed["reasons"]) == (1, {})
    notices = await world.log_records("redress.transfer.leadership", "redress.transfer.complaint-management")
    told = [r.topic for r in notices if r.key == major and b"nobody-owns-it" in r.value]
    assert sorted(told) == ["redress.transfer.complaint-management", "redress.transfer.leadership"]
    assert await events(world, unowned, "complaint.unassigned") == []
    with clock.moved_to(lambda: start + timedelta(hours=25)):

        async def both_climbed() -> bool:
            return [(await routed(world, i))["climbs"] for i in (undecided, unowned)] == [1, 1]

        await eventually(both_climbed, what="the others to climb")
        await asyncio.gather(*(drain.climb() for _ in range(3)))
    assert [each["reasons"] for each in await events(world, undecided, "complaint.unassigned")] == [
        {"undecided": 1}
    ]
    assert len(await events(world, unowned, "complaint.unassigned")) == 1
    assert (await routed(world, unowned))["status"] == "waiting", "chen.jing is full"
    timeline = await world.http.get(f"/resolution/v1/cases/{unowned}/timeline")
    assert "unassigned" in timeline.text


@pytest.mark.empty_world
@pytest.mark.requirement("P-15", "P-16")
async def test_nothing_stays_with_somebody_who_is_gone_or_away_for_long(world: World) -> None:
    one, two = [await assigned(world, TOLD | {"language": "zh"}) for _ in range(2)]
    assert {one["handler_id"], two["handler_id"]} == {"wang.lei", "zhang.wei"}
    now = clock.now()
    for person, expected in (("wang.lei", "zhang.wei"), ("zhang.wei", "li.na")):
        database = world.context("routing").database
        if person == "wang.lei":
            await do(world, "UPDATE people SET active = false WHERE id = 'wang.lei'")
        else:
            await do(world, "UPDATE people SET deputy = 'li.na' WHERE id = 'zhang.wei'")
            await do(
                world,
                "INSERT INTO absences (id, person, since, until, kind) "
                "VALUES (:id, 'zhang.wei', :since, :until, 'sickness')",
                id=new_id(),
                since=now - timedelta(days=1),
                until=now + timedelta(days=30),
            )

        async def none_left(person: str = person) -> bool:
            carried = [(await routed(world, each["complaint_id"]))["handler_id"] for each in (one, two)]
            return person not in carried

        await eventually(none_left, what=f"others to have what {person} had")
        async with database.reading() as connection:
            books = await load_books(connection, *BOOKS)
            away = timedelta(days=books.read(ASSIGNMENT).long_absence_days)
            assert await astray(connection, away, clock.now(), 10) == {}
        carried = {(await routed(world, each["complaint_id"]))["handler_id"] for each in (one, two)}
        assert expected in carried
    assert carried == {"li.na"}


@pytest.mark.empty_world
@pytest.mark.requirement("P-16")
async def test_who_leaves_hands_over_to_whom_they_are_told(world: World) -> None:
    found = await assigned(world)
    person = (await world.http.get(f"/routing/v1/directory/people/{found['handler_id']}")).json()
    body = {
        name: value
        for name, value in person.items()
        if name in {"id", "name", "department", "languages", "capacity"}
    }
    answer = await world.http.put(
        f"/routing/v1/directory/people/{found['handler_id']}",
        params={"hand_over_to": "zhao.lin"},
        json=body | {"active": False},
    )
    assert answer.status_code == 200, answer.text

    async def passed() -> bool:
        return bool((await routed(world, found["complaint_id"])).get("handler_id") == "zhao.lin")

    await eventually(passed, what="the successor to have it")

    async def noted() -> bool:
        async with world.context("routing").database.reading() as connection:
            left = await connection.execute(text("SELECT count(*) FROM requeues WHERE done_at IS NULL"))
            return bool(left.scalar_one() == 0)

    await eventually(noted, what="the request to be noted as done")


@pytest.mark.empty_world
@pytest.mark.requirement("P-16", "P-18")
async def test_two_drains_at_once_break_no_capacity_and_leave_nothing(world: World) -> None:
    """Many complaints wait for few; then there is capacity for most of them."""
    await do(world, "UPDATE people SET active = (id IN ('li.na', 'wang.lei')), capacity = 1")
    made = [(await world.register())["id"] for _ in range(40)]
    await world.settled()
    drain = world.context("routing").part(Drain)
    second = Drain(world.context("routing"))
    await do(world, "UPDATE people SET capacity = 15 WHERE active")
    while sum(await asyncio.gather(drain.turn(), second.turn(), drain.turn())):
        pass
    handlers = Counter([(await routed(world, i)).get("handler_id") for i in made])
    assert handlers == {"li.na": 15, "wang.lei": 15, None: 10}
    async with world.context("routing").database.reading() as connection:
        rows = await connection.execute(text("SELECT id, open_cases FROM people WHERE open_cases > 0"))
        assert dict(tuple(row) for row in rows) == {"li.na": 15, "wang.lei": 15}
    taken = [i for i in made if (await routed(world, i))["status"] == "assigned"]
    assert taken == made[:30], "the oldest first"


async def test_what_waited_before_the_upgrade_is_grouped_with_what_waits_after_it(world: World) -> None:
    migration = importlib.import_module("services.routing.migrations.versions.0006_assignment")
    needs = [
        Needs("appearance", Severity.URGENT, "en", against=Against.PERSON),
        Needs("wrong_quantity", Severity.GENERAL, "zh"),
    ]
    async with world.context("routing").database.reading() as connection:
        rows = await connection.execute(
            text(
                f"SELECT {migration.NEEDS} FROM (VALUES ('appearance', 'urgent', 'en', 'person'), "
                "('wrong_quantity', 'general', NULL, NULL)) AS told (category, severity, language, against)"
            )
        )
        assert list(rows.scalars()) == [each.as_text() for each in needs]


@pytest.mark.empty_world
@pytest.mark.requirement("P-16")
async def test_nobody_loses_what_they_got_while_a_drain_waited_for_the_lock(world: World) -> None:
    found = await assigned(world)
    complaint_id = UUID(found["complaint_id"])
    context = world.context("routing")
    store = DispatchStore()
    async with context.database.transaction() as transaction:
        dispatch = await load_one(store, transaction, complaint_id)
        await do(world, f"UPDATE people SET active = false WHERE id = '{found['handler_id']}'")
        drain = asyncio.create_task(context.part(Drain).take_back())
        await eventually(lambda: _waits_for_a_lock(world), what="the drain to wait for the complaint")
        dispatch.hand_over(HandOver("key:1", "She is free.", person="li.na"), clock.now())
        await save_one(store, transaction, dispatch)
    await drain
    await world.settled()
    told = await events(world, str(complaint_id), "complaint.assigned")
    assert [each["handler_id"] for each in told] == [found["handler_id"], "li.na"]


async def _waits_for_a_lock(world: World) -> bool:
    async with world.context("routing").database.reading() as connection:
        waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return bool((await connection.execute(waiting)).scalar_one())


@pytest.mark.requirement("P-36")
async def test_what_is_written_after_the_erasure_is_not_kept_either(world: World) -> None:
    found = await assigned(world)
    complaint_id = UUID(found["complaint_id"])
    erased = CustomerErased(
        complaint_id=complaint_id, customer_id=new_id(), because=Because.REQUESTED, erased_at=clock.now()
    )
    await tell(world, erased)
    risk = await world.http.post(
        f"/routing/v1/complaints/{complaint_id}/risks",
        json={"kind": "dispute", "reason": "Wilhelmina shouts."},
    )
    assert risk.status_code == 200
    wish = {"to": {"person": "zhou.min"}, "reason": "Wilhelmina asked for her."}
    handed = await world.http.post(f"/routing/v1/complaints/{complaint_id}/hand-over", json=wish)
    assert handed.status_code == 200
    async with world.context("routing").database.reading() as connection:
        for table in ("dispatches", "told", "risks", "lessons", "reviews"):
            kept = text(f"SELECT t::text FROM {table} t WHERE complaint_id = :id")
            rows = (await connection.execute(kept, {"id": complaint_id})).scalars().all()
            assert not [row for row in rows if "Wilhelmina" in row], table
