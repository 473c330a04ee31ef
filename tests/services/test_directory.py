"""The directory over HTTP: entries, the sync of an HR system, files, absences, authority."""

import io
import json
import zipfile
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from services.routing.directory import changing
from services.routing.directory.planning import Place, Plan, Roll, Wanted, plan
from services.routing.directory.references import Refusal
from services.routing.directory.store import load_directory
from services.routing.directory.succeeding import move_work
from shared import clock
from shared.keys import create_key
from tests.world import World

pytestmark = pytest.mark.slow

URL = "/routing/v1/directory"
OFFICE = {
    "code": "office",
    "name_en": "Office",
    "name_zh": "办公室",
    "zone": "Asia/Shanghai",
    "spans": {"0": [["09:00", "12:00"], ["13:00", "18:00"]], "1": [["09:00", "00:00"]]},
    "china": True,
    "closed": ["2026-03-04"],
    "special": {"2026-03-07": [["10:00", "12:00"]]},
}


def person(key: str, **fields: Any) -> dict[str, Any]:
    return {"id": key, "name": key.title(), "department": "quality", "languages": ["en", "zh"], **fields}


def department(code: str, **fields: Any) -> dict[str, Any]:
    return {"code": code, "name_en": code.title(), "name_zh": "部门", "layer": 3, **fields}


async def sync(world: World, **change: Any) -> httpx.Response:
    return await world.http.put(URL, json=change)


async def synced(world: World, **change: Any) -> dict[str, Any]:
    answer = await sync(world, **change)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def fields(answer: httpx.Response, status: int = 422) -> list[str]:
    assert answer.status_code == status, answer.text
    return [error["field"] for error in answer.json()["errors"]]


async def account(world: World, who: str, *scopes: str, **fields_: Any) -> dict[str, str]:
    """Headers of a key that belongs to this person, who is made or changed."""
    key = await create_key(world.url, who, scopes)
    await synced(world, people=[person(who, account=f"key:{key.split('_')[1]}", **fields_)])
    return {"Authorization": f"Bearer {key}"}


def account_of(headers: dict[str, str]) -> str:
    """The principal behind such headers."""
    return f"key:{headers['Authorization'].split('_')[1]}"


@pytest.mark.requirement("003-20", "003-20a", "003-20b", "003-20c", "003-20d")
async def test_four_layers_with_the_roles_that_the_texts_name(world: World) -> None:
    layers = (await world.customer.get(f"{URL}/layers")).json()
    assert [(layer["layer"], len(layer["roles"])) for layer in layers] == [(1, 5), (2, 4), (3, 5), (4, 4)]
    assert [layer["name_zh"] for layer in layers] == [
        "一线员工",
        "投诉受理部门",
        "技术支持部门",
        "投诉管理部门",
    ]
    roles = {role["code"]: role["name_zh"] for layer in layers for role in layer["roles"]}
    assert (roles["installer"], roles["after_sales"]) == ("安装维修人员", "售后服务部")
    assert (roles["rd"], roles["general_manager_office"]) == ("技术开发部", "总经理办公室")
    await synced(world, people=[person("role.one", role="installer"), person("role.two", role="rd")])
    wrong = await sync(world, people=[person("role.three", role="wizard")])
    assert await fields(wrong) == ["body/people/0/role"]
    shown = await world.http.get(f"{URL}/people", params={"layer": 4, "limit": 200})
    assert {"role.one", "role.two"} <= {each["id"] for each in shown.json()["items"]}
    shown = await world.http.get(f"{URL}/people", params={"layer": 1, "limit": 200})
    assert "role.one" not in {each["id"] for each in shown.json()["items"]}


@pytest.mark.requirement("P-12", "003-20")
async def test_each_thing_is_made_read_and_changed_by_whoever_saw_it_last(world: World) -> None:
    entries: dict[str, dict[str, Any]] = {
        "calendars": OFFICE | {"code": "entry_office"},
        "skills": {"code": "entry_encoders", "name_en": "Encoders", "name_zh": "编码器"},
        "departments": department("entry_unit", calendar="entry_office"),
        "teams": {"code": "entry_team", "name_en": "Team", "name_zh": "团队", "department": "entry_unit"},
        "people": person("entry.one", department="entry_unit", team="entry_team", skills=["entry_encoders"]),
    }
    for table, entry in entries.items():
        key = entry.get("code") or entry["id"]
        url = f"{URL}/{table}/{key}"
        early = await world.http.put(url, json=entry, headers={"If-Match": '"1"'})
        assert early.status_code == 412, "it does not exist yet"
        made = await world.http.put(url, json=entry)
        assert (made.status_code, made.headers["ETag"]) == (201, '"1"'), made.text
        read = await world.http.get(url)
        assert read.headers["ETag"] == '"1"'
        assert entry.items() <= read.json().items()
        renamed = entry | ({"name": "Else"} if table == "people" else {"name_en": "Else"})
        changed = await world.http.put(url, json=renamed, headers={"If-Match": '"1"'})
        assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
        late = await world.http.put(url, json=entry, headers={"If-Match": '"1"'})
        assert (late.status_code, late.headers["ETag"]) == (412, '"2"')
        other = await world.http.put(f"{URL}/{table}/other", json=entry)
        assert await fields(other) in (["body/code"], ["body/id"])
        assert (await world.http.get(f"{URL}/{table}/nobody")).status_code == 404
        listed = (await world.http.get(f"{URL}/{table}", params={"limit": 200})).json()["items"]
        assert key in {each.get("code") or each.get("id") for each in listed}


@pytest.mark.requirement("P-12")
async def test_a_calendar_has_spans_a_zone_holidays_and_make_up_days(world: World) -> None:
    shanghai = OFFICE | {"code": "zone_shanghai", "special": {"2026-03-07": [["10:00", "12:00"]]}}
    berlin = {
        **{"code": "zone_berlin", "name_en": "Berlin", "name_zh": "柏林", "zone": "Europe/Berlin"},
        "spans": {"0": [["09:00", "10:00"]]},
    }
    await synced(world, calendars=[shanghai, berlin])
    async with world.context("routing").database.transaction() as transaction:
        calendars = (await load_directory(transaction.connection)).calendars

    def works(code: str, *moments: str) -> list[bool]:
        return [calendars[code].works_at(datetime.fromisoformat(moment)) for moment in moments]

    monday = [
        f"2026-03-02T{clock_time}+08:00" for clock_time in ("08:59", "09:00", "12:30", "13:00", "18:00")
    ]
    assert works("zone_shanghai", *monday) == [False, True, False, True, False], "several spans a day"
    assert works("zone_shanghai", "2026-03-03T23:59+08:00", "2026-03-04T10:00+08:00") == [True, False]
    assert works("zone_shanghai", "2026-03-07T11:00+08:00") == [True], "a special Saturday"
    assert works("zone_shanghai", "2025-01-26T10:00+08:00") == [True], "a Sunday that is made up for"
    assert works("zone_shanghai", "2024-10-01T10:00+08:00") == [False], "a Tuesday that is a holiday"
    assert works("zone_berlin", "2026-03-23T08:30+00:00", "2026-03-30T08:30+00:00") == [True, False], (
        "summer time"
    )
    assert works("zone_berlin", "2026-03-30T07:30+00:00") == [True]


async def test_lists_are_pages_with_filters(world: World) -> None:
    await synced(
        world,
        skills=[{"code": "pages_welding", "name_en": "Welding", "name_zh": "焊接"}],
        departments=[department("pages_unit")],
        teams=[{"code": "pages_team", "name_en": "T", "name_zh": "组", "department": "pages_unit"}],
        people=[
            person("pages.a", department="pages_unit", skills=["pages_welding"], team="pages_team"),
            person("pages.b", department="pages_unit", active=False),
            person("pages.c", department="pages_unit"),
        ],
    )

    async def listed(**params: Any) -> list[str]:
        params = {"department": "pages_unit", **params}
        found: list[str] = []
        while True:
            page = (await world.http.get(f"{URL}/people", params=params)).json()
            found += [each["id"] for each in page["items"]]
            if page["next"] is None:
                return found
            params["cursor"] = page["next"]

    assert await listed(limit=1) == ["pages.a", "pages.b", "pages.c"]
    assert await listed(active=True) == ["pages.a", "pages.c"]
    assert await listed(skill="pages_welding") == ["pages.a"]
    assert await listed(team="pages_team") == ["pages.a"], "who belongs to a team"


@pytest.mark.requirement("001-17")
async def test_a_team_has_members_and_a_lead_and_comes_in_one_call_with_them(world: World) -> None:
    change: dict[str, Any] = {
        "departments": [department("team_unit"), department("team_other")],
        "teams": [
            {
                "code": "team_one",
                "name_en": "One",
                "name_zh": "一组",
                "department": "team_unit",
                "lead": "team.lead",
            }
        ],
        "people": [
            person("team.lead", department="team_unit", team="team_one"),
            person("team.member", department="team_unit", team="team_one"),
        ],
    }
    await synced(world, **change)
    shown = await world.http.get(f"{URL}/people", params={"team": "team_one"})
    assert [each["id"] for each in shown.json()["items"]] == ["team.lead", "team.member"]
    assert (await world.http.get(f"{URL}/teams/team_one")).json()["lead"] == "team.lead"
    moved = [{**change["teams"][0], "department": "team_other"}]
    stranded = await sync(world, teams=moved)
    assert await fields(stranded, 409) == ["body/teams/0/department"]
    people = [{**each, "department": "team_other"} for each in change["people"]]
    await synced(world, teams=moved, people=people)
    wrong = await sync(world, people=[{**people[0], "department": "team_unit"}])
    assert await fields(wrong) == ["body/people/0/team"]


async def test_the_sync_is_idempotent_and_says_what_it_did(world: World) -> None:
    change = {
        "source": "hr",
        "departments": [department("hr_unit")],
        "people": [person(f"hr.{letter}", department="hr_unit") for letter in "abc"],
    }
    tried = await synced(world, **change, dry_run=True)
    assert (tried["dry_run"], tried["people"]["added"]) == (True, 3)
    assert (await world.http.get(f"{URL}/people/hr.a")).status_code == 404, "a trial changes nothing"
    first = await synced(world, **change)
    assert first["people"] == {"added": 3, "changed": 0, "unchanged": 0, "deactivated": 0}
    again = await synced(world, **change)
    assert again["people"] == {"added": 0, "changed": 0, "unchanged": 3, "deactivated": 0}
    assert again["departments"]["unchanged"] == 1
    assert (await world.http.get(f"{URL}/people/hr.a")).json()["version"] == 1

    await world.http.put(f"{URL}/people/hr.a", json=person("hr.a", department="hr_unit", capacity=7))
    part = await synced(world, source="hr", people=[person("hr.a", department="hr_unit", name="Anna")])
    assert part["people"]["changed"] == 1
    shown = (await world.http.get(f"{URL}/people/hr.a")).json()
    assert (shown["name"], shown["capacity"]) == ("Anna", 7), "what is not said stays"


async def test_whoever_a_complete_source_no_longer_names_is_deactivated(world: World) -> None:
    await synced(world, source="sap", people=[person("sap.a"), person("sap.b")])
    await synced(world, source="paper", people=[person("paper.a")])
    assert await fields(await sync(world, complete=True, people=[])) == ["body/source"]
    done = await synced(world, source="sap", complete=True, people=[person("sap.a")])
    assert (done["people"]["unchanged"], done["people"]["deactivated"]) == (1, 1)

    async def active(key: str) -> bool:
        return bool((await world.http.get(f"{URL}/people/{key}")).json()["active"])

    assert [await active(key) for key in ("sap.a", "sap.b", "paper.a", "li.na")] == [True, False, True, True]
    await synced(world, source="sap", complete=True, departments=[])
    assert await active("sap.a"), "a part that is not sent is not touched"


@pytest.mark.parametrize(
    ("packing", "place", "says"), [(zipfile.ZIP_DEFLATED, 0, "error"), (zipfile.ZIP_LZMA, 9, "LZMAError")]
)
async def test_a_damaged_file_is_refused(world: World, packing: int, place: int, says: str) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packing) as archive:
        archive.writestr("skills.csv", "code,name_en,name_zh\n")
    damaged = bytearray(out.getvalue())
    start = 30 + len("skills.csv") + place
    damaged[start : start + 4] = b"\xff" * 4
    headers = {"Content-Type": "application/zip"}
    answer = await world.http.post(f"{URL}/import", content=bytes(damaged), headers=headers)
    assert await fields(answer) == ["body"]
    assert f"can be read: {says}." in answer.json()["errors"][0]["detail"]


async def test_a_cell_that_is_nested_without_end_is_named(world: World) -> None:
    rows = f"code,name_en,name_zh,zone,spans\ndeep,Deep,深,Asia/Shanghai,{'[' * 100_000}\n"
    answer = await world.http.post(
        f"{URL}/import",
        content=rows,
        headers={"Content-Type": "text/csv"},
        params={"table": "calendars"},
    )
    assert await fields(answer) == ["body/line 2/spans"]


async def test_what_is_refused_can_be_left_out_together_with_what_refers_to_it(world: World) -> None:
    change = {
        "departments": [department("skip_unit", calendar="nowhere")],
        "people": [
            person("skip.a", department="skip_unit"),
            person("skip.b"),
            person("skip.c", supervisor="skip.a"),
        ],
    }
    assert await fields(await sync(world, **change)) == ["body/departments/0/calendar"]
    assert (await world.http.get(f"{URL}/people/skip.b")).status_code == 404, "all or nothing"
    done = await synced(world, **change, skip_refused=True)
    assert {(each["key"], each["field"]) for each in done["refused"]} == {
        ("skip_unit", "calendar"),
        ("skip.a", "department"),
        ("skip.c", "supervisor"),
    }
    assert done["people"]["added"] == 1
    assert (await world.http.get(f"{URL}/people/skip.b")).status_code == 200


async def test_a_department_that_others_count_on_does_not_end(world: World) -> None:
    units = [department("heir_last"), department("heir_first", successor="heir_last")]
    await synced(world, departments=units)
    ended = department("heir_last", active=False)
    refused = await sync(world, departments=[ended])
    assert await fields(refused, 409) == ["body/departments/0/active"]
    detail = refused.json()["errors"][0]["detail"]
    assert "the successor of heir_first; give them another" in detail
    assert "接任部门" in detail
    alone = await world.http.put(f"{URL}/departments/heir_last", json=ended)
    assert await fields(alone, 409) == ["body/active"]
    both = await synced(world, departments=[ended, department("heir_first", successor=None)])
    assert both["departments"] == {"added": 0, "changed": 1, "unchanged": 0, "deactivated": 1}


@pytest.mark.empty_world
async def test_a_department_stays_when_its_successor_is_left_out(world: World) -> None:
    units = [
        department("left_last"),
        department("left_heir", successor="left_last"),
        department("left_unit", successor="left_heir", categories=["dimension"]),
    ]
    await synced(world, departments=units)
    ended = text("UPDATE departments SET active = false WHERE code = 'left_last'")
    await world.context("routing").database.at_once(ended, {})  # as directories were before this was refused
    change = [units[2] | {"active": False}, department("left_new")]
    done = await synced(world, departments=change, skip_refused=True)
    assert [(each["key"], each["field"]) for each in done["refused"]] == [
        ("left_heir", "successor"),
        ("left_unit", "successor"),
    ]
    assert done["departments"] == {"added": 1, "changed": 0, "unchanged": 0, "deactivated": 0}
    assert (await world.http.get(f"{URL}/departments/left_unit")).json()["active"] is True


async def test_what_stays_refused_is_not_tried_for_ever_and_not_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[set[Place]] = []

    def stubborn(roll: Roll, wanted: Wanted, without: set[Place] | None = None) -> Plan:
        tries.append(set(without or ()))
        assert len(tries) < 3, "it was left out before"
        made = plan(roll, wanted)
        made.refused.append(Refusal("skills", "stubborn", 0, "code", "It stays refused.", "仍被拒绝。"))
        return made

    monkeypatch.setattr(changing, "plan", stubborn)
    skill = {"code": "stubborn", "name_en": "S", "name_zh": "技能"}
    answer = await sync(world, skills=[skill], skip_refused=True)
    assert "body/skills/0/code" in await fields(answer)
    assert tries == [set(), {("skills", "stubborn")}]
    assert (await world.http.get(f"{URL}/skills/stubborn")).status_code == 404


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"people": [person("a.a", supervisor="nobody")]}, "body/people/0/supervisor", "nobody"),
        ({"people": [person("a.a", skills=["juggling"])]}, "body/people/0/skills", "juggling"),
        ({"people": [person("a.a", amount="5")]}, "body/people/0/currency", "一并填写"),
        ({"people": [person("a.a", amount="5", currency="ABC")]}, "body/people/0/currency", "ISO 4217"),
        ({"people": [person("a.a", amount="-1", currency="CNY")]}, "body/people/0/amount", "greater"),
        ({"people": [person("me")]}, "body/people/0/id", "me"),
        (
            {"people": [person("a.a", supervisor="b.b"), person("b.b", supervisor="a.a")]},
            "body/people/0/supervisor",
            "a.a → b.b → a.a",
        ),
        ({"people": [person("a.a", deputy="a.a")]}, "body/people/0/deputy", "a.a → a.a"),
        (
            {"people": [person("a.a", account="key:same"), person("b.b", account="key:same")]},
            "body/people/1/account",
            "a.a",
        ),
        ({"calendars": [OFFICE | {"zone": "Mars/Base"}]}, "body/calendars/0/zone", "Asia/Shanghai"),
        ({"calendars": [OFFICE | {"spans": {}, "special": {}}]}, "body/calendars/0/spans", "working time"),
        (
            {"calendars": [OFFICE | {"spans": {"0": [["09:00", "12:00"], ["11:00", "15:00"]]}}]},
            "body/calendars/0/spans/0",
            "重叠",
        ),
        (
            {"calendars": [OFFICE | {"special": {"2026-03-07": [["12:00", "10:00"]]}}]},
            "body/calendars/0/special/2026-03-07",
            "midnight",
        ),
        ({"calendars": [OFFICE | {"spans": {"7": []}}]}, "body/calendars/0/spans/7/[key]", "form"),
    ],
)
async def test_what_does_not_hold_together_is_refused_with_the_remedy(
    world: World, change: dict[str, Any], field: str, says: str
) -> None:
    answer = await sync(world, **change)
    assert answer.status_code == 422
    [error] = [error for error in answer.json()["errors"] if error["field"] == field]
    assert says in error["detail"], error
    assert (await world.http.get(f"{URL}/people/a.a")).status_code == 404


async def test_what_is_exported_can_be_imported_unchanged(world: World) -> None:
    await synced(
        world,
        calendars=[OFFICE | {"code": "export_office"}],
        skills=[{"code": "export_skill", "name_en": "=cmd()", "name_zh": "技能"}],
        people=[
            person(
                "export.one",
                name='-1+2;\'=x, "quoted"',
                skills=["export_skill"],
                calendar="export_office",
                amount="12.50",
                currency="EUR",
                remedies=["repair", "apology"],
                email="one@example.com",
                account="key:export",
                supervisor="li.na",
            )
        ],
    )
    everything = await world.http.get(f"{URL}/export")
    again = await synced(world, **everything.json())
    archive = await world.http.get(f"{URL}/export", params={"format": "csv"})
    headers = {"Content-Type": "application/zip"}
    zipped = (await world.http.post(f"{URL}/import", content=archive.content, headers=headers)).json()
    alone = await world.http.get(f"{URL}/export", params={"format": "csv", "table": "people"})
    csv = {"Content-Type": "text/csv"}
    people = (await world.http.post(f"{URL}/import", content=alone.content, headers=csv)).json()
    for done, tables in ((again, everything.json()), (zipped, everything.json()), (people, {"people"})):
        for table in tables:
            assert done[table]["unchanged"] > 0 or table == "teams", table
            assert (done[table]["added"], done[table]["changed"]) == (0, 0), table
    names = zipfile.ZipFile(io.BytesIO(archive.content)).namelist()
    assert names == ["calendars.csv", "skills.csv", "departments.csv", "teams.csv", "people.csv"]
    assert "'-1+2;'=x" in alone.text, "no spreadsheet takes it for a formula"
    assert "'=cmd()" in zipfile.ZipFile(io.BytesIO(archive.content)).read("skills.csv").decode()


async def test_errors_of_a_file_name_line_and_column(world: World) -> None:
    async def imported(content: str, **params: Any) -> httpx.Response:
        headers = {"Content-Type": "text/csv"}
        return await world.http.post(
            f"{URL}/import", content=content.encode(), headers=headers, params=params
        )

    head = "id,name,department,languages,capacity\n"
    wrong = await imported(f'{head}file.a,"A\nB",quality,zh;en,5\nfile.b,B,quality,fr,many\n')
    assert await fields(wrong) == [
        "body/line 4/languages/0",
        "body/line 4/languages",
        "body/line 4/capacity",
    ]
    unknown = await imported(f"{head}file.a,A,quality,zh,5\n\nfile.b,B,nowhere,zh,5\n")
    assert await fields(unknown) == ["body/line 4/department"]
    assert await fields(await imported("id,name,colour\n")) == ["body/line 1/column 3"]
    assert await fields(await imported("id,name\n")) == ["body/line 1"]
    assert await fields(await imported(f"{head}file.a,A\n")) == ["body/line 2"]
    assert await fields(await imported(f'{head}"file.a')) == ["body"]
    done = await imported(f"{head}file.a,A,quality,zh;en,\n", dry_run=True)
    assert done.json()["people"]["added"] == 1
    for content, media, status in ((b"PK no zip", "application/zip", 422), (b"{}", "application/json", 415)):
        answer = await world.http.post(f"{URL}/import", content=content, headers={"Content-Type": media})
        assert answer.status_code == status


@pytest.mark.empty_world
@pytest.mark.slow
async def test_ten_thousand_people_come_in_one_call(world: World) -> None:
    people = [
        person(f"many.{number}", supervisor=f"many.{number // 10}" if number else None)
        for number in range(10_000)
    ]
    assert (await synced(world, source="hr", people=people))["people"]["added"] == 10_000
    again = await synced(world, source="hr", complete=True, people=people)
    assert again["people"] == {"added": 0, "changed": 0, "unchanged": 10_000, "deactivated": 0}
    table = await world.http.get(f"{URL}/export", params={"format": "csv", "table": "people"})
    done = await world.http.post(f"{URL}/import", content=table.content, headers={"Content-Type": "text/csv"})
    assert await fields(done) == ["body"], (
        "with those who were there before it is more than one call may bring"
    )


@pytest.mark.empty_world
async def test_nobody_leaves_with_open_complaints_unless_it_is_said_where_they_go(world: World) -> None:
    registered = await world.register()
    await world.settled()
    routed = (await world.http.get(f"/routing/v1/complaints/{registered['id']}")).json()
    handler = routed["handler_id"]
    url = f"{URL}/people/{handler}"
    gone = (await world.http.get(url)).json()
    kept = {
        "version",
        "source",
        "open_cases",
        "layer",
        "contact",
        "training_missing",
        "certificates",
        "absences",
    }
    gone = {name: value for name, value in gone.items() if name not in kept} | {"active": False}
    refused = await world.http.put(url, json=gone)
    assert await fields(refused, 409) == ["body/active"]
    assert "hand_over_to" in refused.json()["errors"][0]["detail"]
    assert await fields(await sync(world, people=[gone]), 409) == ["body/people/0/active"]
    nobody = await world.http.put(url, json=gone, params={"hand_over_to": handler})
    assert await fields(nobody) == ["query/hand_over_to"]
    done = await world.http.put(url, json=gone, params={"hand_over_to": "li.na"})
    assert (done.status_code, done.json()["active"]) == (200, False)
    async with world.context("routing").database.transaction() as transaction:
        rows = (await transaction.execute(text("SELECT person, to_person FROM requeues"))).all()
    assert [tuple(row) for row in rows] == [(handler, "li.na")]
    back = await world.http.put(url, json=gone | {"active": True})
    assert back.status_code == 200
    async with world.context("routing").database.reading() as connection:
        waits = text("SELECT count(*) FROM requeues WHERE done_at IS NULL")
        assert (await connection.execute(waits)).scalar_one() == 0, "who is back keeps what they still have"


@pytest.mark.empty_world
async def test_a_department_ends_when_its_people_and_work_go_to_a_successor(world: World) -> None:
    registered = await world.register()
    await world.settled()
    url = f"{URL}/departments/technical_support"
    unit = (await world.http.get(url)).json()
    ended = {name: value for name, value in unit.items() if name not in {"version", "source"}} | {
        "active": False
    }
    refused = await world.http.put(url, json=ended)
    assert await fields(refused, 409) == ["body/active"]
    assert "2 people and 1 open complaints" in refused.json()["errors"][0]["detail"]
    assert "successor" in refused.json()["errors"][0]["detail"]
    done = await world.http.put(url, json=ended | {"successor": "quality"})
    assert done.status_code == 200, done.text
    routed = (await world.http.get(f"/routing/v1/complaints/{registered['id']}")).json()
    assert routed["department"] == "quality"
    successor = (await world.http.get(f"{URL}/departments/quality")).json()
    assert successor["categories"] == ["dimension", "appearance", "function_fault"]
    left = await world.http.get(f"{URL}/people", params={"department": "technical_support"})
    assert left.json()["items"] == []
    await world.settled()
    told = await world.log_records("redress.routing")
    last = [json.loads(r.value) for r in told if r.headers["ce_type"] == "redress.complaint.assigned.v1"][-1]
    assert (last["department"], last["handler_id"]) == ("quality", routed["handler_id"])
    assert last["reasons"] == ["successor-of:technical_support"]
    assert await move_work(world.context("routing").database) == 0, "it is moved once"


@pytest.mark.requirement("P-12")
async def test_absences_lie_apart_and_can_be_ended(world: World) -> None:
    await synced(world, people=[person("away.one")])
    now = clock.now()
    url = f"{URL}/people/away.one/absences"

    def away(since: int, until: int) -> dict[str, Any]:
        return {
            "since": (now + timedelta(days=since)).isoformat(),
            "until": (now + timedelta(days=until)).isoformat(),
            "kind": "travel",
        }

    first = await world.http.post(url, json=away(-1, 5), headers={"Idempotency-Key": "away"})
    again = await world.http.post(url, json=away(-1, 5), headers={"Idempotency-Key": "away"})
    assert (first.status_code, first.json()) == (201, again.json())
    assert await fields(await world.http.post(url, json=away(4, 6)), 409) == ["body/since"]
    assert (await world.http.post(url, json=away(6, 6))).status_code == 422
    later = await world.http.post(url, json=away(5, 7))
    assert later.status_code == 201, "one begins when the other ends"
    shown = (await world.http.get(f"{URL}/people/away.one")).json()["absences"]
    assert [each["id"] for each in shown] == [first.json()["id"], later.json()["id"]]

    for made in (first, later):
        ended = await world.http.post(f"{URL}/absences/{made.json()['id']}/end", json={})
        assert ended.status_code == 204
    listed = await world.http.get(f"{URL}/absences", params={"person": "away.one", "past": True})
    assert [each["id"] for each in listed.json()["items"]] == [first.json()["id"]], "the other never began"
    assert (await world.http.get(f"{URL}/people/away.one")).json()["absences"] == []
    assert (await world.http.post(f"{URL}/people/nobody/absences", json=away(1, 2))).status_code == 404


@pytest.mark.requirement("003-09", "003-10", "P-35")
async def test_the_front_line_knows_what_it_may_decide_and_who_approves_the_rest(world: World) -> None:
    await synced(
        world,
        people=[
            person("limits.top", amount="100000", currency="CNY", remedies=["refund"]),
            person("limits.deputy", amount="900", currency="CNY"),
            person(
                "limits.boss", supervisor="limits.top", deputy="limits.deputy", amount="5000", currency="CNY"
            ),
        ],
    )
    mine = await account(
        world,
        "limits.me",
        "cases:read",
        supervisor="limits.boss",
        remedies=["repair", "apology"],
        amount="200",
        currency="CNY",
    )
    me = (await world.http.get(f"{URL}/people/me", headers=mine)).json()
    assert me["id"] == "limits.me"
    assert "account" not in me, "accounts are shown to those who may change them"
    url = f"{URL}/people/limits.me/authority"
    may = (await world.http.get(url, headers=mine)).json()
    assert (may["remedies"], may["amount"], may["currency"]) == (["apology", "repair"], "200.00", "CNY")
    assert [each["id"] for each in may["approvers"]] == ["limits.boss", "limits.top"]
    by_account = await world.http.get(f"{URL}/authority?account={account_of(mine)}", headers=mine)
    assert by_account.json() == may
    unknown = await world.http.get(f"{URL}/authority?account=nobody", headers=mine)
    assert unknown.status_code == 404
    assert unknown.json()["errors"][0]["field"] == "query/account"

    now = clock.now()
    away = {"since": (now - timedelta(days=1)).isoformat(), "until": (now + timedelta(days=1)).isoformat()}
    await world.http.post(f"{URL}/people/limits.boss/absences", json=away)
    may = (await world.http.get(url, headers=mine)).json()
    assert [(each["id"], each.get("instead_of")) for each in may["approvers"]] == [
        ("limits.deputy", "limits.boss"),
        ("limits.top", None),
    ]

    registered = await world.register()
    await world.settled()
    parameters = f"/routing/v1/complaints/{registered['id']}/parameters"
    shown = (await world.http.get(parameters, headers=mine)).json()
    assert (shown["person"], shown["amount"], shown["severity"]) == ("limits.me", "200.00", "general")
    assert shown["department"] == "technical_support"
    stranger = await world.http.get(parameters)
    assert stranger.status_code == 403
    assert "account" in stranger.json()["detail"]
