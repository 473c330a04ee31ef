"""The door: groups commit together, and no member suffers for another."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import InterfaceError

from services.intake.door import QUEUE_LIMIT, Door
from services.intake.registration import Registration, register
from services.intake.schemas import NewComplaint
from shared import clock
from shared.problems import Problem
from tests.world import TOLD, World


def _registration(**changes: Any) -> Registration:
    return register(NewComplaint.model_validate(TOLD | changes), "key:test", clock.now())


async def _counts(world: World) -> tuple[int, int]:
    """Complaints, and events that tell of them."""
    await world.settled()
    async with world.context("intake").database.reading() as connection:
        complaints = (await connection.execute(text("SELECT count(*) FROM complaints"))).scalar_one()
    told = [r for r in await world.log_records("redress.intake") if "registered" in r.headers["ce_type"]]
    return complaints, len(told)


async def _more(world: World, before: tuple[int, int]) -> tuple[int, int]:
    complaints, told = await _counts(world)
    return complaints - before[0], told - before[1]


async def test_a_contact_belongs_to_the_complaint_it_was_told_with(world: World) -> None:
    """Whoever posts another complaint under the same customer number must not get its mails."""
    number = {"external_id": "C-7"}
    first, second, third = await asyncio.gather(
        world.register(TOLD | {"customer": number | {"name": "Ann", "email": "ann@example.com"}}),
        world.register(TOLD | {"customer": number}),
        world.register(TOLD | {"customer": number | {"email": "other@example.com"}}),
    )
    contacts = [
        (await world.http.get(f"/intake/v1/complaints/{r['id']}/contact")).json()["email"]
        for r in (first, second, third)
    ]
    assert contacts == ["ann@example.com", None, "other@example.com"]
    shown = [(await world.http.get(f"/intake/v1/complaints/{r['id']}")).json() for r in (first, third)]
    assert shown[0]["customer_id"] == shown[1]["customer_id"]


async def test_a_reference_that_is_taken_is_drawn_again(world: World) -> None:
    before = await _counts(world)
    taken = (await world.register())["reference"]
    clash = _registration()
    clash.complaint["reference"] = taken
    answer, replayed = await world.context("intake").part(Door).register(clash, None)
    assert not replayed
    assert taken.encode() not in answer.body
    assert await _more(world, before) == (2, 2)


async def test_a_member_that_cannot_be_written_harms_no_neighbour(world: World) -> None:
    before = await _counts(world)
    broken = _registration()
    broken.complaint["completeness"] = 7
    door = world.context("intake").part(Door)
    outcomes = await asyncio.gather(
        *(door.register(r, None) for r in (_registration(), broken, _registration())), return_exceptions=True
    )
    assert [isinstance(outcome, Exception) for outcome in outcomes] == [False, True, False]
    assert await _more(world, before) == (2, 2)


async def test_a_commit_whose_answer_was_lost_is_neither_lost_nor_done_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = await _counts(world)
    lost = iter([True])
    settle = Door._commit

    async def commit(self: Door, group: Any) -> Any:
        before = await settle(self, group)
        if next(lost, False):
            raise InterfaceError("COMMIT", None, ConnectionError("connection lost"))
        return before

    monkeypatch.setattr(Door, "_commit", commit)
    answers = await asyncio.gather(*(world.register() for _ in range(5)))
    assert len({a["id"] for a in answers}) == 5
    assert await _more(world, begun) == (5, 5)


async def test_who_arrives_together_is_committed_together(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.register()  # the key is known from now on
    groups: list[int] = []
    commit = Door._commit

    async def counted(self: Door, group: list[Any]) -> Any:
        groups.append(len(group))
        return await commit(self, group)

    monkeypatch.setattr(Door, "_commit", counted)
    await asyncio.gather(*(world.register() for _ in range(16)))
    assert sum(groups) == 16
    assert max(groups) > 8, groups


async def test_when_too_many_wait_the_next_is_told_to_come_again(world: World) -> None:
    idle = Door(world.context("intake").database)  # nobody runs it: whoever comes, waits
    waiting = [asyncio.create_task(idle.register(_registration(), None)) for _ in range(QUEUE_LIMIT)]
    await asyncio.sleep(0)
    with pytest.raises(Problem) as refused:
        await idle.register(_registration(), None)
    assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "1"})

    running = asyncio.create_task(idle.run())
    await asyncio.sleep(0)
    running.cancel()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(o, Problem | tuple) for o in outcomes), "stopped: nobody waits for ever"


async def test_a_complaint_keeps_the_trace_of_its_request(world: World) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    registered = await world.register(traceparent=f"00-{trace}-00f067aa0ba902b7-01")
    await world.settled()
    for topic in ("redress.intake", "redress.routing", "redress.resolution"):
        told = await world.told_of(registered["id"], topic)
        assert told
        for record in told:
            assert record.headers["ce_traceparent"].split("-")[1] == trace
