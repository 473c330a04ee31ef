"""Signatures of webhooks that come in. Pure."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

_PREFIX = "whsec_"


class Scheme(StrEnum):
    """How a source signs what it posts."""

    STANDARD_WEBHOOKS = "standard_webhooks"
    """`webhook-id`, `webhook-timestamp` and `webhook-signature`, as standardwebhooks.com has them."""
    SHA256 = "sha256"
    """One header with `sha256=` and the HMAC of the body in hexadecimal digits."""


def standard_key(secret: str) -> bytes | None:
    """The key in a secret of Standard Webhooks (`whsec_` and base64); None when it is none."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if 16 <= len(key) <= 96 else None


def signed(
    scheme: Scheme,
    secret: str,
    header: str,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
    tolerance: int,
) -> bool:
    """Did whoever knows the secret sign this body, and lately where the scheme tells the time?"""
    if scheme is Scheme.SHA256:
        given = headers.get(header, "").removeprefix("sha256=").strip().lower()
        wanted = hmac.digest(secret.encode(), body, hashlib.sha256).hex()
        return hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace"))
    message_id, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message_id or not (at.isascii() and at.isdigit()) or len(at) > 12:
        return False
    if abs(int(at) - now.timestamp()) > tolerance:
        return False
    key = standard_key(secret) or b""
    content = b".".join((message_id.encode("latin-1", "replace"), at.encode(), body))
    expected = base64.b64encode(hmac.digest(key, content, hashlib.sha256))
    offered = headers.get("webhook-signature", "")[:2000].split()
    return any(
        hmac.compare_digest(expected, each.removeprefix("v1,").encode("utf-8", "replace"))
        for each in offered
        if each.startswith("v1,")
    )
