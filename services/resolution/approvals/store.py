"""Where approvals are kept."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncConnection

from services.resolution.approvals.book import APPROVALS
from services.resolution.approvals.model import Approval, ApprovalState
from services.resolution.approvals.tables import approvals
from services.resolution.approvals.terms import Terms
from services.resolution.lifecycle import State
from services.resolution.standing import Approver
from services.resolution.store import store as cases
from shared import driver
from shared.bulk import columns_of, save_rows
from shared.database import Transaction, sql
from shared.events.approvals import Permit
from shared.rulebooks.store import load_books

_LOAD = sql(
    "SELECT a.*, c.state AS case_state FROM approvals a JOIN cases c ON c.id = a.complaint_id "
    "WHERE a.id = ANY(CAST(:ids AS uuid[]))"
)
_LINE = TypeAdapter(tuple[Approver, ...])
_APART = {"permit", "terms", "line", "state", "approver", "wakes_at"}
_PLAIN = [name for name in columns_of(approvals) if name not in _APART]
"""Columns that are the field of the same name."""


class ApprovalStore:
    async def load(self, transaction: Transaction, ids: Collection[UUID]) -> dict[UUID, Approval]:
        """Those that there are."""
        return await self.read(transaction.connection, ids)

    async def read(self, connection: AsyncConnection, ids: Collection[UUID]) -> dict[UUID, Approval]:
        books = await load_books(connection, APPROVALS)
        rows = (await driver.run(connection, _LOAD, {"ids": list(ids)})).mappings()
        calendar = cases.calendars.usual
        return {
            row["id"]: Approval(
                permit=Permit(row["permit"]),
                terms=Terms.model_validate(row["terms"]),
                line=_LINE.validate_python(row["line"], strict=False),
                state=ApprovalState(row["state"]),
                case_state=State(row["case_state"]),
                calendar=calendar,
                books=books,
                **{name: row[name] for name in _PLAIN},
            )
            for row in rows
        }

    async def save(self, transaction: Transaction, aggregates: Iterable[Approval]) -> None:
        saved = list(aggregates)
        for approval in saved:
            approval.version += 1
        await save_rows(transaction, approvals, [_row(approval) for approval in saved])


def _row(approval: Approval) -> Mapping[str, Any]:
    return {name: getattr(approval, name) for name in _PLAIN} | {
        "permit": approval.permit.value,
        "terms": approval.terms.model_dump(mode="json"),
        "line": [each.model_dump(mode="json") for each in approval.line],
        "approver": approval.approver and approval.approver.id,
        "state": approval.state.value,
        "wakes_at": approval.wakes_at,
    }


store = ApprovalStore()
