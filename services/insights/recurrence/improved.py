"""The table of improvements: a read table. It is saved with the signatures, because what is told of an improvement
comes with the complaint that gave rise to it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields
from operator import attrgetter
from uuid import UUID

from sqlalchemy import Column, DateTime, Index, Table, Text, Uuid

from services.insights.recurrence.model import Improved
from services.insights.store import metadata
from shared.bulk import save_rows
from shared.database import Transaction, sql

improvements = Table(
    "improvements",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("complaint_id", Uuid, nullable=False, comment="gave rise to it"),
    Column("category", Text),
    Column("product", Text),
    Column("opened_at", DateTime(timezone=True), comment="null: told before this was read"),
    Column("closed_at", DateTime(timezone=True), comment="null while it is open, again or still"),
    comment="improvements, as far as their facts tell",
)
Index("ix_improvements_complaint", improvements.c.complaint_id)
Index("ix_improvements_closed", improvements.c.closed_at)

_FIELDS = tuple(field.name for field in fields(Improved))
_values_of = attrgetter(*_FIELDS)
_LOAD = sql(f"SELECT {', '.join(_FIELDS)} FROM improvements WHERE complaint_id = ANY(CAST(:ids AS uuid[]))")  # noqa: S608 - own names only


async def load_improved(transaction: Transaction, complaint_ids: Collection[UUID]) -> Sequence[Improved]:
    rows = await transaction.execute(_LOAD, {"ids": list(complaint_ids)})
    return [Improved(**dict(zip(_FIELDS, row, strict=True))) for row in rows]


async def save_improved(transaction: Transaction, of: Iterable[Improved]) -> None:
    await save_rows(
        transaction, improvements, [dict(zip(_FIELDS, _values_of(each), strict=True)) for each in of]
    )
