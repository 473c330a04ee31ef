"""One click, no login: the token names a customer and what they want no more of (RFC 8058)."""

import base64
import hmac
from binascii import Error
from hashlib import sha256
from uuid import UUID

from services.notification.rules import Nature

PATH = "/notification/v1/unsubscribe"
_NATURES = {1: Nature.PROGRESS, 2: Nature.OPINION}
_BYTES = 17
_DIGEST = 16


def token_of(secret: bytes, customer_id: UUID, nature: Nature) -> str:
    """Derived, so that it is stored nowhere; it opens nothing else. The nature must be one that may be declined."""
    number = next(number for number, each in _NATURES.items() if each is nature)
    said = customer_id.bytes + bytes([number])
    return base64.urlsafe_b64encode(said + _digest(secret, said)).decode().rstrip("=")


def read_token(secret: bytes, token: str) -> tuple[UUID, Nature] | None:
    """None: nobody was given it."""
    try:
        whole = base64.b64decode(f"{token}{'=' * (-len(token) % 4)}", altchars=b"-_", validate=True)
    except (Error, ValueError):
        return None
    said, digest = whole[:_BYTES], whole[_BYTES:]
    if not hmac.compare_digest(digest, _digest(secret, said)):
        return None
    return UUID(bytes=said[:16]), _NATURES[said[16]]


def unsubscribe_url(base_url: str, secret: bytes, customer_id: UUID, nature: Nature) -> str | None:
    """For a mail's List-Unsubscribe header; None of what nobody can opt out of."""
    if not nature.may_be_declined:
        return None
    return f"{base_url}{PATH}/{token_of(secret, customer_id, nature)}"


def _digest(secret: bytes, said: bytes) -> bytes:
    return hmac.digest(secret, b"unsubscribe/" + said, sha256)[:_DIGEST]
