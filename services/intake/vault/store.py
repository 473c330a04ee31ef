"""Tables of the vault: who read personal data, and what was erased. Both are only added to."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    RowMapping,
    Table,
    Text,
    Uuid,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.store import metadata
from services.intake.vault.model import What
from shared import clock
from shared.database import Transaction, sql
from shared.events import PersonalDataRead
from shared.events.vocabulary import Because

TIME = DateTime(timezone=True)

reads = Table(
    "personal_data_reads",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", TIME, nullable=False),
    Column("principal", Text, nullable=False, comment="who read"),
    Column("purpose", Text, nullable=False, comment="what for, masked"),
    Column("what", Text, nullable=False),
    Column("complaint_id", Uuid, comment="empty: of a customer, by their own id"),
    Column("customer_id", Uuid, comment="of whom, when they were asked for by their own id"),
    CheckConstraint("num_nonnulls(complaint_id, customer_id) = 1", name="of_whom"),
    CheckConstraint(f"what IN {tuple(each.value for each in What)}", name="what"),
    comment="Who read personal data, and what for. A trigger refuses every change and removal.",
)
Index("ix_personal_data_reads_complaint", reads.c.complaint_id, reads.c.id)
Index(
    "ix_personal_data_reads_customer",
    reads.c.customer_id,
    reads.c.id,
    postgresql_where=reads.c.customer_id.is_not(None),
)
Index("ix_personal_data_reads_principal", reads.c.principal, reads.c.id)

erasures = Table(
    "erasures",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("complaint_id", Uuid, ForeignKey("complaints.id"), nullable=False, index=True),
    Column("customer_id", Uuid, nullable=False, index=True),
    Column("erased_at", TIME, nullable=False),
    Column("erased_by", Text, nullable=False, comment="principal, or `retention`"),
    Column("because", Text, nullable=False),
    Column("reason", Text, comment="masked"),
    CheckConstraint(f"because IN {tuple(each.value for each in Because)}", name="because"),
    CheckConstraint("(because = 'requested') = (reason IS NOT NULL)", name="has_reason"),
    comment="What was erased, when, by whom and why. A trigger refuses every change and removal.",
)

# A service asks for contacts all the time, and nobody decides anything by these entries: its own do not wait for the
# disk, so that a crash of the whole server can lose the last half second of them. A person's do.
_NOTE = """
WITH hurry AS MATERIALIZED (SELECT {hurry})
INSERT INTO personal_data_reads (at, principal, purpose, what, {whose})
SELECT CAST(:at AS timestamptz), CAST(:principal AS text), CAST(:purpose AS text), CAST(:what AS text), id
FROM hurry, unnest(CAST(:ids AS uuid[])) AS id
"""
_SOON = "set_config('synchronous_commit', 'off', true)"


async def note(
    transaction: Transaction,
    principal: str,
    purpose: str,
    what: What,
    ids: Collection[UUID],
    *,
    whose: Literal["complaint_id", "customer_id"] = "complaint_id",
    looked_at: Collection[UUID] = (),
) -> None:
    """Write down that personal data of these complaints or customers is read, before it is handed out. Of complaints
    it is told, too: of customers' complaints that were `looked_at` for it as well. Who reads of a customer who never
    complained is written here alone."""
    if not ids:
        return
    now = clock.now()
    statement = sql(_NOTE.format(hurry=_SOON if principal.startswith("service:") else "1", whose=whose))
    told = {"at": now, "principal": principal, "purpose": purpose, "what": what.value}
    await transaction.execute(statement, told | {"ids": list(ids)})
    for complaint_id in ids if whose == "complaint_id" else looked_at:
        read = PersonalDataRead(
            complaint_id=complaint_id, what=what.value, purpose=purpose, read_by=principal, read_at=now
        )
        transaction.publish(read, at=now)


async def listed(
    connection: AsyncConnection,
    *,
    before: int | None,
    limit: int,
    complaint_id: UUID | None = None,
    principal: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Sequence[RowMapping]:
    """Entries, the newest first; those with a smaller id than `before`."""
    query = select(reads).order_by(reads.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(reads.c.id < before)
    if complaint_id is not None:
        query = query.where(reads.c.complaint_id == complaint_id)
    if principal is not None:
        query = query.where(reads.c.principal == principal)
    if since is not None:
        query = query.where(reads.c.at >= since)
    if until is not None:
        query = query.where(reads.c.at < until)
    return (await connection.execute(query)).mappings().all()
