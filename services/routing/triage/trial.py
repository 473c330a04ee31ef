"""What a change of the triage rules would have done to past complaints. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Self
from uuid import UUID

from services.routing.triage.deciding import Decision, decide
from services.routing.triage.opinion import Opinion
from services.routing.triage.told import Told
from shared.rulebooks.model import Books


class Past(NamedTuple):
    """A past complaint."""

    complaint_id: UUID
    registered_at: datetime
    told: Told
    opinion: Opinion | None
    """What the classifier held of it when it came."""


class Outcome(NamedTuple):
    """What of a decision is compared."""

    category: str | None
    """None: referred to a person."""
    severity: str
    department: str | None

    @classmethod
    def of(cls, decision: Decision) -> Self:
        return cls(decision.category, decision.severity.value, decision.department)


class Change(NamedTuple):
    """A complaint that would have been decided otherwise."""

    past: Past
    before: Outcome
    after: Outcome


@dataclass
class Tally:
    """How often what came out."""

    outcomes: dict[str, Counter[str]] = field(
        default_factory=lambda: {name: Counter() for name in Outcome._fields}
    )
    """By field of an outcome; a category or department that is None counts as an empty word."""
    fired: Counter[str] = field(default_factory=Counter)
    """How often each rule spoke."""

    def add(self, decision: Decision) -> Outcome:
        outcome = Outcome.of(decision)
        for name, value in zip(Outcome._fields, outcome, strict=True):
            self.outcomes[name][value or ""] += 1
        self.fired.update(decision.reasons)
        return outcome


@dataclass
class Trial:
    """Two sets of rulebooks, side by side."""

    in_force: Books
    proposed: Books
    most_shown: int
    """Changes that are kept; of more, the first that are met."""
    before: Tally = field(default_factory=Tally)
    after: Tally = field(default_factory=Tally)
    looked_at: int = 0
    changed: int = 0
    shown: list[Change] = field(default_factory=list)

    def run(self, complaints: Iterable[Past]) -> None:
        for past in complaints:
            before = self.before.add(decide(past.told, self.in_force, past.opinion))
            after = self.after.add(decide(past.told, self.proposed, past.opinion))
            self.looked_at += 1
            if before != after:
                self.changed += 1
                if len(self.shown) < self.most_shown:
                    self.shown.append(Change(past, before, after))
