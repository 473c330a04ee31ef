"""Fairness to the person complained about, over HTTP and from the log, with routing's real directory beside it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services import catalogue
from services.resolution.fairness.reviewers import Reviewers
from shared import clock
from shared.events import ComplaintSupplemented, ComplaintWithdrawn, CustomerErased
from shared.events.vocabulary import Against, Because, Channel, Kind
from shared.ids import new_id
from shared.keys import create_key
from shared.process import Process
from tests.resolution_story import HOUR, NINE, assigned, registered, triaged
from tests.services.test_resolution import NO, YES, Office
from tests.world import settings_for

DAY = timedelta(days=1)


@dataclass
class Court(Office):
    """Resolution with intake and routing beside it, without any loops: the tests feed it, and move its clock."""

    callers: list[httpx.AsyncClient] = field(default_factory=list)
    url: str = ""

    async def caller(self, person: str, *scopes: str) -> httpx.AsyncClient:
        key = await create_key(self.url, person, list(scopes))
        account = "key:" + key.split("_")[1]
        await self.directory(f"UPDATE people SET account = '{account}' WHERE id = '{person}'")
        return self.client(key)

    def client(self, key: str) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {key}"}
        transport = self.http._transport
        made = httpx.AsyncClient(transport=transport, base_url="http://redress", headers=headers)
        self.callers.append(made)
        return made

    async def directory(self, statement: str) -> None:
        async with self.process.contexts["routing"].database.transaction() as transaction:
            await transaction.execute(text(statement))

    async def about(self, *people: str, **fields: Any) -> UUID:
        """A complaint about these people, which li.na handles."""
        complaint_id = new_id()
        first = registered(complaint_id, self.now).model_copy(
            update={"against": Against.PERSON, "accused_id": people[0], **fields}
        )
        named = [supplemented(complaint_id, person, n) for n, person in enumerate(people[1:], 1)]
        handled = assigned(complaint_id, "li.na", self.now + HOUR / 60)
        await self.hear(first, *named, triaged(complaint_id, at=self.now), handled)
        return complaint_id

    async def marked(self, *people: str) -> UUID:
        """A complaint about them that was judged valid, after they had time to answer."""
        complaint_id = await self.about(*people)
        await self.done(complaint_id, "accept")
        for person in people:
            await self.done(complaint_id, f"accused/{person}/unheard", reason="The film shows it.")
        await self.done(complaint_id, "judgement", **YES)
        return complaint_id

    async def filed(self, complaint_id: UUID, me: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
        answer = await me.post(
            f"/resolution/v1/accused/cases/{complaint_id}/appeals", json={"grounds": "It was not me.", **body}
        )
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def mine(self, complaint_id: UUID, me: httpx.AsyncClient) -> dict[str, Any]:
        answer = await me.get(f"/resolution/v1/accused/cases/{complaint_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def reviewed(self) -> int:
        reviewers: Reviewers = self.context.part(Reviewers)
        return await reviewers.turn()

    async def wake(self) -> None:
        while await self.waker.wake():
            pass

    async def kinds(self, complaint_id: UUID) -> list[str]:
        """Of the timeline, without what every case has."""
        everything = (await self.read(complaint_id, "/timeline?limit=200"))["items"]
        about = ("accused", "mark", "appeal", "reviewer", "sanction")
        return [each["kind"] for each in everything if each["kind"].startswith(about)]

    async def facts(self, complaint_id: UUID) -> list[str]:
        about = ("accused.", "mark.", "appeal.", "sanction.")
        return [each for each in await self.types(complaint_id) if each.startswith(about)]


def supplemented(complaint_id: UUID, person: str, number: int = 1) -> ComplaintSupplemented:
    return ComplaintSupplemented(
        complaint_id=complaint_id,
        addition_id=new_id(),
        number=number,
        contact_at=clock.now(),
        added_by="key:1",
        added_at=clock.now(),
        medium=Channel.PHONE.medium,
        channel=Channel.PHONE,
        against=Against.PERSON,
        accused_id=person,
        completeness=0.6,
    )


@asynccontextmanager
async def open_court(url: str, folder: Path) -> AsyncIterator[Court]:
    process = Process(settings_for(url, folder), url, catalogue.load(["intake", "routing", "resolution"]))
    key = await create_key(url, "tests", ["admin"])
    async with AsyncExitStack() as stack:
        stack.push_async_callback(process._close)
        stack.push_async_callback(process.log.stop)
        http = await stack.enter_async_context(
            httpx.AsyncClient(
                transport=httpx.ASGITransport(process.app),
                base_url="http://redress",
                headers={"Authorization": f"Bearer {key}"},
            )
        )
        court = Court(process, http, url=url)
        yield court
        for caller in court.callers:
            await caller.aclose()


@pytest.fixture
async def court(database_url: str, tmp_path: Path) -> AsyncIterator[Court]:
    async with open_court(database_url, tmp_path) as opened:
        with clock.moved_to(lambda: opened.now):
            yield opened


# The right to know, and to be heard.


@pytest.mark.requirement("003-02")
async def test_whoever_is_complained_about_is_told_reads_it_and_answers_before_the_judgement(
    court: Court,
) -> None:
    complaint_id = await court.about("zhao.lin")
    assert await court.facts(complaint_id) == ["accused.told"]
    me = await court.caller("zhao.lin")
    [listed] = (await me.get("/resolution/v1/accused/cases")).json()["items"]
    assert (listed["complaint_id"], listed["hearing"]) == (str(complaint_id), "asked")
    await court.done(complaint_id, "accept")
    early = await court.act(complaint_id, "judgement", **YES)
    assert early.status_code == 409
    assert "may still answer" in early.json()["reason"]["en"]
    said = await me.post(
        f"/resolution/v1/accused/cases/{complaint_id}/answer",
        json={"answer": "He shouted at me; his number is 13800138000."},
    )
    assert said.status_code == 200, said.text
    case = await court.read(complaint_id)
    [seen] = case["accused"]
    assert (seen["hearing"], seen["answer"]) == ("answered", "He shouted at me; his number is [phone].")
    await court.done(complaint_id, "judgement", **NO)
    mine = await court.mine(complaint_id, me)
    assert (mine["valid"], mine["mark"]) == (False, None)
    assert await court.kinds(complaint_id) == ["accused_told", "accused_answered"]
    assert [each["kind"] for each in mine["story"]] == [
        *("opened", "accused_told", "accepted", "accused_answered", "judged"),
    ]
    assert mine["story"][-1]["title"]["zh"] == "已判断投诉是否成立"
    assert "13800138000" not in str(await court.published())


@pytest.mark.requirement("003-02")
async def test_without_an_answer_it_is_judged_when_the_time_has_passed_or_with_a_reason(court: Court) -> None:
    complaint_id = await court.about("zhao.lin", "liu.yang")
    await court.done(complaint_id, "accept")
    await court.done(complaint_id, "accused/liu.yang/unheard", reason="He has left for a year.")
    assert (await court.act(complaint_id, "judgement", **YES)).status_code == 409, "one may still answer"
    again = await court.act(complaint_id, "accused/liu.yang/unheard", reason="Still away.")
    assert (again.status_code, again.json()["code"]) == (409, "nothing-to-wait-for")
    court.now = NINE + 2 * DAY + HOUR
    await court.wake()
    assert "accused_silent" in await court.kinds(complaint_id)
    await court.done(complaint_id, "judgement", **YES)
    assert (await court.facts(complaint_id)).count("mark.made") == 2


@pytest.mark.requirement("003-02")
async def test_who_becomes_known_late_is_told_then_and_nobody_is_told_of_praise(court: Court) -> None:
    complaint_id, praise = await court.about("zhao.lin"), new_id()
    await court.hear(supplemented(complaint_id, "liu.yang"), supplemented(complaint_id, "liu.yang", 2))
    assert await court.facts(complaint_id) == ["accused.told", "accused.told"]
    late = await court.caller("liu.yang")
    assert (await court.mine(complaint_id, late))["hearing"] == "asked"
    thanks = registered(praise).model_copy(update={"kind": Kind.PRAISE, "accused_id": "zhao.lin"})
    await court.hear(thanks, supplemented(praise, "liu.yang"))
    assert await court.facts(praise) == []


@pytest.mark.requirement("003-02")
async def test_who_was_named_wrongly_is_told_so_and_keeps_no_mark(court: Court) -> None:
    complaint_id = await court.marked("zhao.lin")
    me = await court.caller("zhao.lin")
    appeal = await court.filed(complaint_id, me)
    await court.done(complaint_id, "accused/zhao.lin/clear", because="named_wrongly", reason="Day off.")
    mine = await court.mine(complaint_id, me)
    assert (mine["cleared_because"], mine["mark"], mine["statement"]) == ("named_wrongly", "removed", None)
    assert [each["kind"] for each in mine["story"]][-5:] == [
        *("appeal_filed", "mark_frozen", "mark_removed", "accused_cleared", "appeal_ended"),
    ]
    await court.hear(supplemented(complaint_id, "liu.yang"))
    other = await court.mine(complaint_id, await court.caller("liu.yang"))
    assert [each["kind"] for each in other["story"] if each["kind"] != "opened"] == [
        *("accused_told", "accepted", "judged"),
    ], "what concerns somebody else is theirs"
    ended = (await me.get(f"/resolution/v1/appeals/{appeal['id']}")).json()
    assert ended["stage"] == "ended"
    assert (await court.facts(complaint_id))[-5:] == [
        *("mark.frozen", "mark.removed", "accused.cleared", "appeal.ended", "accused.told"),
    ]
    twice = await court.act(
        complaint_id, "accused/zhao.lin/clear", because="not_at_fault", reason="So it was."
    )
    assert (twice.status_code, twice.json()["code"]) == (409, "cleared-already")
    nobody = await court.act(complaint_id, "accused/wang.lei/clear", because="not_at_fault", reason="No.")
    assert nobody.status_code == 404


# Appeals.


@pytest.mark.requirement("003-03", "N-E")
async def test_an_appeal_is_reviewed_heard_and_upheld_and_the_mark_goes(court: Court) -> None:
    complaint_id = await court.marked("zhao.lin")
    me = await court.caller("zhao.lin")
    assert (await court.mine(complaint_id, me))["mark"] == "standing"
    appeal = await court.filed(complaint_id, me)
    assert (appeal["stage"], (await court.mine(complaint_id, me))["mark"]) == ("filed", "frozen")
    assert await court.reviewed() == 1
    path = f"/resolution/v1/appeals/{appeal['id']}"
    reviewer = (await me.get(path)).json()["reviewer_id"]
    assert reviewer == "chen.jing", "of another department than accused and handler, and of the highest layer"
    judge = await court.caller(reviewer)
    [hers] = (await judge.get("/resolution/v1/appeals")).json()["items"]
    assert hers["id"] == appeal["id"]
    asked = await judge.post(f"{path}/questions", json={"question": "Who else was there?"})
    assert asked.status_code == 200, asked.text
    said = await me.post(f"{path}/answers", json={"answer": "Nobody."})
    assert [each["by_reviewer"] for each in said.json()["hearing"]] == [True, False]
    decided = await judge.post(
        f"{path}/decision", json={"decision": "upheld", "reasons": "The film says so."}
    )
    assert decided.status_code == 200, decided.text
    assert (decided.json()["stage"], decided.json()["decision"]) == ("decided", "upheld")
    mine = await court.mine(complaint_id, me)
    assert (mine["mark"], mine["cleared_because"]) == ("removed", "appeal")
    assert await court.facts(complaint_id) == [
        *("accused.told", "accused.unheard", "mark.made", "appeal.filed", "mark.frozen"),
        *("appeal.reviewer-named", "appeal.asked", "appeal.answered"),
        *("appeal.decided", "appeal.upheld", "mark.removed", "accused.cleared"),
    ]
    assert await court.kinds(complaint_id) == [
        *("accused_told", "accused_unheard", "mark_made", "appeal_filed", "mark_frozen", "reviewer_named"),
        *("appeal_decided", "mark_removed", "accused_cleared"),
    ]
    await court.done(complaint_id, "judgement", **YES)
    assert (await court.mine(complaint_id, me))["mark"] == "removed", "who was right is not marked again"


@pytest.mark.requirement("003-03")
async def test_a_dismissed_appeal_restores_the_mark_and_a_second_one_needs_new_evidence(court: Court) -> None:
    complaint_id = await court.marked("zhao.lin")
    me, judge = await court.caller("zhao.lin"), await court.caller("chen.jing")
    appeal = await court.filed(complaint_id, me)
    running = await me.post(
        f"/resolution/v1/accused/cases/{complaint_id}/appeals", json={"grounds": "And another one."}
    )
    assert (running.status_code, running.json()["code"]) == (409, "appeal-runs")
    await court.reviewed()
    no = {"decision": "dismissed", "reasons": "Three people saw it."}
    decided = await judge.post(f"/resolution/v1/appeals/{appeal['id']}/decision", json=no)
    assert decided.status_code == 200, decided.text
    assert (await court.mine(complaint_id, me))["mark"] == "standing"
    again = await me.post(
        f"/resolution/v1/accused/cases/{complaint_id}/appeals", json={"grounds": "It was not me."}
    )
    assert (again.status_code, again.json()["code"]) == (409, "no-new-evidence")
    second = await court.filed(complaint_id, me, new_evidence="The shift plan was found.")
    assert (await court.mine(complaint_id, me))["mark"] == "frozen"
    withdrawn = await me.post(f"/resolution/v1/appeals/{second['id']}/withdraw")
    assert withdrawn.json()["stage"] == "withdrawn"
    assert (await court.mine(complaint_id, me))["mark"] == "standing"
    court.now += 60 * DAY
    late = await me.post(
        f"/resolution/v1/accused/cases/{complaint_id}/appeals",
        json={"grounds": "It was not me.", "new_evidence": "A further film."},
    )
    assert (late.status_code, late.json()["code"]) == (409, "too-late-to-appeal")


@pytest.mark.requirement("003-03")
async def test_only_a_mark_is_appealed_against(court: Court) -> None:
    complaint_id = await court.about("zhao.lin")
    me = await court.caller("zhao.lin")
    none = await me.post(f"/resolution/v1/accused/cases/{complaint_id}/appeals", json={"grounds": "No."})
    assert (none.status_code, none.json()["code"]) == (409, "no-mark")


@pytest.mark.requirement("003-03")
async def test_an_appeal_that_is_not_decided_warns_then_escalates_and_stays_frozen(court: Court) -> None:
    complaint_id = await court.marked("zhao.lin")
    me = await court.caller("zhao.lin")
    appeal = await court.filed(complaint_id, me)
    await court.reviewed()
    court.now = NINE + 11 * DAY
    await court.wake()
    assert (await court.facts(complaint_id))[-1] == "appeal.due"
    told = []
    for _ in range(40):
        court.now += DAY
        await court.wake()
        told = [data for kind, data in await court.published(complaint_id) if kind == "appeal.overdue"]
    assert [each["number"] for each in told] == [1, 2, 3, 4, 5]
    assert [each["last"] for each in told] == [False, False, False, False, True]
    assert {each["reviewer_id"] for each in told} == {"chen.jing"}
    assert (await court.mine(complaint_id, me))["mark"] == "frozen"
    assert (await me.get(f"/resolution/v1/appeals/{appeal['id']}")).json()["reminders"] == 5


@pytest.mark.requirement("003-03")
async def test_a_reviewer_who_leaves_is_replaced_and_an_appeal_without_one_waits(court: Court) -> None:
    complaint_id = await court.marked("zhao.lin")
    me = await court.caller("zhao.lin")
    path = f"/resolution/v1/appeals/{(await court.filed(complaint_id, me))['id']}"
    await court.reviewed()
    await court.directory("UPDATE people SET active = false WHERE id = 'chen.jing'")
    court.now += DAY + HOUR
    await court.wake()
    assert await court.reviewed() == 1
    after = (await me.get(path)).json()
    assert after["reviewer_id"] == "liu.yang", "the first of the next layer"
    await court.directory("UPDATE people SET active = (id IN ('zhao.lin', 'li.na'))")
    court.now += DAY + HOUR
    await court.wake()
    await court.reviewed()
    nobody = (await me.get(path)).json()
    assert (nobody["stage"], nobody["reviewer_id"]) == ("filed", None)
    assert await court.reviewed() == 0, "it is asked again later, not at once"
    await court.directory("UPDATE people SET active = true")
    bound = await court.http.post(f"{path}/reviewer", json={"person_id": "li.na"})
    assert (bound.status_code, bound.json()["errors"][0]["field"]) == (422, "body/person_id")
    named = await court.http.post(f"{path}/reviewer", json={"person_id": "wang.lei"})
    assert (named.status_code, named.json()["reviewer_id"]) == (200, "wang.lei")


@pytest.mark.requirement("003-03")
async def test_nobody_in_the_line_of_accused_or_handler_reviews(court: Court) -> None:
    """li.na handles; chen.jing leads her, liu.yang leads the accused, wang.lei answers to the accused."""
    await court.directory("UPDATE people SET supervisor = 'chen.jing' WHERE id = 'li.na'")
    await court.directory("UPDATE people SET supervisor = 'liu.yang' WHERE id = 'zhao.lin'")
    await court.directory("UPDATE people SET supervisor = 'zhao.lin' WHERE id = 'wang.lei'")
    complaint_id = await court.marked("zhao.lin")
    me = await court.caller("zhao.lin")
    path = f"/resolution/v1/appeals/{(await court.filed(complaint_id, me))['id']}"
    await court.reviewed()
    assert (await me.get(path)).json()["reviewer_id"] == "zhang.wei"


# Sanctions.


@pytest.mark.requirement("003-03")
async def test_a_sanction_waits_for_the_appeal_is_suspended_by_it_and_goes_with_the_mark(
    court: Court,
) -> None:
    complaint_id = await court.marked("zhao.lin")
    me, judge = await court.caller("zhao.lin"), await court.caller("chen.jing")
    mark = (await court.mine(complaint_id, me))["mark_details"]["id"]
    unknown = await court.http.post(
        f"/resolution/v1/marks/{mark}/sanctions", json={"kind": "shame", "reason": "So."}
    )
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "body/kind")
    proposed = await court.http.post(
        f"/resolution/v1/marks/{mark}/sanctions", json={"kind": "warning", "reason": "Twice."}
    )
    assert proposed.status_code == 201, proposed.text

    async def state() -> str:
        [sanction] = (await court.mine(complaint_id, me))["sanctions"]
        return str(sanction["state"])

    court.now += 5 * DAY
    first = await court.filed(complaint_id, me)
    await court.reviewed()
    court.now += 20 * DAY
    await court.wake()
    assert await state() == "proposed", "the window has ended, but the appeal runs"
    no = {"decision": "dismissed", "reasons": "Three people saw it."}
    decided = await judge.post(f"/resolution/v1/appeals/{first['id']}/decision", json=no)
    assert decided.status_code == 200, decided.text
    court.now += HOUR
    await court.wake()
    assert await state() == "in_force"
    second = await court.filed(complaint_id, me, new_evidence="A film.")
    assert await state() == "suspended"
    await court.reviewed()
    partly = {"decision": "partly", "reasons": "It was less than that."}
    await judge.post(f"/resolution/v1/appeals/{second['id']}/decision", json=partly)
    assert (await state(), (await court.mine(complaint_id, me))["mark"]) == ("lifted", "standing")
    names = [kind for kind in await court.facts(complaint_id) if kind.startswith("sanction")]
    assert names == [f"sanction.{each}" for each in ("proposed", "took-effect", "suspended", "lifted")]
    [held] = (await court.http.get("/resolution/v1/marks?person=zhao.lin&state=standing")).json()["items"]
    assert (held["id"], held["sanctions"][0]["state"]) == (mark, "lifted")


@pytest.mark.requirement("003-03")
async def test_without_an_appeal_a_sanction_takes_effect_when_the_time_to_appeal_has_ended(
    court: Court,
) -> None:
    complaint_id = await court.marked("zhao.lin")
    me = await court.caller("zhao.lin")
    mine = await court.mine(complaint_id, me)
    url = f"/resolution/v1/marks/{mine['mark_details']['id']}/sanctions"
    await court.http.post(url, json={"kind": "talk", "reason": "Once."})
    court.now += 11 * DAY  # Friday morning; ten working days end in the evening
    await court.wake()
    assert (await court.mine(complaint_id, me))["sanctions"][0]["state"] == "proposed"
    court.now += DAY
    await court.wake()
    assert (await court.mine(complaint_id, me))["sanctions"][0]["state"] == "in_force"


@pytest.mark.requirement("003-03")
async def test_the_database_refuses_a_sanction_too_early_or_without_a_standing_mark(court: Court) -> None:
    complaint_id = await court.marked("zhao.lin")
    me = await court.caller("zhao.lin")
    mark = (await court.mine(complaint_id, me))["mark_details"]["id"]
    await court.http.post(f"/resolution/v1/marks/{mark}/sanctions", json={"kind": "talk", "reason": "So."})
    await court.filed(complaint_id, me)
    for change in ("took_effect_at = not_before", "took_effect_at = not_before + interval '1 s'"):
        with pytest.raises(DBAPIError, match=r"waits_for_the_appeal|does not stand"):
            async with court.context.database.transaction() as transaction:
                await transaction.execute(text(f"UPDATE sanctions SET state = 'in_force', {change}"))


# Races.


@pytest.mark.requirement("003-03")
async def test_an_appeal_is_decided_once(court: Court) -> None:
    complaint_id = await court.marked("zhao.lin")
    me, judge = await court.caller("zhao.lin"), await court.caller("chen.jing")
    path = f"/resolution/v1/appeals/{(await court.filed(complaint_id, me))['id']}"
    await court.reviewed()
    answers = await asyncio.gather(
        *(
            judge.post(f"{path}/decision", json={"decision": decision, "reasons": "So it is."})
            for decision in ("upheld", "dismissed")
        )
    )
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    assert (won.status_code, lost.status_code, lost.json()["code"]) == (200, 409, "appeal-ended")
    assert lost.json()["decision"] == won.json()["decision"]
    assert (await court.facts(complaint_id)).count("appeal.decided") == 1
    stale = await judge.post(f"{path}/questions", json={"question": "And?"}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412


@pytest.mark.requirement("003-03")
async def test_when_the_complaint_is_withdrawn_or_judged_anew_marks_go_and_appeals_end(court: Court) -> None:
    me = await court.caller("zhao.lin")
    withdrawn, renewed = await court.marked("zhao.lin"), await court.marked("zhao.lin")
    first, second = await court.filed(withdrawn, me), await court.filed(renewed, me)
    court.now += HOUR
    await court.hear(ComplaintWithdrawn(complaint_id=withdrawn, withdrawn_at=court.now))
    await court.done(renewed, "judgement", **NO)
    for complaint_id, appeal, because in (
        (withdrawn, first, "withdrawn"),
        (renewed, second, "judgement"),
    ):
        mine = await court.mine(complaint_id, me)
        assert (mine["mark"], mine["mark_details"]["removed_because"]) == ("removed", because)
        assert (await me.get(f"/resolution/v1/appeals/{appeal['id']}")).json()["stage"] == "ended"
        too_late = await me.post(f"/resolution/v1/appeals/{appeal['id']}/withdraw")
        assert (too_late.status_code, too_late.json()["code"]) == (409, "appeal-ended")
    await court.hear(supplemented(withdrawn, "liu.yang"))
    late = await court.mine(withdrawn, await court.caller("liu.yang"))
    assert late["cleared_because"] == "withdrawn", "nothing of it is held against whoever is named later"
    await court.done(renewed, "judgement", **YES)
    again = await court.mine(renewed, me)
    assert (again["mark"], again["mark_details"]["appeals"]) == ("standing", 0), "a new mark, a new right"
    assert await court.reviewed() == 0


async def test_a_judgement_that_is_renewed_as_valid_leaves_the_appeal_running(court: Court) -> None:
    complaint_id = await court.marked("zhao.lin")
    me = await court.caller("zhao.lin")
    appeal = await court.filed(complaint_id, me)
    await court.done(complaint_id, "judgement", **YES)
    assert (await court.mine(complaint_id, me))["appeal_id"] == appeal["id"]
    assert (await court.facts(complaint_id)).count("mark.made") == 1


@pytest.mark.requirement("003-03")
async def test_while_routing_cannot_be_asked_an_appeal_waits_for_its_reviewer(court: Court) -> None:
    complaint_id = await court.marked("zhao.lin")
    me = await court.caller("zhao.lin")
    path = f"/resolution/v1/appeals/{(await court.filed(complaint_id, me))['id']}"
    peers = court.context.peers
    away = httpx.AsyncClient(
        transport=httpx.MockTransport(lambda request: httpx.Response(503)), base_url="http://away"
    )
    court.context.peers = lambda name: away
    assert await court.reviewed() == 0
    unknown = await me.get(path)
    assert unknown.status_code == 503, "who calls is not known now"
    court.context.peers = peers
    assert await court.reviewed() == 1
    assert (await me.get(path)).json()["reviewer_id"] == "chen.jing"
    await away.aclose()


async def test_nobody_takes_up_a_complaint_about_themselves(court: Court) -> None:
    complaint_id = await court.about("zhao.lin")
    refused = await court.act(complaint_id, "accept", handler_id="zhao.lin")
    assert (refused.status_code, refused.json()["code"]) == (409, "complaint-about-handler")


async def test_a_further_person_named_after_the_appeal_changes_nothing_of_it(court: Court) -> None:
    complaint_id = await court.marked("zhao.lin")
    me, judge = await court.caller("zhao.lin"), await court.caller("chen.jing")
    path = f"/resolution/v1/appeals/{(await court.filed(complaint_id, me))['id']}"
    await court.reviewed()
    await court.hear(supplemented(complaint_id, "chen.jing"))
    court.now += DAY + HOUR
    await court.wake()
    await court.reviewed()
    after = (await me.get(path)).json()
    assert (after["stage"], after["reviewer_id"]) == ("under_review", "liu.yang")
    gone = await judge.post(f"{path}/decision", json={"decision": "upheld", "reasons": "For a friend."})
    assert gone.status_code == 404


async def test_an_erased_customer_leaves_no_words_in_what_staff_said(court: Court) -> None:
    complaint_id = await court.about("zhao.lin")
    me = await court.caller("zhao.lin")
    await me.post(f"/resolution/v1/accused/cases/{complaint_id}/answer", json={"answer": "Old Zhang again."})
    await court.done(complaint_id, "accept")
    await court.done(complaint_id, "judgement", **YES)
    path = f"/resolution/v1/appeals/{(await court.filed(complaint_id, me, grounds='Zhang lies.'))['id']}"
    mark = (await court.mine(complaint_id, me))["mark_details"]["id"]
    sanctions = f"/resolution/v1/marks/{mark}/sanctions"
    await court.http.post(sanctions, json={"kind": "talk", "reason": "Zhang was right."})
    await me.post(f"{path}/answers", json={"answer": "Ask Zhang."})
    erased = CustomerErased(
        complaint_id=complaint_id, customer_id=new_id(), because=Because.REQUESTED, erased_at=court.now
    )
    await court.hear(erased)
    await me.post(f"{path}/answers", json={"answer": "Zhang, I said."})
    tables = ("accusations", "sanctions", "appeals", "appeal_words", "timeline")
    kept = [await court.rows(f"SELECT row_to_json(t)::text FROM {table} t") for table in tables]
    assert "Zhang" not in str(kept)


# Who may see.


@pytest.mark.requirement("P-35", "003-02")
async def test_who_may_see_and_do_what(court: Court) -> None:
    """Callers by endpoints: what each is answered."""
    complaint_id = await court.marked("zhao.lin")
    accused = await court.caller("zhao.lin", "cases:read", "cases:work")
    appeal = await court.filed(complaint_id, accused)
    await court.reviewed()
    stranger = court.client(await create_key(court.url, "nobody", ["cases:read", "cases:work"]))
    callers = {
        "accused": accused,
        "handler": await court.caller("li.na", "cases:read", "cases:work"),
        "reviewer": await court.caller("chen.jing"),
        "other": await court.caller("wang.lei", "cases:read", "inbox:read"),
        "overseer": await court.caller("zhang.wei", "appeals:oversee"),
        "nobody": stranger,
    }
    mark = (await court.mine(complaint_id, accused))["mark_details"]["id"]
    case, mine = f"/cases/{complaint_id}", f"/accused/cases/{complaint_id}"
    one = f"/appeals/{appeal['id']}"
    word = {"answer": "I say more."}
    sanction = {"kind": "talk", "reason": "So."}
    expected: dict[tuple[str, str], tuple[Any, dict[str, int]]] = {
        ("get", case): (
            None,
            {"accused": 403, "handler": 200, "reviewer": 403, "other": 200, "overseer": 403},
        ),
        ("get", f"{case}/timeline"): (None, {"accused": 403, "handler": 200, "other": 200, "nobody": 200}),
        ("post", f"{case}/reply"): ({"message": "Soon."}, {"accused": 403, "handler": 200, "other": 403}),
        ("get", mine): (
            None,
            {"accused": 200, "handler": 404, "reviewer": 404, "other": 404, "overseer": 404, "nobody": 403},
        ),
        ("post", f"{mine}/answer"): (word, {"accused": 409, "handler": 404, "reviewer": 404, "nobody": 403}),
        ("get", one): (
            None,
            {"accused": 200, "handler": 404, "reviewer": 200, "other": 404, "overseer": 200, "nobody": 403},
        ),
        ("post", f"{one}/questions"): (
            {"question": "Who was there?"},
            {"accused": 403, "handler": 404, "reviewer": 200, "other": 404, "overseer": 404, "nobody": 403},
        ),
        ("post", f"{one}/answers"): (
            word,
            {"reviewer": 403, "accused": 200, "handler": 404, "overseer": 404},
        ),
        ("post", f"{one}/reviewer"): (
            {"person_id": "liu.yang"},
            {"accused": 403, "handler": 403, "reviewer": 403, "other": 403, "nobody": 403},
        ),
        ("get", "/marks"): (
            None,
            {"accused": 403, "handler": 403, "reviewer": 403, "other": 403, "overseer": 200},
        ),
        ("post", f"/marks/{mark}/sanctions"): (
            sanction,
            {"accused": 403, "handler": 403, "reviewer": 403, "overseer": 201},
        ),
        ("post", f"{one}/decision"): (
            {"decision": "dismissed", "reasons": "So it was."},
            {"accused": 403, "handler": 404, "other": 404, "overseer": 404, "nobody": 403, "reviewer": 200},
        ),
    }
    found = {
        (method, path, who): (
            await callers[who].request(method, f"/resolution/v1{path}", json=body)
        ).status_code
        for (method, path), (body, statuses) in expected.items()
        for who in statuses
    }
    assert found == {
        (method, path, who): status
        for (method, path), (_, statuses) in expected.items()
        for who, status in statuses.items()
    }
    for who, count in {"accused": 1, "reviewer": 1, "handler": 0, "other": 0, "overseer": 1}.items():
        listed = (await callers[who].get("/resolution/v1/appeals")).json()["items"]
        assert len(listed) == count, who
    boss = await court.caller("zhao.lin", "appeals:oversee")
    own = await boss.post(f"/resolution/v1/marks/{mark}/sanctions", json=sanction)
    assert (own.status_code, own.json()["title"]) == (403, "The complaint is about you")
    auditor = await court.caller("zhao.lin", "cases:read", "cases:work", "audit:read")
    rooms = ("file", "value", "indicators", "similar", "suggested-offers", "visits", "contacts", "disputes")
    why = "suggested-explanation?reason_sufficient=true&demand_reasonable=true"
    for room in (*rooms, why, "listening", "scorecards", "audit"):
        refused = await auditor.get(f"/resolution/v1{case}/{room}")
        assert (refused.status_code, refused.json()["title"]) == (403, "The complaint is about you"), room
    for room in (*rooms, why, "listening", "scorecards"):
        if room != "file":  # which asks intake
            seen = await callers["handler"].get(f"/resolution/v1{case}/{room}")
            assert seen.status_code == 200, (room, seen.text)
    visit = {"people": ["zhao.lin"], "starts_at": "2026-03-05T01:00:00Z", "purpose": "To talk."}
    planned = await auditor.post(f"/resolution/v1{case}/visits", json=visit)
    assert (planned.status_code, planned.json()["title"]) == (403, "The complaint is about you")


@pytest.mark.requirement("003-02", "P-35")
async def test_no_room_shows_the_person_complained_about_what_is_kept_of_the_case(court: Court) -> None:
    """Every address of one case that staff may read; the audit trail takes a scope of its own."""
    complaint_id = await court.about("zhao.lin")
    accused = await court.caller("zhao.lin", "cases:read")
    other = await court.caller("wang.lei", "cases:read")
    judgement = "?reason_sufficient=true&demand_reasonable=true"
    rooms = [
        path.removeprefix("/v1/cases/{complaint_id}") + (judgement if path.endswith("explanation") else "")
        for path, methods in (await court.http.get("/resolution/openapi.json")).json()["paths"].items()
        if path.startswith("/v1/cases/{complaint_id}")
        and path.count("{") == 1
        and "get" in methods
        and not path.endswith("/audit")
    ]
    assert {"", "/timeline", "/file", "/contacts", "/value", "/disputes"} <= set(rooms)
    found = {}
    for room in rooms:
        path = f"/resolution/v1/cases/{complaint_id}{room}"
        found[room] = tuple([(await caller.get(path)).status_code == 403 for caller in (accused, other)])
    assert found == dict.fromkeys(rooms, (True, False))


@pytest.mark.requirement("N-E")
async def test_a_reviewer_who_handles_the_complaint_meanwhile_decides_no_more(court: Court) -> None:
    complaint_id = await court.marked("zhao.lin")
    me = await court.caller("zhao.lin")
    appeal = await court.filed(complaint_id, me)
    await court.reviewed()
    path = f"/resolution/v1/appeals/{appeal['id']}"
    reviewer = (await me.get(path)).json()["reviewer_id"]
    judge = await court.caller(reviewer)
    await court.hear(assigned(complaint_id, reviewer, court.now + HOUR))
    for action, body in (
        ("questions", {"question": "Who was there?"}),
        ("decision", {"decision": "dismissed", "reasons": "So it was."}),
    ):
        refused = await judge.post(f"{path}/{action}", json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "not-independent")
    assert (await court.mine(complaint_id, me))["mark"] == "frozen"


@pytest.mark.requirement("003-02", "P-32")
async def test_that_somebody_reads_what_concerns_them_stands_in_the_chain_and_changes_no_version(
    court: Court,
) -> None:
    complaint_id = await court.about("zhao.lin")
    me = await court.caller("zhao.lin")
    before = (await court.read(complaint_id))["version"]
    await court.mine(complaint_id, me)
    await court.mine(complaint_id, me)
    assert (await court.read(complaint_id))["version"] == before
    read = "SELECT actor, note->>'what' FROM audit_entries WHERE complaint_id = :id AND action = 'read'"
    assert await court.rows(read, id=complaint_id) == [("zhao.lin", "accusation")] * 2
