"""HTTP in: whom somebody must call, because no letter reached them."""

from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import Query, Request

from services.resolution.field_action import queries
from services.resolution.field_action.customers import Standing
from services.resolution.field_action.desk import found
from services.resolution.field_action.views import CallListEntry
from shared import pages, problems
from shared.auth import Principal, may
from shared.service import Ctx, api_router

router = api_router(tags=["field actions"])

AT_MOST = 100
"""Customers whom intake tells of in one answer."""


@router.get(
    "/field-actions/{action_id}/call-list",
    summary="List whom somebody must call",
    responses=problems.documented(404),
)
async def list_calls(
    action_id: UUID,
    who: Annotated[Principal, may("cases:read", "customers:read")],
    ctx: Ctx,
    request: Request,
    limit: Annotated[int, Query(ge=1, le=AT_MOST, description="Items per page.")] = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[CallListEntry]:
    """Customers whom no letter reached, with their names and telephone numbers: personal data, read from intake for
    this answer, and in its audit trail as read by you. What came of a call goes to `results`; whoever was told leaves
    the list. Without a number somebody must visit or write on paper."""
    async with ctx.database.reading() as connection:
        action = await found(connection, action_id)
        unreached = await queries.customers(connection, action_id, Standing.UNREACHABLE, limit, cursor)
    contacts = {}
    if unreached.items:
        query = "&".join(f"customer={each.customer_id}" for each in unreached.items)
        why = quote(f"to call the customer about field action {action.reference}")
        told = await ctx.ask_for(
            request, "intake", f"/intake/v1/customers/contacts?{query}", **{"X-Purpose": why}
        )
        contacts = {UUID(each["customer_id"]): each for each in told}
    entries = [
        CallListEntry(
            **each.model_dump(include={"customer_id", "complaint_id", "batch", "units", "failure", "note"}),
            **{name: contacts.get(each.customer_id, {}).get(name) for name in ("name", "phone", "language")},
        )
        for each in unreached.items
    ]
    return pages.Page(items=entries, next=unreached.next)
