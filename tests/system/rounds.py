"""`python -m tests.system.rounds URL FOLDER FAILPOINT`: resolution's timer alone, until everybody of every running
field action was addressed, or until the armed point kills it."""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

from services.resolution.app import service
from shared import clock, failpoints
from shared.database import sql
from shared.process import Process
from shared.waking import Waker
from tests.world import settings_for

_LEFT = sql("SELECT count(*) FROM field_action_customers WHERE state = 'pending'")


async def main(url: str, folder: str, failpoint: str) -> None:
    process = Process(settings_for(url, Path(folder)), url, [service])
    context = process.contexts["resolution"]
    failpoints.arm(failpoint)
    real = clock._system_time
    with clock.moved_to(lambda: real() + timedelta(days=1)):  # every round is due
        left = 1
        while left:
            await context.part(Waker).wake()
            async with context.database.reading() as connection:
                left = (await connection.execute(_LEFT)).scalar_one()
    await process.log.stop()
    await process._close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
