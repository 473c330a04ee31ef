"""Intake: receives. The complaint as told, the customer, the customer's view and answers."""

from collections.abc import Sequence

from services.intake.api import router
from services.intake.door import COMMITTERS, Door
from services.intake.duplicates.index import Marker
from services.intake.handlers import reactions
from services.intake.store import metadata
from services.intake.watch import Watchers
from shared.service import Context, Service, Worker


def _parts(context: Context) -> Sequence[object]:
    return Door(context.database), Watchers(context.database)


def _workers(context: Context) -> Sequence[Worker]:
    return (
        *(Worker(f"intake.door.{n}", context.part(Door).run) for n in range(1, COMMITTERS + 1)),
        Worker("intake.watch", context.part(Watchers).run),
        Worker("intake.duplicates", Marker(context).run),
    )


service = Service(
    name="intake",
    summary="Receives complaints and shows customers what becomes of them.",
    router=router,
    metadata=metadata,
    reactions=reactions,
    parts=_parts,
    workers=_workers,
)
