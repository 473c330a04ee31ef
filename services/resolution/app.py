"""The resolution service: works each complaint to an outcome that the customer accepts."""

from collections.abc import Sequence

from services.resolution.api import router
from services.resolution.approvals.store import store as approval_store
from services.resolution.approvals.tables import approvals
from services.resolution.clocks.calendars import Calendars
from services.resolution.clocks.refreshing import Refresher
from services.resolution.fairness.reviewers import Reviewers
from services.resolution.fairness.store import store as appeals
from services.resolution.fairness.tables import appeals as appeals_table
from services.resolution.field_action.store import store as field_actions
from services.resolution.handlers import reactions
from services.resolution.improvement.ordering import Ordering
from services.resolution.improvement.returning import Returning
from services.resolution.improvement.store import store as improvement_store
from services.resolution.improvement.tables import improvements
from services.resolution.offers.checking import Supplies
from services.resolution.store import metadata, store
from services.resolution.tables import cases, field
from shared.guard import Guard
from shared.service import Context, Service, Worker
from shared.waking import Dormitory, Waker
from shared.worktime import chinese_calendar


def _parts(context: Context) -> Sequence[object]:
    settings = context.settings
    usual = Calendars(chinese_calendar(settings.time_zone))
    appeals.follow(usual.usual)
    dormitories = [
        Dormitory(cases, store),
        Dormitory(approvals, approval_store),
        Dormitory(appeals_table, appeals),
        Dormitory(improvements, improvement_store),
        Dormitory(field.actions, field_actions),
    ]
    token = settings.stock_token.get_secret_value() if settings.stock_token else None
    guard = Guard(allow_private=settings.allow_private_targets or settings.stock_private)
    return [
        Supplies(settings.stock_url, token, guard),
        store.follow(usual, settings.installation_secret),
        Refresher(context),
        Reviewers(context),
        Waker(context.database, dormitories, settings.poll_interval),
    ]


service = Service(
    name="resolution",
    summary="Works each complaint to an outcome that the customer accepts, and keeps what was promised.",
    router=router,
    metadata=metadata,
    reactions=(reactions,),
    parts=_parts,
    workers=lambda context: [
        Worker("resolution.waker", context.part(Waker).run),
        Worker("resolution.calendars", context.part(Refresher).run),
        Worker("resolution.reviewers", context.part(Reviewers).run),
        Worker("resolution.returning", Returning(context).run),
        Worker("resolution.ordering", Ordering(context).run),
    ],
)
