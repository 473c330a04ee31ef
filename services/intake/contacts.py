"""How to reach customers: personal data, for whoever must tell them something."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from services.intake import found
from services.intake.found import ComplaintId
from services.intake.record.model import Record
from services.intake.record.store import load
from services.intake.registration import tracking_url
from services.intake.schemas import Contact
from services.intake.vault import purpose
from services.intake.vault.model import What
from shared import problems
from shared.auth import Principal, may
from shared.service import Context, Ctx, api_router
from shared.tracking import tracking_token

AT_MOST = 100

router = api_router()


@router.get(
    "/complaints/{complaint_id}/contact",
    tags=["customers"],
    summary="How to reach the customer",
    responses=problems.documented(404),
)
async def read_contact(
    complaint_id: ComplaintId,
    who: Annotated[Principal, may("customers:read")],
    ctx: Ctx,
    why: purpose.Given = None,
) -> Contact:
    """Personal data. Ask at the moment of use, and keep nothing of it."""
    contacts = await _contacts(ctx, who, why, [complaint_id])
    if not contacts:
        raise found.unknown()
    return contacts[0]


@router.get(
    "/contacts", tags=["customers"], summary="How to reach several customers", responses=problems.documented()
)
async def read_contacts(
    who: Annotated[Principal, may("customers:read")],
    ctx: Ctx,
    complaint: Annotated[
        list[UUID], Query(min_length=1, max_length=AT_MOST, description="Id of a complaint; may come often.")
    ],
    why: purpose.Given = None,
) -> list[Contact]:
    """The same for up to a hundred complaints; what is not known is left out."""
    return await _contacts(ctx, who, why, complaint)


async def _contacts(
    ctx: Context, who: Principal, why: str | None, complaint_ids: list[UUID]
) -> list[Contact]:
    async with ctx.database.reading() as connection:
        records = await load(connection, complaint_ids)
    there = {complaint_id: record for complaint_id, record in records.items() if record.row}
    await purpose.note(ctx, who, why, What.CONTACT, there)
    return [_contact(ctx, complaint_id, record) for complaint_id, record in there.items()]


def _contact(ctx: Context, complaint_id: UUID, record: Record) -> Contact:
    now, reference = record.now, record.row["reference"]
    token = tracking_token(ctx.settings.installation_secret, complaint_id)
    return Contact(
        complaint_id=complaint_id,
        customer_id=record.row["customer_id"],
        **{name: now["customer"].get(name) for name in ("name", "email", "phone")},
        language=record.row["language"],
        tracking_url=tracking_url(ctx.settings.base_url, reference, token),
        public_link=now.get("public_link"),
        accused_name=now.get("accused", {}).get("name"),
    )
