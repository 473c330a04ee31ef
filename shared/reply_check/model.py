"""What the reply check finds."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple

Language = Literal["zh", "en"]


class Kind(StrEnum):
    """What a reply must not do. The words are those of the sources: 命令、控制、批评、责怪、评判, and 为自己开脱."""

    COMMAND = "command"
    """Orders the customer about (命令)."""
    CONTROL = "control"
    """Presses, threatens, forbids, or tells the customer what to feel (控制)."""
    CRITICISM = "criticism"
    """Finds fault with what the customer did or did not do (批评)."""
    BLAME = "blame"
    """Makes the customer the cause (责怪)."""
    JUDGING = "judging"
    """Judges the customer: person, feelings, wish, honesty (评判)."""
    EXCUSE = "excuse"
    """Excuses ourselves, instead of putting it right (为自己开脱)."""
    PROMISE = "promise"
    """Promises without bounds, or more than the writer can decide (过度承诺)."""


class Bilingual(NamedTuple):
    """The same in Chinese and in English."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Words that should not go out as they are."""

    kind: Kind
    start: int
    """Place of the first character, from 0."""
    end: int
    """Place after the last character."""
    words: str
    """What stands there, as it was written."""
    weight: int
    """1: there may be a better word. 2: should be written anew. 3: must not go out."""
    family: str
    """Name of the rules that found it."""
    why: Bilingual
    kinder: Bilingual
    """What could be said instead."""
