"""An event that cannot be handled stops nothing, is not lost, and is handled in its place once it can be."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services import replaying
from services.insights.handlers import reactions
from services.insights.model import Facts
from shared import deadletters
from shared.envelope import Received
from shared.events import ComplaintRegistered
from shared.events.vocabulary import Channel
from shared.ids import new_id
from tests.audit import audit, table_log
from tests.conftest import NewDatabase
from tests.fleet import environment_for, run_redress
from tests.recording import connected, rows
from tests.world import TOLD, World, eventually, open_world, settings_for

pytestmark = pytest.mark.slow

LETTERS = (
    "SELECT key, topic, CAST(headers->>'ce_sequence' AS int), error FROM insights.dead_letters ORDER BY id"
)
REGISTERED = ComplaintRegistered.wire_type()


@contextmanager
def broken() -> Iterator[None]:
    """Insights, in this process, has a mistake that shows for complaints that came by letter."""
    event, handler = sound = reactions._handlers[REGISTERED]

    def fails_for_letters(facts: Facts, registered: Any, fact: Received) -> None:
        if registered.channel is Channel.LETTER:
            raise ValueError("cannot handle this one")
        handler(facts, registered, fact)

    reactions._handlers[REGISTERED] = (event, fails_for_letters)
    try:
        yield
    finally:
        reactions._handlers[REGISTERED] = sound


async def metric(world: World, series: str) -> float:
    """The value of a series; 0 if there is none."""
    for line in (await world.http.get("/metrics")).text.splitlines():
        if line.startswith(f"{series} "):
            return float(line.rpartition(" ")[2])
    return 0.0


async def lives_on(world: World, complaint_id: str) -> None:
    """So that more events come."""

    async def answered() -> bool:
        path, headers = f"/resolution/v1/cases/{complaint_id}/answer", {"Idempotency-Key": complaint_id}
        answer = await world.http.post(path, json={"result": "Done."}, headers=headers)
        return answer.status_code == 200

    await eventually(answered, what="the answer")
    await world.settled()


@pytest.mark.requirement("P-31")
async def test_a_poison_event_waits_with_its_story_until_it_can_be_handled(
    new_database: NewDatabase, scratch: Path
) -> None:
    url = await new_database()
    environment = environment_for(url, scratch)
    with broken():
        async with open_world(url, scratch, handler_attempts=2) as world:
            parked_before = await metric(world, _handled("parked"))
            told = [await world.register(TOLD | {"channel": c}) for c in ("phone", "letter", "store")]
            for complaint in told:
                await lives_on(world, complaint["id"])
            ids = [UUID(complaint["id"]) for complaint in told]
            bad = told[1]["id"]

            # It is parked with its error, its later events behind it in order; the others flow.
            letters = await rows(url, LETTERS)
            assert {key for key, *_ in letters} == {bad}
            [first, *behind] = letters
            assert first[1] == "redress.intake"
            assert first[3].startswith("ValueError: cannot handle this one")
            assert {error for *_, error in behind} == {deadletters.BEHIND}
            async with connected(url) as connection:
                story = [r for r in await table_log(connection) if r.key == bad]
            for topic in {topic for _, topic, *_ in letters}:
                numbers = [number for _, of, number, _ in letters if of == topic]
                assert numbers == [
                    int(r.headers["ce_sequence"])
                    for r in story
                    if r.topic == topic and reactions.answers(r.headers["ce_type"])
                ]
            for complaint in (told[0], told[2]):
                row = (await world.http.get(f"/insights/v1/complaints/{complaint['id']}")).json()
                assert row["carried_out_at"] is not None
            assert await metric(world, _handled("parked")) > parked_before

            async def shown(number: int) -> bool:
                return await metric(world, 'redress_dead_letters_open{consumer="insights"}') == number

            await eventually(lambda: shown(len(letters)), what="the gauge of dead letters")

            # While the mistake is there, a replay changes nothing: the first holds back the rest.
            settings = settings_for(url, scratch)
            report = await replaying.letters(settings, url, "insights", None, handle=True)
            assert report[0]["result"].startswith("ValueError")
            assert {letter["result"] for letter in report[1:]} == {deadletters.BEHIND}
            assert await rows(url, LETTERS) == letters
            status, out, _ = await run_redress(
                "replay", "insights", "--list", "--json", environment=environment
            )
            assert status == 0
            assert [letter["key"] for letter in json.loads(out)] == [bad] * len(letters)

            # It is mended in another process, which handles them in order.
            status, out, said = await run_redress("replay", "insights", "--json", environment=environment)
            assert status == 0, said
            assert [letter["event_id"] for letter in json.loads(out)] == [
                str(letter["event_id"]) for letter in report
            ]
            assert {letter["result"] for letter in json.loads(out)} == {"handled"}
            assert await rows(url, LETTERS) == []
            await eventually(lambda: shown(0), what="the gauge to say that none is left")
    assert await audit(url, ids) == []

    # Reading everything again, from the first record, repeats no effect.
    status, _, said = await run_redress("replay", "insights", "--from-offset", "0", environment=environment)
    assert status == 0, said
    async with open_world(url, scratch) as world:
        assert await metric(world, _handled("duplicate")) >= 0
        await world.settled()
    assert await audit(url, ids) == []


def _handled(outcome: str) -> str:
    return f'redress_events_handled_total{{consumer="insights",outcome="{outcome}",type="{REGISTERED}"}}'


@pytest.mark.requirement("P-31")
async def test_a_record_that_is_no_event_holds_up_its_own_key_only(
    new_database: NewDatabase, scratch: Path
) -> None:
    url = await new_database()
    async with open_world(url, scratch) as world:
        told = [await world.register() for _ in range(2)]
        await lives_on(world, told[0]["id"])
        async with connected(url) as connection:
            records = await table_log(connection)
        like = next(r for r in records if r.key == told[0]["id"] and r.headers["ce_type"].endswith("kept.v1"))
        headers = {**like.headers, "ce_id": str(new_id())}
        await world.process.log.append([replace(like, headers=headers, value=b'{"no": "event"}')])
        await world.settled()
        for complaint in told:
            reference, token = complaint["reference"], complaint["tracking_token"]

            async def judged(reference: str = reference, token: str = token) -> bool:
                page = f"/intake/v1/tracking/{reference}/opinion"
                body, headers = {"outcome": "satisfied"}, {"X-Tracking-Token": token, "Idempotency-Key": "o"}
                answer = await world.customer.post(page, json=body, headers=headers)
                return answer.status_code == 200

            if complaint is told[1]:
                await lives_on(world, complaint["id"])
            await eventually(judged, what="the opinion to be taken")
        await world.settled()
        errors = [error for *_, error in await rows(url, LETTERS)]
        assert errors[0].startswith("malformed event: redress.promise.kept.v1: complaint_id: missing")
        assert len(errors) > 1
        assert set(errors[1:]) == {deadletters.BEHIND}
        other = (await world.http.get(f"/insights/v1/complaints/{told[1]['id']}")).json()
        assert other["outcome"] == "satisfied"
    # A replay cannot mend it, and says so.
    status, out, _ = await run_redress(
        "replay", "insights", "--json", environment=environment_for(url, scratch)
    )
    assert status == 1
    assert [letter["result"] for letter in json.loads(out)][1:] == [deadletters.BEHIND] * (len(errors) - 1)
    assert len(await rows(url, LETTERS)) == len(errors)
