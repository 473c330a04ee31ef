"""What the jobs that look at read tables now and then have in common. Any number of replicas may run each.

A job looks only when the tables are about as new as the log. While they lag (after a pause of the service), half of a
week's complaints would look like silence; and what was looked at once is not looked at again.
"""

import asyncio
from collections.abc import Awaitable, Callable

from services.insights.reactions import REACTIONS
from shared.eventlog import EventLog
from shared.reactions import topics_of
from shared.service import Context

BEHIND = 1_000
"""Events that may wait to be read when a job looks."""


async def repeat(context: Context, pause: int, turn: Callable[[], Awaitable[object]]) -> None:
    """A turn now, and one after each `pause` (poll intervals), for ever."""
    while True:
        await turn()
        await asyncio.sleep(context.settings.poll_interval * pause)


async def behind(log: EventLog) -> bool:
    """Whether insights has more to read than a job can overlook. Raises LogUnavailable."""
    return await log.lag("insights", topics_of(REACTIONS)) > BEHIND
