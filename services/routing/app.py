"""Routing: decides who. Triage, directory, assignment, transfer."""

from collections.abc import Sequence

from services.routing.api import router
from services.routing.assignment.drain import Drain
from services.routing.handlers import reactions
from services.routing.store import metadata
from shared.service import Context, Service, Worker


def _parts(context: Context) -> Sequence[object]:
    return (Drain(context),)


def _workers(context: Context) -> Sequence[Worker]:
    drain = context.part(Drain)
    return (Worker("routing.drain", drain.run), Worker("routing.bell", drain.listen))


service = Service(
    name="routing",
    summary="Decides what a complaint is about, who works it, and who must know.",
    router=router,
    metadata=metadata,
    reactions=reactions,
    parts=_parts,
    workers=_workers,
)
