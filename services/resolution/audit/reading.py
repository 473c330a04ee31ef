"""Reads that leave an entry in the chains of the cases that were read."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from services.resolution.audit.witnessed import Noted
from services.resolution.store import store
from shared.database import Transaction


async def record_read(
    transaction: Transaction,
    complaint_ids: Collection[UUID],
    who: str,
    what: str,
    purpose: str,
    at: datetime,
) -> None:
    """Write down that somebody reads what is personal in these cases, before it is handed out.

    `what` is a code such as `case-file`; `purpose` is masked. The caller has checked that the cases exist.
    """
    await transaction.lock(complaint_ids)
    cases = await store.load(transaction, complaint_ids)
    for case in cases.values():
        case.witness(Noted.READ, at, who, what=what, purpose=purpose)
    await store.save(transaction, cases.values())
