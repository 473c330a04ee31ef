"""Signatures of webhooks as Standard Webhooks 1.0 wants them, and the secrets they are made with."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken

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


class SecretUnreadable(Exception):
    """The stored signing secret was sealed under another installation secret; rotate it."""


class Vault:
    """Seals signing secrets for storage. They must be readable again, so a hash will not do."""

    def __init__(self, installation_secret: bytes) -> None:
        key = hashlib.sha256(b"notification/webhook-secrets/" + installation_secret).digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def seal(self, secret: str) -> str:
        return self._fernet.encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> str:
        """Raises SecretUnreadable."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise SecretUnreadable from None
