"""The insights service: read models of everything that happened, and the measures made of them."""

from collections.abc import Sequence

from services.insights.alerts.watch import Watch
from services.insights.api import router
from services.insights.handlers import reactions
from services.insights.journeys.handlers import reactions as journeys
from services.insights.recurrence.handlers import reactions as recurrence
from services.insights.store import metadata
from services.insights.tellings.handlers import reactions as tellings
from services.insights.topics.job import Miner
from shared.service import Context, Service, Worker


def _parts(context: Context) -> Sequence[object]:
    return (Watch(context), Miner(context.database, context.settings.poll_interval))


def _workers(context: Context) -> Sequence[Worker]:
    return (
        Worker("insights.early-warning", context.part(Watch).run),
        Worker("insights.miner", context.part(Miner).run),
    )


service = Service(
    name="insights",
    summary="learns: measures with targets, from sums that every event keeps up to date",
    router=router,
    metadata=metadata,
    reactions=(reactions, tellings, journeys, recurrence),
    parts=_parts,
    workers=_workers,
)
