"""The mark of a delivery: by it we know our own letters when they come back.

It names the delivery and is signed, so nobody can report a letter lost that they never had in their hands. A mail
carries it three times: in the envelope's sender, as its ENVID, and in a header.
"""

import base64
import hashlib
import hmac
import re
from uuid import UUID

HEADER = "X-Redress-Delivery"

_OURS = re.compile(r"([a-z2-7]{26})-([a-z2-7]{16})", re.ASCII | re.IGNORECASE)
"""ASCII, or a Kelvin sign would pass for a k."""


def mark_of(secret: bytes, delivery_id: UUID) -> str:
    """43 letters, digits and a hyphen; their case does not matter."""
    return f"{_text(delivery_id.bytes)}-{_signature(secret, delivery_id)}"


def delivery_of(secret: bytes, mark: str) -> UUID | None:
    """The delivery that a mark names, or None when it is not one of ours."""
    found = _OURS.fullmatch(mark.strip())
    if found is None:
        return None
    delivery_id = UUID(bytes=base64.b32decode(found[1].upper() + "======")[:16])
    given = found[2].lower()
    return delivery_id if hmac.compare_digest(given, _signature(secret, delivery_id)) else None


def return_path(address: str, mark: str) -> str:
    """The sender's address of one letter (VERP): `bounce@example.com` becomes `bounce+<mark>@example.com`."""
    name, _, host = address.rpartition("@")
    return f"{name}+{mark}@{host}"


def mark_in(address: str) -> str | None:
    """The mark in such an address."""
    name, _, _ = address.rpartition("@")
    _, plus, mark = name.rpartition("+")
    return mark if plus and _OURS.fullmatch(mark) else None


def _signature(secret: bytes, delivery_id: UUID) -> str:
    return _text(hmac.digest(secret, b"delivery/" + delivery_id.bytes, hashlib.sha256)[:10])


def _text(content: bytes) -> str:
    return base64.b32encode(content).decode().rstrip("=").lower()
