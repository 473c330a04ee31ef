"""What providers call our messages, so that their receipts find them."""

from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

from services.notification.channels import Letter
from shared.database import Database, Transaction, sql

_NOTE = sql(
    "INSERT INTO provider_messages (provider, message, delivery_id, handed_at) "
    "SELECT :provider, :message, id, :at FROM deliveries WHERE id = :delivery "
    "ON CONFLICT (provider, message) DO NOTHING"
)
_FIND = sql(
    "SELECT message, delivery_id FROM provider_messages WHERE provider = :provider AND message = ANY(:messages)"
)


def digest(message: str) -> bytes:
    """It is whatever the provider makes it: a digest has one length, and says nothing."""
    return sha256(message.encode("utf-8", "replace")).digest()


async def note_handed(database: Database, provider: str, message: str, letter: Letter) -> None:
    """At once, for each message: a receipt can come before the delivery is settled."""
    given = {
        "provider": provider,
        "message": digest(message),
        "delivery": letter.delivery_id,
        "at": letter.at,
    }
    await database.at_once(_NOTE, given)


async def deliveries_of(
    transaction: Transaction, provider: str, messages: Sequence[str]
) -> dict[bytes, UUID]:
    """Deliveries, by the digests of what the provider calls them."""
    given = {"provider": provider, "messages": [digest(message) for message in messages]}
    return {row.message: row.delivery_id for row in await transaction.execute(_FIND, given)}
