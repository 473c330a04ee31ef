"""The insights service: read models of everything that happened, and the measures made of them."""

from collections.abc import Sequence

from services.insights.alerts.watch import Watch
from services.insights.api import router
from services.insights.fairness.watch import FairnessWatch
from services.insights.hazards.finding import HazardFinder
from services.insights.pages.api import face as pages
from services.insights.reactions import REACTIONS
from services.insights.store import metadata
from services.insights.topics.job import Miner
from services.insights.training.finding import Finder
from services.insights.voices.rehearing import Rehearing
from shared.service import Context, Service, Worker


def _parts(context: Context) -> Sequence[object]:
    return (
        Watch(context),
        Miner(context),
        FairnessWatch(context),
    )


def _workers(context: Context) -> Sequence[Worker]:
    return (
        Worker("insights.early-warning", context.part(Watch).run),
        Worker("insights.miner", context.part(Miner).run),
        Worker("insights.fairness", context.part(FairnessWatch).run),
        Worker("insights.rehearing", Rehearing(context).run),
        Worker("insights.training-needs", Finder(context).run),
        Worker("insights.hazards", HazardFinder(context).run),
    )


service = Service(
    name="insights",
    summary="learns: measures with targets, from sums that every event keeps up to date",
    router=router,
    faces={"/pages": pages},
    metadata=metadata,
    reactions=REACTIONS,
    parts=_parts,
    workers=_workers,
)
