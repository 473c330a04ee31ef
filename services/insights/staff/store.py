"""The table of accusations. Like the other read tables it can be dropped and made again from the log."""

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Column, DateTime, Table, Text, Uuid

from services.insights.staff.model import Accusation, Accused
from services.insights.store import metadata
from shared.bulk import save_rows
from shared.database import Transaction, sql
from shared.events.fairness import Decision
from shared.rebuilding import BySaving

accusations = Table(
    "accusations",
    metadata,
    Column("complaint_id", Uuid, primary_key=True),
    Column("person_id", Text, primary_key=True, comment="in the directory"),
    Column("told_at", DateTime(timezone=True), comment="when it was known whom it is about"),
    Column("held", Boolean, comment="whether it was held against them when it was judged"),
    Column("appealed", Boolean, nullable=False),
    Column("appeal", Text, comment="how the newest appeal was decided"),
    CheckConstraint("appeal IN ('upheld', 'partly', 'dismissed')", name="appeal"),
    comment="complaints about people of the company, and what became of them",
)
_LOAD = sql("SELECT * FROM accusations WHERE complaint_id = ANY(:ids) ORDER BY person_id")


class AccusedStore:
    """Accusations by complaint, loaded and saved in bulk."""

    tables = (accusations,)

    async def load(self, transaction: Transaction, ids: Collection[UUID]) -> Mapping[UUID, Accused]:
        found = {i: Accused(id=i) for i in ids}
        if ids:
            for row in await transaction.execute(_LOAD, {"ids": list(ids)}):
                appeal = None if row.appeal is None else Decision(row.appeal)
                found[row.complaint_id].people[row.person_id] = Accusation(
                    row.told_at, row.held, row.appealed, appeal
                )
        return found

    async def save(self, transaction: Transaction, aggregates: Iterable[Accused]) -> None:
        rows = [
            {
                "complaint_id": accused.id,
                "person_id": person_id,
                "told_at": each.told_at,
                "held": each.held,
                "appealed": each.appealed,
                "appeal": each.appeal,
            }
            for accused in aggregates
            for person_id, each in accused.people.items()
        ]
        await save_rows(transaction, accusations, rows)

    def blank(self, complaint_id: UUID) -> Accused:
        return Accused(id=complaint_id)

    def anew(self) -> BySaving[Accused]:
        return BySaving(self)
