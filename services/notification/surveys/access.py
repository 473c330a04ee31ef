"""A customer's key to one survey: derived, so that it is stored nowhere, and of no use for anything else."""

import base64
import binascii
import hashlib
import hmac
import re
from uuid import UUID

_PROOF = 16
"""Bytes: 128 bits, which nobody guesses."""


def token_of(secret: bytes, survey_id: UUID) -> str:
    """43 signs of the URL alphabet: the survey's id, and the proof that we gave it out."""
    return base64.urlsafe_b64encode(survey_id.bytes + _proof(secret, survey_id)).decode().rstrip("=")


def survey_of(secret: bytes, token: str) -> UUID | None:
    """The survey that the token opens; None when it is none of ours."""
    try:
        given = base64.b64decode(token + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(given) != 16 + _PROOF:
        return None
    survey_id = UUID(bytes=given[:16])
    return survey_id if hmac.compare_digest(given[16:], _proof(secret, survey_id)) else None


def page_url(base_url: str, token: str) -> str:
    return f"{base_url}/notification/v1/s/{token}"


def phone_digest(secret: bytes, phone: str) -> bytes:
    """Knows a number again without telling it: the last eleven digits, for some write the country's code and some
    do not."""
    digits = re.sub(r"\D", "", phone)[-11:]
    return hmac.digest(secret, b"survey-phone/" + digits.encode(), hashlib.sha256)


def _proof(secret: bytes, survey_id: UUID) -> bytes:
    return hmac.digest(secret, b"survey/" + survey_id.bytes, hashlib.sha256)[:_PROOF]
