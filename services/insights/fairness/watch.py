"""Makes the audit of each period by itself, once it is closed. Any number of replicas may run it."""

import logging
from datetime import UTC, date, datetime, timedelta

from services.insights.fairness.book import AUDIT_RULES, AuditPeriod
from services.insights.fairness.making import READERS, make
from services.insights.fairness.store import audit_of
from services.insights.rounds import behind, repeat
from shared import clock
from shared.ids import derived_id
from shared.rulebooks.store import load_books
from shared.service import Context

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
        for about in READERS:
            audit_id = derived_id("fairness-audit", about.value, first, last)
            async with database.transaction() as transaction:
                if not await transaction.try_hold("fairness", about.value):
                    continue  # another replica is at it
                if await audit_of(transaction.connection, audit_id) is None:
                    cases = await make(transaction, audit_id, about, first, last, BY, clock.now())
                    made += cases > 0
        if made:
            log.info("fairness audited", extra={"audits": made})
        return made


def closed(now: datetime, period: AuditPeriod, wait_days: int) -> tuple[date, date]:
    """First and last day of the newest period that ended at least so many days ago."""
    day = now.astimezone(UTC).date() - timedelta(days=wait_days)
    months = day.year * 12 + day.month - 1
    after = months - months % period.months
    return _first_of(after - period.months), _first_of(after) - timedelta(days=1)


def _first_of(months: int) -> date:
    return date(months // 12, months % 12 + 1, 1)
