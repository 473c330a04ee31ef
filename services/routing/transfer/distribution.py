"""The distribution table: which fact goes to which audience. It is a rulebook; `distribution.json` is version 0."""

from datetime import timedelta
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from services.routing.rulebooks.model import Book, Content
from shared.events import Event
from shared.events.vocabulary import Against, Audience, Severity

ACKNOWLEDGE_WITHIN = {
    Severity.GENERAL: timedelta(hours=24),
    Severity.URGENT: timedelta(hours=4),
    Severity.MAJOR: timedelta(hours=1),
}
"""Time to acknowledge a notice, by severity of the complaint."""


class Duty(BaseModel):
    """One row: when this fact is true of such a complaint, that audience must know."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    fact: str
    """Event type without its version."""
    audience: Audience
    reason: str
    severity: Severity = Severity.GENERAL
    """The least severity to which the row applies."""
    categories: tuple[str, ...] = ()
    """Level-1 categories to which it applies; empty: all."""
    against: Against | None = None


class DistributionTable(Content):
    """Who must know what."""

    example: ClassVar[dict[str, Any]] = {
        "rows": [
            {
                "fact": "redress.complaint.triaged",
                "audience": "leadership",
                "severity": "major",
                "reason": "major-complaint",
            }
        ]
    }

    rows: Annotated[tuple[Duty, ...], Field(min_length=1, max_length=1000)]

    def duties(
        self, fact: type[Event], severity: Severity, category: str | None, against: Against | None
    ) -> list[Duty]:
        """The rows that apply."""
        return [
            duty
            for duty in self.rows
            if duty.fact == fact.type
            and severity.rank >= duty.severity.rank
            and (not duty.categories or category in duty.categories)
            and duty.against in (None, against)
        ]


DISTRIBUTION = Book(
    "distribution",
    DistributionTable,
    "distribution table",
    "传递表",
    ("services.routing.transfer", "distribution.json"),
)
