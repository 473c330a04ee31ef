"""The insights service: read models of everything that happened, and the measures made of them."""

from collections.abc import Sequence

from services.insights.alerts.watch import Watch
from services.insights.api import router
from services.insights.fairness.watch import FairnessWatch
from services.insights.handlers import reactions
from services.insights.hazards.finding import HazardFinder
from services.insights.journeys.handlers import reactions as journeys
from services.insights.pages.api import face as pages
from services.insights.recurrence.handlers import reactions as recurrence
from services.insights.staff.handlers import reactions as staff
from services.insights.store import metadata
from services.insights.tellings.handlers import reactions as tellings
from services.insights.topics.job import Miner
from services.insights.training.finding import Finder
from services.insights.training.handlers import reactions as lapses
from services.insights.voices.handlers import reactions as voices
from services.insights.voices.rehearing import Rehearing
from shared.service import Context, Service, Worker


def _parts(context: Context) -> Sequence[object]:
    return (
        Watch(context),
        Miner(context.database, context.settings.poll_interval),
        FairnessWatch(context),
    )


def _workers(context: Context) -> Sequence[Worker]:
    database, poll_interval = context.database, context.settings.poll_interval
    return (
        Worker("insights.early-warning", context.part(Watch).run),
        Worker("insights.miner", context.part(Miner).run),
        Worker("insights.fairness", context.part(FairnessWatch).run),
        Worker("insights.rehearing", Rehearing(database, poll_interval).run),
        Worker("insights.training-needs", Finder(database, poll_interval).run),
        Worker("insights.hazards", HazardFinder(database, poll_interval).run),
    )


service = Service(
    name="insights",
    summary="learns: measures with targets, from sums that every event keeps up to date",
    router=router,
    faces={"/pages": pages},
    metadata=metadata,
    reactions=(reactions, tellings, journeys, recurrence, voices, lapses, staff),
    parts=_parts,
    workers=_workers,
)
