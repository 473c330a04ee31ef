"""What a page says, before it is HTML. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from services.insights.pages.words import Words
from shared.events.vocabulary import Language


class Tone(StrEnum):
    """Never told by colour alone: the text says it, too."""

    PLAIN = "plain"
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Cell:
    """One thing in a table, as it is shown."""

    text: str
    value: str = ""
    """The number itself, as the API gives it; '' for text."""
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Figure:
    """One large number."""

    id: str
    label: str
    shown: Cell
    note: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    title: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Row:
    key: str
    """Of what the row is about, as the API calls it; '' where it is not known."""
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The first cell of a row says what it is about."""

    id: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing and the numbers in it: whoever cannot see the one reads the other."""

    title: str
    description: str
    drawing: Mapping[str, Any]
    """A specification in Vega-Lite; see `charts`."""
    table: Table


@dataclass(frozen=True, slots=True)
class Note:
    text: str


Section = Figures | Table | Chart | Note


@dataclass(frozen=True, slots=True)
class Asked:
    """What the reader wants to see."""

    first: date
    last: date
    """Included; days are UTC days."""
    by: str
    """One of the report's cuts."""
    now: datetime
    language: Language
    words: Words

    def say(self, key: str, /, **given: object) -> str:
        return self.words.say(key, self.language, **given)
