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
    attachment_of,
)
from services.intake.attachments.cabinet import Cabinet
from services.intake.attachments.incoming import incoming
from services.intake.attachments.model import By
from services.intake.attachments.schemas import AttachmentTracked, tracked
from services.intake.opening import Opened
from shared import problems
from shared.idempotency import IdempotencyKey
from shared.opening import LIMITED
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
    case: Opened,
    request: Request,
    response: Response,
    ctx: Ctx,
    name: NameQuery = None,
    key: IdempotencyKey = None,
) -> AttachmentTracked:
    """A picture, a document, a recording: what shows the trouble. You can always download what you sent."""
    file = await incoming(request, name)
    stored = await ctx.part(Cabinet).store(
        case.id,
        file.chunks,
        file.name,
        file.declared_type,
        By(case.principal, from_customer=True),
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
    case: Opened,
    attachment_id: AttachmentId,
    ctx: Ctx,
    wanted: RangeHeader = None,
    unless: IfRange = None,
) -> Response:
    """One that you sent, or one that was shown to you. Others do not exist for you."""
    async with ctx.database.reading() as connection:
        attachment = await attachment_of(connection, case.id, attachment_id)
    if not attachment.visible_to_customer:
        raise problems.not_found("attachment", "path/attachment_id")
    return await delivery.download(ctx.part(Cabinet).storage, attachment, wanted, unless)
