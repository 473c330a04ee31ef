"""HTTP in: the rooms of notification."""

from services.notification.attempts.api import router as deliveries
from services.notification.books import BOOKS
from services.notification.briefings.api import router as briefings
from services.notification.devices.api import router as devices
from services.notification.messages.api import router as messages
from services.notification.preferences.api import router as preferences
from services.notification.reports.api import router as reports
from services.notification.staff.api import router as inbox
from services.notification.streams import sockets
from services.notification.streams.api import router as streams
from services.notification.surveys.answering import router as answering
from services.notification.surveys.api import router as surveys
from services.notification.surveys.page import router as survey_page
from services.notification.webhooks.api import router as webhooks
from services.notification.webhooks.resending_api import router as resending
from services.notification.wording.api import router as wording
from services.notification.wording.preview_api import router as previews
from services.notification.wording.templates_api import router as templates
from shared.rulebooks import api as rulebooks
from shared.service import api_router

router = api_router()
ROOMS = (
    *(webhooks, resending, deliveries, reports, inbox, messages, devices, preferences),
    *(briefings, wording, templates, previews, streams, sockets.router, surveys, answering, survey_page),
)
"""Routers of the rooms."""

for room in (*ROOMS, rulebooks.routes(*BOOKS)):
    router.include_router(room)
