"""What callers see of the chain."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.resolution.audit.chain import Part
from services.resolution.audit.witnessed import NOTED
from services.resolution.lifecycle import Words
from services.resolution.timeline import TITLES
from services.resolution.views import Bilingual, View

_WORDS: dict[str, Words] = {kind.value: words for kind, (_, words) in TITLES.items()}
_WORDS |= {noted.value: words for noted, words in NOTED.items()}


class AuditEntry(View):
    """One entry of a case's chain."""

    number: int
    """Counts from 1, without gaps."""
    at: datetime
    """When it happened."""
    recorded_at: datetime
    """When it was written down."""
    actor: str
    """The caller's id, `customer`, `company` or `system`."""
    action: str
    title: Bilingual
    part: Part
    """What the entry covers; `note`: nothing but itself."""
    key: str
    """Which row of that: number of the timeline entry, id of the offer or promise."""
    note: dict[str, str] | None
    """What the entry says itself: ids, codes, what somebody read personal data for."""
    digest: str
    """HMAC-SHA-256 of what is covered, in hexadecimal digits; so are the following."""
    previous: str
    """Hash of the entry before."""
    hash: str

    @classmethod
    def of(cls, row: Mapping[Any, Any]) -> "AuditEntry":
        plain = {
            name: row[name] for name in ("number", "at", "recorded_at", "actor", "action", "part", "key")
        }
        hashes = {name: row[name].hex() for name in ("digest", "previous", "hash")}
        return cls(**plain, **hashes, note=row["note"], title=Bilingual.of(_WORDS[row["action"]]))
