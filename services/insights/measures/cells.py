"""Which of the kept sums answer a question. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.insights.model import CUTS, Dims, name_of

OVERALL, BY_DAY = "none", "day"


class NotSummed(Exception):
    """No sums are kept by these dimensions together."""

    def __init__(self, asked: frozenset[str]) -> None:
        self.asked = asked
        super().__init__(
            f"No sums are kept by {' and '.join(sorted(asked))} together. "
            f"Possible are: {', '.join(TOGETHER)}, and parts of these."
        )


@dataclass(frozen=True, slots=True)
class Cells:
    """A cut, and where in its values the groups and what is held stand."""

    dimension: str
    key: int | None
    """Place of what is broken down by; None: it is one group, or days."""
    held: tuple[tuple[int, str], ...]
    """Places whose value is given."""

    @property
    def form(self) -> "Cells":
        """The same whatever the values are that are held."""
        return replace(self, held=tuple((place, "") for place, _ in self.held))


TOGETHER = tuple(name_of(cut) for cut in CUTS if len(cut) > 1)


def cells_of(by: str, held: Mapping[str, str]) -> Cells:
    """The smallest cut that knows all of it. Raises NotSummed."""
    asked = frozenset(held) | ({by} if by in Dims._fields else set())
    fitting = [cut for cut in CUTS if asked <= set(cut)]
    if not fitting:
        raise NotSummed(asked)
    cut = min(fitting, key=len)
    return Cells(
        dimension=name_of(cut),
        key=cut.index(by) if by in Dims._fields else None,
        held=tuple((cut.index(name), value) for name, value in held.items()),
    )
