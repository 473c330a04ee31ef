"""Retention by age: what identifies the customers of cases that ended long ago is erased; counts survive."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.intake.open311.store import forget_orphans
from services.intake.reach.store import forget_older
from services.intake.vault.erasure import Order, erase
from shared import clock
from shared.database import Database, sql
from shared.events.vocabulary import Because

log = logging.getLogger(__name__)

BATCH = 100
LOOK_SECONDS = 3600.0
ORPHANED = timedelta(hours=1)
"""After which the place of an Open311 request belongs to a complaint, or to nobody."""

# A merged complaint ends with the one that it follows. The index holds those that are not erased, the oldest first.
_DUE = sql(
    """
SELECT c.registered_at, c.id FROM complaints c
LEFT JOIN merges g ON g.complaint_id = c.id AND g.separated_at IS NULL
JOIN views v ON v.complaint_id = coalesce(g.leading_id, c.id) AND v.status IN ('closed', 'withdrawn')
WHERE c.sealed <> '' AND c.registered_at < :before AND (c.registered_at, c.id) > (:since, :after)
AND NOT EXISTS (SELECT FROM progress p WHERE p.complaint_id IN (c.id, v.complaint_id) AND p.at >= :before)
ORDER BY c.registered_at, c.id LIMIT :batch
"""
)


_Place = tuple[datetime, UUID]
_FIRST: _Place = (datetime(1900, 1, 1, tzinfo=UTC), UUID(int=0))


class Retention:
    """Worker of intake; any number of replicas may run it. Without `days` it only clears away what is nobody's."""

    def __init__(self, database: Database, secret: bytes, days: int | None) -> None:
        self._database = database
        self._secret = secret
        self._days = days

    async def run(self) -> None:
        while True:
            if self._days is not None and (erased := await self.erase_old(self._days)):
                log.info("retention: %s complaints older than %s days were anonymised", erased, self._days)
            async with self._database.transaction() as transaction:
                await forget_orphans(transaction, clock.now() - ORPHANED)
                if self._days is not None:
                    await forget_older(transaction, clock.now() - timedelta(days=self._days))
            await asyncio.sleep(LOOK_SECONDS)

    async def due(self, days: int) -> int:
        """How many complaints would be erased now."""
        before, number, last = clock.now() - timedelta(days=days), 0, _FIRST
        while found := await self._find(before, last):
            number, last = number + len(found), found[-1]
        return number

    async def erase_old(self, days: int) -> int:
        """Returns how many were erased."""
        now, erased = clock.now(), 0
        while found := await self._find(now - timedelta(days=days), _FIRST):
            order = Order([i for _, i in found], "retention", Because.RETENTION, now)
            async with self._database.transaction() as transaction:
                erased += len(await erase(transaction, order, self._secret))
        return erased

    async def _find(self, before: datetime, after: _Place) -> Sequence[_Place]:
        given = {"before": before, "since": after[0], "after": after[1], "batch": BATCH}
        found = await self._database.at_once(_DUE, given)
        return [(row.registered_at, row.id) for row in found]
