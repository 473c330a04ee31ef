"""What `redress replay` does."""

from datetime import UTC, datetime
from typing import Any

from services import catalogue
from services.launch import CannotStart
from shared import deadletters
from shared.config import Settings
from shared.process import Process
from shared.reactions import describe, keys_in_order


async def letters(
    settings: Settings, url: str, service: str, key: str | None, *, handle: bool
) -> list[dict[str, Any]]:
    """The parked events of a consumer and what became of each; the first failure of a key holds back the rest."""
    [wanted] = catalogue.load([service])
    process = Process(settings, url, [wanted])
    context = process.contexts[service]
    pump = wanted.pump(context)
    async with process.running(workers=False):
        async with context.database.reading() as connection:
            waiting = await deadletters.waiting(connection, service, key)
        report = []
        for parked in keys_in_order(waiting).values():
            held = False
            for letter in parked:
                result = "parked"
                if handle and not held:
                    try:
                        await pump.replay(letter)
                        result = "handled"
                    except Exception as error:
                        result, held = describe(error), True
                elif handle:
                    result = deadletters.BEHIND
                report.append(
                    {
                        "event_id": letter.event_id,
                        "type": letter.record.headers.get("ce_type"),
                        "key": letter.record.key,
                        "parked_at": letter.parked_at,
                        "error": letter.error,
                        "result": result if handle else letter.error,
                    }
                )
    return report


async def move(
    settings: Settings,
    url: str,
    service: str,
    from_offset: int | None,
    from_time: datetime | None,
    rebuild: bool,
) -> None:
    """Let a stopped consumer read the log again from a place. Raises CannotStart when it is running."""
    [wanted] = catalogue.load([service])
    assert wanted.reactions is not None
    process = Process(settings, url, [wanted])
    async with process.running(workers=False):
        if rebuild:
            from services.insights.rebuild import rebuild as rebuild_insights

            await rebuild_insights(process.contexts[service])
            return
        position = from_time.replace(tzinfo=UTC) if from_time is not None else from_offset
        if position is None:
            raise CannotStart("Say from where: --from-offset or --from-time.")
        await process.log.reset(wanted.reactions.consumer, wanted.reactions.topics, position)
