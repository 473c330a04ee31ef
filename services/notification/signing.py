"""Signatures of webhooks as Standard Webhooks 1.0 wants them, and the secrets they are made with."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

PREFIX = "whsec_"


def new_secret() -> str:
    """A fresh signing secret: `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def headers(message_id: str, at: datetime, body: bytes, signing_secrets: Sequence[str]) -> dict[str, str]:
    """The three headers. Several secrets give several signatures: a receiver needs to know only one."""
    timestamp = str(int(at.timestamp()))
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    signatures = (
        hmac.digest(base64.b64decode(secret.removeprefix(PREFIX)), signed, hashlib.sha256)
        for secret in signing_secrets
    )
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join("v1," + base64.b64encode(s).decode() for s in signatures),
    }
