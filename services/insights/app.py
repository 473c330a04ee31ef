"""The insights service: read models of everything that happened, and the measures made of them."""

from collections.abc import Sequence

from services.insights.alerts.watch import Watch
from services.insights.api import router
from services.insights.handlers import reactions
from services.insights.journeys.handlers import reactions as journeys
from services.insights.store import metadata
from services.insights.tellings.handlers import reactions as tellings
from shared.service import Context, Service, Worker


def _parts(context: Context) -> Sequence[object]:
    return (Watch(context),)


def _workers(context: Context) -> Sequence[Worker]:
    return (Worker("insights.early-warning", context.part(Watch).run),)


service = Service(
    name="insights",
    summary="learns: measures with targets, from sums that every event keeps up to date",
    router=router,
    metadata=metadata,
    reactions=(reactions, tellings, journeys),
    parts=_parts,
    workers=_workers,
)
