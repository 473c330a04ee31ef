"""What a provider tells of messages later: is it the provider, and what does it say? Pure."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

from services.notification.providers.book import Proof, Receipts
from services.notification.reports.model import What, code_of
from shared.expressions import value
from shared.strictjson import read_json

MOST = 100
"""Receipts that one call may bring."""


class TooManyReceipts(ValueError):
    """One call brings more than are taken."""


@dataclass(frozen=True, slots=True)
class Told:
    """One receipt, as the description reads it."""

    message_id: str
    what: What
    code: str | None


def is_from_provider(
    receipts: Receipts, secret: str, headers: Mapping[str, str], token: str | None, body: bytes
) -> bool:
    given = headers.get(receipts.header, "").strip()
    if receipts.scheme is Proof.TOKEN:
        offered, wanted = (given.removeprefix("Bearer ") or token or ""), secret
    else:
        offered = given.removeprefix("sha256=").lower()
        wanted = hmac.digest(secret.encode(), body, sha256).hex()
    return hmac.compare_digest(wanted.encode(), offered.encode("utf-8", "replace"))


def payload(body: bytes, content_type: str) -> Any:
    """JSON, or a form as one object. Raises ValueError."""
    if content_type.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded":
        return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=200))
    return read_json(body)


def read(receipts: Receipts, told: Any) -> list[Told]:
    """Those that say something of a message; others are about something else. Raises TooManyReceipts."""
    found = value(receipts.messages, told)
    several = found if isinstance(found, list) else [found]
    if len(several) > MOST:
        raise TooManyReceipts
    return [one for each in several if (one := _read(receipts, each)) is not None]


def _read(receipts: Receipts, item: Any) -> Told | None:
    message_id, outcome = value(receipts.message_id, item), value(receipts.outcome, item)
    if isinstance(message_id, bool) or not isinstance(message_id, str | int) or message_id == "":
        return None
    words = {
        **dict.fromkeys(receipts.delayed, What.DELAYED),
        **dict.fromkeys(receipts.arrived, What.ARRIVED),
        **dict.fromkeys(receipts.lost, What.LOST),
    }
    what = words.get(str(outcome))
    if what is None:
        return None
    code = code_of(value(receipts.code, item)) if receipts.code else None
    return Told(str(message_id)[:1000], what, code)
