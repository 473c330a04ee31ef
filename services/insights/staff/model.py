"""The people complained about in one complaint, and what became of it. Pure.

Resolution alone tells it. People are their ids in the directory; nothing here is shown of one of them.
"""

from dataclasses import dataclass, field
from datetime import datetime

from shared.aggregate import Aggregate
from shared.events.fairness import Clearing, Decision


@dataclass
class Accusation:
    """A complaint about a person."""

    told_at: datetime | None = None
    """When it was known whom it is about."""
    held: bool | None = None
    """Was it held against them when it was judged? None: not judged, or withdrawn before."""
    appealed: bool = False
    appeal: Decision | None = None
    """How the newest appeal was decided."""


@dataclass(kw_only=True)
class Accused(Aggregate):
    """One complaint's accusations, by person."""

    people: dict[str, Accusation] = field(default_factory=dict)

    def of(self, person_id: str) -> Accusation:
        return self.people.setdefault(person_id, Accusation())

    def clear(self, person_id: str, because: Clearing) -> None:
        """What an appeal or the customer ended had been judged, or never was."""
        if because in {Clearing.NAMED_WRONGLY, Clearing.NOT_AT_FAULT}:
            self.of(person_id).held = False
