"""HTTP in: attachments, for staff and enterprise systems. Customers come through `tracking.py` beside it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Path, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake import found
from services.intake.attachments import delivery, store
from services.intake.attachments.cabinet import Cabinet
from services.intake.attachments.incoming import incoming
from services.intake.attachments.model import Attachment, By
from services.intake.attachments.naming import masked
from services.intake.attachments.schemas import AttachmentShown, shown
from services.intake.found import ComplaintId
from services.intake.vault import purpose
from services.intake.vault.model import What
from shared import pages, problems
from shared.auth import Principal, may
from shared.idempotency import IdempotencyKey
from shared.service import Ctx, api_router

router = api_router(tags=["attachments"])


AttachmentId = Annotated[UUID, Path(description="Id that adding it answered with.")]
NameQuery = Annotated[
    str | None,
    Query(
        max_length=1000, description="File name, if the form does not tell it. Folders in it are left out."
    ),
]
RangeHeader = Annotated[
    str | None, Header(alias="Range", max_length=100, description="One range: `bytes=0-1023`.")
]
IfRange = Annotated[
    str | None, Header(alias="If-Range", max_length=200, description="The ETag of the part that you have.")
]

FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file: in a form as the part `file`, or as the body itself with its own Content-Type.",
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "title": "AttachmentUpload",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
REFUSED = problems.documented(400, 404, 408, 409, 415)
BYTES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file, always as a download",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    },
    206: {
        "description": "The range of it that was asked for",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    },
    **problems.documented(404, 409, 410, 416),
}


@router.post(
    "/complaints/{complaint_id}/attachments",
    status_code=201,
    response_model=AttachmentShown,
    summary="Attach a file to a complaint",
    responses=REFUSED,
    openapi_extra=FILE,
)
async def add_attachment(
    complaint_id: ComplaintId,
    request: Request,
    response: Response,
    who: Annotated[Principal, may("complaints:write")],
    ctx: Ctx,
    name: NameQuery = None,
    from_customer: Annotated[bool, Query(description="The file is the customer's own.")] = False,
    visible_to_customer: Annotated[bool, Query(description="The customer may download it.")] = False,
    key: IdempotencyKey = None,
) -> AttachmentShown:
    """Stream one file in. Its type is what its content says; its name is made harmless.

    The customer may always have back what is theirs. With a scanner the file is in quarantine (`scan: pending`)
    until it has been found clean; `AttachmentScanned` tells.
    """
    file = await incoming(request, name)
    stored = await ctx.part(Cabinet).store(
        complaint_id,
        file.chunks,
        file.name,
        file.declared_type,
        By(who.id, from_customer),
        visible_to_customer=visible_to_customer,
        key=key,
    )
    if stored.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return shown(stored.attachment, stored.attachment.name)


@router.get(
    "/complaints/{complaint_id}/attachments",
    response_model=pages.Page[AttachmentShown],
    response_model_exclude_none=True,
    summary="List a complaint's attachments, the oldest first",
    responses=problems.documented(404),
)
async def list_attachments(
    complaint_id: ComplaintId,
    who: Annotated[Principal, may("complaints:read")],
    ctx: Ctx,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[AttachmentShown]:
    """What is known of them; what identifies the customer is masked in the names."""
    after = pages.decode(cursor, UUID)[0] if cursor is not None else None
    async with ctx.database.reading() as connection:
        known = (await found.record(connection, complaint_id)).known
        files = await store.listed(connection, complaint_id, visible_only=False, after=after, limit=limit + 1)
    return pages.page(
        files, limit, lambda file: shown(file, masked(file.name, known)), lambda file: (file.id,)
    )


@router.get(
    "/complaints/{complaint_id}/attachments/{attachment_id}/content",
    response_class=Response,
    summary="Download an attachment",
    responses=BYTES,
)
async def download_attachment(
    complaint_id: ComplaintId,
    attachment_id: AttachmentId,
    who: Annotated[Principal, may("attachments:read")],
    ctx: Ctx,
    wanted: RangeHeader = None,
    unless: IfRange = None,
    why: purpose.Given = None,
) -> Response:
    """Personal data: what customers send is not masked. Never before it was found clean, never inline."""
    async with ctx.database.reading() as connection:
        attachment = await attachment_of(connection, complaint_id, attachment_id)
    await purpose.note(ctx, who, why, What.ATTACHMENT, [complaint_id])
    return await delivery.download(ctx.part(Cabinet).storage, attachment, wanted, unless)


@router.get(
    "/complaints/{complaint_id}/attachments/{attachment_id}/thumbnail",
    response_class=Response,
    summary="A small picture of an attachment",
    responses={
        200: {
            "description": "A JPEG of at most 320 by 320 pixels, without EXIF",
            "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
        },
        **problems.documented(404, 409, 410),
    },
)
async def read_thumbnail(
    complaint_id: ComplaintId,
    attachment_id: AttachmentId,
    who: Annotated[Principal, may("attachments:read")],
    ctx: Ctx,
    why: purpose.Given = None,
) -> Response:
    """For the console. There is one when `thumbnail` says so: made anew from the picture, of what it shows only."""
    async with ctx.database.reading() as connection:
        attachment = await attachment_of(connection, complaint_id, attachment_id)
    await purpose.note(ctx, who, why, What.THUMBNAIL, [complaint_id])
    return await delivery.picture(ctx.part(Cabinet).storage, attachment)


async def attachment_of(connection: AsyncConnection, complaint_id: UUID, attachment_id: UUID) -> Attachment:
    """Raises a 404 problem."""
    attachment = await store.find(connection, complaint_id, attachment_id)
    if attachment is None:
        raise problems.not_found("attachment", "path/attachment_id")
    return attachment
