"""Routing: decides who. Triage, directory, transfer."""

from collections.abc import Sequence

from services.routing.api import router
from services.routing.drain import Drain
from services.routing.handlers import reactions
from services.routing.store import metadata
from services.routing.triage.learned import equip
from services.routing.triage.trainer import Trainer
from shared.service import Context, Service, Worker


def _parts(context: Context) -> Sequence[object]:
    equip(context.database)
    return (Drain(context), Trainer(context))


def _workers(context: Context) -> Sequence[Worker]:
    return (
        Worker("routing.drain", context.part(Drain).run),
        Worker("routing.trainer", context.part(Trainer).run),
    )


service = Service(
    name="routing",
    summary="Decides what a complaint is about, who works it, and who must know.",
    router=router,
    metadata=metadata,
    reactions=reactions,
    parts=_parts,
    workers=_workers,
)
