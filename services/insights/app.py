"""The insights service: read models of everything that happened, and the measures made of them."""

from collections.abc import Sequence

from services.insights.api import router
from services.insights.fairness.watch import FairnessWatch
from services.insights.handlers import reactions
from services.insights.staff.handlers import reactions as staff
from services.insights.store import metadata
from services.insights.tellings.handlers import reactions as tellings
from shared.service import Context, Service, Worker


def _parts(context: Context) -> Sequence[object]:
    return (FairnessWatch(context),)


def _workers(context: Context) -> Sequence[Worker]:
    return (Worker("insights.fairness", context.part(FairnessWatch).run),)


service = Service(
    name="insights",
    summary="learns: measures with targets, from sums that every event keeps up to date",
    router=router,
    metadata=metadata,
    reactions=(reactions, tellings, staff),
    parts=_parts,
    workers=_workers,
)
