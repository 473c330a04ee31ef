"""Transfer over HTTP and the log: notices that reach people, are acknowledged, and climb when they are not."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import event, text

from services import catalogue
from services.routing.transfer import chaser
from services.routing.transfer.chaser import Chaser
from services.routing.transfer.distribution import DISTRIBUTION
from shared import clock
from shared.database import Transaction
from shared.events import CustomerErased, PromiseBroken
from shared.events.vocabulary import Because
from shared.keys import create_key
from shared.telemetry import METRICS
from tests.resolution_story import records
from tests.services.test_routing import UNSURE, tell
from tests.world import TOLD, World, eventually

pytestmark = pytest.mark.slow

GRAVE = TOLD | {"statement": {"what_went_wrong": "The housing gives an electric shock."}}


BROKEN = "redress.promise.broken.v1"


@contextmanager
def later(**delta: float) -> Iterator[None]:
    """The clock is put forward for the length of the block."""
    real = clock._system_time
    with clock.moved_to(lambda: real() + timedelta(**delta)):
        yield


async def change_people(world: World, statement: str, **values: Any) -> None:
    """The directory's interface does not take all columns of a person."""
    async with world.context("routing").database.transaction() as transaction:
        await transaction.execute(text(statement), values)


async def with_leader(world: World) -> None:
    """A leader in charge, to whom the head of quality answers."""
    await change_people(
        world,
        "INSERT INTO people (id, name, department, languages, capacity, role, skills, remedies) "
        "VALUES ('zou.boss', 'Zou', 'sales', '{en}', 1, 'leader_in_charge', '{}', '{}') "
        "ON CONFLICT DO NOTHING",
    )
    await change_people(world, "UPDATE people SET supervisor = 'zou.boss' WHERE id = 'chen.jing'")


@asynccontextmanager
async def caller(world: World, *scopes: str, person: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """A key with these scopes, perhaps as the account of a person."""
    key = await create_key(world.url, "transfer", scopes)
    if person is not None:
        account = "key:" + key.split("_")[1]
        await change_people(
            world, "UPDATE people SET account = :account WHERE id = :id", account=account, id=person
        )
    async with httpx.AsyncClient(
        transport=world.http._transport,
        base_url="http://redress",
        headers={"Authorization": f"Bearer {key}"},
    ) as client:
        yield client


OF_TIME = {"promise-broken", "time-nearly-over", "time-over", "escalated", "taboo"}


async def told(world: World, complaint: dict[str, Any], *audiences: str) -> list[dict[str, Any]]:
    """Notices on the transfer topics; but not those of time that ran out in the case when the clock moved."""
    topics = [f"redress.transfer.{audience}" for audience in audiences]
    records = await world.log_records(*topics)
    every = [json.loads(r.value) for r in records if r.key == complaint["id"]]
    return [n for n in every if n["reason"] not in OF_TIME]


async def facts(world: World, complaint: dict[str, Any], name: str) -> list[dict[str, Any]]:
    records = await world.log_records("redress.routing")
    return [
        json.loads(r.value)
        for r in records
        if r.key == complaint["id"] and r.headers["ce_type"] == f"redress.{name}.v1"
    ]


async def overdue_facts(world: World, complaint: dict[str, Any]) -> list[dict[str, Any]]:
    """Of notices that are not about time that ran out in the case."""
    every = await facts(world, complaint, "notice.overdue")
    return [each for each in every if each["reason"] not in OF_TIME]


async def notices(world: World, audience: str, complaint: dict[str, Any]) -> list[dict[str, Any]]:
    params: dict[str, Any] = {"audience": audience, "limit": 200}
    items = (await world.http.get("/routing/v1/notices", params=params)).json()["items"]
    return [n for n in items if n["complaint_id"] == complaint["id"]]


async def chased(world: World, *, but: str | None = None) -> None:
    """Until nothing is overdue any more, but of that complaint. The service's own worker helps."""
    due = text(
        "SELECT EXISTS (SELECT FROM notices WHERE due_at <= :now AND complaint_id IS DISTINCT FROM :but) "
        "OR EXISTS (SELECT FROM tasks WHERE chase_at <= :now)"
    )

    async def nothing_due() -> bool:
        await world.context("routing").part(Chaser).turn()
        async with world.context("routing").database.reading() as connection:
            values = {"now": clock.now(), "but": UUID(but) if but else None}
            return not (await connection.execute(due, values)).scalar_one()

    await eventually(nothing_due, what="everything overdue to climb")
    await world.settled()


def ids_of(given: Sequence[dict[str, Any]]) -> list[str]:
    return [each["notice_id"] for each in given]


# Who is told.


@pytest.mark.requirement("003-17", "001-11")
async def test_a_notice_names_the_people_who_are_meant(world: World) -> None:
    registered = await world.register()
    await world.settled()
    routed = (await world.http.get(f"/routing/v1/complaints/{registered['id']}")).json()
    [of_department] = await told(world, registered, "responsible-department")
    assert of_department["recipients"] == [routed["handler_id"]]
    assert of_department["department"] == "technical_support"
    assert of_department["words"] == {"en": "A complaint in your field", "zh": "属于本部门的投诉"}
    [technical] = await told(world, registered, "technical-support")
    assert technical["recipients"] == ["wang.lei", "zhang.wei"], "nobody of the layer leads another"
    assert (technical["form"], technical["urgency"]) == ("notice", "normal")


@pytest.mark.requirement("000-13", "003-12")
async def test_a_public_complaint_and_a_major_one_go_straight_to_leadership(world: World) -> None:
    await with_leader(world)
    public, major, quiet = [
        await world.register(given) for given in (TOLD | {"visibility": "public"}, GRAVE, TOLD)
    ]
    await world.settled()
    [of_public] = await told(world, public, "leadership")
    [of_major] = await told(world, major, "leadership")
    assert (of_public["reason"], of_public["recipients"]) == ("public-complaint", ["zou.boss"])
    assert (of_major["reason"], of_major["urgency"]) == ("major-complaint", "immediate")
    assert not await told(world, quiet, "leadership")


async def test_what_the_table_does_not_name_is_told_to_nobody_and_changes_nothing(world: World) -> None:
    registered = await world.register()
    await world.settled()
    case = f"/resolution/v1/cases/{registered['id']}"
    accepted = await world.http.post(f"{case}/accept", json={"handler_id": "wang.lei"})
    assert accepted.status_code < 300, accepted.text
    await world.settled()
    async with world.context("routing").database.reading() as connection:
        version = text("SELECT version FROM dispatches WHERE complaint_id = :id")
        before = (await connection.execute(version, {"id": registered["id"]})).scalar_one()
        heard = text("SELECT count(*) FROM heard_facts WHERE complaint_id = :id")
        facts_before = (await connection.execute(heard, {"id": registered["id"]})).scalar_one()
    wrote = await world.http.post(
        f"/intake/v1/complaints/{registered['id']}/messages", json={"text": "When may we come?"}
    )
    assert wrote.status_code < 300, wrote.text
    await world.settled()
    async with world.context("routing").database.reading() as connection:
        assert (await connection.execute(version, {"id": registered["id"]})).scalar_one() == before
        assert (await connection.execute(heard, {"id": registered["id"]})).scalar_one() > facts_before


@pytest.mark.empty_world
@pytest.mark.requirement("003-17", "P-35")
async def test_whoever_is_complained_about_reads_only_what_is_for_them(world: World) -> None:
    against = TOLD | {"against": "person", "accused": {"staff_id": "li.na", "name": "Li Na"}}
    mine = await world.register(against)
    other = await world.register(TOLD | {"against": "person", "accused": {"staff_id": "zhou.min"}})
    await world.settled()
    [notice] = await told(world, mine, "person-concerned")
    assert notice["recipients"] == ["li.na"]
    [not_mine] = await told(world, other, "person-concerned")
    async with caller(world, "notices:person-concerned", person="li.na") as me:
        seen = (await me.get("/routing/v1/notices", params={"audience": "person-concerned"})).json()["items"]
        assert [each["id"] for each in seen] == [notice["notice_id"]]
        refused = await me.post(f"/routing/v1/notices/{not_mine['notice_id']}/acknowledge")
        assert refused.status_code == 404
        assert (await me.post(f"/routing/v1/notices/{notice['notice_id']}/acknowledge")).status_code == 204
    async with caller(world, "notices:read") as overview:
        seen = (await overview.get("/routing/v1/notices", params={"audience": "person-concerned"})).json()
        assert len(seen["items"]) == 2
        forbidden = await overview.post(f"/routing/v1/notices/{not_mine['notice_id']}/acknowledge")
        assert forbidden.status_code == 403, "who reads everything acknowledges nothing"


AGAINST_LI_NA = TOLD | {"against": "person", "accused": {"staff_id": "li.na", "name": "Li Na"}}


@pytest.mark.empty_world
@pytest.mark.requirement("P-35")
async def test_whoever_is_complained_about_reads_nothing_of_it_among_their_departments_notices(
    world: World,
) -> None:
    about_her, another = await world.register(AGAINST_LI_NA), await world.register()
    await world.settled()
    [hidden] = await told(world, about_her, "responsible-department")
    [seen] = await told(world, another, "responsible-department")
    assert "li.na" not in hidden["recipients"]
    mails = f"/routing/v1/complaints/{about_her['id']}/mails"
    named = await world.http.post(mails, json={"person": "li.na", "text": "Please say how it was."})
    scopes = ("notices:responsible-department", "notices:read")
    of = {"audience": "responsible-department"}
    for given in (scopes, scopes[:1]):
        async with caller(world, *given, person="li.na") as me:
            items = (await me.get("/routing/v1/notices", params=of)).json()["items"]
            assert {each["id"] for each in items} == {seen["notice_id"], named.json()["notice_id"]}
            clipping = (await me.get("/routing/v1/clippings", params=of)).json()
            assert (clipping["notices"], clipping["complaints"]) == (2, 2)
            assert hidden["notice_id"] not in str(clipping)
            refused = await me.post(f"/routing/v1/notices/{hidden['notice_id']}/acknowledge")
            assert refused.status_code == 404
    async with caller(world, scopes[0], person="li.na") as me:
        for own in (seen["notice_id"], named.json()["notice_id"]):
            assert (await me.post(f"/routing/v1/notices/{own}/acknowledge")).status_code == 204
    async with caller(world, scopes[0], person="zhou.min") as colleague:
        items = (await colleague.get("/routing/v1/notices", params=of)).json()["items"]
        assert hidden["notice_id"] in {each["id"] for each in items}
        clipping = (await colleague.get("/routing/v1/clippings", params=of)).json()
        assert clipping["notices"] == 3
        known = await colleague.post(f"/routing/v1/notices/{hidden['notice_id']}/acknowledge")
        assert known.status_code == 204


@pytest.mark.requirement("P-35")
async def test_a_key_sees_its_own_audience_alone(world: World) -> None:
    registered = await world.register(GRAVE)
    await world.settled()
    [technical] = await told(world, registered, "technical-support")
    [leaders] = await told(world, registered, "leadership")
    async with caller(world, "notices:technical-support", person="wang.lei") as support:
        mine = await support.get("/routing/v1/notices", params={"audience": "technical-support"})
        assert mine.status_code == 200
        for audience in ("leadership", "complaint-management", "responsible-department", "person-concerned"):
            refused = await support.get("/routing/v1/notices", params={"audience": audience})
            assert refused.status_code == 403
            assert f"notices:{audience}" in refused.json()["detail"]
            clipping = await support.get("/routing/v1/clippings", params={"audience": audience})
            assert clipping.status_code == 403
        unseen = await support.post(f"/routing/v1/notices/{leaders['notice_id']}/acknowledge")
        assert unseen.status_code == 404
        known = await support.post(f"/routing/v1/notices/{technical['notice_id']}/acknowledge")
        assert known.status_code == 204
        measured = (await support.get("/routing/v1/notices/measures")).json()
        assert [each["audience"] for each in measured] == ["technical-support"]
    await world.settled()
    [fact] = await facts(world, registered, "notice.acknowledged")
    assert fact["person_id"] == "wang.lei"
    assert not [n for n in await notices(world, "leadership", registered) if "acknowledged_at" in n]


@pytest.mark.requirement("003-17")
async def test_a_department_that_takes_part_is_told_and_not_the_one_that_has_the_complaint(
    world: World,
) -> None:
    registered = await world.register()
    await world.settled()
    url = f"/routing/v1/complaints/{registered['id']}/departments"
    involved = await world.http.post(url, json={"department": "logistics", "reason": "They packed it."})
    assert involved.status_code < 300, involved.text
    await world.settled()
    mine, theirs = await told(world, registered, "responsible-department")
    assert (mine["reason"], mine["department"]) == ("your-case", "technical_support")
    assert (theirs["reason"], theirs["department"]) == ("takes-part", "logistics")
    assert theirs["recipients"]
    async with world.context("routing").database.reading() as connection:
        whose = text("SELECT DISTINCT department FROM people WHERE id = ANY(:ids)")
        found = await connection.execute(whose, {"ids": theirs["recipients"]})
        assert found.scalars().all() == ["logistics"]
    participation = (await world.http.get(f"/routing/v1/complaints/{registered['id']}/participation")).json()
    assert "logistics" in participation["informed"]


# What nobody acknowledges.


@pytest.mark.empty_world
@pytest.mark.requirement("P-14", "002-21", "003-18", "001-13", "003-07")
async def test_what_nobody_acknowledges_climbs_a_layer_at_a_time_and_is_accounted_for(world: World) -> None:
    await with_leader(world)
    registered = await world.register()
    await world.settled()
    [technical] = await told(world, registered, "technical-support")
    [department] = await told(world, registered, "responsible-department")
    done = await world.http.post(f"/routing/v1/notices/{department['notice_id']}/acknowledge")
    assert done.status_code == 204
    assert not await told(world, registered, "complaint-management")

    with later(hours=25):
        await chased(world)
        [climbed] = await told(world, registered, "complaint-management")
        assert climbed["climbed_from"] == technical["notice_id"]
        assert climbed["recipients"] == ["chen.jing"]
        assert climbed["reason"] == technical["reason"]
        assert not await told(world, registered, "leadership"), "one layer at a time"
        await chased(world)
        assert len(await told(world, registered, "complaint-management")) == 1
        [overdue] = await overdue_facts(world, registered)
        assert overdue["climbed_to"] == "complaint-management"
        assert overdue["recipients"] == technical["recipients"]
    with later(hours=50):
        await chased(world)
        [top] = await told(world, registered, "leadership")
        assert top["climbed_from"] == climbed["notice_id"]
        _, overdue = await overdue_facts(world, registered)
        assert overdue["supervisors"] == ["zou.boss"], "the head of complaint management answers to the boss"
    records = (
        await world.http.get("/routing/v1/accountability", params={"complaint_id": registered["id"]})
    ).json()["items"]
    records = [r for r in records if r["reason"] not in OF_TIME]
    assert [(r["kind"], r["subject_id"]) for r in records] == [
        ("notice", climbed["notice_id"]),
        ("notice", technical["notice_id"]),
    ]
    assert records[0]["people"] == ["chen.jing"]
    of_one = await world.http.get("/routing/v1/accountability", params={"person": "wang.lei"})
    of_notices = [r["subject_id"] for r in of_one.json()["items"] if r["reason"] not in OF_TIME]
    assert of_notices == [technical["notice_id"]]


@pytest.mark.empty_world
@pytest.mark.requirement("P-14")
async def test_the_top_layer_is_told_again_a_few_times_and_never_without_end(world: World) -> None:
    registered = await world.register(GRAVE)
    await world.settled()
    for day in range(1, 12):
        with later(days=day * 2):
            await chased(world)
    overdue = await overdue_facts(world, registered)
    at_top = [o for o in overdue if o["audience"] == "leadership"]
    [first] = {o["notice_id"] for o in at_top}
    assert [o["reminder"] for o in at_top] == [1, 2, 3, 4, 5]
    assert [o["last"] for o in at_top] == [False] * 4 + [True]
    [notice] = [n for n in await notices(world, "leadership", registered) if n["id"] == first]
    assert "acknowledged_at" not in notice, "it stays open"
    assert (await world.http.post(f"/routing/v1/notices/{first}/acknowledge")).status_code == 204
    others = [o for o in overdue if o["audience"] != "leadership"]
    assert len({o["notice_id"] for o in others}) == len(others), "each climbed once"
    topics = ("responsible-department", "technical-support", "complaint-management", "leadership")
    every = await told(world, registered, *topics)
    assert len({(n["notice_id"]) for n in every}) == len(every)


@pytest.mark.empty_world
@pytest.mark.requirement("P-14", "N-A")
async def test_two_replicas_climb_once(world: World) -> None:
    made = [await world.register() for _ in range(12)]
    await world.settled()
    context = world.context("routing")
    replicas = [Chaser(context.database, 0.2) for _ in range(4)]
    with later(hours=25):
        await asyncio.gather(*(replica.turn() for replica in replicas * 3))
        await chased(world)
    for registered in made:
        climbed = await told(world, registered, "complaint-management")
        assert len(climbed) == 1, "two layers below were told of one fact; above it is told once"
        assert len(await overdue_facts(world, registered)) == 2


@pytest.mark.empty_world
@pytest.mark.requirement("N-A")
async def test_two_replicas_that_see_the_same_due_notices_wait_for_no_row_of_each_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [UUID((await world.register())["id"]) for _ in range(2)]
    await world.settled()
    # Both have two notices due. The rows fall due in turns, so that half of each complaint's come first.
    await change_people(
        world,
        "UPDATE notices SET due_at = issued_at + n * interval '1 minute' FROM (SELECT id, row_number() OVER "
        "(PARTITION BY complaint_id ORDER BY id) AS n FROM notices WHERE due_at IS NOT NULL) AS each "
        "WHERE each.id = notices.id",
    )
    monkeypatch.setattr(chaser, "BATCH", 2)
    looked, try_lock = asyncio.Barrier(2), chaser._try_lock
    gets = {"first": made[:1], "second": made[1:]}

    async def after_both_have_looked(transaction: Transaction, ids: Sequence[UUID]) -> list[UUID]:
        """Each replica finds one of the two locks free; the service's own worker finds none."""
        task = asyncio.current_task()
        free = gets.get(task.get_name() if task else "", [])
        if free:
            await asyncio.wait_for(looked.wait(), 20)
        return await try_lock(transaction, [i for i in ids if i in free])

    monkeypatch.setattr(chaser, "_try_lock", after_both_have_looked)
    replicas = {name: Chaser(world.context("routing").database, 0.2) for name in gets}
    with later(hours=25):
        turns = [asyncio.create_task(each.turn(), name=name) for name, each in replicas.items()]
        await asyncio.gather(*turns)  # a deadlock is raised
        monkeypatch.undo()
        await chased(world)  # whatever a lock was held of by another worker
    async with world.context("routing").database.reading() as connection:
        late = text(
            "SELECT count(*) FROM notices WHERE complaint_id = ANY(:made) AND overdue_at IS NOT NULL "
            "AND reason <> ALL(:of_time)"
        )
        assert (await connection.execute(late, {"made": made, "of_time": sorted(OF_TIME)})).scalar_one() == 4


@pytest.mark.empty_world
@pytest.mark.requirement("N-A")
async def test_what_another_replica_has_just_chased_is_not_chased_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered = await world.register()
    await world.settled()
    database, try_lock = world.context("routing").database, chaser._try_lock

    async def after_the_other(transaction: Transaction, ids: Sequence[UUID]) -> list[UUID]:
        task = asyncio.current_task()
        if task is None or task.get_name() != "slow":
            return []
        monkeypatch.setattr(chaser, "_try_lock", try_lock)
        await eventually(Chaser(database, 0.2).turn, what="the other to have the complaint in hand")
        return await try_lock(transaction, ids)

    monkeypatch.setattr(chaser, "_try_lock", after_the_other)
    with later(hours=25):
        assert await asyncio.create_task(Chaser(database, 0.2).turn(), name="slow") == 0
    await world.settled()
    assert len(await overdue_facts(world, registered)) == 2


@pytest.mark.empty_world
async def test_one_that_cannot_climb_holds_nobody_up(world: World) -> None:
    made = [await world.register() for _ in range(3)]
    await world.settled()
    broken = made[1]["id"]
    await change_people(
        world,
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$",
    )
    await change_people(
        world,
        "CREATE TRIGGER refuse BEFORE INSERT ON lapses FOR EACH ROW "
        f"WHEN (NEW.complaint_id = '{broken}') EXECUTE FUNCTION refuse()",
    )
    with later(hours=25):
        await chased(world, but=broken)
        overdue = [len(await overdue_facts(world, each)) for each in made]
        assert overdue == [2, 0, 2]
    await change_people(world, "DROP TRIGGER refuse ON lapses")
    with later(hours=25, minutes=2):
        await chased(world)
        assert len(await overdue_facts(world, made[1])) == 2


@pytest.mark.requirement("002-21")
async def test_a_broken_promise_names_who_was_responsible(world: World) -> None:
    registered = await world.register()
    await world.settled()
    routed = (await world.http.get(f"/routing/v1/complaints/{registered['id']}")).json()
    at = clock.now()
    promise = uuid4()
    await tell(
        world,
        PromiseBroken(
            complaint_id=UUID(registered["id"]),
            promise_id=promise,
            handler_id=routed["handler_id"],
            broken_at=at,
        ),
    )
    shown = await world.http.get(
        "/routing/v1/accountability", params={"complaint_id": registered["id"], "kind": "promise"}
    )
    [record] = shown.json()["items"]
    assert (record["subject_id"], record["people"]) == (str(promise), [routed["handler_id"]])


async def test_accountability_is_read_by_its_indexes(world: World) -> None:
    """By person and by complaint, also among many lapses: the planner is asked with the statement that was sent."""
    database = world.context("routing").database
    sent: list[tuple[str, Any]] = []

    @event.listens_for(database.engine.sync_engine, "before_cursor_execute")
    def keep(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if "FROM lapses" in statement:
            sent.append((statement, parameters))

    for params in ({"person": "li.na"}, {"complaint_id": str(uuid4())}):
        answer = await world.http.get("/routing/v1/accountability", params=params)
        assert answer.status_code == 200
    event.remove(database.engine.sync_engine, "before_cursor_execute", keep)
    plans = []
    async with database.transaction() as transaction:
        for forbidden in ("seqscan", "indexscan"):  # the table is almost empty; and no walk over all by time
            await transaction.execute(text(f"SET LOCAL enable_{forbidden} = off"))
        for statement, parameters in sent:
            plan = await transaction.connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
            plans.append("\n".join(plan.scalars()))
    assert ["ix_lapses_people" in plans[0], "ix_lapses_complaint_id" in plans[1]] == [True, True], plans


@pytest.mark.empty_world
@pytest.mark.requirement("003-18")
async def test_timeliness_is_measured(world: World) -> None:
    first, second = await world.register(), await world.register()
    await world.settled()
    [one] = await told(world, first, "technical-support")
    labels = {"audience": "technical-support", "in_time": "true"}
    before = METRICS.get_sample_value("redress_notices_acknowledged_total", labels) or 0.0
    with later(minutes=30):
        await world.http.post(f"/routing/v1/notices/{one['notice_id']}/acknowledge")
    with later(hours=25):
        await chased(world)
        measured = (await world.http.get("/routing/v1/notices/measures")).json()
    [technical] = [each for each in measured if each["audience"] == "technical-support"]
    assert (technical["issued"], technical["acknowledged"], technical["in_time"]) == (2, 1, 1)
    assert (technical["climbed"], technical["open"]) == (1, 0)
    assert technical["acknowledgement_rate"] == 0.5
    assert 29 < technical["minutes_p50"] < 31
    assert METRICS.get_sample_value("redress_notices_acknowledged_total", labels) == before + 1
    backwards = await world.http.get(
        "/routing/v1/notices/measures",
        params={"since": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"},
    )
    assert (backwards.status_code, backwards.json()["errors"][0]["field"]) == (422, "query/since")
    assert {n["audience"] for n in await notices(world, "complaint-management", second)} == {
        "complaint-management"
    }


# Tables that make no sense, and trials of those that do.


def a_table(*rows: dict[str, Any], **changes: Any) -> dict[str, Any]:
    shipped = DISTRIBUTION.shipped.model_dump(mode="json", exclude_defaults=True)
    return shipped | {"rows": list(rows) or shipped["rows"]} | changes


ROW = {"fact": "redress.case.closed", "audience": "leadership", "reason": "closed"}


@pytest.mark.requirement("003-17")
@pytest.mark.parametrize(
    ("table", "says"),
    [
        (a_table(ROW | {"fact": "redress.case.close"}), "Did you mean 'redress.case.closed'?"),
        (a_table(ROW | {"fact": "redress.notice.overdue"}), "would never end"),
        (a_table(ROW, ROW | {"acknowledge_minutes": 5}), "rows/1: it has the same conditions as rows/0"),
        (
            a_table(ROW, ROW | {"severity": "major", "form": "phone"}),
            "Put it before rows/0, or leave it out",
        ),
        (a_table(ROW | {"words_en": "Closed"}), "both languages"),
        (a_table(ROW | {"fact": "redress.task.set", "form": "phone"}), "another call"),
        (a_table(climbs={"leadership": "technical-support", "technical-support": "leadership"}), "circle"),
        (a_table(acknowledge_minutes={"general": 5}), "urgent, major"),
        (a_table(ROW | {"categories": ["no_such_thing"]}), "no_such_thing"),
    ],
)
async def test_a_table_that_makes_no_sense_is_refused_and_says_how_to_mend_it(
    world: World, table: dict[str, Any], says: str
) -> None:
    body = {"content": table, "reason": "A try."}
    answer = await world.http.post("/routing/v1/rulebooks/distribution/versions", json=body)
    assert answer.status_code == 422, answer.text
    assert any(says in error["detail"] for error in answer.json()["errors"]), answer.text


@pytest.mark.empty_world
@pytest.mark.requirement("003-17")
async def test_a_table_is_tried_on_past_facts_before_it_is_switched_on(world: World) -> None:
    registered = await world.register(GRAVE)
    await world.register()
    await world.settled()
    rows = [row for row in a_table()["rows"] if row["reason"] != "major-complaint"]
    told_sooner = [r | {"acknowledge_minutes": 5} if r["reason"] == "technical-question" else r for r in rows]
    new = {"fact": "redress.case.opened", "audience": "leadership", "reason": "opened"}
    now = clock.now()
    period = {
        "since": (now - timedelta(hours=1)).isoformat(),
        "until": (now + timedelta(hours=1)).isoformat(),
    }
    url = "/routing/v1/rulebooks/distribution"
    trial = {"content": a_table(*told_sooner, new), **period}
    found = (await world.http.post(f"{url}/trial", json=trial)).json()
    assert found["all_of_period"]
    assert found["more"] == {"leadership": 2}
    assert found["fewer"] == {"leadership": 1}
    assert found["changed"] == {"technical-support": 2}
    [less] = found["examples_fewer"]
    assert (less["complaint_id"], less["reason"]) == (registered["id"], "major-complaint")
    assert not [n for n in await told(world, registered, "leadership") if n["reason"] == "opened"]

    made = await world.http.post(f"{url}/versions", json={"content": trial["content"], "reason": "Tried."})
    switched = await world.http.put(url, json={"version": made.json()["version"], "reason": "It was good."})
    assert switched.status_code == 200, switched.text
    later_one = await world.register(GRAVE)
    await world.settled()
    [notice] = await told(world, later_one, "leadership")
    assert notice["reason"] == "opened"
    backwards = trial | {"since": period["until"], "until": period["since"]}
    assert (await world.http.post(f"{url}/trial", json=backwards)).status_code == 422


@pytest.mark.requirement("001-34")
async def test_no_case_is_one_departments_alone(world: World) -> None:
    shaft = TOLD | {"statement": {"what_went_wrong": "The shaft diameter is out of tolerance, 轴径尺寸超差."}}
    registered = await world.register(shaft)
    await world.settled()
    url = f"/routing/v1/complaints/{registered['id']}/participation"
    before = (await world.http.get(url)).json()
    assert (before["department"], before["alone"]) == ("quality", True)
    assert before["informed"] == ["logistics", "quality", "technical_support"]
    [technical] = await told(world, registered, "technical-support")
    async with caller(world, "notices:technical-support", person="zhang.wei") as support:
        await support.post(f"/routing/v1/notices/{technical['notice_id']}/acknowledge")
    after = (await world.http.get(url)).json()
    assert (after["took_part"], after["alone"]) == (["quality", "technical_support"], False)
    assert (await world.http.get(url.replace(registered["id"], str(uuid4())))).status_code == 404


@pytest.mark.empty_world
@pytest.mark.requirement("P-15")
async def test_a_complaint_that_nobody_owns_climbs_too(world: World) -> None:
    unsure = await world.register(UNSURE)
    await world.settled()
    [notice] = await told(world, unsure, "complaint-management")
    assert notice["reason"] == "needs-a-decision"
    assert "department" not in notice
    with later(hours=25):
        await chased(world)
    [climbed] = await told(world, unsure, "leadership")
    assert (climbed["climbed_from"], climbed["reason"]) == (notice["notice_id"], "needs-a-decision")


async def test_a_notice_that_is_told_late_has_its_full_time_before_it_climbs(world: World) -> None:
    """Routing may have been away for longer than anybody had to acknowledge."""
    registered = await world.register()
    await world.settled()
    late = clock.now() - timedelta(days=3)
    broken = PromiseBroken(complaint_id=UUID(registered["id"]), promise_id=uuid4(), broken_at=late)
    [told_now] = records([broken])
    record = replace(told_now, headers={**told_now.headers, "ce_time": late.isoformat()})
    [routing] = catalogue.load(["routing"])
    await routing.pump(world.context("routing")).handle([record])
    [notice] = [
        n for n in await notices(world, "complaint-management", registered) if n["fact_type"] == BROKEN
    ]
    assert datetime.fromisoformat(notice["acknowledge_by"]) < clock.now()
    due = datetime.fromisoformat(notice["due_at"])
    assert timedelta(hours=23) < due - clock.now() <= timedelta(hours=24)
    await chased(world)
    assert not await told(world, registered, "leadership")


async def erased(world: World, complaint: dict[str, Any]) -> None:
    """The customer of the complaint is erased, as routing and notification hear it."""
    fact = CustomerErased(
        complaint_id=UUID(complaint["id"]),
        customer_id=uuid4(),
        because=Because.REQUESTED,
        erased_at=clock.now(),
    )
    for name in ("routing", "notification"):
        [service] = catalogue.load([name])
        await service.pump(world.context(name)).handle(records([fact]))


async def test_what_was_written_about_somebody_who_is_erased_is_forgotten(world: World) -> None:
    registered = await world.register(TOLD | {"customer": {"external_id": "C-gone", "name": "Bob Gone"}})
    await world.settled()
    url = f"/routing/v1/complaints/{registered['id']}"
    await world.http.post(f"{url}/mails", json={"audience": "leadership", "text": "Bob Gone is angry."})
    due = (clock.now() + timedelta(hours=1)).isoformat()
    task = {"form": "phone", "about": "Call Bob Gone.", "assignee": "li.na", "due_at": due}
    await world.http.post(f"{url}/tasks", json=task)
    await world.settled()
    await erased(world, registered)
    [mail] = [n for n in await notices(world, "leadership", registered) if n["form"] == "internal_mail"]
    assert mail["text"] == "[erased]"
    shown = await world.http.get("/routing/v1/tasks", params={"complaint_id": registered["id"]})
    assert [t["about"] for t in shown.json()["items"]] == ["[erased]"]
    async with world.context("notification").database.reading() as connection:
        lines = text("SELECT what->>'en' FROM staff_lines WHERE complaint_id = :id AND kind = 'task'")
        found = (await connection.execute(lines, {"id": registered["id"]})).scalars().all()
    assert found == ["[erased]"]
