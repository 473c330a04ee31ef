"""Make the read tables of insights again from the log."""

from collections.abc import Callable

from services.insights.app import service
from shared.rebuilding import AT_ONCE, Reader
from shared.rebuilding import rebuild as make_again
from shared.service import Context

READ_TABLES = tuple(table for each in service.reactions for table in Reader.of(each).store.tables)


async def rebuild(
    ctx: Context,
    *,
    at_once: int = AT_ONCE,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Empty the read tables and fill them from the whole log; see `shared.rebuilding`.

    Insights must be stopped, in every process: raises GroupInUse when its consumer is found running, before
    anything is changed or at the very end, when all is there; then stop it, and repeat. While it lasts, whoever asks
    insights for anything waits.
    """
    await make_again(
        service.name, service.reactions, ctx.database, ctx.log, at_once=at_once, progress=progress
    )
