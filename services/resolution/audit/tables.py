"""The table of the chain."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.resolution.audit.chain import Part


def add_tables(metadata: MetaData) -> Table:
    parts = ", ".join(f"'{part.value}'" for part in sorted(Part))
    return Table(
        "audit_entries",
        metadata,
        Column("complaint_id", Uuid, ForeignKey("cases.id"), primary_key=True),
        Column("number", Integer, primary_key=True, comment="counts from 1, without gaps"),
        Column("at", DateTime(timezone=True), nullable=False),
        Column("recorded_at", DateTime(timezone=True), nullable=False),
        Column("actor", Text, nullable=False),
        Column("action", Text, nullable=False),
        Column("part", Text, nullable=False, comment="what is covered"),
        Column("key", Text, nullable=False, comment="which row of it"),
        Column("note", JSONB, comment="what the entry says itself, when it covers no row"),
        Column("digest", LargeBinary, nullable=False, comment="HMAC-SHA-256 of what is covered"),
        Column("previous", LargeBinary, nullable=False, comment="hash of the entry before"),
        Column("hash", LargeBinary, nullable=False, comment="SHA-256 of all the others"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint(f"part IN ({parts})", name="part"),
        CheckConstraint("(part = 'note') = (note IS NOT NULL)", name="note"),
        CheckConstraint(
            "octet_length(digest) = 32 AND octet_length(previous) = 32 AND octet_length(hash) = 32",
            name="hashes",
        ),
        comment="What happened to each case, chained by hashes. A trigger refuses every change and removal.",
    )
