"""Which facts a webhook wants: by type, by the place of the complaint in the taxonomy, by severity. Pure.

What a complaint is about is often told after its first facts, and by two topics. So a complaint is heard of from the
moment at which any coding of it fits, and then all of it: what happened before is caught up on. Places only come
to a complaint and severity only rises, hence the same facts are told in whatever order the topics come.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from shared.events import NOTICES
from shared.events.intake import TaxonomyCode
from shared.events.vocabulary import Severity

NOTICE_TYPES: dict[str, str] = {notice.type: audience.value for audience, notice in NOTICES.items()}
"""The notices' types, with the audience that each is for."""

LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


def matches(pattern: str, event_type: str) -> bool:
    """`redress.complaint.registered` names one fact, `redress.complaint.*` a family, `*` all of them."""
    return pattern == event_type or (pattern.endswith("*") and event_type.startswith(pattern[:-1]))


@dataclass(frozen=True, slots=True)
class Subscription:
    """Which facts, and which notices, somebody's webhook wants."""

    id: UUID
    event_types: tuple[str, ...]
    audiences: tuple[str, ...] = ()
    """Whose notices are wanted, too."""
    categories: tuple[str, ...] = ()
    """Places of the taxonomy: `function_fault` with all below it, `function_fault/safety`. Empty: all."""
    least_severity: Severity | None = None
    since: datetime = LONG_AGO
    """What happened before is not caught up on."""

    @property
    def is_choosy(self) -> bool:
        """Does it depend on what the complaint is about?"""
        return bool(self.categories) or self.least_severity is not None

    def wants(self, event_type: str) -> bool:
        if event_type in NOTICE_TYPES:
            return NOTICE_TYPES[event_type] in self.audiences
        return any(matches(pattern, event_type) for pattern in self.event_types)

    def takes(self, places: Collection[str], severity: Severity | None) -> bool:
        """Is it for complaints that were coded so, and were at most so severe?"""
        if self.categories and not any(_lies_in(place, each) for place in places for each in self.categories):
            return False
        return self.least_severity is None or (
            severity is not None and severity.rank >= self.least_severity.rank
        )


def places_of(code: TaxonomyCode) -> list[str]:
    """A coding as places: level 1, and level 2 below it."""
    return [code.category, *([f"{code.category}/{code.subcategory}"] if code.subcategory else [])]


def _lies_in(place: str, wanted: str) -> bool:
    return place == wanted or place.startswith(f"{wanted}/")
