"""What was told of one complaint, as the log has it: masked. Pure.

Intake alone tells it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from shared.aggregate import Aggregate


@dataclass(kw_only=True)
class Telling(Aggregate):
    """The words of one complaint. Empty once the customer is erased."""

    registered_at: datetime | None = None
    customer_id: UUID | None = None
    language: str | None = None
    product: str | None = None
    what_went_wrong: str | None = None
    feeling: str | None = None
    wanted: str | None = None
    added: list[str] = field(default_factory=list)
    """What later contacts said, felt and wanted, in their order; '' where only an emotion was noted."""
    erased: bool = False

    @property
    def words(self) -> str:
        """All of it, a paragraph for each part."""
        parts = (self.what_went_wrong, self.feeling, self.wanted, *self.added)
        return "\n".join(part for part in parts if part)

    @property
    def contacts(self) -> list[str]:
        """What was told each time, the first first."""
        first = (self.what_went_wrong, self.feeling, self.wanted)
        return ["\n".join(part for part in first if part), *self.added]

    def forget(self) -> None:
        self.erased = True
        self.what_went_wrong = self.feeling = self.wanted = None
        self.added = []
