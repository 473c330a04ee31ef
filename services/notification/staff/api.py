"""HTTP in: one's own inbox."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from services.notification.staff.contacts import signed_in
from services.notification.staff.model import LineKind
from services.notification.store import staff
from shared import pages, problems
from shared.auth import Principal, may
from shared.events.vocabulary import NoticeUrgency
from shared.pages import Cursor, Limit, Page
from shared.service import Ctx, api_router

router = api_router(tags=["inbox"])


class Words(BaseModel):
    en: str
    zh: str


class InboxLine(BaseModel):
    """Something that the caller must know or do."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    kind: LineKind
    subject_id: UUID
    """The notice or the task, by its id in routing."""
    complaint_id: UUID
    reference: str | None = None
    what: Words
    urgency: NoticeUrgency
    told_at: datetime
    due_at: datetime
    settled_at: datetime | None = None
    """When somebody acknowledged the notice, or the task was done."""


@router.get(
    "/inbox",
    response_model=Page[InboxLine],
    response_model_exclude_none=True,
    summary="Read your inbox, the newest first",
    responses=problems.documented(403),
)
async def read_inbox(
    who: Annotated[Principal, may("inbox:read")],
    ctx: Ctx,
    open_only: Annotated[bool, Query(description="Only what nobody has acknowledged or done yet.")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[InboxLine]:
    """For whoever the directory knows by the account that calls. Acknowledge and finish things in routing."""
    person = await signed_in(ctx, who)
    lines, settled = staff.lines, staff.settled
    query = (
        select(lines, settled.c.at.label("settled_at"))
        .join(settled, settled.c.subject_id == lines.c.subject_id, isouter=True)
        .where(lines.c.person == person)
    )
    if open_only:
        query = query.where(settled.c.at.is_(None))
    async with ctx.database.reading() as connection:
        return await pages.read(
            connection,
            query,
            limit,
            cursor,
            lambda row: InboxLine(**row),
            lines.c.told_at,
            lines.c.id,
            newest_first=True,
        )
