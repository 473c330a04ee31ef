"""HTTP in: who must learn what."""

from sqlalchemy import select

from services.insights.measures.asking import OVERSEE
from services.insights.ranges import Reader
from services.insights.training.schemas import TrainingNeedFound
from services.insights.training.store import training_needs
from shared import pages, problems
from shared.auth import Lacking
from shared.service import Ctx, api_router
from shared.text import SoughtText

router = api_router(tags=["training needs"])

Name = SoughtText | None


@router.get(
    "/training-needs",
    response_model=pages.Page[TrainingNeedFound],
    summary="Who must learn what",
    responses=problems.documented(),
)
async def list_training_needs(
    who: Reader,
    ctx: Ctx,
    person_id: Name = None,
    department: Name = None,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[TrainingNeedFound]:
    """People and departments with more broken promises, results that fell, flagged replies, bad ratings or returning
    causes than their cases explain, the newest first, with all figures. Whoever has the hard cases is compared with
    others who have such cases. Those of single people are shown to whoever oversees them (`appeals:oversee`) or plans
    training (`training:write`). What becomes of a need, routing knows."""
    sees_people = who.may(OVERSEE) or who.may("training:write")
    if person_id is not None and not sees_people:
        raise Lacking(OVERSEE)
    c = training_needs.c
    query = select(training_needs)
    if not sees_people:
        query = query.where(c.person_id.is_(None))
    if person_id is not None:
        query = query.where(c.person_id == person_id)
    if department is not None:
        query = query.where(c.department == department)
    async with ctx.database.reading() as connection:
        return await pages.read(
            connection,
            query,
            limit,
            cursor,
            lambda row: TrainingNeedFound(**{name: row[name] for name in TrainingNeedFound.model_fields}),
            c.found_at,
            c.id,
            newest_first=True,
        )
