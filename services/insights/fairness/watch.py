"""Makes the audit of each period by itself, once it is closed. Any number of replicas may run it."""

import logging
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import httpx

from services.insights.fairness.book import AUDIT_RULES, AuditPeriod
from services.insights.fairness.colleagues import Colleagues, colleagues
from services.insights.fairness.making import make
from services.insights.fairness.staff import anybody
from services.insights.fairness.store import audit_of
from services.insights.rounds import behind
from shared import clock
from shared.events.insights import Treated as About
from shared.ids import derived_id
from shared.rulebooks.store import load_books
from shared.service import Context, repeat

log = logging.getLogger(__name__)

BY = "redress"
PAUSE = 240
"""Poll intervals between two looks: two minutes as delivered."""


class FairnessWatch:
    """Worker of insights."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def run(self) -> None:
        await repeat(self._context, PAUSE, self.turn)

    async def turn(self) -> int:
        """Make what is due; returns how many audits were made."""
        database, made = self._context.database, 0
        if await behind(self._context.log):
            return 0
        async with database.reading() as connection:
            rules = (await load_books(connection, AUDIT_RULES)).read(AUDIT_RULES)
        first, last = closed(clock.now(), rules.period, rules.wait_days)
        for about in About:
            audit_id = derived_id("fairness-audit", about.value, first, last)
            known = await self._known(about, audit_id, first, last)
            if known is None:
                continue
            async with database.transaction() as transaction:
                if not await transaction.try_hold("fairness", about.value):
                    continue  # another replica is at it
                if await audit_of(transaction.connection, audit_id) is None:
                    cases = await make(transaction, audit_id, about, first, last, BY, clock.now(), known)
                    made += cases > 0
        if made:
            log.info("fairness audited", extra={"audits": made})
        return made

    async def _known(self, about: About, audit_id: UUID, first: date, last: date) -> Colleagues | None:
        """The colleagues that an audit of staff tells apart. None: it was made, there is nobody, or the directory is
        away; it is asked again in the next turn."""
        if about is not About.STAFF:
            return {}
        async with self._context.database.reading() as connection:
            made = await audit_of(connection, audit_id)
            if made is not None or not await anybody(connection, first, last):
                return None
        try:
            return await colleagues(self._context)
        except (httpx.HTTPError, OSError) as error:
            log.warning("the directory is away: the audit of staff waits", extra={"error": repr(error)})
            return None


def closed(now: datetime, period: AuditPeriod, wait_days: int) -> tuple[date, date]:
    """First and last day of the newest period that ended at least so many days ago."""
    day = now.astimezone(UTC).date() - timedelta(days=wait_days)
    months = day.year * 12 + day.month - 1
    after = months - months % period.months
    return _first_of(after - period.months), _first_of(after) - timedelta(days=1)


def _first_of(months: int) -> date:
    return date(months // 12, months % 12 + 1, 1)
