"""Which complaint follows which, and did before. A trigger refuses chains, whoever writes."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    MetaData,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.merging.model import Merge
from shared import driver
from shared.database import Transaction, sql

STEPS = text(
    """
SELECT p.id, p.at, p.step, p.data FROM progress p WHERE p.complaint_id = :id AND p.id > :after
UNION ALL
SELECT p.id, p.at, p.step, p.data FROM merges m JOIN progress p ON p.complaint_id = m.leading_id
WHERE m.complaint_id = :id AND p.id > :after
  AND p.at >= m.merged_at AND p.at < coalesce(m.separated_at, 'infinity')
  AND p.step NOT IN ('merged', 'separated', 'offered', 'offers_withdrawn', 'agreed', 'opinion_asked', 'message',
                     'supplemented', 'restatement_confirmed', 'restatement_corrected', 'withdrawn')
ORDER BY at, id
"""
)
"""What a customer sees happening: their own steps, and those of the complaint that theirs follows, for as long as it
does. Offers, opinions, messages and additions are between the company and the leading customer."""


def add_tables(metadata: MetaData) -> Table:
    merges = Table(
        "merges",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("complaint_id", Uuid, ForeignKey("complaints.id"), nullable=False, index=True),
        Column("leading_id", Uuid, ForeignKey("complaints.id"), nullable=False, index=True),
        Column("merged_at", DateTime(timezone=True), nullable=False),
        Column("merged_by", Text, nullable=False),
        Column("reason", Text, comment="masked"),
        Column("separated_at", DateTime(timezone=True), comment="null: the complaint follows still"),
        Column("separated_by", Text),
        Column("separation_reason", Text, comment="masked"),
        CheckConstraint("complaint_id <> leading_id", name="two"),
        CheckConstraint("(separated_at IS NULL) = (separated_by IS NULL)", name="separated"),
        CheckConstraint("separated_at >= merged_at", name="order"),
    )
    live = merges.c.separated_at.is_(None)
    Index("uq_merges_live", merges.c.complaint_id, unique=True, postgresql_where=live)
    return merges


async def hold(transaction: Transaction, *complaint_ids: UUID) -> None:
    """Nobody else merges or separates, and nobody changes these complaints, until the end of the transaction.

    One lock for all merging, because whether two complaints may be merged depends on third ones; it is taken
    before those of the complaints, everywhere.
    """
    await transaction.hold("merging")
    await transaction.lock(complaint_ids)


async def live(connection: AsyncConnection, complaint_id: UUID) -> Merge | None:
    """By which merge the complaint follows another one now."""
    found = await driver.run(
        connection,
        sql("SELECT * FROM merges WHERE complaint_id = :id AND separated_at IS NULL"),
        {"id": complaint_id},
    )
    row = found.mappings().one_or_none()
    return Merge(**row) if row is not None else None


async def history(connection: AsyncConnection, complaint_id: UUID) -> Sequence[Merge]:
    """Every merge in which the complaint followed or led, the oldest first."""
    found = await connection.execute(
        sql("SELECT * FROM merges WHERE complaint_id = :id OR leading_id = :id ORDER BY merged_at, id"),
        {"id": complaint_id},
    )
    return [Merge(**row) for row in found.mappings()]


async def leads(connection: AsyncConnection, complaint_id: UUID) -> bool:
    """Does any complaint follow this one now?"""
    found = await connection.execute(
        sql("SELECT EXISTS (SELECT 1 FROM merges WHERE leading_id = :id AND separated_at IS NULL)"),
        {"id": complaint_id},
    )
    return bool(found.scalar_one())


async def begin(transaction: Transaction, merge: Merge) -> None:
    await transaction.execute(
        sql(
            "INSERT INTO merges (id, complaint_id, leading_id, merged_at, merged_by, reason) "
            "VALUES (:id, :complaint_id, :leading_id, :merged_at, :merged_by, :reason)"
        ),
        asdict(merge),
    )


async def end(transaction: Transaction, merge_id: UUID, by: str, reason: str | None, at: datetime) -> None:
    await transaction.execute(
        sql(
            "UPDATE merges SET separated_at = :at, separated_by = :by, separation_reason = :reason "
            "WHERE id = :id"
        ),
        {"id": merge_id, "by": by, "reason": reason, "at": at},
    )
