"""What a paper document consists of: plain data. Lengths in millimetres, sizes of letters in points.

Text is only ever text: no markup is interpreted, control characters are dropped, and a character that the fonts do not
have is shown as 〓.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Ink = Literal["ink", "quiet", "accent", "rule", "pale", "good", "warning", "bad", "paper"]
"""A colour by its purpose; the colours themselves stand in painting.py."""

Align = Literal["left", "centre", "right"]


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line; with `arrow` it has a head at its end."""

    x1: float
    y1: float
    x2: float
    y2: float
    ink: Ink = "ink"
    weight: float = 0.3
    arrow: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, and perhaps text in its middle. The text wraps, gets smaller down to 5 points, and then ends in …"""

    x: float
    y: float
    width: float
    height: float
    fill: Ink | None = None
    ink: Ink | None = None
    text: str = ""
    size: float = 9
    strong: bool = False
    text_ink: Ink = "ink"


@dataclass(frozen=True, slots=True)
class Text:
    """Text whose first line has its top at `y`. `x` is its left end, middle or right end, as `align` says.

    With a width it wraps; without one it is a single line.
    """

    x: float
    y: float
    text: str
    size: float = 9
    align: Align = "left"
    strong: bool = False
    ink: Ink = "ink"
    width: float | None = None


Shape = Line | Box | Text


@dataclass(frozen=True, slots=True)
class Heading:
    """Level 1 is a section with a rule, 2 and 3 are below it. All stand in the outline of the document."""

    text: str
    level: Literal[1, 2, 3] = 1


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; a line feed begins a new line."""

    text: str
    strong: bool = False
    ink: Ink = "ink"
    size: float = 10


@dataclass(frozen=True, slots=True)
class KeyValues:
    """Labels and what they say, in one column or two pairs beside each other."""

    pairs: tuple[tuple[str, str], ...]
    columns: Literal[1, 2] = 2


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; `share` is its part of the width in proportion to the other columns."""

    title: str
    share: float = 1
    align: Align = "left"
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text. The titles stand on every page again; a long row goes on on the next page.

    Raises ValueError if a row has not as many cells as there are columns.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""

    def __post_init__(self) -> None:
        if not self.columns or any(column.share <= 0 for column in self.columns):
            raise ValueError("a table needs columns, each with a share above 0")
        for number, row in enumerate(self.rows):
            if len(row) != len(self.columns):
                raise ValueError(f"row {number} has {len(row)} cells for {len(self.columns)} columns")


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list, with dots or with numbers."""

    items: tuple[str, ...]
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing on an area of `width` by `height`, from its upper left corner. Larger than the page, it is shrunk."""

    width: float
    height: float
    shapes: tuple[Shape, ...]
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signs as what. What is empty is left blank, to be filled in by hand."""

    role: str
    name: str = ""
    signed_on: str = ""


@dataclass(frozen=True, slots=True)
class Signatures:
    """A place for each signature, three beside each other, never torn apart."""

    people: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class PageBreak:
    """What follows begins on a new page."""


Block = Heading | Paragraph | KeyValues | Table | Bullets | Figure | Signatures | PageBreak


@dataclass(frozen=True, slots=True)
class Document:
    """A document: `created` is its date in the file, so that the same document is the same bytes."""

    title: str
    language: Literal["zh", "en"]
    created: datetime  # with a time zone
    blocks: tuple[Block, ...]
    subtitle: str = ""
    reference: str = ""  # the number of the case, in the header on the right
    note: str = ""  # one line in the footer, such as how confidential it is
    author: str = ""
