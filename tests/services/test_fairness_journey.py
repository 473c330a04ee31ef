"""Fairness to the person complained about, through all services: who is told what, and what counts for whom."""

from collections.abc import Sequence
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from shared import clock
from shared.events import MarkFrozen, MarkMade, MarkRemoved, MarkRestored
from shared.events.fairness import MarkChanged, MarkEnd
from shared.ids import new_id
from tests.resolution_story import NINE
from tests.services.test_routing import tell
from tests.services.test_transfer import caller, told
from tests.world import TOLD, World, eventually

pytestmark = pytest.mark.slow

SAID = "Ann Example here. Miss Zhao laughed at me, Ann! Ask my neighbour, 13800138000."
ABOUT = TOLD | {
    "statement": {"what_went_wrong": SAID},
    "against": "person",
    "accused": {"staff_id": "zhao.lin", "name": "Miss Zhao"},
}
YES = {"reason_sufficient": True, "demand_reasonable": True, "explanation": "The film shows it."}


async def concerned(world: World, complaint: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """What the persons concerned were told, and who was meant."""
    await world.settled()
    return [(n["reason"], n["recipients"]) for n in await told(world, complaint, "person-concerned")]


async def done(world: World, path: str, **body: Any) -> dict[str, Any]:
    answer = await world.http.post(f"/resolution/v1/{path}", json=body)
    assert answer.status_code < 300, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.requirement("003-02", "003-03", "N-E", "P-35")
async def test_from_the_complaint_to_the_appeal_each_person_is_told_what_concerns_them(world: World) -> None:
    complaint = await world.register(ABOUT)
    id, case = complaint["id"], f"cases/{complaint['id']}"
    assert await concerned(world, complaint) == [("complaint-about-you", ["zhao.lin"])]
    async with caller(world, "notices:person-concerned", person="zhao.lin") as me:
        mine = await me.get(f"/resolution/v1/accused/cases/{id}")
        assert mine.status_code == 200, mine.text
        shown = mine.json()["statement"]["what_went_wrong"]
        assert "laughed at me" in shown
        for hidden in ("Ann", "13800138000", "C-1042", complaint["reference"], complaint["tracking_token"]):
            assert hidden not in mine.text, "what identifies the customer, or opens the tracking"
        await done(world, f"{case}/accept", handler_id="li.na")
        answered = await me.post(f"/resolution/v1/accused/cases/{id}/answer", json={"answer": "I did not."})
        assert answered.status_code == 200, answered.text
        added = {"channel": "phone", "accused": {"staff_id": "wang.lei"}}
        later = await world.http.post(f"/intake/v1/complaints/{id}/additions", json=added)
        assert later.status_code < 300, later.text
        assert (await concerned(world, complaint))[1:] == [("complaint-about-you", ["wang.lei"])]
        assert "other-side" in [n["reason"] for n in await told(world, complaint, "responsible-department")]
        await done(world, f"{case}/accused/wang.lei/clear", because="named_wrongly", reason="On leave.")
        await done(world, f"{case}/judgement", **YES)
        assert (await concerned(world, complaint))[2:] == [
            ("not-held-against-you", ["wang.lei"]),
            ("mark-against-you", ["zhao.lin"]),
        ]
        assert await counted(world, "zhao.lin") == [-10]
        filed = await me.post(f"/resolution/v1/accused/cases/{id}/appeals", json={"grounds": "Not me."})
        assert filed.status_code == 201, filed.text
        path = f"/resolution/v1/appeals/{filed.json()['id']}"

        async def reviewer() -> str | None:
            found: str | None = (await me.get(path)).json()["reviewer_id"]
            return found

        judge = await eventually(reviewer, what="a reviewer to be named")
        await world.settled()
        assert await counted(world, "zhao.lin") == []
        [to_reviewer] = [
            n
            for n in await told(world, complaint, "complaint-management")
            if n["reason"] == "review-an-appeal"
        ]
        assert to_reviewer["recipients"] == [judge]
        async with caller(world, person=judge) as reviews:
            decision = {"decision": "upheld", "reasons": "It was somebody else."}
            decided = await reviews.post(f"{path}/decision", json=decision)
            assert decided.status_code == 200, decided.text
    reasons = await concerned(world, complaint)
    assert reasons[4:] == [
        ("your-appeal-is-reviewed", ["zhao.lin"]),
        ("your-appeal-was-decided", ["zhao.lin"]),
        ("mark-removed", ["zhao.lin"]),
        ("not-held-against-you", ["zhao.lin"]),
    ]
    assert await counted(world, "zhao.lin") == []
    assert [n["reason"] for n in await told(world, complaint, "leadership")] == ["appeal-upheld"]


async def counted(world: World, person: str) -> list[int]:
    """The points of the marks that count against the person."""
    await world.settled()
    year = str(clock.now().year)
    rewards = await world.http.get("/routing/v1/rewards", params={"period": year})
    counts = [
        count["points"]
        for each in rewards.json()["people"]
        if each["person"] == person
        for count in each["made_up_of"]
        if count["result"] == "marked"
    ]
    rows = await world.http.get("/routing/v1/rewards/earnings", params={"period": year, "person": person})
    shown = [row for row in rows.json()["items"] if row["result"] == "marked"]
    assert sum(counts) == sum(row["points"] for row in shown if row["counts"])
    return counts


def changes(complaint_id: UUID, person: str, *ends: type[MarkChanged]) -> list[MarkChanged]:
    """The facts of one mark."""
    of: dict[str, Any] = {
        "complaint_id": complaint_id,
        "person_id": person,
        "mark_id": new_id(),
        "made_at": clock.now(),
    }
    found: list[MarkChanged] = [MarkMade(**of, step=1, appeal_until=NINE)]
    for step, change in enumerate(ends, 2):
        at = {f"{change.type.rpartition('.')[2]}_at": clock.now()}
        because = {"because": MarkEnd.APPEAL} if change is MarkRemoved else {}
        found.append(change(**of, step=step, **at, **because))
    return found


@pytest.mark.requirement("003-03", "002-24")
@pytest.mark.parametrize(
    ("ends", "counts"),
    [
        ((MarkFrozen,), False),
        ((MarkFrozen, MarkRestored), True),
        ((MarkFrozen, MarkRemoved), False),
        ((MarkRemoved,), False),
    ],
)
async def test_in_every_order_of_the_facts_points_count_only_for_a_mark_that_stands(
    world: World, ends: Sequence[type[MarkChanged]], counts: bool
) -> None:
    complaint = UUID((await world.register())["id"])
    await world.settled()
    before = len(await counted_rows(world))
    orders = list(permutations(range(len(ends) + 1)))
    for order in orders:
        facts = changes(complaint, "liu.yang", *ends)
        for place in order:  # each a batch of its own
            await tell(world, facts[place])
        await tell(world, *(facts[place] for place in order))  # again
    assert len(await counted_rows(world)) - before == (len(orders) if counts else 0)


async def counted_rows(world: World) -> list[dict[str, Any]]:
    params = {"period": str(clock.now().year), "person": "liu.yang", "limit": "200"}
    rows = await world.http.get("/routing/v1/rewards/earnings", params=params)
    return [row for row in rows.json()["items"] if row["counts"]]
