"""Make the read tables of insights again from the log."""

from sqlalchemy import text

from services.insights.handlers import reactions
from services.insights.staff.handlers import reactions as staff
from services.insights.staff.store import accusations
from services.insights.store import complaints, daily, handling_times
from services.insights.tellings.handlers import reactions as tellings
from services.insights.tellings.store import tellings as told
from shared.service import Context

READ_TABLES = (complaints, daily, handling_times, told, accusations)
CONSUMERS = (reactions, tellings, staff)


async def rebuild(ctx: Context) -> None:
    """Empty the read tables and let the consumer read the whole log again.

    Every consumer of insights must be stopped, in every process: one that runs would move the group's
    position on again, past records whose effects are gone. When they start again, the tables fill; until they
    have caught up (`redress_consumer_lag_events`), the measures are those of the part that was read.

    The position is put back before, which also finds out whether a consumer runs while nothing is lost yet. If
    the next step then fails, the records come again and are known by the inbox: nothing is lost or counted
    twice, and `rebuild` may simply be repeated. It is put back once more at the end: a consumer that started
    in between has moved over records that were still known, and whose effects then went. If it still runs,
    this raises GroupInUse like the first time: stop it, and repeat.

    Dead letters go too, because the events in them come again with the rest, and would otherwise wait behind
    themselves.
    """
    await _from_the_start(ctx)
    async with ctx.database.transaction() as transaction:
        await transaction.execute(text(f"TRUNCATE {', '.join(table.name for table in READ_TABLES)}"))
        for table in ("inbox", "dead_letters"):
            await transaction.execute(
                text(f"DELETE FROM {table} WHERE consumer = ANY(:consumers)"),  # noqa: S608 - one of these names
                {"consumers": [each.consumer for each in CONSUMERS]},
            )
    await _from_the_start(ctx)


async def _from_the_start(ctx: Context) -> None:
    for each in CONSUMERS:
        await ctx.log.reset(each.consumer, each.topics, 0)
