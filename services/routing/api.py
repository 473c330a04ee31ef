"""HTTP in. Each room of routing has its own `api.py`."""

from services.routing.assignment.api import router as assignment
from services.routing.books import BOOKS
from services.routing.directory.absences_api import router as absences
from services.routing.directory.api import router as directory
from services.routing.directory.entries_api import add_entries
from services.routing.directory.entries_api import router as entries
from services.routing.directory.lists_api import router as lists
from services.routing.directory.people_api import router as people
from services.routing.duties.api import router as duties
from services.routing.duties.proposals_api import router as proposals
from services.routing.findings.api import router as findings
from services.routing.rewards.api import router as rewards
from services.routing.training.api import router as training
from services.routing.training.practice_api import router as practice
from services.routing.training.results_api import router as results
from services.routing.transfer.api import router as transfer
from services.routing.transfer.audiences_api import router as audiences
from services.routing.transfer.clippings.api import router as clippings
from services.routing.transfer.contacts_api import router as contacts
from services.routing.transfer.measures_api import router as measures
from services.routing.transfer.meetings.api import router as meetings
from services.routing.transfer.tasks.api import router as tasks
from services.routing.triage.api import router as triage
from services.routing.triage.trying import router as trial
from shared.rulebooks import api as rulebooks
from shared.service import api_router

router = api_router()
add_entries(entries)
ROOMS = (
    triage,
    trial,
    directory,
    people,
    absences,
    findings,
    lists,
    entries,
    training,
    results,
    practice,
    rewards,
    duties,
    proposals,
    measures,
    transfer,
    tasks,
    meetings,
    clippings,
    contacts,
    audiences,
    assignment,
    rulebooks.routes(*BOOKS),
)
for room in ROOMS:
    router.include_router(room)
