"""How far a field action has come: coverage and completion. Pure."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Progress:
    """How many of those affected stand how."""

    affected: int
    waiting: int
    told: int
    answered: int
    carried_out: int
    refused: int
    unreachable: int

    @property
    def coverage(self) -> Decimal:
        """told / affected"""
        return _share(self.told, self.affected)

    @property
    def completion(self) -> Decimal:
        """carried out / affected"""
        return _share(self.carried_out, self.affected)


def _share(part: int, whole: int) -> Decimal:
    return (Decimal(part) / whole).quantize(Decimal("0.0001")) if whole else Decimal(0)
