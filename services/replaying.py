"""What `redress replay` does."""

import getpass
import logging
import os
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services import catalogue
from services.launch import CannotStart
from shared import clock, deadletters
from shared.config import Settings
from shared.deadletters import DeadLetter
from shared.process import Process
from shared.reactions import Pump, describe, topics_of
from shared.service import Context

log = logging.getLogger(__name__)


async def letters(
    settings: Settings, url: str, service: str, key: str | None, *, handle: bool
) -> list[dict[str, Any]]:
    """The parked events of a service and what became of each; the first failure of a key holds back the rest of what
    its consumer parked.

    Letters that a running consumer parks meanwhile, behind those that are still there, are taken too.
    """
    [wanted] = catalogue.load([service])
    process = Process(settings, url, [wanted])
    context = process.contexts[service]
    pump = wanted.pump(context)
    report: dict[int, dict[str, Any]] = {}
    held: set[str] = set()
    async with process.running(workers=False):
        before = -1
        while before < len(report):
            before = len(report)
            # Each time from the start: numbers are not drawn in the order of the commits.
            async for letter in _all(context, pump.consumer, key):
                if letter.id in report:
                    continue
                result = letter.error
                if handle:
                    result = await _handled(pump, letter, held)
                report[letter.id] = {
                    "consumer": pump.consumer,
                    "event_id": letter.event_id,
                    "type": letter.record.headers.get("ce_type"),
                    "key": letter.record.key,
                    "parked_at": letter.parked_at,
                    "error": letter.error,
                    "result": result,
                }
    return list(report.values())


async def _all(context: Context, consumer: str, key: str | None) -> AsyncIterator[DeadLetter]:
    last = 0
    while True:
        async with context.database.reading() as connection:
            page = await deadletters.waiting(connection, consumer, key, after=last)
        if not page:
            return
        for letter in page:
            yield letter
        last = page[-1].id


async def _handled(pump: Pump, letter: DeadLetter, held: set[str]) -> str:
    if letter.blocks and letter.record.key in held:
        return deadletters.BEHIND
    try:
        await pump.replay(letter)
    except Exception as error:
        if letter.blocks:
            held.add(letter.record.key)
        return describe(error)
    return "handled"


async def discard(
    settings: Settings, url: str, service: str, event_id: UUID, reason: str
) -> dict[str, Any] | None:
    """Take a letter out that can never be handled; returns all of it, for whoever keeps it, or None.

    It is not remembered in the inbox: a consumer that is moved back before it meets the record again.
    """
    [wanted] = catalogue.load([service])
    process = Process(settings, url, [wanted])
    context = process.contexts[service]
    async with process.running(workers=False):
        pump = wanted.pump(context)
        async with context.database.reading() as connection:
            letter = await deadletters.find(connection, pump.consumer, event_id)
        if letter is None or not await pump.discard(letter):
            return None
    by, record = _user(), letter.record
    log.warning(
        "dead letter %s of %s discarded by %s: %s",
        event_id,
        pump.consumer,
        by,
        reason,
        extra={"event_id": str(event_id), "key": record.key, "discarded_by": by, "reason": reason},
    )
    return {
        "event_id": event_id,
        "consumer": pump.consumer,
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "key": record.key,
        "headers": dict(record.headers),
        "value_base64": b64encode(record.value).decode(),
        "error": letter.error,
        "parked_at": letter.parked_at,
        "discarded_at": clock.now(),
        "discarded_by": by,
        "reason": reason,
    }


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return f"uid {os.getuid()}"


async def move(
    settings: Settings,
    url: str,
    service: str,
    from_offset: int | None,
    from_time: datetime | None,
) -> None:
    """Let a service's stopped consumer read the log again from a place. Raises GroupInUse when it is running."""
    [wanted] = catalogue.load([service])
    process = Process(settings, url, [wanted])
    async with process.running(workers=False):
        position = from_time.replace(tzinfo=UTC) if from_time is not None else from_offset
        if position is None:
            raise CannotStart("Say from where: --from-offset or --from-time.")
        await process.log.reset(service, topics_of(wanted.reactions), position)


async def rebuild(settings: Settings, url: str, progress: Callable[[int, int], None]) -> None:
    """Make the read tables of insights again from the log. Raises GroupInUse when a consumer is running."""
    from services.insights.rebuild import rebuild as rebuild_insights

    process = Process(settings, url, catalogue.load(["insights"]))
    async with process.running(workers=False):
        await rebuild_insights(process.contexts["insights"], progress=progress)
