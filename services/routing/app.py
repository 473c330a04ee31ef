"""Routing: decides who. Triage, directory, assignment, transfer."""

from collections.abc import Mapping, Sequence

from services.routing.api import router
from services.routing.assignment.drain import Drain
from services.routing.directory.api import BODY_LIMIT
from services.routing.findings.watch import Watch
from services.routing.handlers import reactions
from services.routing.store import metadata
from services.routing.transfer.chaser import Chaser
from services.routing.triage.learned import equip
from services.routing.triage.trainer import Trainer
from shared.config import Settings
from shared.service import Context, Service, Worker


def _parts(context: Context) -> Sequence[object]:
    equip(context.database)
    chaser = Chaser(context.database, context.settings.poll_interval)
    return Drain(context), Trainer(context), Watch(context), chaser


def _workers(context: Context) -> Sequence[Worker]:
    return (
        Worker("routing.drain", context.part(Drain).run),
        Worker("routing.bell", context.part(Drain).listen),
        Worker("routing.trainer", context.part(Trainer).run),
        Worker("routing.findings", context.part(Watch).run),
        Worker("routing.chaser", context.part(Chaser).run),
    )


def _large_bodies(settings: Settings) -> Mapping[str, int]:
    return {r"/v1/directory(/import)?": BODY_LIMIT}


service = Service(
    name="routing",
    summary="Decides what a complaint is about, who works it, and who must know.",
    router=router,
    metadata=metadata,
    reactions=(reactions,),
    parts=_parts,
    workers=_workers,
    large_bodies=_large_bodies,
)
