"""Nobody reads personal data without saying what for; a service's purpose is its task."""

from collections.abc import Collection
from typing import Annotated
from urllib.parse import unquote
from uuid import UUID

from fastapi import Header

from services.intake.record.store import load
from services.intake.vault import store
from services.intake.vault.model import What
from shared.auth import Principal
from shared.masking import mask
from shared.problems import Problem
from shared.service import Context

SHORTEST, LONGEST = 2, 200
TASKS = {"service:notification": "to tell the customer how their case stands"}
"""Purposes of the services."""
OF_FIELD_ACTIONS = {"service:notification": "to tell the customer of a field action"}
"""Likewise, where they ask for customers and not for complaints."""

Given = Annotated[
    str | None,
    Header(
        alias="X-Purpose",
        max_length=9 * LONGEST,  # percent-encoded Chinese
        description="What the personal data is needed for: it goes into the audit trail. Services leave it out. "
        "Percent-encode what is not ASCII. 读取个人信息的目的，将记入审计日志。",
        examples=["call the customer back about RD-7K3M9QXT-B"],
    ),
]


async def note(
    ctx: Context, who: Principal, purpose: str | None, what: What, complaint_ids: Collection[UUID]
) -> None:
    """Write the reading into the audit trail, before anything is handed out. Raises a 422 problem without a purpose."""
    async with ctx.database.transaction() as transaction:
        if who.id.startswith("service:"):
            said = TASKS.get(who.id, who.id)
        else:
            records = await load(transaction.connection, complaint_ids)
            known = [word for record in records.values() for word in record.known]
            said = mask(_stated(purpose), known)
        await store.note(transaction, who.id, said, what, complaint_ids)


async def note_customers(
    ctx: Context,
    who: Principal,
    purpose: str | None,
    what: What,
    customer_ids: Collection[UUID],
    complaint_ids: Collection[UUID],
) -> None:
    """The same for customers who are asked for by their own ids. `complaint_ids`: theirs that were looked at."""
    async with ctx.database.transaction() as transaction:
        if who.id.startswith("service:"):
            said = OF_FIELD_ACTIONS.get(who.id, who.id)
        else:
            records = await load(transaction.connection, complaint_ids)
            known = [word for record in records.values() for word in record.known]
            said = mask(_stated(purpose), known)
        await store.note(
            transaction, who.id, said, what, customer_ids, whose="customer_id", looked_at=complaint_ids
        )


def _stated(given: str | None) -> str:
    raw = (given or "").encode("latin-1", "replace")  # as HTTP brought it
    purpose = unquote(raw.decode("utf-8", "replace")).strip()
    if not SHORTEST <= len(purpose) <= LONGEST or not purpose.isprintable():
        raise Problem(
            422,
            "purpose-missing",
            "What do you need the personal data for?",
            f"Say it in the header X-Purpose, in {SHORTEST} to {LONGEST} characters (in UTF-8, or percent-encoded): it "
            f"goes into the audit trail. 请在请求头 X-Purpose 中用{SHORTEST}至{LONGEST}个字符说明读取个人信息的目的"
            "(UTF-8 或百分号编码),将记入审计日志。",
            field="header/X-Purpose",
        )
    return purpose
