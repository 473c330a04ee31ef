"""HTTP in: how the classifier does."""

from typing import Annotated

from services.routing.books import BOOKS
from services.routing.triage.learned import mind_of, refresh
from services.routing.triage.learner import LEARNER
from services.routing.triage.report import ModelReport, report
from shared import clock, problems
from shared.auth import Principal, may
from shared.rulebooks import store as rulebooks
from shared.service import Ctx, api_router

router = api_router(tags=["triage"])


@router.get(
    "/triage/model",
    response_model_exclude_none=True,
    summary="How the learned classifier does",
    responses=problems.documented(),
)
async def read_classifier(who: Annotated[Principal, may("cases:read")], ctx: Ctx) -> ModelReport:
    """Champion and challenger, lessons, calibration, and week by week the realised error against the promised one."""
    async with ctx.database.reading() as connection:
        mind = mind_of(connection)
        assert mind is not None
        await refresh(connection, mind)
        books = await rulebooks.load_books(connection, *BOOKS)
        return await report(connection, mind, books.read(LEARNER), books.version(LEARNER), clock.now())
