"""The table of what was told. Like the other read tables it can be dropped and made again from the log."""

from collections.abc import Collection, Iterable, Mapping
from operator import attrgetter
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, CheckConstraint, Column, DateTime, Index, Table, Text, Uuid, text

from services.insights.store import metadata
from services.insights.tellings.model import Telling
from shared.bulk import save_rows
from shared.database import Transaction
from shared.rebuilding import ByCopying

tellings = Table(
    "tellings",
    metadata,
    Column("id", Uuid, primary_key=True, comment="of the complaint"),
    Column("registered_at", DateTime(timezone=True)),
    Column("customer_id", Uuid, comment="opaque"),
    Column("language", Text),
    Column("product", Text),
    Column("what_went_wrong", Text, comment="masked, like all words here"),
    Column("feeling", Text),
    Column("wanted", Text),
    Column("added", ARRAY(Text), nullable=False, comment="what later contacts said"),
    Column("erased", Boolean, nullable=False),
    CheckConstraint(
        "NOT erased OR (num_nonnulls(what_went_wrong, feeling, wanted) = 0 AND cardinality(added) = 0)",
        name="erased",
    ),
    comment="the words of complaints, as the log has them",
)
Index("ix_tellings_customer", tellings.c.customer_id)
Index("ix_tellings_registered", tellings.c.registered_at)

FIELDS = tuple(column.name for column in tellings.columns)
_values_of = attrgetter(*FIELDS)
_LOAD = text(f"SELECT {', '.join(FIELDS)} FROM tellings WHERE id = ANY(:ids)")  # noqa: S608 - own names only


class TellingStore:
    """Tellings, loaded and saved in bulk."""

    tables = (tellings,)

    async def load(self, transaction: Transaction, ids: Collection[UUID]) -> Mapping[UUID, Telling]:
        found: dict[UUID, Telling] = {}
        if ids:
            for row in (await transaction.execute(_LOAD, {"ids": list(ids)})).fetchall():
                telling = Telling(**dict(zip(FIELDS, row, strict=True)))
                found[telling.id] = telling
        return {i: found.get(i) or Telling(id=i) for i in ids}

    async def save(self, transaction: Transaction, aggregates: Iterable[Telling]) -> None:
        rows = [dict(zip(FIELDS, _values_of(telling), strict=True)) for telling in aggregates]
        await save_rows(transaction, tellings, rows)

    def blank(self, complaint_id: UUID) -> Telling:
        return Telling(id=complaint_id)

    def anew(self) -> ByCopying[Telling]:
        return ByCopying(tellings, _values_of)
