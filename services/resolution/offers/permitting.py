"""Actions that a person does alone within their limits, and beyond with a permit."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from fastapi import Response

from services.resolution.approvals.book import APPROVALS
from services.resolution.approvals.line import line_of, needs_nobody
from services.resolution.approvals.needed import PermitNeeded
from services.resolution.approvals.permits import permit_needed, use_permit
from services.resolution.audit.witnessed import Noted
from services.resolution.desk import Check, Desk
from services.resolution.model import Case
from services.resolution.offers.authority import AUTHORITY
from services.resolution.staff import standing_of_account
from services.resolution.wording.said import NOTHING_SAID, Said
from shared.auth import ADMIN, Principal
from shared.database import Transaction
from shared.events.approvals import Permit
from shared.rulebooks.store import load_books

Change = Callable[[Case, datetime, bool], None]
"""Changes the case; raises PermitNeeded unless it is told that it may."""


async def permitted(
    desk: Desk, who: Principal, approval_id: UUID | None, change: Change, said: Said = NOTHING_SAID
) -> Response:
    """Most actions need no permit: routing's directory is asked only when one is needed. The action is then tried
    again from the start, as nothing of the first attempt was kept.

    Raises what `Desk.act` raises, and a 409 problem that names the approvers.
    """
    try:
        return await desk.act(who, lambda case, at: change(case, at, who.may(ADMIN)), said=said)
    except PermitNeeded as needed:
        check = None
        if approval_id is not None:
            check = _using(approval_id, needed, who)
        else:
            await _must_be_entitled(desk, who, needed)
        return await desk.act(who, lambda case, at: change(case, at, True), check, said)


def _using(approval_id: UUID, needed: PermitNeeded, who: Principal) -> Check:
    async def use(transaction: Transaction, case: Case, at: datetime) -> None:
        await use_permit(transaction, approval_id, needed.permit, case.id, needed.terms, who.id)
        case.witness(Noted.PERMIT_USED, at, who.id, permit=needed.permit.value, approval_id=str(approval_id))

    return use


async def _must_be_entitled(desk: Desk, who: Principal, needed: PermitNeeded) -> None:
    """Raises a 409 problem; httpx.HTTPError when routing cannot be asked now."""
    standing = await standing_of_account(desk.editing.ctx, who.id)
    async with desk.editing.ctx.database.reading() as connection:
        books = await load_books(connection, APPROVALS, AUTHORITY)
    permit, terms, table = needed.permit, needed.terms, books.read(APPROVALS)
    if needs_nobody(standing, permit, terms, table):
        return
    unlisted = books.read(AUTHORITY).unlisted
    beyond = permit is Permit.BEYOND_LIMITS
    if standing is None and beyond and unlisted.suffices(frozenset(terms.remedies), terms.value):
        return
    line = line_of(standing, permit, terms, table)
    raise permit_needed(permit, desk.complaint_id, desk.complaint_id, terms, line)
