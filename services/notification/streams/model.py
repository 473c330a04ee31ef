"""Who may see what of the feed, and what they want of it. Pure."""

from dataclasses import dataclass, field
from uuid import UUID

from services.notification.webhooks.filters import matches
from shared.events.vocabulary import Audience


@dataclass(frozen=True, slots=True)
class Sight:
    """What a caller may see."""

    facts: bool
    audiences: frozenset[str] = frozenset()
    all_rows: bool = False
    """Of those audiences every notice, whomever it names and accuses."""
    person: str | None = None
    """Who they are in the directory, if they are there."""

    def sees(self, entry: "Shown") -> bool:
        if entry.audience is None:
            return self.facts
        if entry.audience not in self.audiences:
            return False
        if self.all_rows or (self.person is not None and self.person in entry.recipients):
            return True
        # The same row rules as where routing lists notices.
        return entry.audience != Audience.PERSON_CONCERNED and self.person not in entry.accused


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a caller asked for, of what they may see. Equal ones share the work of matching and writing."""

    sight: Sight
    types: tuple[str, ...] = ()
    categories: frozenset[str] = frozenset()
    complaint_id: UUID | None = None

    def takes(self, entry: "Shown") -> bool:
        return (
            (self.complaint_id is None or entry.complaint_id == self.complaint_id)
            and (not self.categories or entry.category in self.categories)
            and (not self.types or any(matches(pattern, entry.type) for pattern in self.types))
            and self.sight.sees(entry)
        )


@dataclass(frozen=True, slots=True)
class Shown:
    """One event of the feed."""

    position: int
    type: str
    complaint_id: UUID | None
    category: str | None
    audience: str | None
    recipients: tuple[str, ...]
    accused: tuple[str, ...] = field(repr=False)
    attributes: str = field(repr=False)
    data: str | None = field(repr=False)

    @property
    def json(self) -> str:
        """The CloudEvent in structured JSON, on one line, with its place as the extension `position`."""
        data = f",{self.data}" if self.data else ""
        return f'{{"position":"{self.position}",{self.attributes[1:-1]}{data}}}'
