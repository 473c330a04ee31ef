"""Folding, reloading and calibrating while others teach: nothing is missed, and nothing counts twice."""

import asyncio
import threading
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.triage import learned, seed, snapshots, trainer
from services.routing.triage.learned import lock_lessons, refresh
from services.routing.triage.learner import LEARNER
from services.routing.triage.learning import Lesson
from services.routing.triage.mind import Mind, State
from services.routing.triage.trainer import Trainer
from shared import driver
from tests.services.test_triage_learning import (
    another_process,
    begun,
    close,
    decide,
    reviewed,
    rows,
    this_process,
)
from tests.world import World, eventually

pytestmark = pytest.mark.empty_world


async def fold_soon(world: World, **more: Any) -> None:
    """Fold as soon as one lesson is settled, when the test says so; train no challenger."""
    world.context("routing").part(Trainer)._pause = 3600
    book = "/routing/v1/rulebooks/triage-model"
    content = (await world.http.get(book)).json()["content"]
    content |= {"fold_after": 1, "retrain_after": 1000} | more
    made = await world.http.post(f"{book}/versions", json={"content": content, "reason": "Soon."})
    assert made.status_code == 201, made.text
    assert (await world.http.put(book, json={"version": 1, "reason": "Soon."})).status_code == 200


async def settled(world: World, what: str, category: str = "dimension") -> dict[str, Any]:
    """A complaint with a settled lesson."""
    registered = await begun(world, what)
    await decide(world, registered, category)
    await close(world, registered)
    return registered


async def code(world: World, registered: dict[str, Any], category: str) -> None:
    coding = {"taxonomy_version": 1, "codes": [{"category": category}], "reason": "Seen."}
    url = f"/intake/v1/complaints/{registered['id']}/coding"
    tag = (await world.http.get(url)).headers.get("ETag")
    answer = await world.http.put(url, json=coding, headers={"If-Match": tag} if tag else {})
    assert answer.status_code == 200, answer.text
    await world.settled()


async def turn(world: World) -> None:
    await Trainer(world.context("routing")).turn()


async def renewed(world: World, mind: Mind) -> None:
    async with world.context("routing").database.reading() as connection:
        await refresh(connection, mind)


@pytest.mark.requirement("002-07", "003-13")
async def test_a_complaint_coded_to_and_fro_with_folds_between_counts_once(world: World) -> None:
    await fold_soon(world)
    registered = await settled(world, "The grue grumbled in the great underground empire.", "appearance")
    shipped = seed.classifier().dump()
    for category in ["dimension", "appearance", "dimension", "late_delivery"]:
        await turn(world)
        assert (await another_process(world)).champion.applied == {}, "all is folded"
        await code(world, registered, category)
        for mind in (await this_process(world), await another_process(world)):
            [lesson] = mind.champion.applied.values()
            assert lesson.label == category
            mind.champion.classifier.withdraw(lesson)
            assert mind.champion.classifier.dump() == shipped, "nothing else was ever taught"
            mind.champion.classifier.apply(lesson)
    await code(world, registered, "appearance")  # twice between two folds
    await turn(world)
    [row] = await rows(world, "SELECT label, weight, steps, folded FROM lessons")
    assert (row["label"], row["weight"], row["folded"]) == ("appearance", 3, None)
    for mind in (await this_process(world), await another_process(world)):
        assert mind.champion.applied == {}
        left = mind.champion.classifier
        left.withdraw(Lesson.from_bytes(row["steps"]))
        assert left.dump() == shipped
        left.apply(Lesson.from_bytes(row["steps"]))


@pytest.mark.requirement("003-13")
async def test_what_reloads_at_once_loses_no_lesson(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await fold_soon(world)
    await settled(world, "Quux garply waldo.")
    await turn(world)
    first, second, third = [await begun(world, f"Xyzzy{n} plugh{n} frotz{n}.") for n in range(3)]
    mind = Mind(State(seed.classifier()))
    read, go_on = ({name: asyncio.Event() for name in "LC"} for _ in range(2))
    paused = {"L": learned._SINCE, "C": learned._NEWS}
    run = driver.run

    async def run_slowly(
        connection: AsyncConnection, statement: TextClause, parameters: Mapping[str, Any] | None = None
    ) -> Any:
        found = await run(connection, statement, parameters)
        task = asyncio.current_task()
        name = task.get_name() if task else ""
        if paused.get(name) is statement and not read[name].is_set():
            read[name].set()
            await go_on[name].wait()
        return found

    monkeypatch.setattr(driver, "run", run_slowly)
    slow = asyncio.create_task(renewed(world, mind), name="L")
    await read["L"].wait()
    await decide(world, first, "appearance")
    await decide(world, second, "appearance")
    quick = asyncio.create_task(renewed(world, mind), name="B")
    await asyncio.wait({quick}, timeout=1)  # it may have to wait for the slow one
    await decide(world, third, "appearance")
    last = asyncio.create_task(renewed(world, mind), name="C")
    await read["C"].wait()
    go_on["L"].set()
    await slow
    go_on["C"].set()
    await asyncio.gather(quick, last)
    there = await another_process(world)
    assert len(mind.champion.applied) == 3
    assert mind.champion.classifier.version == there.champion.classifier.version
    assert mind.seen == there.seen


@pytest.mark.requirement("003-13")
async def test_more_lessons_than_are_folded_at_once_are_all_folded(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "AT_ONCE", 2)
    monkeypatch.setattr(snapshots, "MOST_LESSONS", 2)
    for number in range(5):
        await settled(world, f"Quux{number} garply{number} waldo{number}.")
    before = (await this_process(world)).champion.classifier.dump()
    await fold_soon(world)
    await turn(world)
    here, there = await this_process(world), await another_process(world)
    for mind in (here, there):
        assert mind.champion.applied == {}
        assert mind.champion.classifier.dump() == before
    folded = await rows(world, "SELECT figures FROM snapshots ORDER BY number")
    assert [row["figures"]["folded"] for row in folded] == [2, 2, 1]


async def test_a_fold_is_prepared_beside_those_who_teach_and_thrown_away_if_they_replaced_a_lesson(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fold_soon(world)
    registered = await settled(world, "Quux garply waldo.", "appearance")
    prepare, loop, threads = trainer._folded, asyncio.get_running_loop(), list[threading.Thread]()

    def prepare_slowly(*parts: Any) -> Any:
        threads.append(threading.current_thread())
        champion = prepare(*parts)
        if len(threads) == 1:
            coded = asyncio.run_coroutine_threadsafe(code(world, registered, "dimension"), loop)
            coded.result(timeout=60)
        return champion

    monkeypatch.setattr(trainer, "_folded", prepare_slowly)
    await turn(world)
    assert threading.main_thread() not in threads
    assert await rows(world, "SELECT number FROM snapshots") == []
    await turn(world)
    [row] = await rows(world, "SELECT label, steps FROM lessons")
    assert row["label"] == "dimension"
    left = (await another_process(world)).champion.classifier
    left.withdraw(Lesson.from_bytes(row["steps"]))
    assert left.dump() == seed.classifier().dump()


async def test_a_classifier_is_loaded_in_a_thread(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await fold_soon(world)
    await settled(world, "Quux garply waldo.")
    await turn(world)
    load, threads = learned._begun, list[threading.Thread]()

    def load_noted(*parts: Any) -> Mind:
        threads.append(threading.current_thread())
        return load(*parts)

    monkeypatch.setattr(learned, "_begun", load_noted)
    await another_process(world)
    assert threads  # one, or two: the process of the world may look just then
    assert threading.main_thread() not in threads


async def test_a_calibration_takes_its_number_in_turn(world: World) -> None:
    await reviewed(world, 60)
    database = world.context("routing").database

    async def waits() -> bool:
        found = await rows(
            world, "SELECT 1 AS waits FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        )
        return bool(found)

    async with database.transaction() as transaction:
        await lock_lessons(transaction)
        calibrating = asyncio.create_task(turn(world))
        await eventually(waits, what="the calibration to wait for its number")
        assert await rows(world, "SELECT head FROM calibrations") == []
    await calibrating
    assert [row["head"] for row in await rows(world, "SELECT head FROM calibrations")] == ["category"]


async def test_a_truth_that_changes_is_noticed_whatever_its_time(world: World) -> None:
    await reviewed(world, 60)
    tender = Trainer(world.context("routing"))
    await tender.turn()
    [before] = await rows(world, "SELECT number FROM calibrations")
    await tender.turn()
    assert await rows(world, "SELECT number FROM calibrations") == [before], "nothing is new"
    async with world.context("routing").database.transaction() as transaction:
        await lock_lessons(transaction)
        await transaction.execute(
            text(
                "UPDATE reviews SET truth = 'dimension', truth_at = truth_at - interval '1 day', "
                "changed = nextval('lesson_changes') "
                "WHERE complaint_id IN (SELECT complaint_id FROM reviews LIMIT 30)"
            )
        )
    await tender.turn()
    [after] = await rows(world, "SELECT number FROM calibrations")
    assert after["number"] > before["number"]


async def test_every_truth_has_a_number_that_rises(world: World) -> None:
    registered = await begun(world, "A hollow voice says plugh.")
    statement = "SELECT truth, changed FROM reviews WHERE truth IS NOT NULL"
    seen = 0
    for category in ["appearance", "dimension"]:
        await decide(world, registered, category)
        [row] = await rows(world, statement)
        assert row["truth"] == category
        assert row["changed"] > seen
        seen = row["changed"]


@pytest.mark.parametrize(
    ("statement", "parameters", "index"),
    [
        (learned._SINCE, {"folded": 7}, "ix_lessons_open"),
        (trainer._BOTH, {"number": 7}, "ix_reviews_shadow"),
        (trainer._KNOWN, {}, "ix_reviews_changed"),
    ],
)
async def test_what_is_asked_often_has_an_index(
    world: World, statement: TextClause, parameters: dict[str, int], index: str
) -> None:
    async with world.context("routing").database.transaction() as transaction:
        await transaction.execute(text("SET LOCAL enable_seqscan = off"))
        for name, value in parameters.items():
            statement = text(str(statement).replace(f":{name}", str(value)))
        plan = (await transaction.execute(text(f"EXPLAIN {statement}"))).scalars().all()
    assert index in "\n".join(plan)


@pytest.mark.requirement("003-13")
async def test_from_what_a_champion_was_trained_nothing_is_withdrawn_but_from_what_was_folded_since(
    world: World,
) -> None:
    await fold_soon(world, retrain_after=2)
    registered = await settled(world, "Quux garply waldo.", "appearance")
    other = await settled(world, "Xyzzy plugh frotz.", "appearance")
    statement = "SELECT folded IS NOT NULL AS withdraws FROM lessons WHERE complaint_id = :id"

    async def withdraws(which: dict[str, Any] = registered) -> bool:
        [row] = await rows(world, statement, id=which["id"])
        return bool(row["withdraws"])

    await turn(world)
    await code(world, registered, "dimension")
    assert await withdraws(), "the champion was folded"
    challenger = (await this_process(world)).challenger
    assert challenger is not None
    await reviewed(world, 200, truth="dimension", shadow="dimension", shadow_snapshot=challenger.number)
    tender = Trainer(world.context("routing"))
    await tender.contest()
    promoted = await this_process(world)
    assert promoted.champion.number == challenger.number
    assert not await withdraws(), "the new champion holds no steps of it"
    await code(world, registered, "late_delivery")
    assert not await withdraws(), "and of the lesson since only what is applied"
    await code(world, other, "dimension")
    assert not await withdraws(other), "it was trained from this one"
    await tender.fold(LEARNER.shipped.model_copy(update={"fold_after": 1}))
    folded = await this_process(world)
    assert (folded.champion.applied, folded.champion.trained_to) == ({}, promoted.champion.trained_to)
    await code(world, registered, "appearance")
    assert await withdraws(), "it was folded since"
    here, there = await this_process(world), await another_process(world)
    assert here.champion.classifier.dump() == there.champion.classifier.dump()
