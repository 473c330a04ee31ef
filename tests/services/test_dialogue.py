"""Customers without an account: they write, are written to, add and withdraw, by reference and token alone."""

import asyncio
import io
import json
import zipfile
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.intake import opening
from services.intake.dialogue.model import MOST_UNANSWERED
from services.intake.tracking import _steps
from shared.keys import create_key
from shared.opening import UnknownCase
from shared.reference import new_reference
from shared.tracking import tracking_token
from tests.audit import audit
from tests.conftest import NewDatabase
from tests.services.receivers import mail_server, text_of
from tests.world import TOLD, World, eventually, open_world

pytestmark = pytest.mark.slow

ANONYMOUS = {
    "channel": "web_form",
    "language": "en",
    "statement": {"what_went_wrong": "The motor shows alarm R4, and nobody may know that I told it."},
    "customer": {"type": "anonymous"},
}

Registered = dict[str, Any]


def _page(one: Registered) -> str:
    return f"/intake/v1/tracking/{one['reference']}"


def _token(one: Registered) -> dict[str, str]:
    return {"X-Tracking-Token": one["tracking_token"]}


async def _customer(world: World, one: Registered, what: str, **body: Any) -> Any:
    return await world.customer.post(f"{_page(one)}/{what}", json=body, headers=_token(one))


async def _sees(world: World, one: Registered, what: str = "") -> Any:
    answer = await world.customer.get(_page(one) + what, headers=_token(one))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _staff(world: World, one: Registered, text_: str, **headers: str) -> Any:
    url = f"/intake/v1/complaints/{one['id']}/messages"
    return await world.http.post(url, json={"text": text_}, headers=headers)


async def _read(world: World, path: str) -> Any:
    answer = await world.http.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _state(world: World, one: Registered) -> str:
    return str((await _read(world, f"/resolution/v1/cases/{one['id']}"))["state"])


async def _templates(world: World, one: Registered) -> list[str]:
    await world.settled()
    items = (await _read(world, f"/notification/v1/deliveries?audience=customer&complaint_id={one['id']}"))[
        "items"
    ]
    return [item["template"] for item in reversed(items) if item["template"]]


@pytest.mark.empty_world
@pytest.mark.requirement("P-37", "N-M")
async def test_the_anonymous_and_the_handler_write_to_each_other_and_stay_unknown(world: World) -> None:
    one = await world.register(ANONYMOUS)
    await world.settled()
    asked = await _staff(world, one, "Which shift? Call me at 13900139000 or li.na@example.com.")
    assert asked.status_code == 201, asked.text

    [seen] = await _sees(world, one, "/messages")
    assert seen["text"] == "Which shift? Call me at [phone] or [email]."
    assert (seen["from_customer"], seen["number"]) == (False, 1)
    assert seen["signed"] == (await _sees(world, one))["handler_name"], "the work name, and no more"
    assert "written_by" not in seen

    answer = await _customer(world, one, "messages", text="The night shift. My number is 13800138000.")
    assert answer.status_code == 201, answer.text
    assert answer.json()["text"].endswith("13800138000."), "one's own words are as one wrote them"
    [_, shown] = (await _read(world, f"/intake/v1/complaints/{one['id']}/messages"))["items"]
    assert shown["text"] == "The night shift. My number is [phone]."
    assert shown["written_by"] == "customer"

    await world.settled()
    log = b"".join(record.value for record in await world.log_records())
    for secret in (b"13900139000", b"13800138000", b"li.na@example.com"):
        assert secret not in log
    told = [json.loads(r.value) for r in await world.told_of(one["id"])]
    assert [(t.get("number"), t.get("message")) for t in told[1:]] == [
        (1, "Which shift? Call me at [phone] or [email]."),
        (2, "The night shift. My number is [phone]."),
    ]
    story = (await _read(world, f"/resolution/v1/cases/{one['id']}"))["timeline"]
    assert [e["kind"] for e in story if e["kind"].endswith("_wrote")] == ["handler_wrote", "customer_wrote"]
    notices = (await _read(world, "/routing/v1/notices?audience=responsible-department"))["items"]
    assert "customer-wrote" in {notice["reason"] for notice in notices}
    assert [step["data"] for step in (await _sees(world, one))["steps"] if step["step"] == "message"] == [
        {"number": 1, "from_customer": False},
        {"number": 2, "from_customer": True},
    ]
    assert await audit(world.url, {UUID(one["id"])}) == []


@pytest.mark.requirement("P-37", "P-38")
async def test_whoever_left_an_address_is_told_by_mail_that_a_message_waits(
    new_database: NewDatabase, scratch: Path
) -> None:
    async with mail_server() as mailbox:
        smtp = f"smtp://127.0.0.1:{mailbox.port}"
        async with open_world(await new_database(), scratch, smtp_url=smtp) as world:
            one = await world.register()
            await world.settled()
            assert (await _staff(world, one, "Which batch is it?")).status_code == 201

            async def told() -> Any:
                return [m for m in mailbox.mails if "message waits" in str(m["Subject"])]

            [letter] = await eventually(told, what="the mail")
            words = text_of(letter)
            assert one["tracking_url"].split("?")[0].rpartition("/")[2] in words
            assert "Which batch" not in words, "a mailbox may have other readers"


async def test_the_stream_shows_a_message_at_once(world: World) -> None:
    one = await world.register()
    await world.settled()
    seen: list[str] = []

    async def watch() -> None:
        # ASGITransport gives the whole answer at its end: the generator behind the stream is read instead.
        async for step in _steps(world.context("intake"), UUID(one["id"]), 0):
            seen.append(step["event"])
            if seen[-1] == "message":
                return

    watching = asyncio.create_task(watch())
    await _staff(world, one, "Which batch is it?")
    async with asyncio.timeout(10):
        await watching
    assert seen[-1] == "message"


async def test_messages_have_limits_and_pages(world: World) -> None:
    one = await world.register()
    for number in range(MOST_UNANSWERED):
        assert (await _customer(world, one, "messages", text=f"{number}")).status_code == 201
    refused = await _customer(world, one, "messages", text="And now?")
    assert (refused.status_code, refused.json()["code"]) == (409, "wait-for-an-answer")
    assert "请收到答复后再留言" in refused.json()["title"]
    assert (await _staff(world, one, "I am here.")).status_code == 201
    assert (await _customer(world, one, "messages", text="And now?")).status_code == 201
    late = await _sees(world, one, f"/messages?after={MOST_UNANSWERED}")
    assert [message["text"] for message in late] == ["I am here.", "And now?"]
    first = await _read(world, f"/intake/v1/complaints/{one['id']}/messages?limit=21")
    rest = await _read(world, f"/intake/v1/complaints/{one['id']}/messages?cursor={first['next']}")
    assert [m["number"] for m in first["items"] + rest["items"]] == list(range(1, 23))
    long = await _customer(world, one, "messages", text="x" * 4001)
    assert (long.status_code, long.json()["errors"][0]["field"]) == (422, "body/text")


async def test_a_message_is_sent_once_per_key_needs_the_scope_and_is_never_changed(world: World) -> None:
    one = await world.register()
    first = await _staff(world, one, "Hello.", **{"Idempotency-Key": "m1"})
    again = await _staff(world, one, "Hello.", **{"Idempotency-Key": "m1"})
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (first.json(), "true")
    assert len(await _sees(world, one, "/messages")) == 1
    reader = await create_key(world.url, "reader", ["complaints:read"])
    url = f"/intake/v1/complaints/{one['id']}/messages"
    refused = await world.customer.post(
        url, json={"text": "x"}, headers={"Authorization": f"Bearer {reader}"}
    )
    assert refused.status_code == 403
    missing = await world.http.get(f"/intake/v1/complaints/{one['id'][:-4]}ffff/messages")
    assert missing.status_code == 404
    with pytest.raises(DBAPIError, match="never changed"):
        async with world.context("intake").database.transaction() as transaction:
            await transaction.execute(text("UPDATE messages SET number = 2"))


@pytest.mark.empty_world
@pytest.mark.requirement("P-36", "P-37")
async def test_what_was_written_is_sealed_exported_and_erased(world: World) -> None:
    one = await world.register()
    assert (await _customer(world, one, "messages", text="The red one, by the gate.")).status_code == 201
    async with world.context("intake").database.reading() as connection:
        row = (await connection.execute(text("SELECT * FROM messages"))).mappings().one()
    assert b"by the gate" not in bytes(row["sealed"])
    assert "by the gate" not in str(dict(row))
    archive = await world.customer.get(f"{_page(one)}/export", headers=_token(one))
    with zipfile.ZipFile(io.BytesIO(archive.content)) as opened:
        assert b"by the gate" in opened.read(f"complaints/{one['reference']}.json")
    person = (await _read(world, f"/intake/v1/complaints/{one['id']}"))["customer_id"]
    erased = await world.http.post(
        f"/intake/v1/customers/{person}/erasure", json={"reason": "A letter.", "even_open": True}
    )
    assert erased.status_code == 200, erased.text
    [left] = (await _read(world, f"/intake/v1/complaints/{one['id']}/messages"))["items"]
    assert left["text"] == "[erased]"
    for answer in (await _staff(world, one, "Hello?"), await _customer(world, one, "messages", text="Hm?")):
        assert (answer.status_code, answer.json()["code"]) == (409, "erased")
    await world.settled()
    story = (await _read(world, f"/resolution/v1/cases/{one['id']}"))["timeline"]
    assert [e.get("text") for e in story if e["kind"] == "customer_wrote"] == [None]


@pytest.mark.requirement("P-38", "001-09")
async def test_the_customer_adds_to_what_was_told(world: World) -> None:
    one = await world.register()
    added = await _customer(
        world, one, "additions", said="Again, on a second motor.", facts={"where": "Hall 3"}
    )
    assert added.status_code == 201, added.text
    nothing = await _customer(world, one, "additions")
    assert (nothing.status_code, nothing.json()["errors"][0]["field"]) == (422, "body/said")
    [seen] = (await _sees(world, one))["additions"]
    assert seen["said"] == "Again, on a second motor."
    known = await _read(world, f"/intake/v1/complaints/{one['id']}")
    assert known["facts"]["where"] == "Hall 3"
    assert known["additions"] == 1


@pytest.mark.empty_world
@pytest.mark.requirement("P-38")
async def test_a_withdrawn_complaint_ends_everywhere(world: World) -> None:
    one = await world.register()
    await world.settled()
    handler = (await _read(world, f"/routing/v1/complaints/{one['id']}"))["handler_id"]
    busy = {p["id"]: p["open_cases"] for p in (await _read(world, "/routing/v1/directory"))["people"]}
    first = await _customer(world, one, "withdrawal", reason="Solved. Ask Ann Example, 13800138000.")
    assert first.status_code == 200, first.text
    await world.settled()
    again = await _customer(world, one, "withdrawal")
    assert (again.status_code, again.json()) == (200, first.json()), "to repeat it changes nothing"

    case = await _read(world, f"/resolution/v1/cases/{one['id']}")
    assert (case["state"], case["promise"], case["outcome"]) == ("withdrawn", None, None)
    assert case["possible"] == []
    [entry] = [e for e in case["timeline"] if e["kind"] == "withdrawn"]
    assert entry["text"] == "Solved. Ask [name], [phone]."
    refused = await world.http.post(f"/resolution/v1/cases/{one['id']}/accept", json={})
    assert "withdrawn" in refused.json()["detail"]
    dispatch = await _read(world, f"/routing/v1/complaints/{one['id']}")
    assert dispatch["status"] == "released"
    free = {p["id"]: p["open_cases"] for p in (await _read(world, "/routing/v1/directory"))["people"]}
    assert free[handler] == busy[handler] - 1
    assert (await _templates(world, one))[-1] == "withdrawn"
    measures = {
        m["measure"]: m for m in (await _read(world, "/insights/v1/measures"))["groups"][0]["measures"]
    }
    assert measures["withdrawn"]["value"] == 1
    assert measures["open_now"]["value"] == 0
    assert measures["handling_rate"]["value"] is None, "it says nothing about how the company handles"

    seen = await _sees(world, one)
    assert (seen["status"], seen["withdrawn_at"]) == ("withdrawn", first.json()["withdrawn_at"])
    assert "promised_at" not in seen
    assert seen["steps"][-1]["step"] == "withdrawn"
    for what, body in (("opinion", {"outcome": "satisfied"}), ("choice", {"decline": True})):
        late = await _customer(world, one, what, **body)
        assert (late.status_code, late.json()["code"]) == (409, "withdrawn")
    assert await audit(world.url, {UUID(one["id"])}) == []


@pytest.mark.requirement("P-38")
async def test_what_is_closed_is_not_withdrawn(world: World) -> None:
    one = await world.register(TOLD | {"statement": {"what_went_wrong": "The wrong item was in the box."}})
    await world.settled()
    case = f"/resolution/v1/cases/{one['id']}"
    assert (await world.http.post(f"{case}/answer", json={"result": "Sent."})).status_code == 200
    await world.settled()
    assert (await _customer(world, one, "opinion", outcome="satisfied")).status_code == 200
    await world.settled()
    refused = await _customer(world, one, "withdrawal")
    assert (refused.status_code, refused.json()["code"]) == (409, "closed")
    assert await _state(world, one) == "closed"


@pytest.mark.empty_world
@pytest.mark.requirement("N-L", "P-38")
@pytest.mark.parametrize("leads", [True, False], ids=["the leading one", "the follower"])
async def test_a_withdrawal_leaves_the_others_their_case(world: World, leads: bool) -> None:
    leading, follower = await world.register(), await world.register()
    await world.settled()
    url = f"/intake/v1/complaints/{follower['id']}/merge"
    assert (await world.http.post(url, json={"into": leading["id"]})).status_code == 200
    await world.settled()
    gone, other = (leading, follower) if leads else (follower, leading)
    answer = await _customer(world, gone, "withdrawal", reason="Never mind.")
    assert answer.status_code == 200, answer.text
    await world.settled()
    assert await _state(world, gone) == "withdrawn"
    assert await _state(world, other) == "open"
    assert "promised_at" in await _sees(world, other)
    assert (await _sees(world, other))["merged"] is False
    assert (await _read(world, f"/intake/v1/complaints/{other['id']}/merges"))["merged_ids"] == []
    assert await audit(world.url, {UUID(gone["id"]), UUID(other["id"])}) == []


@pytest.mark.requirement("P-38", "P-40")
async def test_a_wrong_reference_and_a_wrong_token_cannot_be_told_apart(world: World) -> None:
    one = await world.register()
    wrong = {"X-Tracking-Token": "x" * len(one["tracking_token"])}
    tries = {
        "wrong token": (one["reference"], wrong),
        "no token": (one["reference"], {}),
        "wrong reference": (new_reference(), _token(one)),
        "mistyped": (one["reference"][:-1] + "*", _token(one)),
    }
    for what in ("", "/events", "/messages"):
        answers = {}
        for name, (reference, headers) in tries.items():
            answer = await world.customer.get(f"/intake/v1/tracking/{reference}{what}", headers=headers)
            body = answer.json()
            del body["request_id"]
            kept = {k: v for k, v in answer.headers.items() if k not in {"x-request-id", "ratelimit"}}
            answers[name] = (answer.status_code, body, kept)
        assert answers["wrong token"][0] == 404
        assert all(answer == answers["wrong token"] for answer in answers.values()), answers


async def test_a_wrong_reference_and_a_wrong_token_cost_the_same_work(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No clock: what is done is counted. Whoever measured times would find what these counts show."""
    one = await world.register()
    work: list[str] = []

    def counted(*arguments: Any) -> str:
        work.append("token")
        return tracking_token(*arguments)

    monkeypatch.setattr("shared.opening.tracking_token", counted)
    done = {}
    context = world.context("intake")
    async with context.database.reading() as connection:

        class Counting:
            looks = 0

            @property
            def sync_connection(self) -> Any:  # the way to the driver
                self.looks += 1
                if self.looks % 2:  # it is asked for twice
                    work.append("look")
                return connection.sync_connection

            async def execute(self, statement: Any, values: Any) -> Any:
                work.append(str(statement))
                return await connection.execute(statement, values)

        tries = {"token": one["reference"], "reference": new_reference(), "typing": "x"}
        for name, reference in tries.items():
            work.clear()
            with pytest.raises(UnknownCase):
                await opening.opened(Counting(), context, reference, "x" * 32)  # type: ignore[arg-type]
            done[name] = list(work)
    assert done["token"] == done["reference"] == done["typing"]
    assert len(done["token"]) == 2, "one look and one token; nothing is read before it is open"


@pytest.mark.requirement("P-40", "P-38")
async def test_who_guesses_is_slowed_down_by_address(new_database: NewDatabase, scratch: Path) -> None:
    async with open_world(await new_database(), scratch, ["intake"], tracking_attempts="3/hour") as world:
        one = await world.register()
        for _ in range(5):
            assert (await world.customer.get(_page(one), headers=_token(one))).status_code == 200
        guesses = [await world.customer.get(_page(one)) for _ in range(2)]
        # Whoever has not opened the case is told so first, whatever else is wrong.
        guesses.append(await world.customer.post(f"{_page(one)}/opinion", json={"outcome": 7}))
        guesses.append(await world.customer.get(_page(one)))
        assert [answer.status_code for answer in guesses] == [404, 404, 404, 429]
        assert 0 < int(guesses[-1].headers["retry-after"]) <= 3600
        assert guesses[-1].json()["type"] == "urn:redress:problem:too-many-requests"
        right = await world.customer.get(_page(one), headers=_token(one))
        assert right.status_code == 429, "to answer would tell that it is right"
        assert (await world.http.get("/intake/v1/complaints")).status_code == 200, "nobody else waits"
