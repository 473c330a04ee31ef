"""HTTP in. Each room of routing has its own `api.py`."""

from services.routing.books import BOOKS
from services.routing.directory.api import router as directory
from services.routing.rulebooks import api as rulebooks
from services.routing.transfer.api import router as transfer
from services.routing.triage.api import router as triage
from services.routing.triage.trying import router as trial
from shared.service import api_router

router = api_router()
for room in (triage, trial, directory, transfer, rulebooks.routes(*BOOKS.values())):
    router.include_router(room)
