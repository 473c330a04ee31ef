"""A withdrawal, together with the mergings that it undoes: others who told the same matter keep their cases."""

from datetime import datetime
from uuid import UUID

from services.intake.merging import model as merging
from services.intake.merging import store as merges
from services.intake.model import CLOSED
from services.intake.store import ViewStore
from shared import clock
from shared.aggregate import NotPossible, save_one
from shared.database import Transaction

views = ViewStore()

OWN = "The customer withdrew the complaint. 客户撤回投诉。"
LEADING = "The leading complaint was withdrawn. 主投诉已被撤回。"


async def withdraw(transaction: Transaction, complaint_id: UUID, reason: str | None) -> datetime:
    """Withdraw a complaint; returns when it was. Raises NotPossible when its case is closed.

    A complaint that follows another one is separated first; those that follow this one go on by themselves.
    """
    await merges.hold(transaction)
    found = await merges.history(transaction.connection, complaint_id)
    live = [merge for merge in found if merge.separated_at is None]
    others = {i for merge in live for i in (merge.complaint_id, merge.leading_id)} - {complaint_id}
    await merges.hold(transaction, complaint_id, *others)
    loaded = await views.load(transaction, [complaint_id, *others])
    view = loaded[complaint_id]
    at = max([clock.now(), *(merge.merged_at for merge in live)])  # clocks of two processes differ
    if any(m.complaint_id == complaint_id and loaded[m.leading_id].status == "closed" for m in live):
        raise NotPossible(*CLOSED, status_now="closed")
    view.may_withdraw()
    for merge in live:
        why = OWN if merge.complaint_id == complaint_id else LEADING
        follower, leading = loaded[merge.complaint_id], loaded[merge.leading_id]
        merging.separate(follower, leading, by="customer", reason=why, at=at)
        await merges.end(transaction, merge.id, "customer", why, at)
        if follower is not view:
            await save_one(views, transaction, follower)
        if leading is not view:
            leading.publish_to(transaction)
    withdrawn_at = view.withdraw(reason, at)
    await save_one(views, transaction, view)
    return withdrawn_at
