"""What a source's JSON means, described as data: JMESPath expressions. Pure."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from services.intake.channels.words import LONGEST, cleaned, one_line
from shared.expressions import value

MOST_MESSAGES = 100
"""That one call may bring."""
FIELDS = ("text", "message_id", "author", "permalink", "time", "thread_id")


class TooManyMessages(ValueError):
    """One call brings more messages than are taken."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """One message, as the mapping reads it."""

    text: str
    message_id: str
    author: str | None = None
    permalink: str | None = None
    time: datetime | None = None
    thread_id: str | None = None
    whole: str | None = field(default=None, repr=False)
    """All of the text, when it is longer than a statement can be."""


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A message that is none for us, and why."""

    reason: str


def read(mapping: dict[str, str], payload: Any, fallback_id: str | None) -> list[Mapped | Unmapped]:
    """The messages in a payload. Raises TooManyMessages."""
    found = value(mapping.get("messages") or "@", payload)
    several = found if isinstance(found, list) else [found]
    if len(several) > MOST_MESSAGES:
        raise TooManyMessages
    only = fallback_id if len(several) == 1 else None
    return [_read(mapping, each, only) for each in several]


def _read(mapping: dict[str, str], item: Any, fallback_id: str | None) -> Mapped | Unmapped:
    if item is None:
        return Unmapped("`messages` finds nothing")
    if mapping.get("when") and not value(mapping["when"], item):
        return Unmapped("`when` does not hold")
    values = {name: value(mapping[name], item) for name in FIELDS if mapping.get(name)}
    text = cleaned(_plain(values.get("text")))
    if not text:
        return Unmapped("`text` finds no words")
    message_id = _plain(values.get("message_id"))[:500] or fallback_id
    if not message_id:
        return Unmapped("`message_id` finds nothing")
    return Mapped(
        text=text[:LONGEST].strip(),
        message_id=message_id,
        author=one_line(_plain(values.get("author"))) or None,
        permalink=_plain(values.get("permalink"))[:2000] or None,
        time=_moment(values.get("time")),
        thread_id=_plain(values.get("thread_id"))[:500] or None,
        whole=text if len(text) > LONGEST else None,
    )


def _plain(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)


def _moment(value: Any) -> datetime | None:
    """Seconds or milliseconds since 1970, or ISO 8601."""
    try:
        if isinstance(value, str) and not value.isdigit():
            at = datetime.fromisoformat(value)
            at = at.replace(tzinfo=at.tzinfo or UTC)
        else:
            seconds = float(value)
            at = datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
        return at.astimezone(UTC) if at.year >= 1990 else None
    except (ValueError, TypeError, OverflowError, OSError):
        return None
