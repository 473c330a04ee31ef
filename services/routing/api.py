"""HTTP in. Each room of routing has its own `api.py`."""

from services.routing.books import BOOKS
from services.routing.directory.api import router as directory
from services.routing.rulebooks import api as rulebooks
from services.routing.transfer.api import router as transfer
from services.routing.transfer.clippings.api import router as clippings
from services.routing.transfer.contacts_api import router as contacts
from services.routing.transfer.measures_api import router as measures
from services.routing.transfer.meetings.api import router as meetings
from services.routing.transfer.tasks.api import router as tasks
from services.routing.triage.api import router as triage
from shared.service import api_router

router = api_router()
of_transfer = (measures, transfer, tasks, meetings, clippings, contacts)
for room in (triage, directory, *of_transfer, rulebooks.routes(*BOOKS.values())):
    router.include_router(room)
