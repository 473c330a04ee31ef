"""Who is complained about, and so does not work the case. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.resolution.audit.handled_under import HandledUnder


@dataclass(kw_only=True)
class Accusing(HandledUnder):
    """A case in which somebody of the company may be complained about."""

    accused: Sequence[str] = ()
    """People, by their ids in the directory."""
    acting: str | None = None
    """Who acts, by their id in the directory. Only asked for when somebody is complained about."""

    def accuse(self, person_id: str) -> None:
        """Whoever has the case keeps it until routing has given it to somebody else."""
        self.accused = sorted({*self.accused, person_id})
