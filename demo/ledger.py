"""The ledger: what one side says of every complaint, held against what another says. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

SHOWN = 10
"""Differing complaints that are named; the rest are counted."""


@dataclass(frozen=True)
class Line:
    """One comparison, complaint by complaint."""

    service: str
    what: str
    expected: int
    found: int
    differing: dict[str, str] = field(default_factory=dict)
    """Why, by id."""
    detail: str = ""

    @property
    def agrees(self) -> bool:
        return not self.differing


def compare(
    service: str, what: str, expected: Mapping[str, object], found: Mapping[str, object], detail: str = ""
) -> Line:
    """Every id must be on both sides, with the same value."""
    differing = {
        id_: f"expected {_shown(expected, id_)}, found {_shown(found, id_)}"
        for id_ in {**expected, **found}
        if id_ not in expected or id_ not in found or expected[id_] != found[id_]
    }
    return Line(service, what, len(expected), len(found), differing, detail)


def _shown(side: Mapping[str, object], id_: str) -> str:
    return f"{side[id_]}" if id_ in side else "nothing"
