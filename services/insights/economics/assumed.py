"""The assumptions that amounts of money are worked out from, wherever they are shown."""

from datetime import UTC, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.cohorts.learned import instead, learn
from services.insights.cohorts.store import cohorts
from services.insights.economics.book import ECONOMICS, Assumptions
from shared import clock
from shared.rulebooks.model import Books

LEARNED_FROM = timedelta(days=730)


async def in_force(connection: AsyncConnection, books: Books) -> Assumptions:
    """The assumptions; with what own cohorts showed, when the rulebook says so."""
    assumed = books.read(ECONOMICS)
    if not assumed.learn_repurchase:
        return assumed
    now = clock.now()
    today = now.astimezone(UTC).date()
    return instead(assumed, learn(assumed, await cohorts(connection, today - LEARNED_FROM, today, now)))
