"""The classifier at work: what people correct is learned at once, by every process, and only once."""

from typing import Any
from uuid import uuid4

import pytest
from pydantic_core import to_json
from sqlalchemy import text

from services.routing.triage import seed
from services.routing.triage.learned import draw, lock_lessons, mind_of, refresh
from services.routing.triage.mind import Mind, State
from services.routing.triage.trainer import Trainer
from shared.events import CaseClosed
from shared.events.vocabulary import Outcome
from tests.resolution_story import NINE, records
from tests.world import World

pytestmark = pytest.mark.slow

TOLD: dict[str, Any] = {"channel": "letter", "language": "en"}
CURIOUS = "The flibbertigibbet wobbles when the zeppelin hums."
CURIOUS_AGAIN = "Our zeppelin hums and now its flibbertigibbet wobbles."


async def begun(world: World, what: str, **change: Any) -> dict[str, Any]:
    registered = await world.register({**TOLD, "statement": {"what_went_wrong": what}, **change})
    await world.settled()
    return registered


async def routed(world: World, registered: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = (await world.http.get(f"/routing/v1/complaints/{registered['id']}")).json()
    return shown


async def decide(world: World, registered: dict[str, Any], category: str) -> None:
    version = (await routed(world, registered))["version"]
    answer = await world.http.post(
        f"/routing/v1/triage/{registered['id']}",
        json={"category": category, "reason": "I asked."},
        headers={"If-Match": f'"{version}"'},
    )
    assert answer.status_code == 200, answer.text


async def close(world: World, registered: dict[str, Any]) -> None:
    event = CaseClosed(
        complaint_id=registered["id"], outcome=Outcome.SATISFIED, closed_by="ma.li", closed_at=NINE
    )
    await world.process.log.append(records([event]))
    await world.settled()


async def rows(world: World, statement: str, **parameters: Any) -> list[dict[str, Any]]:
    async with world.context("routing").database.reading() as connection:
        return [dict(row) for row in (await connection.execute(text(statement), parameters)).mappings()]


async def another_process(world: World) -> Mind:
    """What a process that starts now knows."""
    mind = Mind(State(seed.classifier()))
    async with world.context("routing").database.reading() as connection:
        await refresh(connection, mind)
    return mind


async def this_process(world: World) -> Mind:
    async with world.context("routing").database.reading() as connection:
        mind = mind_of(connection)
        assert mind is not None
        await refresh(connection, mind)
    return mind


@pytest.mark.requirement("002-07", "003-13")
async def test_a_correction_is_what_the_next_complaint_is_judged_by(world: World) -> None:
    first = await begun(world, CURIOUS)
    await decide(world, first, "transit_damage")
    second = await begun(world, CURIOUS_AGAIN)
    shown = await routed(world, second)
    assert shown["status"] == "referred", "without reviewed cases it promises nothing"
    best = shown["suggestions"][0]
    assert best["category"] == "transit_damage"
    assert {"flibbertigibbet", "zeppelin"} & {word["word"] for word in best["words"]}
    assert shown["model_version"] != (await routed(world, first)).get("model_version")


@pytest.mark.requirement("003-13")
async def test_every_process_says_the_same_of_a_complaint(world: World) -> None:
    for number, category in enumerate(["appearance", "wrong_model", "dimension"]):
        await decide(world, await begun(world, f"Xyzzy{number} plugh{number} frotz{number}."), category)
    here, there = await this_process(world), await another_process(world)
    assert here.champion.classifier.version == there.champion.classifier.version
    assert here.champion.classifier.version != seed.classifier().version
    assert here.seen == there.seen


@pytest.mark.requirement("002-07")
async def test_ping_pong_leaves_one_lesson_and_the_one_that_stood_counts_threefold(world: World) -> None:
    registered = await begun(world, "The grue grumbled in the great underground empire.")
    for category in ["appearance", "dimension", "appearance", "late_delivery"]:
        await decide(world, registered, category)
    statement = "SELECT label, weight, settled FROM lessons WHERE complaint_id = :id AND head = 'category'"
    assert await rows(world, statement, id=registered["id"]) == [
        {"label": "late_delivery", "weight": 1, "settled": False}
    ]
    pushed = await this_process(world)
    [(key, lesson)] = [
        item for item in pushed.champion.applied.items() if str(item[0][0]) == registered["id"]
    ]
    assert lesson.label == "late_delivery"
    await close(world, registered)
    assert await rows(world, statement, id=registered["id"]) == [
        {"label": "late_delivery", "weight": 3, "settled": True}
    ]
    here, there = await this_process(world), await another_process(world)
    assert here.champion.classifier.version == there.champion.classifier.version
    assert here.champion.applied[key].digest() != lesson.digest(), "three times the weight is another lesson"
    reviews = "SELECT truth, truth_by <> 'end' AS by_person FROM reviews WHERE complaint_id = :id AND head = 'category'"
    assert await rows(world, reviews, id=registered["id"]) == [{"truth": "late_delivery", "by_person": True}]


async def test_nobody_objected_until_the_end_so_it_was_right(world: World) -> None:
    registered = await begun(world, "The motor shows alarm R4.")
    await close(world, registered)
    found = await rows(
        world,
        "SELECT truth, truth_by FROM reviews WHERE complaint_id = :id AND head = 'category'",
        id=registered["id"],
    )
    assert found == [{"truth": "function_fault", "truth_by": "end"}]
    assert not await rows(world, "SELECT label FROM lessons WHERE complaint_id = :id", id=registered["id"])


@pytest.mark.requirement("002-07")
async def test_a_coding_and_a_rerouting_are_lessons_too(world: World) -> None:
    registered = await begun(world, "Whom do I tell that the plover egg is missing?")
    coding = {"taxonomy_version": 1, "codes": [{"category": "wrong_quantity"}], "reason": "Counted."}
    answer = await world.http.put(f"/intake/v1/complaints/{registered['id']}/coding", json=coding)
    assert answer.status_code == 200, answer.text
    await world.settled()
    version = (await routed(world, registered))["version"]
    moved = await world.http.post(
        f"/routing/v1/triage/{registered['id']}",
        json={"department": "technical_support", "severity": "urgent", "reason": "They count."},
        headers={"If-Match": f'"{version}"'},
    )
    assert moved.status_code == 200, moved.text
    found = await rows(
        world, "SELECT head, label FROM lessons WHERE complaint_id = :id ORDER BY head", id=registered["id"]
    )
    assert [(row["head"], row["label"]) for row in found] == [
        ("category", "wrong_quantity"),
        ("department", "technical_support"),
        ("severity", "urgent"),
    ]


async def test_a_refused_correction_teaches_nothing(world: World) -> None:
    registered = await begun(world, "A hollow voice says plugh.")
    before = (await this_process(world)).champion.classifier.version
    refused = await world.http.post(
        f"/routing/v1/triage/{registered['id']}",
        json={"category": "appearance", "department": "moon_base", "reason": "I guess."},
    )
    assert refused.status_code == 422
    assert (await this_process(world)).champion.classifier.version == before


async def reviewed(world: World, number: int, **more: Any) -> None:
    """As if so many cases had been reviewed, of which the champion was right where it was sure."""
    case = {
        "head": "category",
        "model_version": "v",
        "counted": True,
        "scores": {"appearance": 2.0, "transit_damage": 0.0, "dimension": 0.0},
        "judged_at": NINE,
        "truth": "appearance",
        "truth_by": "key:1",
        "truth_at": NINE,
    } | more
    async with world.context("routing").database.transaction() as transaction:
        await lock_lessons(transaction)
        numbers = await draw(transaction, number)
        cases = [case | {"complaint_id": uuid4(), "changed": changed} for changed in numbers]
        await transaction.execute(
            text(
                "INSERT INTO reviews SELECT * FROM jsonb_populate_recordset(NULL::reviews, CAST(:rows AS jsonb))"
            ),
            {"rows": to_json(cases).decode()},
        )


@pytest.mark.empty_world
@pytest.mark.requirement("002-07", "002-08")
async def test_once_its_promise_is_proven_it_decides_and_says_why(world: World) -> None:
    trainer = Trainer(world.context("routing"))
    taught = [
        "Gizmo frobnitz glitters badly.",
        "The frobnitz gizmo has lost its glitter.",
        "Frobnitz: no glitter.",
    ]
    for what in taught:
        await decide(world, await begun(world, what), "appearance")
    await reviewed(world, 300)
    await trainer.turn()
    registered = await begun(world, "My gizmo frobnitz does not glitter.")
    shown = await routed(world, registered)
    assert (shown["status"], shown["category"], shown["decided_by"]) == ("assigned", "appearance", "model")
    assert shown["probability"] > 0.9
    assert {"frobnitz", "gizmo"} & {word["word"] for word in shown["spoke_for"]}
    report = (await world.http.get("/routing/v1/triage/model")).json()
    assert report["version"] == shown["model_version"]
    [category] = [head for head in report["heads"] if head["head"] == "category"]
    assert (category["lessons"], category["decides"]) == (3, True)
    assert category["reviewed"] >= 300
    assert "appearance" in category["thresholds"]
    strict: dict[str, Any] = {
        "decides": True,
        "promised_error": 0.0001,
        "clear_evidence": 2,
        "least_evidence": 1,
        "least_reviewed": 50,
    }
    strict |= {"fold_after": 500, "retrain_after": 200, "danger": 1, "severity_hint": "urgent"}
    book = "/routing/v1/rulebooks/triage-model"
    assert (
        await world.http.post(f"{book}/versions", json={"content": strict, "reason": "Try."})
    ).status_code == 201
    assert (await world.http.put(book, json={"version": 1, "reason": "Try."})).status_code == 200
    cautious = await routed(world, await begun(world, "Her gizmo frobnitz does not glitter."))
    assert cautious["status"] == "referred", "what is promised now was not proven"


@pytest.mark.empty_world
@pytest.mark.requirement("003-13")
async def test_settled_lessons_are_folded_and_nothing_is_forgotten(world: World) -> None:
    content: dict[str, Any] = {
        "decides": True,
        "promised_error": 0.05,
        "clear_evidence": 2,
        "least_evidence": 1,
        "least_reviewed": 50,
    }
    content |= {"fold_after": 2, "retrain_after": 1000, "danger": 1, "severity_hint": "urgent"}
    book = "/routing/v1/rulebooks/triage-model"
    await world.http.post(f"{book}/versions", json={"content": content, "reason": "Soon."})
    await world.http.put(book, json={"version": 1, "reason": "Soon."})
    for number in range(3):
        registered = await begun(world, f"Quux{number} garply{number} waldo{number}.")
        await decide(world, registered, "dimension")
        if number < 2:
            await close(world, registered)
    before = (await this_process(world)).champion.classifier
    await Trainer(world.context("routing")).turn()
    here, there = await this_process(world), await another_process(world)
    for mind in (here, there):
        assert mind.champion.number is not None
        assert len(mind.champion.applied) == 1, "the one whose case is open"
        assert mind.champion.classifier.version == before.version
        assert mind.champion.classifier.dump() == before.dump()
    report = (await world.http.get("/routing/v1/triage/model")).json()
    assert report["champion"]["number"] == here.champion.number


@pytest.mark.empty_world
async def test_an_erased_customers_words_are_forgotten_but_not_what_was_learned(world: World) -> None:
    registered = await begun(world, CURIOUS)
    await decide(world, registered, "transit_damage")
    again = await begun(world, CURIOUS_AGAIN)
    version = (await this_process(world)).champion.classifier.version
    for each in (registered, again):
        customer = (await world.http.get(f"/intake/v1/complaints/{each['id']}")).json()["customer_id"]
        wish = {"reason": "A letter.", "even_open": True}
        assert (
            await world.http.post(f"/intake/v1/customers/{customer}/erasure", json=wish)
        ).status_code == 200
    await world.settled()
    assert await rows(world, "SELECT features FROM lessons") == [{"features": None}]
    assert "zeppelin" not in str(await routed(world, again))
    assert (await this_process(world)).champion.classifier.version == version
    await close(world, registered)
    assert (await this_process(world)).champion.classifier.version == version
    assert await rows(world, "SELECT label, settled FROM lessons") == [
        {"label": "transit_damage", "settled": True}
    ]


@pytest.mark.empty_world
@pytest.mark.requirement("003-13")
async def test_a_challenger_is_trained_watched_and_promoted(world: World) -> None:
    content: dict[str, Any] = {
        "decides": True,
        "promised_error": 0.05,
        "clear_evidence": 2,
        "least_evidence": 1,
        "least_reviewed": 3,
    }
    content |= {"fold_after": 1000, "retrain_after": 2, "danger": 1, "severity_hint": "urgent"}
    book = "/routing/v1/rulebooks/triage-model"
    await world.http.post(f"{book}/versions", json={"content": content, "reason": "Soon."})
    await world.http.put(book, json={"version": 1, "reason": "Soon."})
    trainer = Trainer(world.context("routing"))
    for number in range(3):
        registered = await begun(world, f"Quux garply waldo {number} fred plugh.")
        await decide(world, registered, "dimension")
        if number < 2:
            await close(world, registered)
    await trainer.turn()
    shadowing = await this_process(world)
    assert shadowing.challenger is not None
    assert len(shadowing.challenger.applied) == 1, (
        "it knows the two that were settled, and is taught the third"
    )
    number_of_challenger, champion = shadowing.challenger.number, shadowing.champion.classifier.version
    watched = await begun(world, "Waldo fred plugh, quux garply.")
    [seen] = await rows(
        world,
        "SELECT shadow_snapshot, shadow FROM reviews WHERE complaint_id = :id AND head = 'category'",
        id=watched["id"],
    )
    assert seen == {"shadow_snapshot": number_of_challenger, "shadow": "dimension"}
    both = {"shadow_snapshot": number_of_challenger, "shadow": "dimension"}
    await reviewed(world, 199, truth="dimension", **both)
    await trainer.turn()
    assert (await this_process(world)).challenger is not None, "too few cases to say"
    await reviewed(world, 1, truth="dimension", **both)
    await trainer.turn()
    here, there = await this_process(world), await another_process(world)
    assert here.challenger is None
    for mind in (here, there):
        assert mind.champion.number == number_of_challenger
        assert mind.champion.classifier.version not in (champion, seed.classifier().version)
    assert here.champion.classifier.version == there.champion.classifier.version
    found = await rows(world, "SELECT role, origin, figures FROM snapshots WHERE role = 'champion'")
    assert [(row["role"], row["origin"], row["figures"]["cases"]) for row in found] == [
        ("champion", "trained", 200)
    ]
    assert (await world.http.get("/routing/v1/triage/model")).json()["champion"][
        "number"
    ] == here.champion.number
