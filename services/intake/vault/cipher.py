"""The cipher of the vault: what identifies somebody is sealed before it reaches the database. Pure.

AES-256-GCM. A sealed value begins with the format and the id of its key, so that a ring of keys can open what older
ones sealed; it is bound to its place (table and row), so that it opens nowhere else.
"""

import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FORMAT = b"\x01"
_ID, _NONCE = 4, 12
_HEAD = len(FORMAT) + _ID + _NONCE
PREFIX = len(FORMAT) + _ID
"""Bytes at the beginning that tell format and key."""

ERASED = b""
"""What stands where something was sealed before it was erased."""


class Unreadable(Exception):
    """The ring has no key for this, or it was sealed for another place, or it was changed."""


class Vault:
    """A ring of keys: the newest seals, all of them open."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        """`secrets` newest first; each of any length, with at least 128 bits that cannot be guessed."""
        self._ring = {
            _derived(secret, b"id", _ID): AESGCM(_derived(secret, b"key", 32)) for secret in secrets
        }
        newest, self._newest = next(iter(self._ring.items()))
        self.prefix = FORMAT + newest
        """How everything begins that the newest key sealed."""

    def seal(self, plain: bytes, place: str) -> bytes:
        """33 bytes longer than `plain`; never twice the same."""
        nonce = os.urandom(_NONCE)
        return self.prefix + nonce + self._newest.encrypt(nonce, plain, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """Raises Unreadable."""
        key = self._ring.get(sealed[len(FORMAT) : PREFIX])
        if key is None or not sealed.startswith(FORMAT):
            raise Unreadable("it was sealed with a key that is not in REDRESS_VAULT_KEYS")
        try:
            return key.decrypt(sealed[PREFIX:_HEAD], sealed[_HEAD:], place.encode())
        except InvalidTag:
            raise Unreadable(f"it was changed, or does not belong to {place}") from None


def _derived(secret: bytes, use: bytes, length: int) -> bytes:
    """RFC 5869, so that one secret gives independent values for its uses."""
    return HKDF(hashes.SHA256(), length, salt=None, info=b"redress/vault/" + use).derive(secret)
