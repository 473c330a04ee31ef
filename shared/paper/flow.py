"""The page that is being filled, and those before it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from shared.paper.document import Shape, Text
from shared.paper.figures import leading

PAPER = (210.0, 297.0)
"""A4."""

LEFT, RIGHT, TOP, BOTTOM = 20.0, 190.0, 26.0, 275.0
"""The part of the page for the text, in millimetres from its upper left corner."""

WIDTH = RIGHT - LEFT


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the outline."""

    name: str
    level: int


Page = list[Shape | Mark]


@dataclass(slots=True)
class Flow:
    """The pages so far, and how far down the last one is filled."""

    pages: list[Page] = field(default_factory=lambda: [[]])
    y: float = TOP

    def turn(self) -> None:
        """Begin a new page, unless this one is still empty."""
        if self.y > TOP:
            self.pages.append([])
            self.y = TOP

    def room(self, height: float) -> None:
        """Turn the page if less than that is left."""
        if self.y + height > BOTTOM:
            self.turn()

    def put(self, shapes: Iterable[Shape | Mark]) -> None:
        self.pages[-1].extend(shapes)

    def lines(self, lines: list[str], style: Text) -> None:
        """Lines below each other, over as many pages as they need."""
        for line in lines:
            self.room(leading(style.size))
            self.put([Text(style.x, self.y, line, style.size, style.align, style.strong, style.ink)])
            self.y += leading(style.size)
