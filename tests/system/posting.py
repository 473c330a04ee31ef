"""`python -m tests.system.posting URL FOLDER FAILPOINT MINUTES`: notification's couriers of webhooks alone, on a clock
that is so far ahead, until nothing waits any more, or until the armed point kills them."""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

from services.notification.app import COURIERS, service
from services.notification.courier import Courier
from services.notification.desk import Desks
from services.notification.rules import Audience
from shared import clock, failpoints
from shared.outward import Connections
from shared.process import Process
from tests.world import settings_for


async def main(url: str, folder: str, failpoint: str, minutes: str) -> None:
    process = Process(settings_for(url, Path(folder)), url, [service])
    context = process.contexts["notification"]
    failpoints.arm(failpoint)
    real = clock._system_time

    async def posts() -> None:
        courier = Courier(context.database, context.part(Desks).of(Audience.SUBSCRIBER), 0.2)
        while await courier.round():
            pass

    with clock.moved_to(lambda: real() + timedelta(minutes=int(minutes))):
        await asyncio.gather(*(posts() for _ in range(COURIERS[Audience.SUBSCRIBER])))
    await context.part(Connections).close()
    await process.log.stop()
    await process._close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
