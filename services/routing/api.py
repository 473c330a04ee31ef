"""HTTP in. Each room of routing has its own `api.py`."""

from services.routing.assignment.api import router as assignment
from services.routing.books import BOOKS
from services.routing.directory.absences_api import router as absences
from services.routing.directory.api import router as directory
from services.routing.directory.entries_api import add_entries
from services.routing.directory.entries_api import router as entries
from services.routing.directory.people_api import router as people
from services.routing.rulebooks import api as rulebooks
from services.routing.transfer.api import router as transfer
from services.routing.triage.api import router as triage
from shared.service import api_router

router = api_router()
add_entries(entries)
for room in (
    triage,
    directory,
    people,
    absences,
    entries,
    assignment,
    transfer,
    rulebooks.routes(*BOOKS.values()),
):
    router.include_router(room)
