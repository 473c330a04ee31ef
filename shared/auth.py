"""Who may call: API keys, access tokens of an OpenID Connect issuer, and the services themselves.

An API key is `rdk_<id>_<secret>`; only the SHA-256 of the secret is stored (it is 256 random bits, so there is
nothing to guess and no need for a slow hash).
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.database import connected
from shared.problems import Problem

ADMIN = "admin"
SCOPES = {
    ADMIN: "everything",
    "complaints:write": "register complaints, and add what later contacts tell",
    "complaints:read": "read complaints, with personal data masked",
    "complaints:code": "code complaints by the taxonomy, and review codings",
    "channels:write": "set up the sources of webhooks that bring complaints",
    "attachments:read": "download attachments: what customers sent is not masked",
    "messages:write": "write to customers, who read it by tracking",
    "complaints:merge": "merge complaints about one matter, and separate them",
    "customers:read": "read personal data of customers",
    "customers:write": "tell how customers are reached and wish to be, also those who never complained",
    "customers:erase": "erase customers for good",
    "audit:read": "see who read personal data, and read the audit chains of cases",
    "taxonomy:write": "change the values that the taxonomy's categories are opposed to",
    "triage:write": "decide what the rules could not",
    "directory:write": "change people and departments",
    "training:write": "hold courses, say what became of participants, grade drills, settle needs for training",
    "policies:write": "publish policies, and answer what staff propose",
    "replies:override": "send words that the reply check blocks, with a reason",
    "rulebooks:write": "make versions of the tables by which routing and resolution decide, and put them in force",
    "notices:read": "read the notices, clippings and tasks of all audiences, and who was late",
    "notices:person-concerned": "read and acknowledge the notices for the person who calls",
    "notices:responsible-department": "read and acknowledge the notices for responsible departments",
    "notices:technical-support": "read and acknowledge the notices for technical support",
    "notices:complaint-management": "read and acknowledge the notices for complaint management",
    "notices:leadership": "read and acknowledge the notices for leadership",
    "inbox:read": "read one's own inbox and tasks, and finish one's own tasks",
    "transfer:write": "set tasks, write internal mails, hold meetings",
    "directory:contacts": "read how people of the company are reached at work",
    "cases:read": "read cases",
    "cases:work": "work cases",
    "appeals:oversee": "see all marks, appeals and measures of staff, name reviewers, propose sanctions",
    "webhooks:write": "subscribe to events",
    "deliveries:read": "read the delivery log",
    "bounces:write": "report mails that came back",
    "surveys:reply": "hand in text messages that answer surveys",
    "measures:read": "read measures",
    "topics:write": "name, merge and dismiss topics that emerged from words",
    "fairness:audit": "have it audited whether everybody is treated alike, and answer for what is found",
}
"""Scopes and what each allows."""

SERVICE_TOKEN_SECONDS = 60
MALFORMED_TOKEN = (JoseError, ValueError, KeyError, TypeError, AttributeError)
"""What reading a token that a stranger wrote can raise."""
KEY_CACHE_SECONDS = 15.0

bearer = HTTPBearer(auto_error=False, scheme_name="key", description="API key or OpenID Connect access token")


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling, and what they may do."""

    id: str
    scopes: frozenset[str]

    def may(self, scope: str) -> bool:
        return scope in self.scopes or ADMIN in self.scopes


class Unauthorized(Problem):
    """No valid credentials came with the request."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            401,
            "unauthorized",
            "Who are you?",
            detail,
            field="header/Authorization",
            headers={"WWW-Authenticate": "Bearer"},
        )


class Lacking(Problem):
    """The caller is known, and may not do that."""

    def __init__(self, scopes: str) -> None:
        super().__init__(
            403,
            "forbidden",
            "This key may not do that",
            f"It lacks the scope {scopes}. An administrator can make a key that has it.",
            field="header/Authorization",
        )


class Authenticator:
    """Turns the Authorization header into a principal."""

    def __init__(
        self,
        engine: AsyncEngine,
        secret: bytes,
        oidc: "OpenIdIssuer | None" = None,
    ) -> None:
        self._engine = engine
        self._service_key = OctKey.import_key(hashlib.sha256(b"service-token/" + secret).digest())
        self._oidc = oidc
        self._cache: dict[str, tuple[float, Principal]] = {}
        self._made: dict[tuple[str, str], tuple[float, str]] = {}

    def known(self, header: str) -> Principal | None:
        """The caller of an Authorization header that was checked a moment ago, or None."""
        cached = self._cache.get(header[7:] if header[:7].lower() == "bearer " else "")
        return cached[1] if cached and cached[0] > time.monotonic() else None

    async def principal(self, credentials: str) -> Principal:
        """Raises Unauthorized."""
        cached = self._cache.get(credentials)
        if cached and cached[0] > time.monotonic():
            return cached[1]
        principal = await self._check(credentials)
        if len(self._cache) > 10_000:
            self._cache.clear()
        self._cache[credentials] = (time.monotonic() + KEY_CACHE_SECONDS, principal)
        return principal

    async def _check(self, credentials: str) -> Principal:
        if credentials.startswith("rdk_"):
            return await self._api_key(credentials)
        try:
            token = jwt.decode(credentials, self._service_key, algorithms=["HS256"])
            claims = jwt.JWTClaimsRegistry(aud={"essential": True, "value": "redress-services"})
            claims.validate(token.claims)
            return Principal(f"service:{token.claims['sub']}", frozenset(token.claims["scope"].split()))
        except MALFORMED_TOKEN:
            if self._oidc is None:
                raise Unauthorized("The key or token is not valid, or has expired.") from None
            return await self._oidc.principal(credentials)

    async def _api_key(self, credentials: str) -> Principal:
        key_id, _, secret = credentials.removeprefix("rdk_").partition("_")
        if not key_id.isprintable():
            raise Unauthorized("This is no API key: it has characters that none has.")
        async with connected(self._engine) as connection:
            found = await connection.execute(
                text(
                    "SELECT name, secret_hash, scopes FROM platform.api_keys WHERE id = :id AND revoked_at IS NULL"
                ),
                {"id": key_id},
            )
            row = found.one_or_none()
        if row is None or not hmac.compare_digest(row.secret_hash, hash_secret(secret)):
            raise Unauthorized(
                "The API key is not known, or was revoked. `redress keys list` shows the keys."
            )
        return Principal(f"key:{key_id}", frozenset(row.scopes))

    def service_token(self, service: str, scopes: Sequence[str]) -> str:
        """A token with which `service` asks another one, valid for a minute; the same one for half of it."""
        scope = " ".join(scopes)
        made = self._made.get((service, scope))
        if made is None or made[0] < time.monotonic():
            made = (time.monotonic() + SERVICE_TOKEN_SECONDS / 2, self._sign(service, scope))
            self._made[service, scope] = made
        return made[1]

    def _sign(self, service: str, scope: str) -> str:
        now = int(time.time())
        claims = {
            "sub": service,
            "aud": "redress-services",
            "scope": scope,
            "iat": now,
            "exp": now + SERVICE_TOKEN_SECONDS,
        }
        return jwt.encode({"alg": "HS256"}, claims, self._service_key)


class OpenIdIssuer:
    """Checks access tokens against the issuer's published keys, which are fetched when first needed."""

    def __init__(self, issuer: str, audience: str, jwks_url: str) -> None:
        self._issuer = issuer
        self._audience = audience
        self._jwks_url = jwks_url
        self._keys: KeySet | None = None
        self._fetched = 0.0

    async def principal(self, token: str) -> Principal:
        """Raises Unauthorized."""
        try:
            decoded = jwt.decode(
                token, await self._key_set(), algorithms=["RS256", "ES256", "PS256", "EdDSA"]
            )
            jwt.JWTClaimsRegistry(
                iss={"essential": True, "value": self._issuer},
                aud={"essential": True, "value": self._audience},
                exp={"essential": True},
                sub={"essential": True},
            ).validate(decoded.claims)
        except MALFORMED_TOKEN as error:
            raise Unauthorized(f"The access token is not valid: {type(error).__name__}.") from None
        granted = frozenset(str(decoded.claims.get("scope", "")).split()) & SCOPES.keys()
        return Principal(f"oidc:{decoded.claims['sub']}", granted)

    async def _key_set(self) -> KeySet:
        import httpx

        if self._keys is None or time.monotonic() - self._fetched > 300:
            async with httpx.AsyncClient(timeout=5) as client:
                answer = await client.get(self._jwks_url)
            self._keys = KeySet.import_key_set(answer.raise_for_status().json())
            self._fetched = time.monotonic()
        return self._keys


def hash_secret(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


@dataclass(frozen=True, slots=True)
class NewKey:
    id: str
    secret_hash: bytes
    credentials: str
    """Shown once; only the hash is kept."""


def make_key() -> NewKey:
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    return NewKey(key_id, hash_secret(secret), f"rdk_{key_id}_{secret}")


async def authenticate(
    request: Request,
    wanted: SecurityScopes,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> Principal:
    """The caller, if they hold every scope that the endpoint's signature names."""
    principal = await _caller(request, credentials)
    lacking = [scope for scope in wanted.scopes if not principal.may(scope)]
    if lacking:
        raise Lacking(" ".join(lacking))
    return principal


async def authenticate_any(
    request: Request,
    wanted: SecurityScopes,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> Principal:
    """The caller, if they hold one of the scopes that the endpoint's signature names."""
    principal = await _caller(request, credentials)
    if not any(principal.may(scope) for scope in wanted.scopes):
        raise Lacking(" or ".join(wanted.scopes))
    return principal


async def _caller(request: Request, credentials: HTTPAuthorizationCredentials | None) -> Principal:
    if credentials is None:
        raise Unauthorized("Send `Authorization: Bearer <API key>`.")
    found: Principal = await request.app.state.context.authenticator.principal(credentials.credentials)
    return found


def may(*scopes: str) -> object:
    """`Annotated[Principal, may("cases:work")]` in a signature states who may call."""
    return Security(authenticate, scopes=list(scopes))


def may_any(*scopes: str) -> object:
    """The same, where one of the scopes is enough."""
    return Security(authenticate_any, scopes=list(scopes))
