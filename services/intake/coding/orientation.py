"""HTTP in: which values the categories of the taxonomy are opposed to. Edited here, recorded with each coding."""

from typing import Annotated

from fastapi import Query, Response
from pydantic_core import to_json

from services.intake.coding.model import misfit
from services.intake.coding.schemas import NewOrientation, OrientationShown
from services.intake.coding.store import orientation, orientations
from shared import clock, etag, problems, taxonomy
from shared.auth import Principal, may
from shared.bulk import insert_rows
from shared.database import Transaction
from shared.editing import Editing
from shared.idempotency import Answer
from shared.openapi import TAGGED
from shared.problems import Problem
from shared.service import Ctx, api_router
from shared.taxonomy import Taxonomy

router = api_router(tags=["coding"])

Version = Annotated[
    int | None, Query(ge=1, le=1_000_000, description="Of the taxonomy; the newest when left out.")
]


@router.get(
    "/value-orientation",
    response_model=OrientationShown,
    summary="Read the value orientation",
    responses=problems.documented(404) | TAGGED,
)
async def read_value_orientation(
    who: Annotated[Principal, may("complaints:read")],
    ctx: Ctx,
    response: Response,
    taxonomy_version: Version = None,
) -> OrientationShown:
    """What customers hold dear who complain of a category: the positive opposite of the grievance."""
    found = _taxonomy(taxonomy_version, "query/taxonomy_version", 404)
    async with ctx.database.reading() as connection:
        number, mapping = await orientation(connection, found.version)
    response.headers["ETag"] = etag.tag(number)
    labels = {place: list(values) for place, values in mapping.items()}
    return OrientationShown(version=number, taxonomy_version=found.version, mapping=labels)


@router.put(
    "/value-orientation",
    response_model=OrientationShown,
    summary="Change the value orientation",
    responses=problems.documented(412, 422),
)
async def change_value_orientation(
    wanted: NewOrientation,
    who: Annotated[Principal, may("taxonomy:write")],
    editing: Editing,
) -> Response:
    """For codings from now on; what was coded before keeps its labels."""
    found = _taxonomy(wanted.taxonomy_version, "body/taxonomy_version", 422)
    if no := misfit(found, wanted.mapping):
        detail = f"{no.english} {no.chinese}"
        raise problems.invalid("The mapping does not fit the taxonomy", detail, field=no.field)

    async def work(transaction: Transaction) -> Answer:
        await transaction.hold("orientation")
        number, _ = await orientation(transaction.connection, found.version)
        editing.must_match(number, "value orientation", "价值取向")
        row = {
            "taxonomy_version": found.version,
            "number": number + 1,
            "mapping": wanted.mapping,
            "reason": wanted.reason,
            "changed_by": who.id,
            "changed_at": clock.now(),
        }
        await insert_rows(transaction, orientations, [row])
        labels = {place: list(values) for place, values in wanted.mapping.items()}
        shown = OrientationShown(version=number + 1, taxonomy_version=found.version, mapping=labels)
        return Answer(200, to_json(shown))

    return await editing.once_tagged(who.id, work)


def _taxonomy(version: int | None, field: str, status: int) -> Taxonomy:
    found = taxonomy.newest() if version is None else taxonomy.versions().get(version)
    if found is None:
        kind = "not-found" if status == 404 else "invalid-request"
        detail = "`/taxonomies` lists the versions. 没有该版本的分类表。"
        raise Problem(status, kind, "No such version of the taxonomy", detail, field=field)
    return found
