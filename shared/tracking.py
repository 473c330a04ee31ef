"""The token that opens one complaint to its customer, wherever they read."""

import base64
import hashlib
import hmac
from uuid import UUID


def tracking_token(secret: bytes, complaint_id: UUID) -> str:
    """The token that opens one complaint's tracking. Derived, so that it is stored nowhere."""
    digest = hmac.digest(secret, b"tracking/" + complaint_id.bytes, hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:24]).decode()
