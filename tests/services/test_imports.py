"""Files of complaints: streamed in, registered row by row, accounted for row by row."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.intake.door import Door
from services.intake.imports import importer as importing
from services.intake.imports import reading, store
from services.intake.imports.importer import Importer
from services.intake.imports.model import path_of
from services.intake.record.store import load
from shared import clock
from tests.conftest import NewDatabase
from tests.world import TOLD, World, eventually, open_world

pytestmark = pytest.mark.slow

IMPORTS = "/intake/v1/imports"
CSV = {"Content-Type": "text/csv"}
NDJSON = {"Content-Type": "application/x-ndjson"}
HEADER = "row_key,channel,language,statement.what_went_wrong,customer.email"


def sheet(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def lines(*complaints: dict[str, Any]) -> bytes:
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in complaints).encode()


async def send(world: World, content: bytes, headers: dict[str, str] = CSV, **query: str) -> dict[str, Any]:
    answer = await world.http.post(IMPORTS, content=content, headers=headers, params=query)
    assert answer.status_code in (200, 202), answer.text
    begun: dict[str, Any] = answer.json()
    return begun


async def finished(world: World, begun: dict[str, Any]) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        shown: dict[str, Any] = (await world.http.get(f"{IMPORTS}/{begun['id']}")).json()
        return shown if shown["state"] == "finished" else None

    shown = await eventually(look, what="the import to finish")
    assert shown is not None
    return shown


async def report(world: World, begun: dict[str, Any], **query: str) -> list[dict[str, Any]]:
    answer = await world.http.get(f"{IMPORTS}/{begun['id']}/report", params=query)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


async def count(world: World, query: str) -> int:
    async with world.context("intake").database.reading() as connection:
        return int((await connection.execute(text(query))).scalar_one())


COMPLAINTS = "SELECT count(*) FROM complaints"


@pytest.mark.requirement("P-02")
async def test_a_csv_file_becomes_complaints_like_any_other(world: World) -> None:
    header = (
        "channel,language,statement.what_went_wrong,customer.name,customer.phone,desired_remedies,"
        "claimed_losses.1.kind,claimed_losses.1.amount.amount,claimed_losses.1.amount.currency,facts.defect_rate"
    )
    row = (
        'letter,zh,"电机报R4,\n请致电13800138000 ""马上""",王小明,13800138000,exchange|apology,'
        "line_stop,18500.00,CNY,0.05"
    )
    begun = await send(world, b"\xef\xbb\xbf" + sheet(row, header=header))
    assert (begun["format"], begun["encoding"], begun["delimiter"]) == ("csv", "utf-8", ",")
    shown = await finished(world, begun)
    assert (shown["rows"], shown["registered"], shown["refused"]) == (1, 1, 0)
    [line] = await report(world, begun)
    assert line["status"] == "registered"
    complaint = (await world.http.get(f"/intake/v1/complaints/{line['id']}")).json()
    assert complaint["reference"] == line["reference"]
    assert complaint["channel"] == "letter"
    assert complaint["statement"]["what_went_wrong"] == '电机报R4,\n请致电[phone] "马上"'
    assert complaint["desired_remedies"] == ["exchange", "apology"]
    assert complaint["claimed_losses"][0]["amount"] == {"amount": "18500.00", "currency": "CNY"}
    await world.settled()
    events = [json.loads(r.value) for r in await world.told_of(line["id"])]
    assert [event["channel"] for event in events] == ["letter"], "the same fact as for a posted complaint"
    assert "13800138000" not in json.dumps(events)


@pytest.mark.requirement("P-02")
async def test_an_ndjson_file_holds_complaints_as_they_are_posted(world: World) -> None:
    begun = await send(world, lines(TOLD, TOLD | {"kind": "praise"}), NDJSON)
    shown = await finished(world, begun)
    assert (shown["format"], shown["registered"]) == ("ndjson", 2)
    kinds = [
        (await world.http.get(f"/intake/v1/complaints/{line['id']}")).json()["kind"]
        for line in await report(world, begun)
    ]
    assert kinds == ["complaint", "praise"]


@pytest.mark.requirement("P-02")
@pytest.mark.parametrize(
    ("content", "encoding", "delimiter"),
    [
        ("channel;statement.what_went_wrong\nletter;电机噪音太大\n".encode("gb18030"), "gb18030", ";"),
        ("channel\tstatement.what_went_wrong\r\nletter\t电机噪音太大\r\n".encode(), "utf-8", "\t"),
        ("channel,statement.what_went_wrong\nletter,电机噪音太大".encode("utf-8-sig"), "utf-8", ","),
    ],
)
async def test_encoding_and_delimiter_are_found(
    world: World, content: bytes, encoding: str, delimiter: str
) -> None:
    begun = await send(world, content)
    assert (begun["encoding"], begun["delimiter"]) == (encoding, delimiter)
    await finished(world, begun)
    async with world.context("intake").database.reading() as connection:
        ids = [UUID(line["id"]) for line in await report(world, begun)]
        records = await load(connection, ids)
    assert [record.row["what_went_wrong"] for record in records.values()] == ["电机噪音太大"]


BROKEN = {
    "K-2,pigeon,en,No such channel,": ("channel", "Input should be 'phone'"),
    "K-3,letter,en,,": ("statement.what_went_wrong", "required"),
    "K-4,letter,en,Wrong mail,not-an-address": ("customer.email", "email"),
    "K-5,letter,en": ("row", "3 cells"),
    'K-6,letter,en,"a"b,': ("row", "quote"),
    'K-7,letter,en,"never closed,': ("row", "quote"),
    f"K-8,letter,en,{'x' * (reading.ROW_LIMIT + 1)},": ("row", "131072 bytes"),
    f"K-9,letter,en,{'x' * 10_001},": ("statement.what_went_wrong", "10000"),
    "K-10,letter,en,a\x01b,": ("statement.what_went_wrong", "control character"),
    f"{'K' * 151},letter,en,key too long,": ("row_key", "150"),
    "K-12,letter,en,too,many,cells": ("row", "6 cells"),
}


@pytest.mark.empty_world
@pytest.mark.requirement("P-02", "P-01")
async def test_what_is_wrong_with_a_row_harms_no_other(world: World) -> None:
    rows = ["K-1,letter,en,Good,"]
    for number, broken in enumerate(BROKEN):
        rows += [broken, f"good-{number},letter,en,Good,"]
    content = sheet(*rows) + b"K-13,letter,en,caf\xe9\xff,\nK-14,letter,en,\xe7\x94\xb5\xe6\x9c\xba,\n"
    begun = await send(world, content)
    shown = await finished(world, begun)
    told = await report(world, begun)
    refused = [line for line in told if line["status"] == "refused"]
    wanted = [*BROKEN.values(), ("statement.what_went_wrong", "encoding")]
    assert [line["errors"][0]["field"] for line in refused] == [field for field, _ in wanted]
    for line, (_, part) in zip(refused, wanted, strict=True):
        assert part in line["errors"][0]["detail"]
    assert [line["line"] for line in refused] == [*range(3, 3 + 2 * len(BROKEN), 2), 3 + 2 * len(BROKEN)]
    good = [line.get("row_key") for line in told if line["status"] == "registered"]
    assert good == ["K-1", *(f"good-{n}" for n in range(len(BROKEN))), "K-14"]
    assert (shown["registered"], shown["refused"]) == (len(good), len(wanted))
    assert await count(world, COMPLAINTS) == len(good)
    assert await report(world, begun, status="refused") == refused


@pytest.mark.requirement("P-02")
async def test_what_is_wrong_with_a_line_of_ndjson_harms_no_other(world: World) -> None:
    bad = [
        b'{"channel": "letter", "statement": ',
        b"[1, 2]",
        b'{"channel": "letter", "statement": {"what_went_wrong": "a"}, "colour": "red"}',
        b'{"channel": "letter", "statement": {"what_went_wrong": "a"}, "desired_amount": {"amount": NaN}}',
        b'{"channel": "letter", "statement": {"what_went_wrong": "\\ud800"}}',
        b'{"channel": "letter", "statement": {"what_went_wrong": "\xff"}}',
        b'{"row_key": 7, "channel": "letter", "statement": {"what_went_wrong": "a"}}',
        b'{"a":' * 300 + b"1" + b"}" * 300,
    ]
    good = lines(TOLD).strip()
    shown = await finished(world, await send(world, b"\n\n".join([good, *bad, good]), NDJSON))
    assert (shown["registered"], shown["refused"]) == (2, len(bad))
    told = await report(world, shown, status="refused")
    fields = [line["errors"][0]["field"] for line in told]
    assert fields == ["row", "row", "colour", "row", "row", "row", "row_key", "row"]


@pytest.mark.requirement("P-01", "P-02")
@pytest.mark.parametrize(
    ("content", "headers", "status", "kind"),
    [
        (b"", CSV, 422, "empty-file"),
        (b"PK\x03\x04 a workbook", CSV, 415, "unsupported-content"),
        ("channel,statement.what_went_wrong".encode("utf-16"), CSV, 415, "unsupported-content"),
        (b"channel,colour\n", CSV, 422, "bad-header"),
        (b"channel,channel,statement.what_went_wrong\n", CSV, 422, "bad-header"),
        (b"name\n", CSV, 422, "bad-header"),
        (b'"channel\n', CSV, 422, "bad-header"),
        (b"\xff\xfe\xfd,x\n", {"Content-Type": "text/csv", "X": "y"}, 415, "unsupported-content"),
        (b"channel\n", {"Content-Type": "application/pdf"}, 422, "invalid-request"),
        (b"channel\n", CSV | {"Content-Encoding": "gzip"}, 415, "unsupported-encoding"),
    ],
)
async def test_a_file_that_will_not_do_is_refused_at_once_and_leaves_nothing(
    world: World, content: bytes, headers: dict[str, str], status: int, kind: str
) -> None:
    folder = world.process.settings.data_dir / "attachments" / "imports"

    async def left() -> tuple[int, set[Path]]:
        files = set(folder.iterdir()) if folder.exists() else set()
        return await count(world, "SELECT count(*) FROM imports"), files

    before = await left()
    answer = await world.http.post(IMPORTS, content=content, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:redress:problem:{kind}")
    assert answer.json()["errors"][0]["field"]
    assert any("一" <= c <= "鿿" for c in answer.json()["detail"]), "in Chinese, too"
    imports, files = await left()
    assert (imports, files - before[1]) == (before[0], set())


async def test_the_limit_is_its_own(new_database: NewDatabase, scratch: Any) -> None:
    url = await new_database()
    async with open_world(
        url, scratch / "limit", ("intake",), import_limit=200_000, body_limit=1000
    ) as world:
        head = b"channel,statement.what_went_wrong\n"
        assert (await send(world, head + b"letter,a\n" * 1000))["size"] > 1000
        for content in (head + b"letter,a\n" * 30_000, head + b"letter,a\n" * 22_220):
            answer = await world.http.post(IMPORTS, content=content, headers=CSV)
            assert answer.status_code == 413
        assert await count(world, "SELECT count(*) FROM imports") == 1


@pytest.mark.empty_world
@pytest.mark.requirement("P-04", "P-02")
async def test_the_same_file_is_the_same_import(world: World) -> None:
    content = sheet("K-1,letter,en,One,", ",letter,en,Two,")
    first = await finished(world, await send(world, content))
    answer = await world.http.post(IMPORTS, content=content, headers=CSV)
    assert (answer.status_code, answer.headers["Idempotent-Replayed"]) == (200, "true")
    assert answer.json() == first
    both = await asyncio.gather(*(send(world, content + b",letter,en,Three,\n") for _ in range(4)))
    assert len({each["id"] for each in both}) == 1
    shown = await finished(world, both[0])
    assert (shown["known"], shown["registered"]) == (1, 2), (
        "a key holds over files, a place in a file does not"
    )
    assert await count(world, COMPLAINTS) == 4


@pytest.mark.empty_world
@pytest.mark.requirement("P-04", "P-02")
async def test_a_row_key_names_one_complaint(world: World) -> None:
    begun = await send(
        world,
        sheet("K-1,letter,en,One,", "K-1,letter,en,One,", "K-1,letter,en,Another,", "K-2,letter,en,Two,"),
    )
    await finished(world, begun)
    told = await report(world, begun)
    assert [line["status"] for line in told] == ["registered", "known", "refused", "registered"]
    assert told[0]["id"] == told[1]["id"]
    assert told[2]["errors"][0]["field"] == "row_key"


@pytest.mark.requirement("P-02")
async def test_the_report_as_csv_holds_no_formula(world: World) -> None:
    keys = ['=HYPERLINK("http://evil")', "+1", "-1", "@SUM(A1)", "＝1+1", "plain"]
    rows = [TOLD | {"row_key": key} for key in keys]
    begun = await send(world, lines(*rows), NDJSON)
    await finished(world, begun)
    answer = await world.http.get(f"{IMPORTS}/{begun['id']}/report", params={"format": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment")
    told = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [line["row_key"] for line in told] == [*(f"'{key}" for key in keys[:-1]), "plain"]
    assert {line["status"] for line in told} == {"registered"}


@pytest.mark.empty_world
@pytest.mark.requirement("P-35")
async def test_an_import_is_its_senders(world: World) -> None:
    from shared.keys import create_key

    begun = await send(world, sheet("K-1,letter,en,One,"))
    other = await create_key(world.url, "another", ["complaints:write"])
    reader = await create_key(world.url, "reader", ["complaints:read"])
    url = f"{IMPORTS}/{begun['id']}"
    for key, status in ((other, 404), (reader, 403)):
        headers = {"Authorization": f"Bearer {key}"}
        assert (await world.customer.get(url, headers=headers)).status_code == status
        assert (await world.customer.get(f"{url}/report", headers=headers)).status_code == status
        assert (await world.customer.post(f"{url}/cancel", headers=headers)).status_code == status
    listed = await world.customer.get(IMPORTS, headers={"Authorization": f"Bearer {other}"})
    assert listed.json()["items"] == []
    assert [each["id"] for each in (await world.http.get(IMPORTS)).json()["items"]] == [begun["id"]]


@pytest.mark.empty_world
async def test_imports_are_listed_page_by_page(world: World) -> None:
    begun = [(await send(world, sheet(f"K-{n},letter,en,One,")))["id"] for n in range(3)]
    first = (await world.http.get(IMPORTS, params={"limit": 2})).json()
    rest = (await world.http.get(IMPORTS, params={"limit": 2, "cursor": first["next"]})).json()
    assert [each["id"] for each in first["items"] + rest["items"]] == begun[::-1]


class Interrupted(Exception):
    """Stands for the end of the process: nothing after it is done."""


@pytest.fixture
async def stopped(new_database: NewDatabase, scratch: Any) -> AsyncIterator[World]:
    """A world with a door, in which nobody works off imports by themselves."""
    url, others = await new_database(), asyncio.all_tasks()
    async with open_world(url, scratch, ("intake",)) as world:
        for task in asyncio.all_tasks() - others:
            if task.get_name() == "intake.importer":
                task.cancel()
                await asyncio.wait([task])
        yield world


def importer_of(world: World) -> Importer:
    intake = world.context("intake")
    return Importer(intake.database, intake.part(Door), intake.part(Importer).storage, 0.1)


@pytest.mark.requirement("P-02", "N-A")
@pytest.mark.parametrize("when", ["before", "after"])
async def test_who_goes_on_after_a_crash_does_nothing_twice_and_loses_nothing(
    stopped: World, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """It ends between the door and the account of a group, the fourth time; another importer goes on."""
    monkeypatch.setattr(importing, "GROUP", 7)
    rows = [f"{'' if n % 2 else f'K-{n}'},letter,en,Number {n}," for n in range(60)]
    rows[25] = "K-25,pigeon,en,Wrong,"
    begun = await send(stopped, sheet(*rows))
    original, times = store.settle, 0

    async def dies(*arguments: Any) -> bool:
        nonlocal times
        times += 1
        if when == "after" and times == 4:
            await original(*arguments)
        elif times != 4:
            return bool(await original(*arguments))
        raise Interrupted

    monkeypatch.setattr(store, "settle", dies)
    killed = importer_of(stopped)
    monkeypatch.setattr(
        killed, "_release", lambda job, at: asyncio.sleep(0)
    )  # a dead process releases nothing
    assert await killed.work()
    monkeypatch.setattr(store, "settle", original)
    shown = (await stopped.http.get(f"{IMPORTS}/{begun['id']}")).json()
    assert (shown["state"], shown["rows"]) == ("running", 21), (
        "the fourth group was rolled back with its account"
    )

    heir = importer_of(stopped)
    assert not await heir.work(), "the lease still holds"
    later = clock.now() + importing.LEASE + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert await heir.work()
    shown = (await stopped.http.get(f"{IMPORTS}/{begun['id']}")).json()
    assert (shown["state"], shown["registered"], shown["known"], shown["refused"]) == ("finished", 59, 0, 1)
    told = await report(stopped, begun)
    assert [line["row"] for line in told] == list(range(1, 61))
    assert await count(stopped, COMPLAINTS) == 59
    async with stopped.context("intake").database.reading() as connection:
        ids = (await connection.execute(text("SELECT id FROM complaints"))).scalars().all()
        records = await load(connection, ids)
    assert len({record.row["what_went_wrong"] for record in records.values()}) == 59


@pytest.mark.requirement("P-02")
async def test_a_cancelled_import_goes_on_where_it_stopped_when_the_file_comes_again(
    stopped: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "GROUP", 5)
    content = sheet(*(f",letter,en,Number {n}," for n in range(30)))
    begun = await send(stopped, content)
    original, times = store.settle, 0

    async def cancels(*arguments: Any) -> bool:
        nonlocal times
        times += 1
        if times == 3:
            answer = await stopped.http.post(f"{IMPORTS}/{begun['id']}/cancel")
            assert answer.json()["state"] == "cancelled"
        return bool(await original(*arguments))

    monkeypatch.setattr(store, "settle", cancels)
    worker = importer_of(stopped)
    assert await worker.work()
    shown = (await stopped.http.get(f"{IMPORTS}/{begun['id']}")).json()
    assert (shown["state"], shown["rows"]) == ("cancelled", 10)
    assert not await worker.work(), "nobody goes on with it"

    answer = await stopped.http.post(IMPORTS, content=content, headers=CSV)
    assert (answer.status_code, answer.json()["id"], answer.json()["rows"]) == (202, begun["id"], 10)
    assert await worker.work()
    shown = (await stopped.http.get(f"{IMPORTS}/{begun['id']}")).json()
    assert (shown["state"], shown["registered"]) == ("finished", 30)
    assert await count(stopped, COMPLAINTS) == 30


async def test_no_file_is_kept_longer_than_it_is_needed(
    stopped: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = importer_of(stopped)
    folder = stopped.process.settings.data_dir / "attachments"
    done = await send(stopped, sheet("K-1,letter,en,One,"))
    await worker.work()
    cancelled = await send(stopped, sheet("K-2,letter,en,Two,"))
    await stopped.http.post(f"{IMPORTS}/{cancelled['id']}/cancel")
    waiting = await send(stopped, sheet("K-3,letter,en,Three,"))
    await worker.sweep()
    there = {each["id"] for each in (done, cancelled, waiting) if (folder / path_of(each["id"])).exists()}
    assert there == {waiting["id"]}
    # An upload whose process died: it is cleared away when it can no longer be on its way.
    async with stopped.context("intake").database.transaction() as transaction:
        await transaction.execute(
            text("UPDATE imports SET state = 'receiving', created_at = :at WHERE state = 'waiting'"),
            {"at": clock.now() - importing.RECEIVED_WITHIN - timedelta(seconds=1)},
        )
    await worker.sweep()
    assert not (folder / path_of(waiting["id"])).exists()
    assert await count(stopped, "SELECT count(*) FROM imports") == 2


@pytest.mark.requirement("P-02")
async def test_a_hundred_thousand_rows_with_errors_in_the_middle(stopped: World) -> None:
    """Most of the rows are wrong: how fast the right ones are registered is for `bench/imports.py`."""
    wrong = range(5_000, 95_000)

    async def content() -> AsyncIterator[bytes]:
        yield (HEADER + "\n").encode()
        for start in range(0, 100_000, 1000):
            rows = (
                f"K-{n},{'pigeon' if n in wrong else 'letter'},zh,第{n}台电机有异响,\n"
                for n in range(start, start + 1000)
            )
            yield "".join(rows).encode()

    answer = await stopped.http.post(IMPORTS, content=content(), headers=CSV)
    assert answer.status_code == 202
    assert await importer_of(stopped).work()
    shown = (await stopped.http.get(f"{IMPORTS}/{answer.json()['id']}")).json()
    assert (shown["state"], shown["registered"], shown["refused"]) == ("finished", 10_000, 90_000)
    told = await report(stopped, shown, status="refused")
    assert [line["row"] for line in told] == [n + 1 for n in wrong]
    assert await count(stopped, COMPLAINTS) == 10_000
