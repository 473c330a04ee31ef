"""What every service's HTTP edge does: limits, credentials, health, metrics."""

import base64
import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from services import catalogue
from services.launch import CannotStart, check
from shared.auth import KEY_CACHE_SECONDS, OpenIdIssuer, Unauthorized
from shared.config import Settings
from shared.database import Database
from shared.keys import create_key, list_keys, revoke_key
from tests.conftest import NewDatabase
from tests.services.receivers import Hook, web_server
from tests.world import SECRET, TOLD, World, eventually, open_world

REGISTER = "/intake/v1/complaints"


@pytest.mark.requirement("P-40")
async def test_limits_are_told_in_headers_and_held_per_caller(
    new_database: NewDatabase, scratch: Path
) -> None:
    limits = {"rate_limit": "3/hour", "rate_limit_anonymous": "6/hour"}
    async with open_world(await new_database(), scratch, ["intake"], **limits) as world:
        answers = [await world.http.get(REGISTER) for _ in range(5)]
        assert [a.status_code for a in answers] == [200, 200, 200, 200, 429], "the first shows who it is"
        assert answers[1].headers["ratelimit-policy"] == '"default";q=3;w=3600'
        assert answers[3].headers["ratelimit"].startswith('"default";r=0;t=')
        refused = answers[4]
        assert refused.headers["content-type"] == "application/problem+json"
        assert 0 < int(refused.headers["retry-after"]) <= 3600

        other = await create_key(world.url, "other", ["complaints:read"])
        theirs = await world.customer.get(REGISTER, headers={"Authorization": f"Bearer {other}"})
        assert theirs.status_code == 200, "another key has a window of its own"

        made_up = [
            await world.customer.get("/intake/v1/tracking/x", headers={"Authorization": f"Bearer x{n}"})
            for n in range(6)
        ]
        assert [a.status_code for a in made_up] == [404] * 4 + [429] * 2, "the address counts for them"


@pytest.mark.parametrize(
    "cursor",
    [
        ["0001-01-01T00:00:00+14:00", str(UUID(int=1))],
        ["9999-12-31T23:59:59-14:00", str(UUID(int=1))],
        [1],
        {},
    ],
)
@pytest.mark.parametrize("path", [REGISTER, "/routing/v1/triage", "/resolution/v1/cases"])
async def test_a_cursor_that_we_did_not_make_is_refused(world: World, path: str, cursor: Any) -> None:
    forged = base64.urlsafe_b64encode(json.dumps(cursor).encode()).decode()
    answer = await world.http.get(path, params={"cursor": forged})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "query/cursor"


async def test_what_breaks_inside_is_answered_and_logged_without_what_was_sent(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("it broke")

    monkeypatch.setattr("services.intake.api.register", broken)
    answer = await world.http.post(REGISTER, json=TOLD)
    assert answer.status_code == 500
    assert answer.json()["type"] == "urn:redress:problem:unexpected"
    [line] = [record for record in caplog.records if record.name == "shared.asgi"]
    assert "RuntimeError: it broke" in line.getMessage()
    assert "alarm R4" not in caplog.text


async def test_a_token_that_cannot_be_read_is_refused(world: World) -> None:
    header = base64.urlsafe_b64encode(b'{"alg":"HS256","crit":1}').decode().rstrip("=")
    answer = await world.customer.get(REGISTER, headers={"Authorization": f"Bearer {header}.e30.x"})
    assert answer.status_code == 401


async def test_a_key_may_do_what_its_scopes_say_and_no_more(world: World) -> None:
    key = await create_key(world.url, "shop", ["complaints:write"])
    headers = {"Authorization": f"Bearer {key}"}
    assert (await world.customer.post(REGISTER, json=TOLD, headers=headers)).status_code == 201
    refused = await world.customer.get(REGISTER, headers=headers)
    assert refused.status_code == 403
    assert "complaints:read" in refused.json()["detail"]


async def test_a_revoked_key_stops_working_and_no_secret_is_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await create_key(world.url, "gone", ["complaints:read"])
    key_id = key.split("_")[1]
    headers = {"Authorization": f"Bearer {key}"}
    assert (await world.customer.get(REGISTER, headers=headers)).status_code == 200
    assert await revoke_key(world.url, key_id)
    assert not await revoke_key(world.url, key_id)
    passed = time.monotonic() + KEY_CACHE_SECONDS
    monkeypatch.setattr("shared.auth.time", SimpleNamespace(monotonic=lambda: passed, time=time.time))
    answer = await world.customer.get(REGISTER, headers=headers)
    assert answer.status_code == 401
    assert key not in str(await list_keys(world.url))
    assert key.split("_", 2)[2] not in str(await list_keys(world.url))


async def test_tokens_of_an_issuer_are_checked() -> None:
    async with web_server() as receiver:
        await _check_tokens(receiver)


async def _check_tokens(receiver: Hook) -> None:
    mine, foreign = RSAKey.generate_key(2048, auto_kid=True), RSAKey.generate_key(2048, auto_kid=True)
    receiver.body = json.dumps(KeySet([mine]).as_dict(private=False))
    issuer = OpenIdIssuer("https://id.example", "redress", receiver.url)

    def token(key: RSAKey = mine, **changes: Any) -> str:
        claims = {
            "iss": "https://id.example",
            "aud": "redress",
            "sub": "li.na",
            "scope": "cases:work openid",
            "exp": int(time.time()) + 60,
        } | changes
        return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)

    principal = await issuer.principal(token())
    assert (principal.id, principal.scopes) == ("oidc:li.na", frozenset({"cases:work"}))
    for bad in (
        token(foreign),
        token(iss="https://evil.example"),
        token(aud="other"),
        token(exp=int(time.time()) - 3600),
        "a.b.c",
        token()[:-3] + "abc",
    ):
        with pytest.raises(Unauthorized):
            await issuer.principal(bad)


@pytest.mark.empty_world
async def test_health_tells_why(world: World) -> None:
    assert (await world.customer.get("/livez")).json() == {"status": "alive"}

    async def ready() -> bool:
        return (await world.customer.get("/readyz")).status_code == 200

    await eventually(ready, what="readiness")
    context = world.context("intake")
    working = context.database
    context.database = Database("postgresql+asyncpg://redress@/nowhere?host=/nowhere", "intake", 1)
    try:
        answer = await world.customer.get("/readyz")
    finally:
        context.database = working
    assert answer.status_code == 503
    assert "intake.database" in answer.json()["reasons"]


async def test_metrics_name_routes_and_not_what_customers_asked_for(world: World) -> None:
    registered = await world.register()
    await world.customer.get(f"/intake/v1/tracking/{registered['reference']}")
    await world.settled()
    text = (await world.customer.get("/metrics")).text
    assert 'route="/tracking/{reference}",service="intake",status="404"' in text
    assert registered["reference"] not in text
    assert (
        'redress_events_handled_total{consumer="routing",outcome="handled",'
        'type="redress.complaint.registered.v1"}' in text
    )


async def test_every_answer_has_a_request_id_and_foreign_ones_are_checked(world: World) -> None:
    mine = await world.customer.get("/livez", headers={"X-Request-Id": "abc-1"})
    assert mine.headers["x-request-id"] == "abc-1"
    odd = await world.customer.get("/livez", headers={"X-Request-Id": "a b" * 100})
    assert odd.headers["x-request-id"] != "a b" * 100


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({"host": "0.0.0.0"}, "REDRESS_SECRET"),
        ({"secret": "short"}, "32 characters"),
        ({"secret": SECRET, "oidc_issuer": "https://id.example"}, "JWKS"),
        ({"secret": SECRET, "database_urls": {"intake": "postgresql+asyncpg://x/y"}}, "Kafka"),
    ],
)
def test_an_unsafe_start_is_refused(tmp_path: Path, changes: dict[str, Any], remedy: str) -> None:
    settings = Settings(data_dir=tmp_path, **changes)
    with pytest.raises(CannotStart, match=remedy):
        check(settings, ["intake"], one_machine=True)


def test_several_processes_need_a_database_to_share(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="REDRESS_DATABASE_URL"):
        check(Settings(data_dir=tmp_path), ["intake"], one_machine=False)


def test_on_loopback_nothing_need_be_configured(tmp_path: Path) -> None:
    check(Settings(data_dir=tmp_path), ["intake"], one_machine=True)


def test_the_generated_secret_is_private_and_lasts(tmp_path: Path) -> None:
    first = Settings(data_dir=tmp_path).installation_secret
    assert first == Settings(data_dir=tmp_path).installation_secret
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    assert len(first) >= 32


@pytest.mark.parametrize("service", catalogue.NAMES)
@pytest.mark.requirement("P-39")
async def test_a_service_describes_itself_however_often_it_is_asked(world: World, service: str) -> None:
    answers = [await world.http.get(f"/{service}/openapi.json") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
