"""The thread that all letters about one complaint belong to: an id in their References, which a reply repeats.

It is signed, so whoever names it has had one of our letters in hand; a reference alone can be read over a shoulder.
"""

import base64
import hashlib
import hmac
import re

_OURS = re.compile(r"<(RD-[1-9A-Z]{8}-[1-9A-Z])\.([a-z2-7]{24})@[^<>\s]{1,255}>")


def _mark(secret: bytes, reference: str) -> str:
    digest = hmac.digest(secret, b"thread/" + reference.encode(), hashlib.sha256)
    return base64.b32encode(digest[:15]).decode().lower()


def thread_id(secret: bytes, reference: str, domain: str) -> str:
    """The message id, in angle brackets, that stands for the complaint's thread. No such mail was ever sent."""
    return f"<{reference}.{_mark(secret, reference)}@{domain}>"


def reference_of(secret: bytes, message_id: str) -> str | None:
    """The reference that a message id names, or None when it is not one of our threads."""
    found = _OURS.fullmatch(message_id)
    if found is None or not hmac.compare_digest(found[2], _mark(secret, found[1])):
        return None
    return found[1]
