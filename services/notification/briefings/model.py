"""What a briefing says: as data, before anybody chose words or a language. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.notification.briefings.book import BriefingRow, Section, Title
from shared.events.vocabulary import Kind, Language, NoticeUrgency, Severity, Visibility


class _Part(BaseModel):
    """What another service tells; whatever else it tells is left out."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class BriefingCounts(_Part):
    received: int
    closed: int
    satisfied: int
    dissatisfied: int
    """Of `closed`, those that began as a complaint or a criticism ..."""
    converted: int
    """... and of these, those that ended satisfied."""
    open: int
    promises_kept: int
    promises_broken: int


class BriefingCategory(_Part):
    key: str | None
    """Null while it is not known."""
    now: int
    before: int


class BriefingDay(_Part):
    day: date
    received: int
    closed: int


class NewestComplaint(_Part):
    complaint_id: UUID
    category: str | None
    kind: Kind


class BriefingReport(_Part):
    """What insights tells of the time, and of as long a time before."""

    now: BriefingCounts
    before: BriefingCounts
    categories: tuple[BriefingCategory, ...]
    days: tuple[BriefingDay, ...]


class BriefingCase(_Part):
    complaint_id: UUID
    reference: str
    category: str | None
    severity: Severity | None
    visibility: Visibility | None
    accused: tuple[str, ...] = ()
    """They do not read of it."""
    at: datetime
    """When a severe one came; by when the customer of an overdue one was promised a reply in vain."""


class BriefingCases(_Part):
    total: int
    items: tuple[BriefingCase, ...]

    def hidden_from(self, person: str) -> "BriefingCases":
        """Without those about this person."""
        kept = tuple(case for case in self.items if person not in case.accused)
        return BriefingCases(total=self.total - len(self.items) + len(kept), items=kept)


class BriefingAttention(_Part):
    """What resolution tells."""

    severe: BriefingCases
    overdue: BriefingCases


class BriefingContent(BaseModel):
    """What was asked of the other services when the briefing was made."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    report: BriefingReport | None = None
    attention: BriefingAttention | None = None
    lacking: tuple[Section, ...] = ()
    """Sections whose service did not answer in time."""

    @property
    def weight(self) -> int:
        """Things that happened: clippings come on top."""
        found = 0
        if self.report is not None:
            now = self.report.now
            found += now.received + now.closed + now.promises_broken
        if self.attention is not None:
            found += self.attention.severe.total + self.attention.overdue.total
        return found


@dataclass(frozen=True, slots=True)
class Voice:
    """What a customer said, masked, in their language."""

    complaint_id: UUID
    reference: str
    language: Language
    text: str


@dataclass(frozen=True, slots=True)
class Clipping:
    """A notice that is read in a briefing."""

    id: UUID
    complaint_id: UUID
    reference: str | None
    what: dict[str, str]
    """In both languages."""
    severity: Severity
    urgency: NoticeUrgency
    issued_at: datetime
    recipients: tuple[str, ...] = ()
    """Nobody: all readers."""

    def is_for(self, person: str) -> bool:
        return not self.recipients or person in self.recipients


@dataclass(frozen=True, slots=True)
class Briefing:
    """One briefing, with all that it shows."""

    id: UUID
    row: BriefingRow
    department: str | None
    department_name: Title | None
    since: datetime
    until: datetime
    made_at: datetime
    content: BriefingContent
    clippings: Sequence[Clipping] = ()
    voices: Sequence[Voice] = ()
    readers: Sequence[str] = field(default=())

    def as_read_by(self, person: str) -> "Briefing":
        """Without cases about this person, and without clippings that name others."""
        attention = self.content.attention
        if attention is not None:
            attention = BriefingAttention(
                severe=attention.severe.hidden_from(person), overdue=attention.overdue.hidden_from(person)
            )
        return replace(
            self,
            content=self.content.model_copy(update={"attention": attention}),
            clippings=[clipping for clipping in self.clippings if clipping.is_for(person)],
        )


def asks_insights(sections: Sequence[Section]) -> bool:
    return not {Section.NUMBERS, Section.CATEGORIES, Section.CONVERSION, Section.VOICES}.isdisjoint(sections)


def asks_resolution(sections: Sequence[Section]) -> bool:
    return not {Section.SEVERE, Section.OVERDUE}.isdisjoint(sections)


def worth_quoting(newest: Sequence[NewestComplaint], most: int) -> list[NewestComplaint]:
    """Whom to quote: of each category the newest first, so that one loud matter does not fill the page."""
    rank: dict[str | None, int] = {}
    ranked: list[tuple[int, int, NewestComplaint]] = []
    for position, complaint in enumerate(newest):
        rank[complaint.category] = rank.get(complaint.category, -1) + 1
        ranked.append((rank[complaint.category], position, complaint))
    return [complaint for _, _, complaint in sorted(ranked, key=lambda each: each[:2])][:most]
