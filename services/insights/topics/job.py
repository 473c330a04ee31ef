"""Mines the words of each week once it is over, and has settled. Any number of replicas may run it.

Which topics are found follows from the words alone, so two that mine the same week find the same; the row of the week
lets one of them tell. Weeks that passed while nothing ran are mined later, one after the other. What was told together
in past weeks is kept in the memory from one week to the next, for it would be as large as the words; whoever starts
anew counts it again.
"""

import asyncio
import logging
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from services.insights.rounds import behind
from services.insights.topics import words
from services.insights.topics.book import TOPICS_BOOK, Mining
from services.insights.topics.clusters import with_clusters
from services.insights.topics.finding import Found, find
from services.insights.topics.knowing import place
from services.insights.topics.model import WEEK, Matter
from services.insights.topics.store import codes, followed, members, save
from services.insights.topics.tables import mined_weeks
from services.insights.topics.together import Together
from services.insights.topics.words import Words
from shared import clock
from shared.bulk import insert_rows
from shared.database import sql
from shared.rulebooks.store import load_books
from shared.service import Context, repeat

log = logging.getLogger(__name__)

PAUSE = 120
"""Poll intervals between two looks at the calendar: a minute as delivered."""
CATCH_UP = 26
"""Weeks that are mined later at most."""

_LAST = sql("SELECT max(week) AS week FROM mined_weeks")
_DONE = sql("SELECT 1 AS done FROM mined_weeks WHERE week = :week")


class Miner:
    """Worker of insights."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._database = context.database
        self._together: dict[date, dict[str, Together]] = {}

    async def run(self) -> None:
        await repeat(self._context, PAUSE, self.catch_up)

    async def catch_up(self) -> None:
        """Mine all weeks that are due."""
        while await self.turn() is not None:
            continue

    async def turn(self) -> date | None:
        """Mine the oldest week that is due, if one is; returns its Monday."""
        if await behind(self._context.log):
            return None
        async with self._database.reading() as connection:
            mining = (await load_books(connection, TOPICS_BOOK)).read(TOPICS_BOOK)
            last = (await connection.execute(_LAST)).scalar_one()
        week = due(clock.now(), last, mining)
        if week is not None:
            await self.mine(week)
        return week

    async def mine(self, week: date) -> int | None:
        """The week that begins on this Monday; how many topics emerged in it. None when it was mined before."""
        async with self._database.reading() as connection:
            books = await load_books(connection, TOPICS_BOOK)
            if (await connection.execute(_DONE, {"week": week})).first() is not None:
                return None
        mining, version = books.read(TOPICS_BOOK), books.version(TOPICS_BOOK)
        first = week - WEEK * (mining.history_weeks + 1)
        await words.keep_counts(self._database, first, week - WEEK)
        async with self._database.reading() as connection:
            past = await words.weekly(connection, first, mining.history_weeks)
            before = await words.whole(connection, week - WEEK, week)
            now = await words.whole(connection, week, week + WEEK)
        together = await self._told_together(first, mining.history_weeks)
        found: list[Found] = []
        for language in sorted(now):
            history, earlier = past.get(language, []), before.get(language, [])
            by_terms = await asyncio.to_thread(find, language, history, earlier, now[language], mining)
            combined = [each[language] for each in together if language in each]
            found += await asyncio.to_thread(
                with_clusters, language, combined, earlier, now[language], by_terms, mining
            )
        return await self._keep(week, found, now, mining, version)

    async def _told_together(self, first: date, weeks: int) -> list[dict[str, Together]]:
        """Of each of so many weeks from `first` on; read once."""
        wanted = [first + number * WEEK for number in range(weeks)]
        known = self._together
        self._together = {week: known[week] for week in wanted if week in known}
        for week in wanted:
            if week not in self._together:
                async with self._database.reading() as connection:
                    self._together[week] = await words.told_together(connection, week)
        return [self._together[week] for week in wanted]

    async def _keep(
        self, week: date, found: list[Found], now: Words, mining: Mining, version: int
    ) -> int | None:
        at = clock.now()
        async with self._database.transaction() as transaction:
            # People change topics, too, under the same lock.
            await transaction.hold(LOCK)
            if (await transaction.execute(_DONE, {"week": week})).first() is not None:
                return None
            topics = await followed(transaction.connection, week - WEEK * mining.follow_weeks)
            mentioned = {complaint for each in found for complaint in each.complaints}
            known: dict[UUID, Matter] = await codes(transaction.connection, mentioned)
            mined = await asyncio.to_thread(
                place,
                week,
                found,
                now,
                topics,
                await members(transaction.connection, topics, week - WEEK),
                lambda complaint: known.get(complaint, Matter()),
                mining,
                version,
                at,
            )
            await save(transaction, mined)
            told = sum(map(len, now.values()))
            row = {"week": week, "told": told, "rules_version": version, "mined_at": at}
            await insert_rows(transaction, mined_weeks, [row])
        log.info("a week was mined", extra={"week": str(week), "told": told, "emerged": len(mined.new)})
        return len(mined.new)


LOCK = "topics"


def due(now: datetime, last: date | None, mining: Mining) -> date | None:
    """The Monday of the week to mine next: the newest that is over and settled, or the oldest that was missed."""
    settled = (now.astimezone(UTC) - timedelta(hours=mining.settle_hours)).date()
    newest = settled - timedelta(days=settled.weekday()) - WEEK
    if last is None:
        return newest
    week = max(last + WEEK, newest - WEEK * (CATCH_UP - 1))
    return week if week <= newest else None
