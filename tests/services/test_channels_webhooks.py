"""Signed webhooks of social media and chat: into the one record, once, by a mapping that is data."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from standardwebhooks.webhooks import Webhook

from services.intake.channels.mapping import MOST_MESSAGES
from shared import clock
from shared.keys import create_key
from tests.conftest import NewDatabase
from tests.world import World, open_world

pytestmark = pytest.mark.slow

SOURCES = "/intake/v1/channels/sources"
HOOKS = "/intake/v1/channels/webhooks"
SECRET = "a-secret-of-the-social-network"
STANDARD = "whsec_" + base64.b64encode(b"k" * 32).decode()
MAPPING = {
    "messages": "events",
    "when": "kind == 'post'",
    "text": "text",
    "message_id": "id",
    "author": "user.handle",
    "permalink": "link",
    "time": "at",
    "thread_id": "thread",
}
SOURCE: dict[str, Any] = {
    "channel": "social_media",
    "visibility": "public",
    "scheme": "sha256",
    "secret": SECRET,
    "signature_header": "X-Signature",
    "mapping": MAPPING,
}


@pytest.fixture(scope="module")
async def shared_world(new_database: NewDatabase, scratch: Path) -> AsyncIterator[World]:
    async with open_world(await new_database(), scratch, ["intake"]) as opened:
        yield opened


@pytest.fixture
async def empty_world(new_database: NewDatabase, scratch: Path) -> AsyncIterator[World]:
    async with open_world(await new_database(), scratch, ["intake"]) as opened:
        yield opened


async def put(world: World, name: str = "weibo", status: int = 200, **changes: Any) -> httpx.Response:
    answer = await world.http.put(f"{SOURCES}/{name}", json=SOURCE | changes)
    assert answer.status_code == status, answer.text
    return answer


def event(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "post",
        "id": f"p{number}",
        "text": "The motor of @redress shows alarm R4.",
        "user": {"handle": "ann_example"},
        "link": f"https://social.example/p{number}",
        "at": "2026-11-20T10:20:11+08:00",
        "thread": f"t{number}",
    } | changes


async def call(
    world: World, *events: dict[str, Any], name: str = "weibo", secret: str = SECRET, status: int = 200
) -> list[dict[str, Any]]:
    body = json.dumps({"events": events}).encode()
    mark = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    answer = await world.customer.post(f"{HOOKS}/{name}", content=body, headers={"X-Signature": mark})
    assert answer.status_code == status, answer.text
    taken: list[dict[str, Any]] = answer.json().get("messages", [])
    return taken


async def read(world: World, complaint_id: str, what: str = "") -> dict[str, Any]:
    answer = await world.http.get(f"/intake/v1/complaints/{complaint_id}{what}")
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def count(world: World, table: str) -> int:
    async with world.context("intake").database.reading() as connection:
        return int((await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


@pytest.mark.empty_world
@pytest.mark.requirement("P-02", "000-13")
async def test_a_public_post_becomes_a_public_complaint_with_its_link(world: World) -> None:
    await put(world)
    taken, ignored = await call(world, event(), event(2, kind="like"))
    assert taken["outcome"] == "registered"
    assert ignored == {"outcome": "ignored", "reason": "`when` does not hold"}
    shown = await read(world, taken["complaint_id"])
    assert (shown["channel"], shown["visibility"], shown["language"]) == ("social_media", "public", "en")
    contact = await read(world, taken["complaint_id"], "/contact")
    assert (contact["name"], contact["public_link"]) == ("ann_example", "https://social.example/p1")
    await world.settled()
    records = [r for r in await world.log_records("redress.intake") if r.key == taken["complaint_id"]]
    assert json.loads(records[0].value)["visibility"] == "public"
    assert b"ann_example" not in b"".join(record.value for record in records)


@pytest.mark.empty_world
@pytest.mark.requirement("P-02", "P-04")
async def test_a_repeated_call_does_nothing_again_and_a_thread_is_one_complaint(world: World) -> None:
    await put(world)
    (first,) = await call(world, event(1, thread="t"))
    assert await call(world, event(1, thread="t")) == [first]
    (second,) = await call(world, event(2, thread="t", text="And it is loud."))
    assert (second["outcome"], second["complaint_id"]) == ("added", first["complaint_id"])
    assert await call(world, event(2, thread="t", text="And it is loud.")) == [second]
    items = (await read(world, first["complaint_id"], "/additions"))["items"]
    assert [(each["said"], each["contact_at"]) for each in items] == [
        ("And it is loud.", "2026-11-20T02:20:11Z")
    ]
    (other,) = await call(world, event(3, thread=None))
    assert other["outcome"] == "registered"
    assert await count(world, "complaints") == 2


@pytest.mark.empty_world
async def test_messages_of_a_thread_that_come_together_are_one_complaint(world: World) -> None:
    await put(world)
    answers = await asyncio.gather(*(call(world, event(n, thread="t")) for n in range(12)))
    taken = [answer[0] for answer in answers]
    assert len({each["complaint_id"] for each in taken}) == 1
    assert sorted(each["outcome"] for each in taken) == ["added"] * 11 + ["registered"]
    assert (await count(world, "complaints"), await count(world, "additions")) == (1, 11)


@pytest.mark.empty_world
async def test_two_sources_never_meet(world: World) -> None:
    await put(world)
    await put(world, "douyin")
    (first,), (second,) = await call(world, event()), await call(world, event(), name="douyin")
    assert first["complaint_id"] != second["complaint_id"]


@pytest.mark.empty_world
@pytest.mark.requirement("P-02", "N-K")
async def test_standard_webhooks_are_taken_as_their_own_library_signs_them(world: World) -> None:
    await put(
        world,
        "chat",
        scheme="standard_webhooks",
        secret=STANDARD,
        channel="chat",
        visibility="private",
        mapping={"text": "text", "thread_id": "room"},
    )
    body = json.dumps({"text": "电机停了。", "room": "r"})

    async def post(at: datetime, message_id: str = "msg_1", mark: str | None = None) -> httpx.Response:
        signature = mark or Webhook(STANDARD).sign(message_id, at, body)
        headers = {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": f"v1,bm90aGluZw== {signature}",
        }
        return await world.customer.post(f"{HOOKS}/chat", content=body.encode(), headers=headers)

    now = clock.now()
    answer = await post(now)
    assert answer.status_code == 200, answer.text
    taken = answer.json()["messages"][0]
    shown = await read(world, taken["complaint_id"])
    assert (shown["channel"], shown["visibility"], shown["language"]) == ("chat", "private", "zh")
    again = await post(now)
    assert again.json() == answer.json(), "a replay within the tolerance does nothing"
    assert await count(world, "complaints") == 1

    for at in (now - timedelta(seconds=301), now + timedelta(seconds=900)):
        assert (await post(at, "msg_2")).status_code == 401, "too old, or ahead of its time"
    stolen = Webhook(STANDARD).sign("msg_1", now, body)
    assert (await post(now, "msg_3", stolen)).status_code == 401, "the signature is of another id"


@pytest.mark.empty_world
async def test_who_cannot_sign_learns_nothing(world: World) -> None:
    await put(world)
    await put(world, "off", enabled=False)
    answers = set()
    for name, secret in (("weibo", "wrong-secret-of-nobody"), ("unknown", SECRET), ("off", SECRET)):
        body = json.dumps({"events": [event()]}).encode()
        mark = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        answer = await world.customer.post(f"{HOOKS}/{name}", content=body, headers={"X-Signature": mark})
        problem = answer.json()
        problem.pop("request_id")
        answers.add((answer.status_code, json.dumps(problem, sort_keys=True)))
    assert len(answers) == 1
    assert next(iter(answers))[0] == 401
    for headers in ({}, {"X-Signature": ""}, {"X-Signature": "sha256="}):
        answer = await world.customer.post(f"{HOOKS}/weibo", content=b"{}", headers=headers)
        assert answer.status_code == 401
    answer = await world.customer.post(f"{HOOKS}/weibo", content=b"{}", headers={b"X-Signature": b"\xe9"})
    assert answer.status_code == 401
    assert await count(world, "complaints") == 0


async def post_signed(world: World, body: bytes) -> httpx.Response:
    mark = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return await world.customer.post(f"{HOOKS}/weibo", content=body, headers={"X-Signature": mark})


BAD: dict[str, tuple[bytes, int]] = {
    "empty": (b"", 400),
    "not JSON": (b"{", 400),
    "key twice": (b'{"events": [], "events": []}', 400),
    "NaN": (b'{"events": NaN}', 400),
    "lone surrogate": (b'{"events": [{"kind": "post", "id": "1", "text": "\\ud800"}]}', 400),
    "invalid UTF-8": (b'{"events": "\xff"}', 400),
    "too deep": (b'{"a":' * 5000 + b"1" + b"}" * 5000, 400),
    "too many": (json.dumps({"events": [{}] * (MOST_MESSAGES + 1)}).encode(), 422),
    "too large": (b" " * 1_100_000, 413),
}


@pytest.mark.requirement("P-01")
@pytest.mark.parametrize("name", BAD)
async def test_a_signed_call_that_cannot_be_read_gets_a_problem(world: World, name: str) -> None:
    await put(world)
    body, status = BAD[name]
    answer = await post_signed(world, body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["field"] == "body"


@pytest.mark.empty_world
async def test_odd_values_cost_only_what_they_are(world: World) -> None:
    await put(world)
    odd = [
        event(1, text=None),
        event(2, text="   "),
        event(3, id=None),
        event(4, text=["no"]),
        event(5, link="javascript:alert(1)", user={"handle": "a\r\nBcc: b\x00"}, at="soon"),
        event(6, text="It leaks. " * 2000, at=1e300, user=17),
        event(7, text="a\x00b\x07", at="9999-01-01T00:00:00Z", thread="t5"),
    ]
    answers = await call(world, *odd)
    assert [each["outcome"] for each in answers] == ["ignored"] * 4 + ["registered", "registered", "added"]
    contact = await read(world, answers[4]["complaint_id"], "/contact")
    assert (contact["name"], contact.get("public_link")) == ("a Bcc: b", None)
    assert answers[5]["attachments"] == 1, "all of a long text is kept"
    items = (await read(world, answers[4]["complaint_id"], "/additions"))["items"]
    assert items[0]["said"] == "ab"
    assert datetime.fromisoformat(items[0]["contact_at"]) <= datetime.now(UTC), "nobody writes in the future"


@pytest.mark.empty_world
@pytest.mark.requirement("P-01", "P-02")
async def test_sources_are_kept_with_their_secret_sealed_and_changed_by_one_at_a_time(world: World) -> None:
    made = await put(world)
    assert made.headers["ETag"] == '"1"'
    assert made.json()["url"].endswith(f"{HOOKS}/weibo")
    assert SECRET not in made.text
    async with world.context("intake").database.reading() as connection:
        row = (await connection.execute(text("SELECT s::text FROM webhook_sources s"))).scalar_one()
    assert SECRET not in row

    keep = {name: value for name, value in SOURCE.items() if name != "secret"}
    first = await world.http.put(f"{SOURCES}/weibo", json=keep, headers={"If-Match": '"1"'})
    assert (first.status_code, first.headers["ETag"]) == (200, '"2"')
    late = await world.http.put(f"{SOURCES}/weibo", json=keep, headers={"If-Match": '"1"'})
    assert (late.status_code, late.json()["errors"][0]["field"]) == (412, "header/If-Match")
    assert (await call(world, event()))[0]["outcome"] == "registered", "the secret stayed"

    listed = (await world.http.get(SOURCES)).json()["items"]
    assert [each["name"] for each in listed] == ["weibo"]
    got = await world.http.get(f"{SOURCES}/weibo")
    assert (got.headers["ETag"], got.json()) == ('"2"', listed[0])
    assert (await world.http.delete(f"{SOURCES}/weibo", headers={"If-Match": '"1"'})).status_code == 412
    assert (await world.http.delete(f"{SOURCES}/weibo", headers={"If-Match": '"2"'})).status_code == 204
    await call(world, event(2), status=401)
    for gone in (await world.http.get(f"{SOURCES}/weibo"), await world.http.delete(f"{SOURCES}/weibo")):
        assert gone.status_code == 404


BAD_SOURCES: dict[str, tuple[dict[str, Any], str]] = {
    "no secret": ({"secret": None}, "body/secret"),
    "short secret": ({"secret": "short"}, "body/secret"),
    "no key for the scheme": ({"scheme": "standard_webhooks"}, "body"),
    "no message id": ({"mapping": {"text": "text"}}, "body"),
    "no text": ({"mapping": {"message_id": "id"}}, "body/mapping/text"),
    "no expression": ({"mapping": MAPPING | {"text": "a["}}, "body/mapping/text"),
    "unknown field": ({"mapping": MAPPING | {"colour": "a"}}, "body/mapping/colour"),
    "oral channel": ({"channel": "phone"}, "body/channel"),
    "unknown scheme": ({"scheme": "md5"}, "body/scheme"),
    "header injection": ({"signature_header": "X-A\r\nB: c"}, "body/signature_header"),
    "endless tolerance": ({"tolerance": 86400}, "body/tolerance"),
}


@pytest.mark.requirement("P-01")
@pytest.mark.parametrize("name", BAD_SOURCES)
async def test_a_source_that_cannot_work_is_refused(world: World, name: str) -> None:
    changes, field = BAD_SOURCES[name]
    before = await count(world, "webhook_sources")
    answer = await put(world, "new", status=422, **changes)
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert await count(world, "webhook_sources") == before


async def test_names_of_sources_are_plain_and_email_is_taken(world: World) -> None:
    for name in ("email", "UPPER", "a" * 41, "-x"):
        answer = await world.http.put(f"{SOURCES}/{name}", json=SOURCE)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "path/name")


@pytest.mark.requirement("P-02")
async def test_a_mapping_can_be_tried_before_anything_depends_on_it(world: World) -> None:
    before = await count(world, "complaints")
    trial = {"mapping": MAPPING, "payload": {"events": [event(), event(2, kind="like")]}}
    answer = await world.http.post("/intake/v1/channels/trial", json=trial)
    assert answer.status_code == 200, answer.text
    taken, ignored = answer.json()["messages"]
    assert (taken["text"], taken["author"], taken["thread_id"]) == (event()["text"], "ann_example", "t1")
    assert taken["language"] == "en"
    assert ignored["ignored"] == "`when` does not hold"
    assert await count(world, "complaints") == before


async def test_sources_are_an_administrators(world: World) -> None:
    key = await create_key(world.url, "agent", ["complaints:write", "complaints:read"])
    async with httpx.AsyncClient(
        transport=world.http._transport, base_url="http://redress", headers={"Authorization": f"Bearer {key}"}
    ) as http:
        for answer in (
            await http.get(SOURCES),
            await http.put(f"{SOURCES}/weibo", json=SOURCE),
            await http.delete(f"{SOURCES}/weibo"),
            await http.post("/intake/v1/channels/trial", json={"mapping": MAPPING, "payload": {}}),
        ):
            assert answer.status_code == 403
