"""Attachments over HTTP, on real PostgreSQL and a real folder: in, checked, out, and nothing left behind."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.intake.attachments.cabinet import GIVEN_UP_AFTER, Cabinet
from services.intake.attachments.incoming import ENVELOPE
from services.intake.attachments.inspector import Sweeper
from services.intake.attachments.model import By
from services.intake.attachments.model import path_of as storage_path
from shared import clock
from shared.config import Settings
from shared.keys import create_key
from shared.problems import Problem
from tests.conftest import NewDatabase
from tests.services.clamd import EICAR, Scanner, clamd
from tests.unit.test_attachments import picture
from tests.world import World, eventually, open_world

pytestmark = pytest.mark.slow

JPEG = picture("JPEG")
LIMIT = 2_000_000
"""More than `body_limit`, so that the attachments' own is what counts."""


@pytest.fixture
async def world(new_database: NewDatabase, tmp_path: Path) -> AsyncIterator[World]:
    async with opened(new_database, tmp_path) as world:
        yield world


@asynccontextmanager
async def opened(new_database: NewDatabase, folder: Path, **settings: Any) -> AsyncIterator[World]:
    usual = {"attachments_url": folder.as_uri(), "attachment_limit": LIMIT}
    async with open_world(await new_database(), folder / "data", ["intake"], **(usual | settings)) as world:
        yield world


def path_of(registered: dict[str, Any]) -> str:
    return f"/intake/v1/complaints/{registered['id']}/attachments"


def tracking_of(registered: dict[str, Any]) -> tuple[str, dict[str, str]]:
    url = f"/intake/v1/tracking/{registered['reference']}"
    return url, {"X-Tracking-Token": registered["tracking_token"]}


async def attach(
    world: World, path: str, content: bytes = JPEG, name: str = "motor.jpg", **query: Any
) -> dict[str, Any]:
    answer = await world.http.post(path, params=query, files={"file": (name, content, "image/jpeg")})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def kept(folder: Path) -> list[Path]:
    """Files in the storage, thumbnails and unfinished ones too."""
    return [p for p in folder.rglob("*") if p.is_file() and "data" not in p.relative_to(folder).parts]


async def rows(world: World, query: str) -> list[Any]:
    async with world.context("intake").database.reading() as connection:
        return list((await connection.execute(text(query))).all())


@pytest.mark.requirement("P-05")
async def test_a_file_comes_in_is_told_and_goes_out_as_it_came(world: World, tmp_path: Path) -> None:
    registered = await world.register()
    path = path_of(registered)
    added = await attach(world, path, name="Ann Example 13800138000.jpg", visible_to_customer="true")
    assert added["media_type"] == "image/jpeg"
    assert added["size"] == len(JPEG)
    assert added["sha256"] == hashlib.sha256(JPEG).hexdigest()
    assert added["scan"] == "not_scanned"

    got = await world.http.get(f"{path}/{added['id']}/content")
    assert got.status_code == 200
    assert got.content == JPEG
    assert got.headers["content-type"] == "image/jpeg"
    name = quote("Ann Example 13800138000.jpg")
    assert got.headers["content-disposition"].startswith("attachment; ")
    assert got.headers["content-disposition"].endswith(f"filename*=UTF-8''{name}")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in got.headers["content-security-policy"]
    assert got.headers["cache-control"] == "no-store"
    assert got.headers["etag"] == f'"{added["sha256"]}"'

    [listed] = (await world.http.get(path)).json()["items"]
    assert listed["id"] == added["id"]
    assert "Ann Example" not in listed["name"], "who may not read personal data sees the name masked"
    assert "138" not in listed["name"]
    assert listed["name"].endswith(".jpg")

    await world.settled()
    told = [
        (r.headers["ce_type"], json.loads(r.value))
        for r in await world.log_records("redress.intake")
        if r.headers["ce_type"].startswith("redress.attachment.")
    ]
    assert [kind for kind, _ in told] == ["redress.attachment.added.v1"]
    event = told[0][1]
    assert event["attachment_id"] == added["id"]
    assert "Ann" not in json.dumps(event)
    assert added["sha256"] not in json.dumps(event)
    assert any(p.stat().st_mode & 0o077 == 0 for p in kept(tmp_path)), "only the owner reads them"
    assert all("Ann" not in str(p) for p in kept(tmp_path)), "names never become paths"


@pytest.mark.requirement("P-05")
async def test_the_body_itself_may_be_the_file(world: World) -> None:
    path = path_of(await world.register())
    answer = await world.http.post(
        path,
        params={"name": "../说明.txt"},
        content="电机坏了".encode(),
        headers={"Content-Type": "text/csv"},
    )
    assert answer.status_code == 201, answer.text
    added = answer.json()
    assert (added["name"], added["media_type"], added["declared_type"]) == (
        "说明.txt",
        "text/plain",
        "text/csv",
    )


async def test_a_range_can_be_asked_for(world: World) -> None:
    path = path_of(await world.register())
    url = f"{path}/{(await attach(world, path))['id']}/content"
    part = await world.http.get(url, headers={"Range": "bytes=10-19"})
    assert part.status_code == 206
    assert part.content == JPEG[10:20]
    assert part.headers["content-range"] == f"bytes 10-19/{len(JPEG)}"
    other = await world.http.get(url, headers={"Range": "bytes=10-19", "If-Range": '"another"'})
    assert (other.status_code, other.content) == (200, JPEG)
    beyond = await world.http.get(url, headers={"Range": f"bytes={len(JPEG)}-"})
    assert beyond.status_code == 416
    assert beyond.headers["content-range"] == f"bytes */{len(JPEG)}"


# The customer


@pytest.mark.requirement("P-05", "P-38")
async def test_the_customer_has_what_is_theirs_and_what_was_shown_to_them(world: World) -> None:
    registered, other = await world.register(), await world.register()
    path = path_of(registered)
    url, token = tracking_of(registered)
    internal = await attach(world, path, name="internal.jpg")
    shown = await attach(world, path, name="shown.jpg", visible_to_customer="true")
    sent = await world.customer.post(
        f"{url}/attachments", headers=token, files={"file": ("mine.jpg", JPEG, "image/jpeg")}
    )
    assert sent.status_code == 201, sent.text
    mine = sent.json()
    assert mine["from_customer"] is True

    seen = (await world.customer.get(url, headers=token)).json()["attachments"]
    assert [a["name"] for a in seen] == ["shown.jpg", "mine.jpg"]

    async def status(attachment: dict[str, Any], where: str, headers: dict[str, str]) -> int:
        got = await world.customer.get(f"{where}/attachments/{attachment['id']}/content", headers=headers)
        return got.status_code

    assert await status(mine, url, token) == 200
    assert await status(shown, url, token) == 200
    assert await status(internal, url, token) == 404
    assert await status(mine, url, {}) == 404
    others_url, others_token = tracking_of(other)
    assert await status(mine, others_url, others_token) == 404
    refused = await world.customer.post(f"{url}/attachments", headers=others_token, files={"file": b"x"})
    assert refused.json()["type"] == "urn:redress:problem:unknown-reference-or-token"


@pytest.mark.requirement("P-05", "P-35")
async def test_only_the_entitled_may_add_list_and_download(world: World) -> None:
    path = path_of(await world.register())
    added = await attach(world, path)
    files = {"file": ("a.jpg", JPEG, "image/jpeg")}

    async def tries(*scopes: str) -> list[int]:
        key = await create_key(world.url, "k", list(scopes))
        headers = {"Authorization": f"Bearer {key}"}
        answers = [
            await world.customer.post(path, files=files, headers=headers),
            await world.customer.get(path, headers=headers),
            await world.customer.get(f"{path}/{added['id']}/content", headers=headers),
            await world.customer.get(f"{path}/{added['id']}/thumbnail", headers=headers),
        ]
        return [403 if answer.status_code == 403 else 0 for answer in answers]

    assert await tries("complaints:write") == [0, 403, 403, 403]
    assert await tries("complaints:read") == [403, 0, 403, 403]
    assert await tries("attachments:read") == [403, 403, 0, 0]
    assert await tries("customers:read", "cases:work") == [403, 403, 403, 403]
    assert (await world.customer.get(f"{path}/{added['id']}/content")).status_code == 401


async def test_an_attachment_belongs_to_its_complaint(world: World) -> None:
    path, other = path_of(await world.register()), path_of(await world.register())
    added = await attach(world, path)
    assert (await world.http.get(f"{other}/{added['id']}/content")).status_code == 404


# Refused


def form(content: bytes, disposition: bytes, end: bytes = b"\r\n--b--\r\n") -> bytes:
    return b"--b\r\nContent-Disposition: form-data; " + disposition + b"\r\n\r\n" + content + end


FORM = {"Content-Type": "multipart/form-data; boundary=b"}
PLAIN = {"Content-Type": "image/jpeg"}

BAD: dict[str, tuple[dict[str, str], bytes, int, str, str]] = {
    "empty file": (FORM, form(b"", b'name="file"; filename="a.jpg"'), 422, "empty-file", "body/file"),
    "empty body": (PLAIN, b"", 422, "empty-file", "body/file"),
    "form without a boundary": (
        {"Content-Type": "multipart/form-data"}, b"x", 422, "malformed-upload", "header/Content-Type",
    ),
    "boundary that is too long": (
        {"Content-Type": f"multipart/form-data; boundary={'b' * 300}"}, b"x", 422, "malformed-upload",
        "header/Content-Type",
    ),
    "no form at all": (FORM, b"hello" * 100, 422, "malformed-upload", "body"),
    "form that is cut off in the headers": (FORM, b"--b\r\nContent-Dispo", 400, "upload-incomplete", "body"),
    "form that is cut off in the file": (
        FORM, form(JPEG, b'name="file"; filename="a.jpg"', end=b""), 400, "upload-incomplete", "body",
    ),
    "form without the file": (FORM, form(b"x", b'name="other"'), 422, "malformed-upload", "body/file"),
    "form with two files": (
        FORM,
        form(JPEG, b'name="file"; filename="a.jpg"', end=b"\r\n") + form(JPEG, b'name="file"; filename="b.jpg"'),
        422, "malformed-upload", "body/file",
    ),
    "form with another field behind the file": (
        FORM,
        form(JPEG, b'name="file"; filename="a.jpg"', end=b"\r\n") + form(b"1", b'name="note"'),
        422, "malformed-upload", "body/file",
    ),
    "name of 10,000 characters in a form": (
        FORM, form(JPEG, b'name="file"; filename="' + b"x" * 10_000 + b'"'), 422, "malformed-upload", "body",
    ),
    "program": (PLAIN, b"MZ" + bytes(500), 415, "unsupported-content", "body/file"),
    "unknown bytes": (PLAIN, bytes(range(256)), 415, "unsupported-content", "body/file"),
    "too large by a byte": (PLAIN, JPEG.ljust(LIMIT + 1), 413, "attachment-too-large", "body/file"),
    "too large for the edge": (PLAIN, JPEG.ljust(LIMIT + ENVELOPE + 1), 413, "body-too-large", "body"),
    "compressed": (
        PLAIN | {"Content-Encoding": "gzip"}, b"\x1f\x8b", 415, "unsupported-encoding",
        "header/Content-Encoding",
    ),
    "content length that is too great": (PLAIN | {"Content-Length": "5000"}, b"x", 400, "upload-incomplete", "body"),
    "content length that is too small": (PLAIN | {"Content-Length": "1"}, b"xyz", 400, "upload-incomplete", "body"),
}  # fmt: skip


@pytest.mark.requirement("P-05", "P-01")
@pytest.mark.parametrize("case", BAD)
async def test_a_bad_upload_gets_a_problem_and_leaves_nothing(
    shared_world: tuple[World, Path], case: str
) -> None:
    world, folder = shared_world
    headers, body, status, kind, field = BAD[case]
    registered = await world.register()
    url, token = tracking_of(registered)
    for client, path, more in (
        (world.http, path_of(registered), {}),
        (world.customer, f"{url}/attachments", token),
    ):
        before = kept(folder)
        answer = await client.post(path, content=body, headers=headers | more)
        assert answer.status_code == status, answer.text
        problem = answer.json()
        assert problem["type"] == f"urn:redress:problem:{kind}"
        assert [error["field"] for error in problem["errors"]] == [field]
        assert problem["errors"][0]["detail"]
        assert kept(folder) == before
    assert await rows(world, f"SELECT 1 FROM attachments WHERE complaint_id = '{registered['id']}'") == []
    assert await rows(world, "SELECT 1 FROM uploads") == []


@pytest.fixture(scope="module")
async def shared_world(
    new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[World, Path]]:
    folder = tmp_path_factory.mktemp("bad")
    async with opened(new_database, folder) as world:
        yield world, folder


@pytest.mark.requirement("P-05")
@pytest.mark.parametrize(
    ("filename", "name"),
    [
        (b"../../../etc/cron.d/x.jpg", "x.jpg"),
        (b"a\\..\\b.jpg", "b.jpg"),
        ("\u202egpj.exe".encode(), "gpj.exe.jpg"),
        ("现场照片.jpg".encode(), "现场照片.jpg"),
        (b"\xed\xa0\x80lone.jpg", "lone.jpg"),
        (b"\x00\x07.jpg", "jpg.jpg"),
        (b"x" * 3000 + b".jpg", "x" * 80 + ".jpg"),
    ],
)
async def test_names_in_forms_are_made_harmless(
    shared_world: tuple[World, Path], filename: bytes, name: str
) -> None:
    world, _ = shared_world
    path = path_of(await world.register())
    body = form(JPEG, b'name="file"; filename="' + filename + b'"')
    answer = await world.http.post(path, content=body, headers=FORM)
    assert answer.status_code == 201, answer.text
    assert answer.json()["name"].replace("\ufffd", "").replace("_", "") == name


async def test_a_name_that_is_too_long_in_the_query_is_refused(world: World) -> None:
    answer = await world.http.post(
        path_of(await world.register()), params={"name": "x" * 10_000}, content=JPEG
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "query/name"


async def test_a_lone_surrogate_in_the_query_does_no_harm(world: World) -> None:
    path = path_of(await world.register())
    answer = await world.http.post(f"{path}?name=%ED%A0%80a.jpg", content=JPEG)
    assert answer.status_code == 201
    assert answer.json()["name"].endswith("a.jpg")


async def test_an_archive_is_stored_as_it_is(world: World) -> None:
    """42 KB that would become petabytes are 42 KB: nothing here unpacks."""
    bomb = b"PK\x03\x04" + bytes(42_000)
    path = path_of(await world.register())
    added = await attach(world, path, bomb, "42.zip")
    assert (added["media_type"], added["size"], added["thumbnail"]) == ("application/zip", len(bomb), False)


async def test_uploads_have_a_limit_of_their_own_and_others_keep_theirs(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    async with opened(new_database, tmp_path, body_limit=5000) as world:
        registered = await world.register()
        path = path_of(registered)
        body = JPEG.ljust(100_000)

        async def chunks() -> AsyncIterator[bytes]:
            for start in range(0, len(body), 10_000):
                yield body[start : start + 10_000]

        assert (await world.http.post(path, content=body)).status_code == 201
        assert (await world.http.post(path, content=chunks())).status_code == 201
        for elsewhere in ("/intake/v1/complaints", f"{path}/x/attachments", "/intake/v1/attachments"):
            assert (await world.http.post(elsewhere, content=body)).status_code == 413
        assert (await world.http.post("/intake/v1/complaints", content=chunks())).status_code == 413


async def test_a_complaint_has_so_many_attachments_and_no_more(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    async with opened(new_database, tmp_path, attachments_per_complaint=3) as world:
        path = path_of(await world.register())
        answers = await asyncio.gather(*(world.http.post(path, content=JPEG) for _ in range(8)))
        assert sorted(a.status_code for a in answers) == [201] * 3 + [409] * 5
        refused = next(a for a in answers if a.status_code == 409)
        assert refused.json()["attachments"] == 3
        [(number,)] = await rows(world, "SELECT count(*) FROM attachments")
        assert number == 3


async def test_an_unknown_complaint_is_refused_before_a_byte_is_kept(world: World, tmp_path: Path) -> None:
    path = "/intake/v1/complaints/0190b7a4-0000-7000-8000-000000000001/attachments"
    assert (await world.http.post(path, content=JPEG)).status_code == 404
    assert kept(tmp_path) == []


# Once


@pytest.mark.requirement("P-04", "P-05")
async def test_a_retry_stores_the_file_once(new_database: NewDatabase, tmp_path: Path) -> None:
    async with opened(new_database, tmp_path, attachments_per_complaint=1) as world:
        path = path_of(await world.register())
        key = {"Idempotency-Key": "once"}
        first = await world.http.post(path, content=JPEG, headers=key, params={"name": "a.jpg"})
        again = await world.http.post(path, content=JPEG, headers=key, params={"name": "a.jpg"})
        assert (first.status_code, again.status_code) == (201, 201), again.text
        assert again.json()["id"] == first.json()["id"]
        assert again.headers["idempotent-replayed"] == "true"
        other = await world.http.post(path, content=picture("PNG"), headers=key, params={"name": "a.jpg"})
        assert other.status_code == 422
        assert other.json()["type"] == "urn:redress:problem:idempotency-key-reused"
        [(number,)] = await rows(world, "SELECT count(*) FROM attachments")
        assert number == 1
        assert await rows(world, "SELECT 1 FROM uploads") == []
        await world.settled()
        told = [
            r
            for r in await world.log_records()
            if r.headers["ce_type"].startswith("redress.attachment.added")
        ]
        assert len(told) == 1
        assert len([p for p in kept(tmp_path) if p.suffix == ""]) == 1


async def test_any_channel_can_store(world: World) -> None:
    """What the mail listener will do with a part of a message."""
    registered = await world.register()
    cabinet = world.context("intake").part(Cabinet)

    async def part() -> AsyncIterator[bytes]:
        yield JPEG[:10]
        yield b""
        yield JPEG[10:]

    complaint_id = (await rows(world, "SELECT id FROM complaints"))[0][0]
    by = By("mail", from_customer=True)
    stored = [
        await cabinet.store(complaint_id, part(), "IMG.JPG", "image/jpeg", by, key="<1@example>/2")
        for _ in range(2)
    ]
    assert [s.replayed for s in stored] == [False, True]
    url, token = tracking_of(registered)
    [seen] = (await world.customer.get(url, headers=token)).json()["attachments"]
    assert seen["name"] == "IMG.jpg"


@pytest.mark.requirement("P-04")
async def test_concurrent_twins_store_the_file_once(world: World, tmp_path: Path) -> None:
    path = path_of(await world.register())
    key = {"Idempotency-Key": "twins"}
    answers = await asyncio.gather(*(world.http.post(path, content=b"twin", headers=key) for _ in range(6)))
    assert {a.status_code for a in answers} == {201}
    assert len({a.json()["id"] for a in answers}) == 1
    assert len(kept(tmp_path)) == 1
    assert await rows(world, "SELECT 1 FROM uploads") == []


# Scanned


async def _scan_of(world: World, path: str) -> list[str]:
    return [item["scan"] for item in (await world.http.get(path)).json()["items"]]


@pytest.mark.requirement("P-05")
async def test_what_is_infected_is_never_handed_out(new_database: NewDatabase, tmp_path: Path) -> None:
    async with (
        clamd() as scanner,
        opened(new_database, tmp_path, scanner_url=scanner.url) as world,
    ):
        registered = await world.register()
        path = path_of(registered)
        clean = await attach(world, path)
        infected = await attach(world, path, EICAR, "invoice.txt", visible_to_customer="true")
        assert (clean["scan"], infected["scan"]) == ("pending", "pending")

        async def done() -> bool:
            return await _scan_of(world, path) == ["clean", "infected"]

        await eventually(done, what="the scanner's verdicts")
        assert JPEG in scanner.seen, "the scanner saw every byte"
        assert (await world.http.get(f"{path}/{clean['id']}/content")).content == JPEG
        url, token = tracking_of(registered)
        for answer in (
            await world.http.get(f"{path}/{infected['id']}/content"),
            await world.http.get(f"{path}/{infected['id']}/thumbnail"),
            await world.customer.get(f"{url}/attachments/{infected['id']}/content", headers=token),
        ):
            assert answer.status_code == 409
            assert (answer.json()["code"], answer.json()["scan"]) == ("infected", "infected")
        await world.settled()
        told = {
            json.loads(r.value)["attachment_id"]: json.loads(r.value)["scan"]
            for r in await world.log_records("redress.intake")
            if r.headers["ce_type"] == "redress.attachment.scanned.v1"
        }
        assert told == {clean["id"]: "clean", infected["id"]: "infected"}
        assert [
            r[0] for r in await rows(world, "SELECT signature FROM attachments WHERE signature IS NOT NULL")
        ] == ["Eicar-Test-Signature"]
        await _a_false_alarm_can_be_mended(world, scanner, f"{path}/{infected['id']}/content")


async def _a_false_alarm_can_be_mended(world: World, scanner: Scanner, url: str) -> None:
    """As docs/operations.md says."""
    scanner.signature = b"something else"
    async with world.context("intake").database.transaction() as transaction:
        await transaction.execute(
            text(
                "UPDATE attachments SET scan = 'pending', signature = NULL, look_at = now() "
                "WHERE signature = 'Eicar-Test-Signature'"
            )
        )

    async def served() -> bool:
        return (await world.http.get(url)).status_code == 200

    await eventually(served, what="the second verdict")


@pytest.mark.requirement("P-05")
@pytest.mark.parametrize("trouble", ["silent", "too long", "away"])
async def test_without_a_verdict_the_file_stays_in_quarantine(
    new_database: NewDatabase, tmp_path: Path, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.intake.attachments.inspector.PAUSES", (timedelta(milliseconds=50),))
    async with clamd() as scanner:
        scanner.answers = trouble != "silent"
        scanner.limit = 10 if trouble == "too long" else 1 << 30
        url = "tcp://127.0.0.1:9" if trouble == "away" else scanner.url
        async with opened(new_database, tmp_path, scanner_url=url) as world:
            path = path_of(await world.register())
            added = await attach(world, path)

            async def tried() -> bool:
                return bool((await rows(world, "SELECT looks FROM attachments"))[0][0] >= 2)

            await eventually(tried, what="a second try")
            refused = await world.http.get(f"{path}/{added['id']}/content")
            assert refused.status_code == 409
            assert refused.json()["code"] == "in-quarantine"
            if trouble == "away":
                return
            scanner.answers, scanner.limit = True, 1 << 30

            async def clean() -> bool:
                return await _scan_of(world, path) == ["clean"]

            await eventually(clean, what="the verdict, once the scanner is well")


async def test_a_picture_gets_a_thumbnail_and_a_broken_one_gets_none(world: World) -> None:
    path = path_of(await world.register())
    whole, broken = await attach(world, path), await attach(world, path, JPEG[:400])

    async def done() -> bool:
        return await rows(world, "SELECT 1 FROM attachments WHERE look_at IS NOT NULL") == []

    await eventually(done, what="the inspector to finish")
    small = await world.http.get(f"{path}/{whole['id']}/thumbnail")
    assert small.status_code == 200
    assert small.headers["content-type"] == "image/jpeg"
    assert small.headers["x-content-type-options"] == "nosniff"
    assert small.content.startswith(b"\xff\xd8\xff")
    assert (await world.http.get(f"{path}/{broken['id']}/thumbnail")).status_code == 404
    assert (await world.http.get(f"{path}/{broken['id']}/content")).content == JPEG[:400]


# Nothing left behind


class _Cut(Exception):
    pass


@pytest.mark.requirement("P-05")
async def test_what_breaks_off_leaves_nothing(world: World, tmp_path: Path) -> None:
    await world.register()
    complaint_id = (await rows(world, "SELECT id FROM complaints"))[0][0]
    cabinet = world.context("intake").part(Cabinet)

    async def cut() -> AsyncIterator[bytes]:
        yield JPEG
        yield bytes(100_000)
        assert len(kept(tmp_path)) == 1, "else there was nothing to leave behind"
        raise _Cut

    with pytest.raises(_Cut):
        await cabinet.store(complaint_id, cut(), "a.jpg", None, By("mail", from_customer=True))
    assert kept(tmp_path) == []
    assert await rows(world, "SELECT 1 FROM uploads") == []


async def test_what_does_not_arrive_in_time_is_refused(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.intake.attachments.cabinet.UPLOAD_LIMIT", timedelta(milliseconds=100))
    path = path_of(await world.register())

    async def endless() -> AsyncIterator[bytes]:
        yield JPEG
        await asyncio.Event().wait()

    answer = await world.http.post(path, content=endless())
    assert answer.status_code == 408
    assert answer.json()["type"] == "urn:redress:problem:upload-too-slow"
    assert kept(tmp_path) == []
    assert await rows(world, "SELECT 1 FROM uploads") == []


async def test_what_cannot_be_cleaned_up_is_left_to_the_sweeper(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The storage goes away in the middle of an upload: the caller is told to come again, and the row stays."""
    path = path_of(await world.register())
    cabinet = world.context("intake").part(Cabinet)

    async def away(*_: Any) -> None:
        raise OSError("the storage is away")

    with monkeypatch.context() as patched:
        patched.setattr(cabinet.storage, "put", away)
        patched.setattr(cabinet.storage, "remove", away)
        answer = await world.http.post(path, content=JPEG)
        assert answer.status_code == 503
        later = clock.now() + GIVEN_UP_AFTER + timedelta(seconds=1)
        with clock.moved_to(lambda: later):
            assert await world.context("intake").part(Sweeper).sweep() == 0
        assert len(await rows(world, "SELECT 1 FROM uploads")) == 1
    with clock.moved_to(lambda: later):
        assert await world.context("intake").part(Sweeper).sweep() == 1
    assert await rows(world, "SELECT 1 FROM uploads") == []


@pytest.mark.parametrize(
    "wrong",
    [{"attachments_url": "gs://bucket"}, {"attachments_url": "attachments"}, {"scanner_url": "clamd:3310"}],
)
def test_settings_that_mean_nothing_are_refused(wrong: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Settings(data_dir=tmp_path, **wrong)


@pytest.mark.requirement("P-05")
async def test_an_upload_that_nobody_finishes_is_swept_away_and_nothing_else(
    world: World, tmp_path: Path
) -> None:
    """As a process leaves it that died after the last byte: the row, the file, no attachment."""
    path = path_of(await world.register())
    added = await attach(world, path, b"kept", "kept.txt")
    orphan, other = "0190b7a4-0000-7000-8000-000000000001", "0190b7a4-0000-7000-8000-000000000002"
    complaint_id = (await rows(world, "SELECT id FROM complaints"))[0][0]
    for path_, content in (
        (storage_path(UUID(orphan)), b"whole"),
        (f"{storage_path(UUID(other))}.part", b"half"),
    ):
        (tmp_path / path_).parent.mkdir(exist_ok=True)
        (tmp_path / path_).write_bytes(content)
    database = world.context("intake").database
    async with database.transaction() as transaction:
        await transaction.execute(
            text("INSERT INTO uploads SELECT i, :c, :at FROM unnest(CAST(:ids AS uuid[])) AS i"),
            {"c": complaint_id, "at": clock.now(), "ids": [orphan, other]},
        )
    sweeper = world.context("intake").part(Sweeper)
    assert await sweeper.sweep() == 0, "somebody may still be sending it"
    later = clock.now() + GIVEN_UP_AFTER + timedelta(seconds=1)
    with clock.moved_to(lambda: later):
        assert sum(await asyncio.gather(sweeper.sweep(), sweeper.sweep())) == 2
    assert [p.name for p in kept(tmp_path)] == [added["id"]]
    assert await rows(world, "SELECT 1 FROM uploads") == []
    assert (await world.http.get(f"{path}/{added['id']}/content")).content == b"kept"


@pytest.mark.parametrize("swept", ["while it came", "after the last byte"])
async def test_an_upload_that_was_given_up_does_not_become_an_attachment(
    world: World, tmp_path: Path, swept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.register()
    complaint_id = (await rows(world, "SELECT id FROM complaints"))[0][0]
    cabinet = world.context("intake").part(Cabinet)
    sweeper = world.context("intake").part(Sweeper)
    put = cabinet.storage.put

    async def sweep() -> None:
        later = clock.now() + GIVEN_UP_AFTER + timedelta(seconds=1)
        with clock.moved_to(lambda: later):
            assert await sweeper.sweep() == 1

    async def slow() -> AsyncIterator[bytes]:
        yield JPEG
        if swept == "while it came":
            await sweep()

    async def put_and_sweep(path: str, chunks: AsyncIterable[bytes]) -> None:
        await put(path, chunks)
        if swept == "after the last byte":
            await sweep()

    monkeypatch.setattr(cabinet.storage, "put", put_and_sweep)
    with pytest.raises((OSError, Problem)) as refused:
        await cabinet.store(complaint_id, slow(), "a.jpg", None, By("x", from_customer=False))
    if isinstance(refused.value, Problem):
        assert refused.value.kind == "unavailable"
    assert await rows(world, "SELECT 1 FROM attachments") == []
    assert kept(tmp_path) == []


async def test_the_database_itself_refuses_what_must_never_be(world: World) -> None:
    await attach(world, path_of(await world.register()))
    for change in (
        "name = 'other.jpg'",
        "sha256 = sha256('x')",
        "size = 1",
        "scan = 'infected'",
        "scan = 'pending', look_at = NULL",
        "visible_to_customer = true, from_customer = true",
    ):
        with pytest.raises(DBAPIError):
            async with world.context("intake").database.transaction() as transaction:
                await transaction.execute(text(f"UPDATE attachments SET {change}"))
    for name in ("a/b.jpg", "a\\b.jpg", "a\nb.jpg", ""):
        with pytest.raises(DBAPIError):
            async with world.context("intake").database.transaction() as transaction:
                await transaction.execute(
                    text(
                        "INSERT INTO attachments SELECT gen_random_uuid(), complaint_id, :name, media_type, NULL, "
                        "size, sha256, added_by, false, false, added_at, 'not_scanned', NULL, 'none', 0, NULL "
                        "FROM attachments"
                    ),
                    {"name": name},
                )


async def test_content_that_the_storage_lost_is_told_as_gone(world: World, tmp_path: Path) -> None:
    path = path_of(await world.register())
    added = await attach(world, path, b"text", "a.txt")
    for file in kept(tmp_path):
        file.unlink()
    answer = await world.http.get(f"{path}/{added['id']}/content")
    assert answer.status_code == 410
    assert answer.json()["type"] == "urn:redress:problem:content-gone"


async def test_pages_neither_repeat_nor_skip(world: World) -> None:
    path = path_of(await world.register())
    added = [(await attach(world, path, b"text", f"{n}.txt"))["id"] for n in range(5)]
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await world.http.get(path, params={"limit": "2"} | cursor)).json()
        seen += [item["id"] for item in page["items"]]
        if not page.get("next"):
            break
        cursor = {"cursor": page["next"]}
    assert seen == added
