"""Tables of coding: every coding and every review is a row that never changes."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.coding.model import Coding, Codings, Orientation, Review
from services.intake.record.store import load as load_records
from services.intake.store import metadata
from shared.bulk import insert_rows
from shared.database import Transaction
from shared.events.intake import TaxonomyCode
from shared.taxonomy import versions

codings = Table(
    "codings",
    metadata,
    Column("complaint_id", Uuid, ForeignKey("complaints.id"), primary_key=True),
    Column("number", Integer, primary_key=True, comment="counts the codings of a complaint, from 1"),
    Column("taxonomy_version", Integer, nullable=False),
    Column("codes", JSONB, nullable=False, comment="category and subcategory; the main one first"),
    Column("value_labels", ARRAY(Text), nullable=False, comment="what the customer holds dear"),
    Column("reason", Text, nullable=False),
    Column("evidence", Text),
    Column("needs_review", Boolean, nullable=False, comment="in force only when somebody else approves"),
    Column("coded_by", Text, nullable=False),
    Column("coded_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("complaint_id", "number", "coded_by"),
    CheckConstraint("number > 0", name="number"),
    CheckConstraint("jsonb_array_length(codes) > 0", name="coded"),
    CheckConstraint("cardinality(value_labels) > 0", name="has_value"),
    CheckConstraint("NOT needs_review OR evidence IS NOT NULL", name="has_evidence"),
    CheckConstraint(
        """needs_review OR NOT codes @> '[{"category": "customer_strategy"}]'""", name="strategy_is_reviewed"
    ),
)

coding_reviews = Table(
    "coding_reviews",
    metadata,
    Column("complaint_id", Uuid, primary_key=True),
    Column("number", Integer, primary_key=True, comment="of the coding"),
    Column("coded_by", Text, nullable=False, comment="of the coding, so that the check can see it"),
    Column("approved", Boolean, nullable=False),
    Column("note", Text, nullable=False),
    Column("reviewed_by", Text, nullable=False),
    Column("reviewed_at", DateTime(timezone=True), nullable=False),
    ForeignKeyConstraint(
        ["complaint_id", "number", "coded_by"],
        ["codings.complaint_id", "codings.number", "codings.coded_by"],
        name="fk_coding_reviews_coding",
    ),
    CheckConstraint("reviewed_by <> coded_by", name="second_person"),
)


orientations = Table(
    "orientations",
    metadata,
    Column("taxonomy_version", Integer, primary_key=True),
    Column("number", Integer, primary_key=True, comment="counts the changes, from 1; the highest holds"),
    Column("mapping", JSONB, nullable=False, comment="value labels by place in the taxonomy"),
    Column("reason", Text, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("number > 0", name="number"),
    CheckConstraint("mapping <> '{}'", name="maps"),
    comment="Changes of the value orientation; before the first, that of the taxonomy holds.",
)


async def orientation(connection: AsyncConnection, version: int) -> tuple[int, Orientation]:
    """Number of changes so far, and the value orientation that holds for a version of the taxonomy."""
    query = (
        select(orientations.c.number, orientations.c.mapping)
        .where(orientations.c.taxonomy_version == version)
        .order_by(orientations.c.number.desc())
        .limit(1)
    )
    row = (await connection.execute(query)).one_or_none()
    if row is not None:
        return row.number, row.mapping
    return 0, {place: values for place, values in versions()[version].places().items() if values}


class CodingStore:
    """Codings, loaded and saved in bulk."""

    async def load(self, transaction: Transaction, ids: Collection[UUID]) -> Mapping[UUID, Codings]:
        return await load(transaction.connection, ids)

    async def save(self, transaction: Transaction, aggregates: Iterable[Codings]) -> None:
        changed = list(aggregates)
        for each in changed:
            each.version += len(each.new) + len(each.reviewed)
        new = [{"complaint_id": each.id, **_row(coding)} for each in changed for coding in each.new]
        await insert_rows(transaction, codings, new)
        reviews = [
            {
                "complaint_id": each.id,
                **asdict(review),
                "coded_by": each.all[review.number - 1].coded_by,
            }
            for each in changed
            for review in each.reviewed
        ]
        await insert_rows(transaction, coding_reviews, reviews)


async def load(connection: AsyncConnection, ids: Collection[UUID]) -> Mapping[UUID, Codings]:
    """The codings as they stand; `exists` is false for an id that no complaint has."""
    records = await load_records(connection, ids)
    found = {
        i: Codings(id=i, exists=bool(record.row), known=record.known, erased=record.erased)
        for i, record in records.items()
    }
    query = select(codings).where(codings.c.complaint_id.in_(ids)).order_by(codings.c.number)
    for row in (await connection.execute(query)).mappings():
        found[row["complaint_id"]].all.append(_coding(dict(row)))
    reviewed = select(coding_reviews).where(coding_reviews.c.complaint_id.in_(ids))
    for row in (await connection.execute(reviewed)).mappings():
        review = Review(**{name: row[name] for name in Review.__dataclass_fields__})
        found[row["complaint_id"]].reviews[review.number] = review
    for each in found.values():
        each.version = len(each.all) + len(each.reviews)
    return found


def _row(coding: Coding) -> dict[str, Any]:
    codes = [code.model_dump(exclude_none=True) for code in coding.codes]
    return {name: getattr(coding, name) for name in Coding.__dataclass_fields__} | {"codes": codes}


def _coding(row: dict[str, Any]) -> Coding:
    values = {name: row[name] for name in Coding.__dataclass_fields__}
    values["codes"] = tuple(TaxonomyCode(**code) for code in row["codes"])
    values["value_labels"] = tuple(row["value_labels"])
    return Coding(**values)
