"""HTTP in: the customer's own attachments, and those that were shown to them, by reference and token."""

from fastapi import Request, Response

from services.intake.attachments import delivery
from services.intake.attachments.api import (
    BYTES,
    FILE,
    REFUSED,
    AttachmentId,
    IfRange,
    NameQuery,
    RangeHeader,
)
from services.intake.attachments.api import found as found_attachment
from services.intake.attachments.cabinet import Cabinet
from services.intake.attachments.incoming import incoming
from services.intake.attachments.model import By
from services.intake.attachments.schemas import AttachmentTracked, tracked
from services.intake.opening import LIMITED, Reference, TokenHeader, TokenQuery, open_case
from shared import problems
from shared.idempotency import IdempotencyKey
from shared.service import Ctx, api_router

router = api_router(tags=["tracking"], dependencies=[LIMITED])


@router.post(
    "/tracking/{reference}/attachments",
    status_code=201,
    response_model=AttachmentTracked,
    summary="Send a file",
    responses=REFUSED,
    openapi_extra=FILE,
)
async def send_file(
    reference: Reference,
    request: Request,
    response: Response,
    ctx: Ctx,
    header: TokenHeader = None,
    query: TokenQuery = None,
    name: NameQuery = None,
    key: IdempotencyKey = None,
) -> AttachmentTracked:
    """A picture, a document, a recording: what shows the trouble. You can always download what you sent."""
    async with ctx.database.reading() as connection:
        told = await open_case(connection, ctx, reference, header or query)
    file = await incoming(request, name)
    stored = await ctx.part(Cabinet).store(
        told["id"],
        file.chunks,
        file.name,
        file.declared_type,
        By(f"tracking:{told['id']}", from_customer=True),
        key=key,
    )
    if stored.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return tracked(stored.attachment)


@router.get(
    "/tracking/{reference}/attachments/{attachment_id}/content",
    response_class=Response,
    summary="Download a file of the case",
    responses=BYTES,
)
async def download_file(
    reference: Reference,
    attachment_id: AttachmentId,
    ctx: Ctx,
    header: TokenHeader = None,
    query: TokenQuery = None,
    wanted: RangeHeader = None,
    unless: IfRange = None,
) -> Response:
    """One that you sent, or one that was shown to you. Others do not exist for you."""
    async with ctx.database.reading() as connection:
        told = await open_case(connection, ctx, reference, header or query)
        attachment = await found_attachment(connection, told["id"], attachment_id)
    if not attachment.visible_to_customer:
        raise problems.not_found("attachment", "path/attachment_id")
    return await delivery.download(ctx.part(Cabinet).storage, attachment, wanted, unless)
