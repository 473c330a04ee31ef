"""The secrets of a webhook: one signs for good, and older ones beside it until they end."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notification.webhooks import signing
from services.notification.webhooks.schemas import SigningSecret
from services.notification.webhooks.signing import Scheme
from shared import clock, driver, problems
from shared.database import Transaction, sql
from shared.ids import new_id
from shared.seal import Seal, SecretUnreadable

MOST = 10
"""Secrets that sign at the same time: each makes every delivery longer by 50 to 90 bytes."""

_SIGNING = sql(
    "SELECT id, sealed, made_at, ends_at FROM webhook_secrets "
    "WHERE subscription_id = :webhook AND (ends_at IS NULL OR ends_at > :now) ORDER BY made_at DESC, id DESC"
)
_ADD = sql(
    "INSERT INTO webhook_secrets (id, subscription_id, sealed, made_at) VALUES (:id, :webhook, :sealed, :now)"
)
_END = sql(
    "UPDATE webhook_secrets SET ends_at = greatest(made_at, CAST(:ends_at AS timestamptz)) "
    "WHERE subscription_id = :webhook AND ends_at IS NULL"
)
_END_ONE = sql("UPDATE webhook_secrets SET ends_at = greatest(made_at, :now) WHERE id = :id")
_END_ALL = sql("DELETE FROM webhook_secrets WHERE subscription_id = :webhook")
_TIDY = sql("DELETE FROM webhook_secrets WHERE subscription_id = :webhook AND ends_at <= :now")


async def first(transaction: Transaction, webhook_id: UUID, scheme: Scheme, seal: Seal) -> str:
    """The first secret of a new webhook, sealed."""
    return (await _add(transaction, webhook_id, scheme, seal, clock.now()))[1]


async def signing_now(connection: AsyncConnection, webhook_id: UUID, seal: Seal) -> list[SigningSecret]:
    """The newest first."""
    found = await driver.run(connection, _SIGNING, {"webhook": webhook_id, "now": clock.now()})
    return [_view(row.id, row.sealed, row.made_at, row.ends_at, seal) for row in found]


async def rotate(
    transaction: Transaction, webhook_id: UUID, old_ends_after: int, scheme: Scheme | None, seal: Seal
) -> tuple[UUID, str, datetime]:
    """A new secret, sealed, with its id, and until when the old one signs beside it. Raises a 409 problem."""
    now = clock.now()
    await transaction.execute(_TIDY, {"webhook": webhook_id, "now": now})
    known = await signing_now(transaction.connection, webhook_id, seal)
    if len(known) >= MOST:
        raise problems.conflict(
            "Too many secrets sign already",
            f"End one of the {MOST} that do: DELETE .../secrets/{{id}}. 请先终止其中一个密钥。",
        )
    ends_at = now + timedelta(seconds=old_ends_after)
    await transaction.execute(_END, {"webhook": webhook_id, "ends_at": ends_at})
    made, sealed = await _add(transaction, webhook_id, scheme or known[0].signature, seal, now)
    return made, sealed, ends_at


async def end(transaction: Transaction, webhook_id: UUID, secret_id: UUID, seal: Seal) -> None:
    """It signs no more from now on. Raises problems: 404, and 409 for the one that signs for good."""
    known: Sequence[SigningSecret] = await signing_now(transaction.connection, webhook_id, seal)
    secret = next((each for each in known if each.id == secret_id), None)
    if secret is None:
        raise problems.not_found("secret", "path/secret_id")
    if secret.ends_at is None:
        raise problems.conflict(
            "This is the secret that signs for good",
            "Rotate it, with old_ends_after 0 if somebody else knows it. 请轮换密钥。",
        )
    await transaction.execute(_END_ONE, {"id": secret_id, "now": clock.now()})


async def end_all(transaction: Transaction, webhook_id: UUID) -> None:
    """Nothing is kept of them."""
    await transaction.execute(_END_ALL, {"webhook": webhook_id})


async def _add(
    transaction: Transaction, webhook_id: UUID, scheme: Scheme, seal: Seal, now: datetime
) -> tuple[UUID, str]:
    made, sealed = new_id(), seal.close(signing.new_secret(scheme))
    await transaction.execute(_ADD, {"id": made, "webhook": webhook_id, "sealed": sealed, "now": now})
    return made, sealed


def _view(i: UUID, sealed: str, made_at: datetime, ends_at: datetime | None, seal: Seal) -> SigningSecret:
    try:
        secret = seal.open(sealed)
    except SecretUnreadable:  # under another installation secret; it signs nothing any more
        return SigningSecret(id=i, signature=Scheme.V1, made_at=made_at, ends_at=ends_at)
    scheme = signing.scheme_of(secret)
    public = signing.shown(secret) if scheme is Scheme.V1A else None
    return SigningSecret(id=i, signature=scheme, public_key=public, made_at=made_at, ends_at=ends_at)
