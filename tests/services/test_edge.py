"""What every service's HTTP edge does: limits, credentials, health, metrics."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from services.launch import CannotStart, check
from shared.auth import OpenIdIssuer, Unauthorized
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
    async with open_world(await new_database(), scratch, ["intake"], rate_limit="3/hour") as world:
        answers = [await world.http.get(REGISTER) for _ in range(4)]
        assert [a.status_code for a in answers] == [200, 200, 200, 429]
        assert answers[0].headers["ratelimit-policy"] == '"default";q=3;w=3600'
        assert answers[2].headers["ratelimit"].startswith('"default";r=0;t=')
        refused = answers[3]
        assert refused.headers["content-type"] == "application/problem+json"
        assert 0 < int(refused.headers["retry-after"]) <= 3600
        other = await create_key(world.url, "other", ["complaints:read"])
        assert (
            await world.customer.get(REGISTER, headers={"Authorization": f"Bearer {other}"})
        ).status_code == 200


async def test_a_key_may_do_what_its_scopes_say_and_no_more(world: World) -> None:
    key = await create_key(world.url, "shop", ["complaints:write"])
    headers = {"Authorization": f"Bearer {key}"}
    assert (await world.customer.post(REGISTER, json=TOLD, headers=headers)).status_code == 201
    refused = await world.customer.get(REGISTER, headers=headers)
    assert refused.status_code == 403
    assert "complaints:read" in refused.json()["detail"]


async def test_a_revoked_key_stops_working_and_no_secret_is_kept(world: World) -> None:
    key = await create_key(world.url, "gone", ["complaints:read"])
    key_id = key.split("_")[1]
    assert await revoke_key(world.url, key_id)
    assert not await revoke_key(world.url, key_id)
    answer = await world.customer.get(REGISTER, headers={"Authorization": f"Bearer {key}"})
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
