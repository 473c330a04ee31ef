"""Who is in the story, and when it is."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from shared.events.vocabulary import Money

MONDAY = datetime(2026, 3, 2, 1, 12, 40, tzinfo=UTC)
"""A Monday, 9:12 in Shanghai."""


def id_of(number: int) -> UUID:
    return UUID(f"019caaf0-1b40-7000-8000-{number:012d}")


COMPLAINT, CUSTOMER, FIRST_OFFER, SECOND_OFFER, PROMISE = (id_of(number) for number in range(1, 6))
AGAIN = id_of(7)
"""The same matter, told a second time."""
HANDLER = "li.na"


def after(hours: float) -> datetime:
    return MONDAY + timedelta(hours=hours)


def cny(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="CNY")
