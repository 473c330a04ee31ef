"""What a page is: a question, by what it can be broken down, and how it is answered."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.pages.model import Asked, Section


@dataclass(frozen=True, slots=True)
class Report:
    """Its words are in `words/<id>.json`: `title` and `question` for the list of pages, and whatever it says."""

    id: str
    cuts: tuple[str, ...]
    """By what it is broken down; the first unless another is asked for."""
    make: Callable[[AsyncConnection, Asked], Awaitable[Sequence[Section]]]
    of_people: bool = False
    """It tells of single people: only for whoever oversees them."""


def before(asked: Asked) -> tuple[date, date]:
    """As many days just before."""
    days = (asked.last - asked.first).days + 1
    first = max(date.min.toordinal(), asked.first.toordinal() - days)
    return date.fromordinal(first), asked.first - timedelta(days=asked.first > date.min)
