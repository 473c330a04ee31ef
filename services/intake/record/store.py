"""Tables of the record: what later contacts added, and what customers said to the restatements."""

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
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.record.model import Addition, Answered, Record
from services.intake.store import complaints, metadata, progress, wake_watchers
from services.intake.vault.private import CONTACT
from services.intake.vault.rows import open_row, seal_row, sealed_columns, vault_of
from shared.bulk import insert_rows
from shared.database import Transaction
from shared.events.vocabulary import Channel, Emotion, Visibility

additions = Table(
    "additions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("complaint_id", Uuid, ForeignKey("complaints.id"), nullable=False),
    Column("number", Integer, nullable=False, comment="counts the additions to a complaint, from 1"),
    Column("contact_at", DateTime(timezone=True), nullable=False, comment="when the customer said it"),
    Column("added_at", DateTime(timezone=True), nullable=False),
    Column("added_by", Text, nullable=False, comment="principal that posted it"),
    Column("channel", Text, nullable=False),
    Column("emotion", Text, comment="how the customer came across in this contact"),
    Column("completeness", Numeric(5, 4), nullable=False, comment="of the complaint, from here on"),
    Column("missing", ARRAY(Text), nullable=False),
    Column("visibility", Text, comment="what it became with this contact, if it changed"),
    *sealed_columns(),
    UniqueConstraint("complaint_id", "number"),
    CheckConstraint("visibility IN ('private', 'public')", name="visibility"),
    CheckConstraint("number > 0", name="number"),
    CheckConstraint("completeness BETWEEN 0 AND 1", name="completeness"),
    CheckConstraint(
        "emotion IS NOT NULL OR cardinality(holds) > 0",
        name="adds_something",
    ),
    comment="Dated entries. A trigger refuses every change but erasing and sealing anew.",
)

Index(
    "ix_additions_visibility",
    additions.c.complaint_id,
    additions.c.number,
    postgresql_where=additions.c.visibility.is_not(None),
)

restatement_answers = Table(
    "restatement_answers",
    metadata,
    Column("addition_id", Uuid, ForeignKey("additions.id"), primary_key=True),
    Column("confirmed", Boolean, nullable=False),
    Column("answered_by", Text, nullable=False, comment="`customer`, or who recorded the answer"),
    Column("answered_at", DateTime(timezone=True), nullable=False),
    *sealed_columns(),
    CheckConstraint("confirmed <> ('correction' = ANY(holds))", name="corrected_or_confirmed"),
    comment="One for each restatement. A trigger refuses every change but erasing and sealing anew.",
)

STATEMENT = ("what_went_wrong", "feeling", "wanted")
TOLD = (
    "kind",
    "about",
    "against",
    "visibility",
    "order",
    "product",
    "facts",
    "expectation",
    "sale",
    "desired_remedies",
    "desired_amount",
    "desired_compensation",
    "estimated_loss",
    "claimed_losses",
    "emotion",
    "taken_by",
    "accused",
    "public_link",
)
"""Columns of `complaints` that are parts of the record under the same name."""


ANSWER = ("confirmed", "correction", "answered_by", "answered_at")
"""Columns of an answer, in the order of `Answered`."""


class RecordStore:
    """Records, loaded and saved in bulk."""

    async def load(self, transaction: Transaction, ids: Collection[UUID]) -> Mapping[UUID, Record]:
        return await load(transaction.connection, ids)

    async def save(self, transaction: Transaction, aggregates: Iterable[Record]) -> None:
        changed = list(aggregates)
        added = [(record.id, addition) for record in changed for addition in record.added]
        answered = [asdict(answer) for record in changed for answer in record.answered]
        vault = vault_of(transaction.connection)
        if added:
            rows = [seal_row(vault, "additions", _row(i, addition)) for i, addition in added]
            await insert_rows(transaction, additions, rows)
        if answered:
            rows = [seal_row(vault, "restatement_answers", answer) for answer in answered]
            await insert_rows(transaction, restatement_answers, rows)
        steps = [
            {
                "complaint_id": record.id,
                "event_id": event_id,
                "at": at,
                "step": step,
                "data": data,
            }
            for record in changed
            for event_id, at, step, data in record.steps
        ]
        if steps:
            await insert_rows(transaction, progress, steps)
            await wake_watchers(transaction, [record.id for record in changed])


async def load(connection: AsyncConnection, complaint_ids: Collection[UUID]) -> Mapping[UUID, Record]:
    """The records as they stand; one without `row` for an id that no complaint has."""
    found = {i: Record(id=i) for i in complaint_ids}
    rows = await connection.execute(select(complaints).where(complaints.c.id.in_(complaint_ids)))
    vault = vault_of(connection)
    for row in rows.mappings():
        found[row["id"]] = _record(open_row(vault, "complaints", row))
    await _complete(connection, found)
    return found


async def record_of(connection: AsyncConnection, row: Mapping[str, Any]) -> Record:
    """The record of the complaint in a row that was read and opened already."""
    record = _record(dict(row))
    await _complete(connection, {record.id: record})
    return record


async def _complete(connection: AsyncConnection, found: Mapping[UUID, Record]) -> None:
    query = (
        select(additions, *(column.label(f"answer_{column.name}") for column in restatement_answers.c))
        .outerjoin(restatement_answers, restatement_answers.c.addition_id == additions.c.id)
        .where(additions.c.complaint_id.in_(found))
        .order_by(additions.c.complaint_id, additions.c.number)
    )
    vault = vault_of(connection)
    for row in (await connection.execute(query)).mappings():
        record = found[row["complaint_id"]]
        record.additions.append(_addition(open_row(vault, "additions", row)))
        if row["answer_addition_id"] is not None:
            answer = {column.name: row[f"answer_{column.name}"] for column in restatement_answers.c}
            answer = open_row(vault, "restatement_answers", answer)
            record.answers[row["id"]] = Answered(row["id"], *(answer[name] for name in ANSWER))


def _record(row: dict[str, Any]) -> Record:
    return Record(id=row["id"], row=row, told=_told(row))


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    """The complaint as it came in, in the shape in which it is posted."""
    parts = {name: row[name] for name in TOLD if row[name] is not None}
    customer = {"type": row["complainant_type"], **{name: row[name] for name in CONTACT}}
    statement = {name: row[name] for name in STATEMENT if row[name] is not None}
    return {**parts, "statement": statement, "customer": {k: v for k, v in customer.items() if v is not None}}


def _row(complaint_id: UUID, addition: Addition) -> dict[str, Any]:
    values = asdict(addition)
    contact = values.pop("contact")
    return {"complaint_id": complaint_id, **values, **{name: contact.get(name) for name in CONTACT}}


def _addition(row: Mapping[str, Any]) -> Addition:
    names = Addition.__dataclass_fields__.keys() - {
        "contact",
        "told",
        "channel",
        "emotion",
        "missing",
        "completeness",
        "visibility",
    }
    return Addition(
        **{name: row[name] for name in names},
        channel=Channel(row["channel"]),
        emotion=Emotion(row["emotion"]) if row["emotion"] else None,
        completeness=float(row["completeness"]),
        missing=tuple(row["missing"]),
        visibility=Visibility(row["visibility"]) if row["visibility"] else None,
        told=row["told"] or {},
        contact={name: row[name] for name in CONTACT if row[name] is not None},
    )
