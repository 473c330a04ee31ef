"""Marks new complaints, so that the next one about the same matter finds them.

A reader of intake's own topic, under a group of its own: whoever registers waits for nothing, and after a stop it
goes on where it was; a new group reads the topic from its start, so that old complaints are found, too. Marking twice
changes nothing.
"""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from services.intake.duplicates import store
from shared.eventlog import Record
from shared.events import ComplaintRegistered
from shared.events.vocabulary import TOPICS
from shared.service import Context

GROUP = "intake-duplicates"
BATCH = 50
"""Complaints that are marked at a time: about ten milliseconds of work, for which requests may have to wait."""
REST = 9
"""Times as long as it has worked; the busier the process, the longer both."""
LONGEST_REST = 2.0
"""Seconds: a batch that took long because everybody was busy holds nobody up."""


class Marker:
    """Worker of intake; any number of replicas may run it."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def run(self) -> None:
        """Mark for ever, but give way to requests: they are waited for, and a suggestion can be a little late."""
        consumer = self._context.log.consumer(GROUP, [TOPICS.intake])
        clock = asyncio.get_running_loop().time
        try:
            await consumer.start()
            while True:
                records = await consumer.poll(BATCH, self._context.settings.poll_interval)
                if records:
                    began = clock()
                    await self.mark(records)
                    await consumer.commit(records)
                    await asyncio.sleep(min(REST * (clock() - began), LONGEST_REST))
        finally:
            await consumer.stop()

    async def mark(self, records: Sequence[Record]) -> None:
        registered = ComplaintRegistered.wire_type()
        ids = [UUID(r.key) for r in records if r.headers.get("ce_type") == registered]
        if not ids:
            return
        # It holds them, or the marks of one that is erased meanwhile would be written after they were removed.
        async with self._context.database.transaction(of=ids) as transaction:
            tellings = await store.told(transaction.connection, ids)
            await store.add_marks(transaction, tellings, self._context.settings.installation_secret)
