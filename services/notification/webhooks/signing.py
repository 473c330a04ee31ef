"""Signatures of webhooks as Standard Webhooks 1.0 wants them, and the secrets they are made with.

Symmetric (`v1`, HMAC-SHA256): `whsec_` and the secret in base64, which both sides know. Asymmetric (`v1a`, ed25519):
`whsk_` and the key, which nobody else knows; the receiver verifies with the public key, `whpk_`.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SYMMETRIC = "whsec_"
ASYMMETRIC = "whsk_"
PUBLIC = "whpk_"


class Scheme(StrEnum):
    """How deliveries are signed."""

    V1 = "v1"
    """HMAC-SHA256 with a shared secret."""
    V1A = "v1a"
    """ed25519: the receiver knows the public key only."""


def new_secret(scheme: Scheme = Scheme.V1) -> str:
    """A fresh signing secret: a prefix and 32 random bytes in base64."""
    prefix = SYMMETRIC if scheme is Scheme.V1 else ASYMMETRIC
    return prefix + base64.b64encode(secrets.token_bytes(32)).decode()


def scheme_of(secret: str) -> Scheme:
    return Scheme.V1A if secret.startswith(ASYMMETRIC) else Scheme.V1


def shown(secret: str) -> str:
    """What a receiver verifies with: the shared secret itself, or the public key."""
    if scheme_of(secret) is Scheme.V1:
        return secret
    return PUBLIC + base64.b64encode(_key(secret).public_key().public_bytes_raw()).decode()


def headers(message_id: str, at: datetime, body: bytes, signing_secrets: Sequence[str]) -> dict[str, str]:
    """The three headers. Several secrets give several signatures: a receiver needs to know only one."""
    timestamp = str(int(at.timestamp()))
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(_signature(secret, signed) for secret in signing_secrets),
    }


def _signature(secret: str, signed: bytes) -> str:
    scheme = scheme_of(secret)
    if scheme is Scheme.V1A:
        made = _key(secret).sign(signed)
    else:
        made = hmac.digest(base64.b64decode(secret.removeprefix(SYMMETRIC)), signed, hashlib.sha256)
    return f"{scheme},{base64.b64encode(made).decode()}"


def _key(secret: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(secret.removeprefix(ASYMMETRIC)))
