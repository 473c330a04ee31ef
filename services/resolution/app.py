"""The resolution service: works each complaint to an outcome that the customer accepts."""

from collections.abc import Sequence
from datetime import timedelta

from services.resolution.api import router
from services.resolution.approvals.store import store as approval_store
from services.resolution.approvals.tables import approvals
from services.resolution.field_action.store import store as field_actions
from services.resolution.handlers import reactions
from services.resolution.promises import Policy
from services.resolution.store import metadata, store
from services.resolution.tables import cases, field
from services.resolution.waking import Dormitory, Waker
from shared.service import Context, Service, Worker
from shared.worktime import chinese_calendar


def _parts(context: Context) -> Sequence[object]:
    settings = context.settings
    policy = Policy(timedelta(hours=settings.first_promise_hours), chinese_calendar(settings.time_zone))
    dormitories = [
        Dormitory(cases, store),
        Dormitory(approvals, approval_store),
        Dormitory(field.actions, field_actions),
    ]
    return [store.follow(policy), Waker(context.database, dormitories, settings.poll_interval)]


service = Service(
    name="resolution",
    summary="Works each complaint to an outcome that the customer accepts, and keeps what was promised.",
    router=router,
    metadata=metadata,
    reactions=reactions,
    parts=_parts,
    workers=lambda context: [Worker("resolution.waker", context.part(Waker).run)],
)
