"""What the jobs that look at read tables now and then have in common. Any number of replicas may run each.

A job looks only when the tables are about as new as the log. While they lag (after a pause of the service), half of a
week's complaints would look like silence; and what was looked at once is not looked at again.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.insights.reactions import REACTIONS
from shared.database import Transaction
from shared.eventlog import EventLog
from shared.reactions import topics_of
from shared.service import Context

BEHIND = 1_000
"""Events that may wait to be read when a job looks."""


async def behind(log: EventLog) -> bool:
    """Whether insights has more to read than a job can overlook. Raises LogUnavailable."""
    return await log.lag("insights", topics_of(REACTIONS)) > BEHIND


@asynccontextmanager
async def looking(context: Context, job: str) -> AsyncIterator[Transaction | None]:
    """A transaction in which nobody else does this job. None while somebody does, or while there is much to read."""
    if await behind(context.log):
        yield None
        return
    async with context.database.transaction() as transaction:
        yield transaction if await transaction.try_hold(job) else None
