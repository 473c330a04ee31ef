"""The insights service: read models of everything that happened, and the measures made of them."""

from collections.abc import Sequence

from services.insights.api import router
from services.insights.handlers import reactions
from services.insights.hazards.finding import HazardFinder
from services.insights.store import metadata
from services.insights.tellings.handlers import reactions as tellings
from services.insights.training.finding import Finder
from services.insights.training.handlers import reactions as lapses
from services.insights.voices.handlers import reactions as voices
from services.insights.voices.rehearing import Rehearing
from shared.service import Context, Service, Worker


def _workers(context: Context) -> Sequence[Worker]:
    database, poll_interval = context.database, context.settings.poll_interval
    return [
        Worker("insights.rehearing", Rehearing(database, poll_interval).run),
        Worker("insights.training-needs", Finder(database, poll_interval).run),
        Worker("insights.hazards", HazardFinder(database, poll_interval).run),
    ]


service = Service(
    name="insights",
    summary="learns: measures with targets, from sums that every event keeps up to date",
    router=router,
    metadata=metadata,
    reactions=(reactions, tellings, voices, lapses),
    workers=_workers,
)
