"""What the jobs that look at read tables now and then have in common. Any number of replicas may run each.

A job looks only when the tables are about as new as the log. While one of them lags (after a pause of the service, or
while it is made again), half of a week's complaints would look like silence, and cases without the lapses that another
table holds like good work; and what was looked at once is not looked at again.
"""

import asyncio
from collections.abc import Awaitable, Callable

from services.insights.consumers import CONSUMERS
from shared.eventlog import EventLog
from shared.service import Context

BEHIND = 1_000
"""Events that may wait to be read by any one consumer when a job looks."""


async def repeat(context: Context, pause: int, turn: Callable[[], Awaitable[object]]) -> None:
    """A turn now, and one after each `pause` (poll intervals), for ever."""
    while True:
        await turn()
        await asyncio.sleep(context.settings.poll_interval * pause)


async def behind(log: EventLog) -> bool:
    """Whether any consumer of insights has more to read than a job can overlook. Raises LogUnavailable."""
    for each in CONSUMERS:
        if await log.lag(each.consumer, each.topics) > BEHIND:
            return True
    return False
