"""HTTP in: the rooms of notification."""

from services.notification.attempts.api import router as deliveries
from services.notification.books import BOOKS
from services.notification.staff.api import router as inbox
from services.notification.webhooks.api import router as webhooks
from services.notification.webhooks.resending_api import router as resending
from services.notification.wording.api import router as wording
from shared.rulebooks import api as rulebooks
from shared.service import api_router

router = api_router()
for room in (webhooks, resending, deliveries, inbox, wording, rulebooks.routes(*BOOKS)):
    router.include_router(room)
