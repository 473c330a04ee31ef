"""What a complaint asks of whoever takes it. Pure.

All that assignment goes by stands here. How the customer came, who they are to the company and since when is not
among it, so it can change nothing in who waits (公平性原则).
"""

from dataclasses import asdict, dataclass

from pydantic import TypeAdapter
from pydantic_core import to_json

from shared.events.vocabulary import Against, Kind, Nature, Severity, Visibility


@dataclass(frozen=True, slots=True)
class Needs:
    """Complaints with the same needs can go to the same people."""

    category: str
    severity: Severity
    language: str
    subcategory: str | None = None
    """Level 2 of the taxonomy, when somebody coded it."""
    kind: Kind | None = None
    nature: Nature | None = None
    visibility: Visibility | None = None
    against: Against | None = None
    accused: tuple[str, ...] = ()
    """The people complained about, by their ids in the directory, in order."""
    proposed: str | None = None
    """The department that a rule, the classifier or a person proposed: asked before all others."""
    climbs: int = 0
    """How many layers it has climbed while nobody took it."""

    def as_text(self) -> str:
        """The same text for the same needs: what waits is grouped by it."""
        return to_json(asdict(self)).decode()

    @classmethod
    def from_text(cls, text: str) -> "Needs":
        return _READER.validate_json(text)


_READER = TypeAdapter(Needs)
