"""Secrets that must be readable again, so that a hash will not do: kept under the installation secret."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken


class SecretUnreadable(Exception):
    """The stored secret was sealed under another installation secret; enter or rotate it."""


class Seal:
    """Seals and opens the secrets of one purpose; what one purpose has sealed no other opens."""

    def __init__(self, installation_secret: bytes, purpose: str) -> None:
        key = hashlib.sha256(f"{purpose}/".encode() + installation_secret).digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def close(self, secret: str) -> str:
        return self._fernet.encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> str:
        """Raises SecretUnreadable."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise SecretUnreadable from None
