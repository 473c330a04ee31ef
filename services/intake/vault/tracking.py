"""HTTP in: what is kept of a complaint, for the customer who told it."""

from fastapi import Response

from services.intake.attachments.cabinet import Cabinet
from services.intake.opening import Opened
from services.intake.vault.export import archive
from shared import problems
from shared.opening import LIMITED
from shared.service import Ctx, api_router

router = api_router(tags=["tracking"], dependencies=[LIMITED])


@router.get(
    "/tracking/{reference}/export",
    response_class=Response,
    summary="Everything that is kept of a case, as one archive",
    responses={
        200: {
            "description": "A ZIP: a note in both languages, what was told, and the files",
            "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
        },
        **problems.documented(404),
    },
)
async def export_case(case: Opened, ctx: Ctx) -> Response:
    """Your own words, contacts and files, and how the case was handled."""
    return await archive(ctx.database, ctx.part(Cabinet).storage, [case.id], case.reference)
