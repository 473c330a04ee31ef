"""The insights service: read models of everything that happened, and the measures made of them."""

from services.insights.api import router
from services.insights.handlers import reactions
from services.insights.pages.api import face as pages
from services.insights.store import metadata
from services.insights.tellings.handlers import reactions as tellings
from shared.service import Service

service = Service(
    name="insights",
    summary="learns: measures with targets, from sums that every event keeps up to date",
    router=router,
    faces={"/pages": pages},
    metadata=metadata,
    reactions=(reactions, tellings),
)
