"""Intake over HTTP, on real PostgreSQL."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.reference import normalised
from tests.world import TOLD, World

REGISTER = "/intake/v1/complaints"


async def _count(world: World, table: str) -> int:
    async with world.context("intake").database.reading() as connection:
        return int((await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


@pytest.mark.requirement("001-01", "001-09", "001-10", "004-01", "002-06")
async def test_a_complaint_is_kept_in_the_customers_own_words(world: World) -> None:
    told = TOLD | {
        "facts": {"who": "line 3", "when": "2026-11-20T09:30:00+08:00", "how_many": "12 of 240 pieces"}
    }
    registered = await world.register(told)
    assert normalised(registered["reference"].lower().replace("-", " ")) == registered["reference"]
    # 3 questions, 3 of the definition, expectation, product, order, contact, 5W2H = 17; 6 are missing
    missing = ["expectation", "order", "facts.what", "facts.where", "facts.why", "facts.how"]
    assert registered["missing"] == missing
    assert registered["completeness"] == pytest.approx(11 / 17, abs=1e-4)

    url = f"/intake/v1/tracking/{registered['reference']}"
    mine = await world.customer.get(url, headers={"X-Tracking-Token": registered["tracking_token"]})
    assert mine.json()["statement"] == TOLD["statement"]

    shown = (await world.http.get(f"{REGISTER}/{registered['id']}")).json()
    assert shown["channel"] == "web_form"
    assert shown["form"] == "written"
    assert shown["against"] == "organisation"
    assert shown["statement"]["feeling"] == "We feel left alone."
    assert "13800138000" not in json.dumps(shown), "staff without the right see personal data masked"


@pytest.mark.requirement("002-06")
async def test_the_channel_has_two_levels_and_tells_the_form(world: World) -> None:
    registered = await world.register({"channel": "phone", "statement": {"what_went_wrong": "Too loud."}})
    async with world.context("intake").database.reading() as connection:
        row = (
            await connection.execute(
                text("SELECT form, channel FROM complaints WHERE id = :id"), {"id": registered["id"]}
            )
        ).one()
    assert tuple(row) == ("oral", "phone")
    await world.settled()
    [event] = [json.loads(r.value) for r in await world.told_of(registered["id"])]
    assert (event["medium"], event["channel"]) == ("online", "phone")


async def test_what_was_told_cannot_be_changed(world: World) -> None:
    await world.register()
    with pytest.raises(DBAPIError, match="never changed"):
        async with world.context("intake").database.transaction() as transaction:
            await transaction.execute(
                text("UPDATE complaints SET holds = '{what_went_wrong}', sealed = 'nothing'")
            )


@pytest.mark.requirement("P-04")
async def test_a_retry_gets_the_first_answer_and_does_nothing_twice(world: World) -> None:
    before = await _count(world, "complaints")
    first = await world.http.post(REGISTER, json=TOLD, headers={"Idempotency-Key": "k1"})
    again = await world.http.post(REGISTER, json=TOLD, headers={"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert await _count(world, "complaints") == before + 1

    other = await world.http.post(REGISTER, json=TOLD | {"kind": "praise"}, headers={"Idempotency-Key": "k1"})
    assert other.status_code == 422
    assert other.json()["type"] == "urn:redress:problem:idempotency-key-reused"
    assert other.json()["errors"][0]["field"] == "header/Idempotency-Key"


@pytest.mark.requirement("P-04")
async def test_concurrent_twins_register_once_and_harm_no_neighbour(world: World) -> None:
    """40 requests at the same moment, four of each key, one key with a different body among them."""

    async def post(key: str, told: dict[str, Any]) -> tuple[str, int, Any]:
        answer = await world.http.post(REGISTER, json=told, headers={"Idempotency-Key": key})
        return key, answer.status_code, answer.json().get("id")

    before = await _count(world, "complaints")
    calls = [post(f"twin-{n % 10}", TOLD) for n in range(40)]
    calls += [post("twin-3", TOLD | {"kind": "praise"}), post("alone", TOLD)]
    answers = await asyncio.gather(*calls)
    by_key: dict[str, set[Any]] = {}
    for key, status, complaint in answers:
        if status == 201:
            by_key.setdefault(key, set()).add(complaint)
    assert {len(ids) for ids in by_key.values()} == {1}
    assert sorted(status for _, status, _ in answers).count(422) in (1, 4), "one of the two bodies was first"
    assert await _count(world, "complaints") == before + 11


async def test_the_stored_answer_gives_nobody_access(world: World) -> None:
    registered = (await world.http.post(REGISTER, json=TOLD, headers={"Idempotency-Key": "s"})).json()
    async with world.context("intake").database.reading() as connection:
        for table in ("idempotency_keys", "complaints", "customers"):
            rows = (await connection.execute(text(f"SELECT t::text FROM {table} t"))).scalars().all()
            assert all(registered["tracking_token"] not in row for row in rows)


@pytest.mark.requirement("P-38")
async def test_wrong_reference_and_wrong_token_look_the_same(world: World) -> None:
    registered = await world.register()
    other = await world.register()
    tries = {
        "wrong token": (registered["reference"], "x" * 32),
        "another case's token": (registered["reference"], other["tracking_token"]),
        "no token": (registered["reference"], None),
        "unknown reference": ("RD-99999999-1", registered["tracking_token"]),
        "mistyped reference": (registered["reference"][:-1] + "?", registered["tracking_token"]),
        "token that is no ASCII": (registered["reference"], "é"),
    }
    answers = set()
    for reference, token in tries.values():
        params = {"token": token} if token else {}
        answer = await world.customer.get(f"/intake/v1/tracking/{reference}", params=params)
        body = answer.json()
        body.pop("request_id")
        answers.add((answer.status_code, json.dumps(body, sort_keys=True)))
    assert len(answers) == 1
    assert next(iter(answers))[0] == 404


async def test_no_personal_data_reaches_the_log(world: World) -> None:
    told = TOLD | {
        "statement": {
            "what_went_wrong": "I am Ann Example, ann@example.com, 138 0013 8000; card 4111 1111 1111 1111 "
            "was charged twice. 我叫王小明,身份证 11010519491231002X。",
            "wanted": "Write to Ann Example.",
        },
        "customer": {"name": "Ann Example", "email": "ann@example.com", "phone": "+86 138 0013 8000"},
    }
    await world.register(told)
    await world.settled()
    records = await world.log_records()
    whole = "\n".join(record.value.decode() + json.dumps(dict(record.headers)) for record in records)
    for secret in ("Ann", "ann@example.com", "138 0013 8000", "4111 1111", "11010519491231002X"):
        assert secret not in whole
    assert "charged twice" in whole


BAD_BODIES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "body"),
    "not JSON": (b"{", "body"),
    "a list": (b"[]", "body"),
    "NaN": (b'{"channel": NaN}', "body"),
    "lone surrogate": (b'{"channel":"phone","statement":{"what_went_wrong":"\\ud800"}}', "body"),
    "invalid UTF-8": (b'{"channel":"phone","statement":{"what_went_wrong":"\xff"}}', "body"),
    "deep nesting": (b'{"channel":' * 5000 + b"1" + b"}" * 5000, "body"),
    "missing channel": (b'{"statement":{"what_went_wrong":"x"}}', "body/channel"),
    "missing statement": (b'{"channel":"phone"}', "body/statement"),
    "wrong type": (
        b'{"channel":"phone","statement":{"what_went_wrong":1}}',
        "body/statement/what_went_wrong",
    ),
    "blank": (b'{"channel":"phone","statement":{"what_went_wrong":"  "}}', "body/statement/what_went_wrong"),
    "control character": (
        b'{"channel":"phone","statement":{"what_went_wrong":"a\\u0000b"}}',
        "body/statement/what_went_wrong",
    ),
    "too long": (
        b'{"channel":"phone","statement":{"what_went_wrong":"' + b"x" * 10_001 + b'"}}',
        "body/statement/what_went_wrong",
    ),
    "unknown field": (
        b'{"channel":"phone","statement":{"what_went_wrong":"x"},"colour":"red"}',
        "body/colour",
    ),
    "unknown channel": (b'{"channel":"pigeon","statement":{"what_went_wrong":"x"}}', "body/channel"),
    "negative amount": (
        b'{"channel":"phone","statement":{"what_went_wrong":"x"},"desired_amount":{"amount":"-1","currency":"CNY"}}',
        "body/desired_amount/amount",
    ),
    "bad mail address": (
        b'{"channel":"phone","statement":{"what_went_wrong":"x"},"customer":{"email":"nobody"}}',
        "body/customer/email",
    ),
}


@pytest.mark.requirement("P-01")
@pytest.mark.parametrize("case", BAD_BODIES)
async def test_bad_bodies_get_a_problem_that_names_the_field(world: World, case: str) -> None:
    body, field = BAD_BODIES[case]
    answer = await world.http.post(REGISTER, content=body, headers={"content-type": "application/json"})
    problem = answer.json()
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert field in [error["field"] for error in problem["errors"]]
    assert problem["request_id"] == answer.headers["x-request-id"]


@pytest.mark.requirement("P-01")
async def test_an_oversize_body_is_refused_declared_or_not(world: World) -> None:
    declared = await world.http.post(REGISTER, content=b"x" * (1024 * 1024 + 1))

    async def stream() -> Any:
        for _ in range(20):
            yield b"x" * 65536

    streamed = await world.http.post(REGISTER, content=stream(), headers={"content-type": "application/json"})
    for answer in (declared, streamed):
        assert answer.status_code == 413
        assert answer.json()["errors"][0]["field"] == "body"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Basic eDp5"}, 401),
        ({"Authorization": "Bearer rdk_nobody_secret"}, 401),
        ({"Authorization": "Bearer a.b.c"}, 401),
        ({"Authorization": "Bearer \xff".encode("latin-1").decode("latin-1")}, 401),
    ],
)
async def test_without_valid_credentials_nothing_is_told(
    world: World, headers: dict[str, str], status: int
) -> None:
    raw = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
    answer = await world.customer.post(REGISTER, json=TOLD, headers=raw)
    assert answer.status_code == status
    assert answer.json()["errors"][0]["field"] == "header/Authorization"


@pytest.mark.empty_world
@pytest.mark.requirement("P-01")
async def test_pages_neither_repeat_nor_skip(world: World) -> None:
    made = [(await world.register())["id"] for _ in range(7)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params = {"limit": "3", **({"cursor": cursor} if cursor else {})}
        page = (await world.http.get(REGISTER, params=params)).json()
        seen += [item["id"] for item in page["items"]]
        if cursor is None:
            await world.register()  # arrives while we read: must not shift the pages
        cursor = page.get("next")
        if cursor is None:
            break
    assert seen == made[::-1]
    broken = await world.http.get(REGISTER, params={"cursor": "!!"})
    assert broken.status_code == 422
    assert broken.json()["errors"][0]["field"] == "query/cursor"


async def test_an_unknown_complaint_is_not_found(world: World) -> None:
    answer = await world.http.get(f"{REGISTER}/{uuid4()}")
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["field"] == "path/complaint_id"
