"""The forms of transfer: tasks, meetings, clippings, internal mail; and the people whom they reach."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest
from sqlalchemy import text

from services.routing.transfer.meetings.agenda import Criterion
from services.routing.transfer.meetings.store import CASES
from shared import clock
from shared.events import OffersDeclined
from tests.conftest import NewDatabase
from tests.services.receivers import Mailbox, mail_server, text_of
from tests.services.test_routing import tell
from tests.services.test_transfer import (
    AGAINST_LI_NA,
    GRAVE,
    caller,
    change_people,
    chased,
    erased,
    facts,
    later,
    notices,
    told,
    with_leader,
)
from tests.world import TOLD, World, eventually, open_world

pytestmark = pytest.mark.slow

CALL = {"form": "phone", "about": "Ask the carrier; he is at 13800138000.", "assignee": "liu.yang"}


def in_hours(hours: float) -> str:
    return (clock.now() + timedelta(hours=hours)).isoformat()


# Calls and interviews.


@pytest.mark.requirement("003-16", "001-13")
async def test_a_call_is_set_listed_and_done_and_nothing_personal_is_told(world: World) -> None:
    registered = await world.register()
    await world.settled()
    url = f"/routing/v1/complaints/{registered['id']}/tasks"
    made = await world.http.post(url, json=CALL | {"due_at": in_hours(4)}, headers={"Idempotency-Key": "c1"})
    again = await world.http.post(url, json=CALL | {"due_at": in_hours(4)}, headers={"Idempotency-Key": "c2"})
    assert made.status_code == again.status_code == 201
    task = made.json()
    assert (task["about"], task["state"]) == ("Ask the carrier; he is at [phone].", "open")
    async with caller(world, "inbox:read", person="liu.yang") as me:
        mine = (await me.get("/routing/v1/tasks", params={"assignee": "me", "limit": 200})).json()["items"]
        assert task["id"] in [each["id"] for each in mine]
        assert (await me.get("/routing/v1/tasks")).status_code == 403, "everybody's need another scope"
        result = {"outcome": "reached", "note": "Call 13900139000 back.", "next_step": "Claim."}
        done = await me.post(f"/routing/v1/tasks/{task['id']}/done", json=result)
        assert (done.status_code, done.json()["state"]) == (200, "done"), done.text
        assert done.json()["note"] == "Call [phone] back."
        twice = await me.post(f"/routing/v1/tasks/{task['id']}/done", json=result)
        assert (twice.status_code, twice.json()["code"]) == (409, "done-already")
    async with caller(world, "inbox:read", person="chen.jing") as another:
        other = again.json()["id"]
        assert (await another.post(f"/routing/v1/tasks/{other}/done", json=result)).status_code == 404
    await world.settled()
    assert len(await facts(world, registered, "task.set")) == 2
    [fact] = await facts(world, registered, "task.done")
    assert (fact["outcome"], fact["in_time"], fact["note"]) == ("reached", True, "Call [phone] back.")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"assignee": "nobody"}, "body/assignee"),
        ({"due_at": "2020-01-01T00:00:00Z"}, "body/due_at"),
        ({"form": "action"}, "body/form"),
        ({"about": "x" * 2001}, "body/about"),
    ],
)
async def test_a_task_that_makes_no_sense_is_refused(
    world: World, change: dict[str, Any], field: str
) -> None:
    registered = await world.register()
    await world.settled()
    url = f"/routing/v1/complaints/{registered['id']}/tasks"
    answer = await world.http.post(url, json=CALL | {"due_at": in_hours(4)} | change)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    unknown = f"/routing/v1/complaints/{uuid4()}/tasks"
    assert (await world.http.post(unknown, json=CALL | {"due_at": in_hours(4)})).status_code == 404


@pytest.mark.requirement("003-16")
async def test_a_row_of_the_table_asks_for_a_call(world: World) -> None:
    registered = await world.register()
    await world.settled()
    routed = (await world.http.get(f"/routing/v1/complaints/{registered['id']}")).json()
    declined = OffersDeclined(complaint_id=UUID(registered["id"]), declined_at=clock.now())
    await tell(world, declined)
    await world.settled()
    [task] = await facts(world, registered, "task.set")
    assert (task["form"], task["assignee"]) == ("phone", routed["handler_id"])
    [notice] = [n for n in await told(world, registered, "responsible-department") if n["form"] == "phone"]
    assert (task["notice_id"], task["due_at"]) == (notice["notice_id"], notice["acknowledge_by"])


@pytest.mark.empty_world
@pytest.mark.requirement("001-13", "P-14", "003-07")
async def test_whoever_owes_a_task_is_chased_and_the_layers_above_after_them(world: World) -> None:
    await with_leader(world)
    registered = await world.register()
    await world.settled()
    url = f"/routing/v1/complaints/{registered['id']}/tasks"
    task = (await world.http.post(url, json=CALL | {"due_at": in_hours(1)})).json()
    chases: list[tuple[str, list[str]]] = []
    for day in range(1, 5):
        with later(days=day * 1.5):
            await chased(world)
    for fact in await facts(world, registered, "task.overdue"):
        assert fact["task_id"] == task["id"]
        of_it = [
            n
            for n in await told(world, registered, fact["told"])
            if n["fact_type"] == "redress.task.overdue.v1" and "climbed_from" not in n
        ]
        chases.append((fact["told"], of_it[0]["recipients"]))
    assert chases[0] == ("responsible-department", ["liu.yang"])
    assert chases[1] == ("complaint-management", ["chen.jing"])
    assert chases[2] == ("leadership", ["zou.boss"])
    shown = await world.http.get("/routing/v1/accountability", params={"kind": "task"})
    [record] = shown.json()["items"]
    assert (record["subject_id"], record["people"]) == (task["id"], ["liu.yang"])
    late = await world.http.get("/routing/v1/tasks", params={"state": "open"})
    assert [each["id"] for each in late.json()["items"]] == [task["id"]]
    await world.http.post(f"/routing/v1/tasks/{task['id']}/done", json={"outcome": "not_reached"})
    number = len(await facts(world, registered, "task.overdue"))
    with later(days=30):
        await chased(world)
    assert len(await facts(world, registered, "task.overdue")) == number, "what is done is not chased"


# Internal mail.


@pytest.mark.requirement("003-16")
async def test_an_internal_mail_is_a_notice_whose_text_stays_off_the_log(world: World) -> None:
    registered = await world.register()
    await world.settled()
    url = f"/routing/v1/complaints/{registered['id']}/mails"
    mail = {"audience": "technical-support", "text": "Ring me, 13800138000: the drive comes back on Friday."}
    sent = await world.http.post(url, json=mail)
    assert sent.status_code == 201, sent.text
    to_one = await world.http.post(url, json={"person": "zhang.wei", "text": "For you alone."})
    await world.settled()
    shown = {n["id"]: n for n in await notices(world, "technical-support", registered)}
    notice = shown[sent.json()["notice_id"]]
    assert (notice["form"], notice["text"]) == (
        "internal_mail",
        "Ring me, [phone]: the drive comes back on Friday.",
    )
    [event] = [n for n in await told(world, registered, "technical-support") if n["form"] == "internal_mail"]
    assert event["notice_id"] == notice["id"]
    assert "Friday" not in str(event)
    own = {n["id"]: n for n in await notices(world, "responsible-department", registered)}
    assert own[to_one.json()["notice_id"]]["recipients"] == ["zhang.wei"]
    nobody = await world.http.post(url, json=mail | {"person": "nobody"})
    assert (nobody.status_code, nobody.json()["errors"][0]["field"]) == (422, "body/person")
    erased = await world.http.get(f"/routing/v1/complaints/{registered['id']}")
    assert erased.status_code == 200


@pytest.mark.empty_world
@pytest.mark.requirement("P-35")
async def test_the_text_of_a_mail_to_one_person_is_theirs_also_when_it_climbs(world: World) -> None:
    registered = await world.register()
    await world.settled()
    department, above = "responsible-department", "complaint-management"
    scopes = (f"notices:{department}", f"notices:{above}")
    words = "For you alone."

    async def read(of: httpx.AsyncClient, audience: str = department) -> tuple[list[str | None], bool]:
        """The texts of the mails, and whether the words are in the clipping."""
        params = {"audience": audience}
        items = (await of.get("/routing/v1/notices", params=params)).json()["items"]
        clipping = await of.get("/routing/v1/clippings", params=params | {"period": "week"})
        return [n.get("text") for n in items if n["form"] == "internal_mail"], words in clipping.text

    async with caller(world, "transfer:write", *scopes) as writer:
        sent = await writer.post(
            f"/routing/v1/complaints/{registered['id']}/mails", json={"person": "zhang.wei", "text": words}
        )
        assert sent.status_code == 201
        assert await read(writer) == ([words], True)
    async with caller(world, *scopes, person="zhang.wei") as addressed:
        assert await read(addressed) == ([words], True)
    async with caller(world, *scopes, "notices:read") as overview:
        assert await read(overview) == ([words], True)
    async with caller(world, *scopes, person="wang.lei") as colleague:
        assert await read(colleague) == ([None], False)
    async with caller(world, *scopes) as nobody:
        assert await read(nobody) == ([None], False)
    with later(hours=25):
        await chased(world)
        async with caller(world, *scopes, person="chen.jing") as head:
            assert await read(head, above) == ([None], False)
        async with caller(world, *scopes, "notices:read") as overview:
            assert await read(overview, above) == ([words], True)


# Meetings.

MEETING = {"title": "Complaint review 客诉例会", "weekly": True, "attendees": ["chen.jing", "wang.lei"]}


@pytest.mark.empty_world
@pytest.mark.requirement("003-19", "003-16")
async def test_a_weekly_meeting_speaks_of_the_cases_and_follows_up_what_it_decided(world: World) -> None:
    grave, public, quiet = [
        await world.register(given) for given in (GRAVE, TOLD | {"visibility": "public"}, TOLD)
    ]
    await world.settled()
    called = await world.http.post("/routing/v1/meetings", json=MEETING | {"at": in_hours(24)})
    assert called.status_code == 201, called.text
    first = called.json()
    assert {e["complaint_id"]: e["why"] for e in first["agenda"]} == {
        grave["id"]: ["major"],
        public["id"]: ["public"],
    }
    url = f"/routing/v1/meetings/{first['id']}"
    by_hand = {"complaint_id": quiet["id"], "why": "She called 13800138000 again."}
    agenda = (await world.http.post(f"{url}/agenda", json=by_hand)).json()["agenda"]
    assert (agenda[0]["complaint_id"], agenda[0]["why"]) == (quiet["id"], ["by_hand"])
    assert agenda[0]["said"] == "She called [phone] again."
    minutes = {
        "text": "All three were looked at.",
        "decisions": ["Batch 2026-41 is held back."],
        "action_items": [
            {
                "about": "Inspect.",
                "assignee": "chen.jing",
                "due_at": in_hours(40),
                "complaint_id": grave["id"],
            },
            {"about": "Tell sales.", "assignee": "zhao.lin", "due_at": in_hours(30)},
        ],
    }
    held = await world.http.post(f"{url}/minutes", json=minutes)
    assert held.status_code == 200, held.text
    assert [e["complaint_id"] for e in held.json()["agenda"]] == [e["complaint_id"] for e in agenda]
    late = await world.http.post(f"{url}/minutes", json=minutes)
    assert (late.status_code, late.json()["code"]) == (409, "held-already")
    await world.settled()
    [fact] = await facts(world, grave, "task.set")
    assert (fact["form"], fact["meeting_id"]) == ("action", first["id"])

    second = (await world.http.get(f"/routing/v1/meetings/{held.json()['next_id']}")).json()
    assert second["number"] == 2
    assert [item["about"] for item in second["open_action_items"]] == ["Tell sales.", "Inspect."]
    sales = second["open_action_items"][0]["id"]
    with later(hours=35):
        await chased(world)
        shown = await world.http.get("/routing/v1/accountability", params={"person": "zhao.lin"})
        assert [r["subject_id"] for r in shown.json()["items"]] == [sales], "it is about no complaint"
    done = await world.http.post(f"/routing/v1/tasks/{sales}/done", json={"outcome": "done"})
    assert done.status_code == 200, done.text
    after = (await world.http.get(f"/routing/v1/meetings/{second['id']}")).json()
    assert [item["about"] for item in after["open_action_items"]] == ["Inspect."]
    short = await world.http.post(f"/routing/v1/meetings/{second['id']}/minutes", json={"text": "Short."})
    assert short.status_code == 200, short.text
    listed = (await world.http.get("/routing/v1/meetings")).json()["items"]
    assert [each["number"] for each in listed] == [3, 2, 1]


@pytest.mark.parametrize("criterion", [Criterion.MAJOR, Criterion.PUBLIC, Criterion.OVERDUE])
async def test_an_agenda_walks_over_open_cases_alone(world: World, criterion: Criterion) -> None:
    async with world.context("routing").database.transaction() as transaction:
        for forbidden in ("seqscan", "sort"):  # the tables are almost empty
            await transaction.execute(text(f"SET LOCAL enable_{forbidden} = off"))
        explained = text(f"EXPLAIN {CASES[criterion].text}")
        plan = "\n".join((await transaction.execute(explained, {"most": 20})).scalars())
    assert "ix_dispatches_open" in plan, plan
    if criterion is Criterion.OVERDUE:
        assert "ix_lapses_complaint_id" in plan, plan


async def test_no_agenda_says_anything_of_a_customer_who_is_erased(world: World) -> None:
    gone, other = await world.register(), await world.register()
    await world.settled()
    held = (await world.http.post("/routing/v1/meetings", json=MEETING | {"at": in_hours(24)})).json()
    url = "/routing/v1/meetings"

    async def said(meeting_id: str) -> dict[str, str]:
        agenda = (await world.http.get(f"{url}/{meeting_id}")).json()["agenda"]
        return {each["complaint_id"]: each["said"] for each in agenda if each["said"] is not None}

    async def speak_of_both(meeting_id: str) -> None:
        for complaint, why in ((gone, "Bob Gone rang again."), (other, "Same batch.")):
            item = {"complaint_id": complaint["id"], "why": why}
            added = await world.http.post(f"{url}/{meeting_id}/agenda", json=item)
            assert added.status_code == 200, added.text

    await speak_of_both(held["id"])
    minuted = await world.http.post(f"{url}/{held['id']}/minutes", json={"text": "Both were looked at."})
    to_come = minuted.json()["next_id"]
    await speak_of_both(to_come)
    wanted = {gone["id"]: "Bob Gone rang again.", other["id"]: "Same batch."}
    assert await said(held["id"]) == await said(to_come) == wanted

    await erased(world, gone)
    wanted[gone["id"]] = "[erased]"
    assert await said(held["id"]) == await said(to_come) == wanted
    async with world.context("routing").database.reading() as connection:
        kept = text("SELECT count(*) FROM meetings WHERE CAST(agenda AS text) LIKE '%Bob Gone%'")
        assert (await connection.execute(kept)).scalar_one() == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"attendees": ["chen.jing", "nobody"]}, "body/attendees/1"),
        ({"attendees": []}, "body/attendees"),
        ({"at": "2020-01-01T00:00:00Z"}, "body/at"),
    ],
)
async def test_a_meeting_that_cannot_be_held_is_refused(
    world: World, change: dict[str, Any], field: str
) -> None:
    answer = await world.http.post("/routing/v1/meetings", json=MEETING | {"at": in_hours(24)} | change)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_an_action_item_names_a_person_a_day_to_come_and_a_case_that_exists(world: World) -> None:
    meeting = (await world.http.post("/routing/v1/meetings", json=MEETING | {"at": in_hours(24)})).json()
    good = {"about": "Inspect.", "assignee": "chen.jing", "due_at": in_hours(40)}
    for change, field in (
        ({"assignee": "nobody"}, "body/action_items/1/assignee"),
        ({"due_at": "2020-01-01T00:00:00Z"}, "body/action_items/1/due_at"),
        ({"complaint_id": str(uuid4())}, "body/action_items/1/complaint_id"),
    ):
        answer = await world.http.post(
            f"/routing/v1/meetings/{meeting['id']}/minutes",
            json={"text": "Nothing.", "action_items": [good, good | change]},
        )
        assert answer.status_code == 422, field
        assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_a_meeting_agenda_that_makes_no_sense_is_refused(world: World) -> None:
    twice = {"criterion": "major", "most": 5}
    for criteria, says in (
        ([twice, twice], "twice"),
        ([{"criterion": "by_hand", "most": 5}], "always on it"),
    ):
        body = {"content": {"criteria": criteria}, "reason": "A try."}
        answer = await world.http.post("/routing/v1/rulebooks/meeting-agenda/versions", json=body)
        assert answer.status_code == 422
        assert says in answer.json()["errors"][0]["detail"]


# Clippings.


@pytest.mark.empty_world
@pytest.mark.requirement("003-16", "003-12")
async def test_a_clipping_says_on_one_page_what_an_audience_was_told(world: World) -> None:
    grave = await world.register(GRAVE)
    await world.register()
    await world.settled()
    mail = {"audience": "technical-support", "text": "The drive comes back on Friday."}
    await world.http.post(f"/routing/v1/complaints/{grave['id']}/mails", json=mail)
    task = {"form": "interview", "about": "Ask the fitter.", "assignee": "wang.lei", "due_at": in_hours(1)}
    await world.http.post(f"/routing/v1/complaints/{grave['id']}/tasks", json=task)
    await world.settled()
    today = clock.now().astimezone(ZoneInfo("Asia/Shanghai")).date().isoformat()
    url, of = "/routing/v1/clippings", {"audience": "technical-support", "on": today}
    with later(hours=2):  # it may be tomorrow, and another week
        data = (await world.http.get(url, params=of | {"period": "week", "language": "en"})).json()
    assert (data["notices"], data["complaints"]) == (3, 2)
    assert {c["code"]: c["number"] for c in data["by_severity"]} == {"major": 2, "general": 1}
    assert [(c["code"], c["number"]) for c in data["by_category"]] == [("function_fault", 3)]
    assert [item["severity"] for item in data["important"]] == ["major", "major"]
    assert len(data["unacknowledged"]) == 3
    assert [t["about"] for t in data["overdue_tasks"]] == ["Ask the fitter."]
    page = await world.http.get(url, params=of | {"style": "text"}, headers={"Accept-Language": "en-GB,zh"})
    assert page.headers["content-type"].startswith("text/plain")
    assert "Clipping for technical support" in page.text
    assert "The drive comes back on Friday." in page.text
    chinese = (await world.http.get(url, params=of | {"style": "text"})).text
    assert "技术支持部门投诉剪报" in chinese
    assert "重大 2, 一般 1" in chinese
    empty = await world.http.get(url, params=of | {"style": "text", "on": "2020-02-02"})
    assert "本期没有内容。" in empty.text


@pytest.mark.empty_world
@pytest.mark.requirement("P-35")
async def test_a_clipping_tells_of_tasks_only_what_its_reader_may_know(world: World) -> None:
    about_her = await world.register(AGAINST_LI_NA)
    await world.settled()
    url = f"/routing/v1/complaints/{about_her['id']}/tasks"
    for about, assignee in (("Ask about Li Na.", "wang.lei"), ("Write down how it was.", "li.na")):
        task = {"form": "interview", "about": about, "assignee": assignee, "due_at": in_hours(1)}
        assert (await world.http.post(url, json=task)).status_code == 201
    await world.settled()

    async def late(of: httpx.AsyncClient, audience: str) -> list[tuple[str, str | None]]:
        shown = (await of.get("/routing/v1/clippings", params={"audience": audience})).json()
        return sorted((task["assignee"], task["about"]) for task in shown["overdue_tasks"])

    both = ("person-concerned", "responsible-department")
    scopes = [f"notices:{audience}" for audience in both]
    hers, his = ("li.na", "Write down how it was."), ("wang.lei", "Ask about Li Na.")
    with later(hours=2):
        async with caller(world, *scopes, person="li.na") as accused:
            assert [await late(accused, each) for each in both] == [[hers], [hers]]
        async with caller(world, *scopes, person="wang.lei") as owing:
            assert [await late(owing, each) for each in both] == [[], [("li.na", None), his]]
        async with caller(world, *scopes) as screen:
            assert [await late(screen, each) for each in both] == [[], [("li.na", None), ("wang.lei", None)]]
            page = await screen.get("/routing/v1/clippings", params={"audience": both[1], "style": "text"})
            assert f"- {about_her['reference']} (wang.lei," in page.text
        for scope in ("notices:read", "transfer:write"):
            async with caller(world, *scopes, scope) as overview:
                assert await late(overview, both[1]) == [hers, his]


@pytest.mark.empty_world
@pytest.mark.requirement("003-16")
async def test_what_is_for_the_clipping_is_acknowledged_by_nobody_and_never_climbs(world: World) -> None:
    praise = await world.register(TOLD | {"kind": "praise"})
    await world.settled()
    [notice] = [n for n in await notices(world, "complaint-management", praise) if n["form"] == "clipping"]
    assert "due_at" not in notice
    with later(days=40):
        await chased(world)
        [still] = [n for n in await notices(world, "complaint-management", praise) if n["id"] == notice["id"]]
        assert "climbed_to" not in still
    of = {"audience": "complaint-management", "language": "en"}
    data = (await world.http.get("/routing/v1/clippings", params=of)).json()
    assert [item["what"] for item in data["others"]] == ["What customers suggest and praise"]


# Whom it reaches.


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with mail_server() as server:
        yield server


@pytest.mark.requirement("003-16", "003-18")
async def test_a_notice_reaches_people_by_mail_and_in_their_inbox_once(
    new_database: NewDatabase, scratch: Path, mailbox: Mailbox
) -> None:
    smtp = f"smtp://127.0.0.1:{mailbox.port}"
    async with open_world(await new_database(), scratch, smtp_url=smtp) as world:
        await change_people(world, "UPDATE people SET email = id || '@works.example', languages = '{zh}'")
        registered = await world.register(GRAVE)
        await world.settled()
        url = f"/routing/v1/complaints/{registered['id']}/tasks"
        await world.http.post(url, json=CALL | {"due_at": in_hours(4)})
        await world.settled()

        async def all_sent() -> bool:
            sent = {mail["To"] for mail in mailbox.mails}
            return {"wang.lei@works.example", "liu.yang@works.example"} <= sent

        await eventually(all_sent, what="the letters")
        async with caller(world, "inbox:read", "notices:technical-support", person="wang.lei") as me:
            mine = (await me.get("/notification/v1/inbox", params={"open_only": True})).json()["items"]
            notice = next(line for line in mine if line["what"]["en"] == "A technical question")
            assert (notice["reference"], notice["urgency"]) == (registered["reference"], "immediate")
            letters = [m for m in mailbox.mails if m["To"] == "wang.lei@works.example"]
            [letter] = [m for m in letters if "涉及技术问题" in m["Subject"]]
            body = text_of(letter)
            assert registered["reference"] in body
            assert f"/routing/v1/notices/{notice['subject_id']}/acknowledge" in body
            assert letter["References"] is None, "an answer to it is no message of the customer's"
            for personal in ("Ann Example", "ann@example.com", "13800138000"):
                assert personal not in "".join(m.as_string() for m in letters)
            known = await me.post(f"/routing/v1/notices/{notice['subject_id']}/acknowledge")
            assert known.status_code == 204
            await world.settled()
            still = (await me.get("/notification/v1/inbox", params={"open_only": True})).json()["items"]
            assert notice["id"] not in [line["id"] for line in still]
        async with caller(world, "inbox:read") as nobody:
            refused = await nobody.get("/notification/v1/inbox")
            assert refused.status_code == 403
            assert "directory" in refused.json()["title"]
        delivered = [r.headers["ce_type"] for r in await world.log_records("redress.notification")]
        assert len(delivered) == len([m for m in mailbox.mails if m["To"] == "ann@example.com"])


@pytest.mark.requirement("P-35")
async def test_only_who_may_learns_how_people_are_reached(world: World) -> None:
    async with caller(world, "cases:read") as stranger:
        assert (await stranger.get("/routing/v1/contacts", params={"person": "li.na"})).status_code == 403
    found = (await world.http.get("/routing/v1/contacts", params={"person": ["li.na", "nobody"]})).json()
    assert [(c["id"], c["name"]) for c in found] == [("li.na", "李娜 Li Na")]
