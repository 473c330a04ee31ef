"""Tables of imports, and what is asked of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    RowMapping,
    Table,
    Text,
    Uuid,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.imports.model import Format, Group, Job, Result, Settled, State
from services.intake.store import complaints, metadata
from shared import ids
from shared.bulk import insert_rows
from shared.database import Transaction, sql

TIME = DateTime(timezone=True)

imports = Table(
    "imports",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column(
        "principal", Text, nullable=False, comment="who sent the file: in their name its rows are registered"
    ),
    Column("created_at", TIME, nullable=False),
    Column("state", Text, nullable=False),
    Column("file", Uuid, comment="where the bytes lie; null once they are removed"),
    Column("format", Text, nullable=False),
    Column("encoding", Text),
    Column("delimiter", Text, comment="of a CSV file"),
    Column("sha256", LargeBinary, comment="the same file of the same sender is the same import"),
    Column("size", BigInteger, comment="bytes"),
    Column("registered", Integer, nullable=False, server_default="0"),
    Column("known", Integer, nullable=False, server_default="0"),
    Column("refused", Integer, nullable=False, server_default="0"),
    Column("lease", Uuid, comment="of the importer that works on it"),
    Column("leased_until", TIME, comment="from then on another importer may go on with it"),
    Column("finished_at", TIME),
    CheckConstraint(f"state IN {tuple(each.value for each in State)}", name="state"),
    CheckConstraint(f"format IN {tuple(each.value for each in Format)}", name="format"),
    CheckConstraint(
        "state = 'receiving' OR num_nulls(encoding, sha256, size) = 0", name="received_is_measured"
    ),
    CheckConstraint("sha256 IS NULL OR octet_length(sha256) = 32", name="sha256"),
    CheckConstraint("state NOT IN ('waiting', 'running') OR file IS NOT NULL", name="work_has_a_file"),
    CheckConstraint("(state = 'finished') = (finished_at IS NOT NULL)", name="finished_has_time"),
    CheckConstraint("(lease IS NULL) = (leased_until IS NULL)", name="lease_has_end"),
    comment="Files of complaints. Written before the first byte is, so that no file is ever without a row.",
)
Index(
    "uq_imports_file",
    imports.c.principal,
    imports.c.sha256,
    imports.c.format,
    unique=True,
    postgresql_where=imports.c.state != "receiving",
)
Index("ix_imports_newest", imports.c.created_at.desc(), imports.c.id.desc())
Index(
    "ix_imports_work",
    imports.c.created_at,
    postgresql_where=imports.c.state.in_(("waiting", "running")),
)
Index("ix_imports_file", imports.c.file, postgresql_where=imports.c.file.is_not(None))

import_rows = Table(
    "import_rows",
    metadata,
    Column("import_id", Uuid, ForeignKey("imports.id"), primary_key=True),
    Column(
        "number",
        Integer,
        primary_key=True,
        autoincrement=False,
        comment="counts the rows of the file, from 1",
    ),
    Column("line", Integer, nullable=False, comment="of the file, in which the row begins"),
    Column("key", Text, comment="the sender's own name for the row"),
    Column("status", Text, nullable=False),
    Column("complaint_id", Uuid, ForeignKey(complaints.c.id)),
    Column("reference", Text),
    Column("errors", JSONB, comment="what is wrong with the row, by field"),
    CheckConstraint("number > 0 AND line > 0", name="number"),
    CheckConstraint(f"status IN {tuple(each.value for each in Result)}", name="status"),
    CheckConstraint("(status = 'refused') = (errors IS NOT NULL)", name="refused_says_why"),
    CheckConstraint("(status = 'refused') = (complaint_id IS NULL)", name="registered_has_complaint"),
    CheckConstraint("(complaint_id IS NULL) = (reference IS NULL)", name="complaint_has_reference"),
    comment="What became of each row.",
)

SHOWN = [c for c in imports.c if c.name not in ("file", "lease", "leased_until")]
_OPEN = sql(
    "UPDATE imports SET state = 'running', lease = :lease, leased_until = :until WHERE id = ("
    "SELECT id FROM imports WHERE state IN ('waiting', 'running') AND (leased_until IS NULL OR leased_until <= :now) "
    "ORDER BY created_at FOR UPDATE SKIP LOCKED LIMIT 1"
    ") RETURNING id, file, principal, format, encoding, delimiter, sha256, created_at, "
    "registered + known + refused AS done"
)
_SETTLE = sql(
    "UPDATE imports SET registered = registered + :registered, known = known + :known, "
    "refused = refused + :refused, leased_until = :until WHERE id = :id AND state = 'running' AND lease = :lease "
    "RETURNING id"
)
_FINISH = sql(
    "UPDATE imports SET state = 'finished', finished_at = :now, lease = NULL, leased_until = NULL "
    "WHERE id = :id AND state = 'running' AND lease = :lease RETURNING id"
)
_RELEASE = sql(
    "UPDATE imports SET leased_until = :at WHERE id = :id AND state = 'running' AND lease = :lease"
)
_SAME = sql(
    "SELECT id, state FROM imports WHERE principal = :principal AND sha256 = :sha256 AND format = :format "
    "AND state <> 'receiving' FOR UPDATE"
)
_CANCEL = sql(
    "UPDATE imports SET state = 'cancelled', lease = NULL, leased_until = NULL "
    "WHERE id = :id AND state IN ('waiting', 'running')"
)
_LEFT = sql(
    "SELECT id, file, state FROM imports WHERE file IS NOT NULL "
    "AND (state IN ('finished', 'cancelled') OR state = 'receiving' AND created_at < :before)"
)


async def take(transaction: Transaction, now: datetime, lease: timedelta) -> Job | None:
    """The oldest import that nobody works on, leased; None when there is none."""
    mine = ids.new_id()
    found = await transaction.execute(_OPEN, {"lease": mine, "now": now, "until": now + lease})
    row = found.mappings().one_or_none()
    if row is None:
        return None
    return Job(**{**row, "format": Format(row["format"])}, lease=mine)


async def settle(transaction: Transaction, job: Job, group: Group, now: datetime, lease: timedelta) -> bool:
    """Account for a group of rows. False when the import is no longer this importer's: cancelled, or taken over."""
    told: dict[str, Any] = {"id": job.id, "lease": job.lease, "until": now + lease}
    counts = {status.value: group.count(status) for status in Result}
    if (await transaction.execute(_SETTLE, told | counts)).one_or_none() is None:
        return False
    await insert_rows(transaction, import_rows, [_row(job.id, each) for each in group.settled])
    if group.last:
        await transaction.execute(_FINISH, {"id": job.id, "lease": job.lease, "now": now})
    return True


async def release(transaction: Transaction, job: Job, at: datetime) -> None:
    """Somebody may go on with it from then on."""
    await transaction.execute(_RELEASE, {"id": job.id, "lease": job.lease, "at": at})


def _row(import_id: UUID, settled: Settled) -> dict[str, Any]:
    errors = [{"field": each.field, "detail": each.detail} for each in settled.wrong]
    return {
        "import_id": import_id,
        "number": settled.number,
        "line": settled.line,
        "key": settled.key,
        "status": settled.status.value,
        "complaint_id": settled.complaint_id,
        "reference": settled.reference,
        "errors": errors or None,
    }


async def reported(transaction: Transaction, import_id: UUID, complaints_: Sequence[UUID]) -> set[UUID]:
    """Which of these complaints rows of this import have led to before."""
    found = await transaction.execute(
        sql("SELECT complaint_id FROM import_rows WHERE import_id = :id AND complaint_id = ANY(:complaints)"),
        {"id": import_id, "complaints": list(complaints_)},
    )
    return set(found.scalars())


async def same_file(
    transaction: Transaction, principal: str, sha256: bytes, kind: Format
) -> tuple[UUID, State] | None:
    """The import of this very file that the sender began before, held; None when this is the first."""
    found = await transaction.execute(_SAME, {"principal": principal, "sha256": sha256, "format": kind.value})
    row = found.one_or_none()
    return (row.id, State(row.state)) if row is not None else None


async def cancel(transaction: Transaction, import_id: UUID) -> None:
    """What is registered stays. Nothing happens to an import that has ended."""
    await transaction.execute(_CANCEL, {"id": import_id})


async def left_over(connection: AsyncConnection, before: datetime) -> Sequence[tuple[UUID, UUID, State]]:
    """Imports whose file nobody needs any more: id, file, state."""
    found = await connection.execute(_LEFT, {"before": before})
    return [(row.id, row.file, State(row.state)) for row in found]


async def find(connection: AsyncConnection, import_id: UUID) -> RowMapping | None:
    query = select(*SHOWN).where(imports.c.id == import_id, imports.c.state != State.RECEIVING.value)
    return (await connection.execute(query)).mappings().one_or_none()


async def rows_after(
    connection: AsyncConnection, import_id: UUID, after: int, status: Result | None, limit: int
) -> Sequence[RowMapping]:
    """Rows behind the row of this number, in the order of the file."""
    query = select(import_rows).where(import_rows.c.import_id == import_id, import_rows.c.number > after)
    if status is not None:
        query = query.where(import_rows.c.status == status.value)
    found = await connection.execute(query.order_by(import_rows.c.number).limit(limit))
    return found.mappings().all()
