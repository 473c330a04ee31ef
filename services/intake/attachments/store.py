"""Tables of attachments, and what is asked of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    RowMapping,
    SmallInteger,
    Table,
    Text,
    Uuid,
    insert,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.attachments.model import Attachment
from services.intake.store import complaints, metadata
from shared.database import Transaction, sql
from shared.events.vocabulary import Scan

TIME = DateTime(timezone=True)

uploads = Table(
    "uploads",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("complaint_id", Uuid, ForeignKey("complaints.id"), nullable=False, index=True),
    Column("started_at", TIME, nullable=False, index=True),
    comment="Files on their way in. Written before the first byte is, so that no file is ever without a row.",
)

attachments = Table(
    "attachments",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("complaint_id", Uuid, ForeignKey("complaints.id"), nullable=False),
    Column("name", Text, nullable=False, comment="may hold personal data"),
    Column("media_type", Text, nullable=False, comment="by content"),
    Column("declared_type", Text, comment="what the sender said"),
    Column("size", BigInteger, nullable=False, comment="bytes"),
    Column("sha256", LargeBinary, nullable=False),
    Column("added_by", Text, nullable=False, comment="principal"),
    Column("from_customer", Boolean, nullable=False),
    Column("visible_to_customer", Boolean, nullable=False),
    Column("added_at", TIME, nullable=False),
    Column("scan", Text, nullable=False, comment="only what is clean or not_scanned is handed out"),
    Column("signature", Text, comment="what the scanner found"),
    Column("thumbnail", Text, nullable=False),
    Column("looks", SmallInteger, nullable=False, comment="times the inspector has begun with it"),
    Column("look_at", TIME, comment="when the inspector looks at it next; null when nothing is left to do"),
    CheckConstraint("size > 0", name="size"),
    CheckConstraint("octet_length(sha256) = 32", name="sha256"),
    CheckConstraint(r"length(name) BETWEEN 1 AND 200 AND name !~ '[/\\[:cntrl:]]'", name="name"),
    CheckConstraint("visible_to_customer OR NOT from_customer", name="own_is_visible"),
    CheckConstraint(f"scan IN {tuple(scan.value for scan in Scan)}", name="scan"),
    CheckConstraint("(scan = 'infected') = (signature IS NOT NULL)", name="infected_has_signature"),
    CheckConstraint("thumbnail IN ('none', 'wanted', 'made')", name="thumbnail"),
    CheckConstraint(
        "thumbnail <> 'made' OR scan IN ('clean', 'not_scanned')", name="no_thumbnail_in_quarantine"
    ),
    CheckConstraint(
        "(scan = 'pending' OR thumbnail = 'wanted') = (look_at IS NOT NULL)", name="look_until_done"
    ),
    comment="What came is never changed (a trigger refuses it); what the inspector finds is added.",
)
Index("ix_attachments_complaint", attachments.c.complaint_id, attachments.c.id)
Index("ix_attachments_look_at", attachments.c.look_at, postgresql_where=attachments.c.look_at.is_not(None))

_FIELDS = [c for c in attachments.c if c.name not in ("signature", "looks", "look_at")]


def attachment_of(row: RowMapping) -> Attachment:
    fields: dict[str, Any] = {name: value for name, value in row.items() if name not in ("thumbnail", "scan")}
    return Attachment(**fields, scan=Scan(row["scan"]), thumbnail=row["thumbnail"] == "made")


async def find(connection: AsyncConnection, complaint_id: UUID, attachment_id: UUID) -> Attachment | None:
    query = select(*_FIELDS).where(
        attachments.c.id == attachment_id, attachments.c.complaint_id == complaint_id
    )
    row = (await connection.execute(query)).mappings().one_or_none()
    return attachment_of(row) if row is not None else None


async def listed(
    connection: AsyncConnection,
    complaint_id: UUID,
    *,
    visible_only: bool,
    after: UUID | None = None,
    limit: int | None = None,
) -> Sequence[Attachment]:
    """In the order in which they came."""
    query = select(*_FIELDS).where(attachments.c.complaint_id == complaint_id).order_by(attachments.c.id)
    if visible_only:
        query = query.where(attachments.c.visible_to_customer)
    if after is not None:
        query = query.where(attachments.c.id > after)
    rows = await connection.execute(query.limit(limit))
    return [attachment_of(row) for row in rows.mappings()]


async def begin(transaction: Transaction, upload_id: UUID, complaint_id: UUID, at: datetime) -> None:
    await transaction.execute(insert(uploads).values(id=upload_id, complaint_id=complaint_id, started_at=at))


async def number_of(transaction: Transaction, complaint_id: UUID) -> int | None:
    """How many files a complaint has, with those on their way; None when there is no such complaint."""
    found = await transaction.execute(
        sql(
            "SELECT (SELECT count(*) FROM attachments WHERE complaint_id = :id) "
            "+ (SELECT count(*) FROM uploads WHERE complaint_id = :id) FROM complaints WHERE id = :id AND sealed <> ''"
        ),
        {"id": complaint_id},
    )
    return found.scalar_one_or_none()


UNERASED = select(complaints.c.id).where(complaints.c.sealed != b"")


async def finish(transaction: Transaction, attachment: Attachment, *, thumbnail_wanted: bool) -> bool:
    """The upload becomes an attachment. False when somebody has given the upload up meanwhile."""
    ended = await transaction.execute(
        uploads.delete()
        .where(uploads.c.id == attachment.id, uploads.c.complaint_id.in_(UNERASED))
        .returning(uploads.c.id)
    )
    if ended.one_or_none() is None:
        return False
    values: dict[str, Any] = {c.name: getattr(attachment, c.name) for c in _FIELDS}
    to_do = attachment.scan is Scan.PENDING or thumbnail_wanted
    values |= {
        "thumbnail": "wanted" if thumbnail_wanted else "none",
        "looks": 0,
        "look_at": attachment.added_at if to_do else None,
    }
    await transaction.execute(insert(attachments).values(values))
    return True
