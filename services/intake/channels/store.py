"""Tables of the channels: what became of each message, and where webhooks come from. No personal data: what
identifies a message, a thread or a sender is kept as a digest."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.store import metadata
from shared import driver
from shared.database import sql

EMAIL = "email"
"""The source of all mails; no webhook may be called so."""

channel_messages = Table(
    "channel_messages",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("source", Text, nullable=False, comment="`email`, or the name of the webhook"),
    Column("message", LargeBinary, nullable=False, comment="digest of what the sender calls the message"),
    Column("thread", LargeBinary, comment="digest of the conversation that it belongs to"),
    Column("sender", LargeBinary, comment="keyed digest of the sender's address"),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("received_by", Text, nullable=False, comment="principal"),
    Column("outcome", Text, nullable=False),
    Column("complaint_id", Uuid, ForeignKey("complaints.id"), index=True),
    Column("addition_id", Uuid, ForeignKey("additions.id")),
    Column("attachments", Integer, nullable=False, comment="files that were kept"),
    Column("left_out", Integer, nullable=False, comment="files that the cabinet refused"),
    CheckConstraint("octet_length(message) = 32", name="message"),
    CheckConstraint(
        "outcome IN ('registered', 'added', 'auto_reply', 'bounce', 'loop', 'empty')", name="outcome"
    ),
    CheckConstraint("outcome <> 'registered' OR complaint_id IS NOT NULL", name="registered_is_a_complaint"),
    CheckConstraint("(outcome = 'added') = (addition_id IS NOT NULL)", name="added_is_an_addition"),
    CheckConstraint("addition_id IS NULL OR complaint_id IS NOT NULL", name="addition_has_complaint"),
    CheckConstraint("attachments >= 0 AND left_out >= 0", name="files"),
    comment="Written when a message has landed as a whole; a trigger refuses every change.",
)
Index("ix_channel_messages_message", channel_messages.c.source, channel_messages.c.message, unique=True)
Index(
    "ix_channel_messages_thread",
    channel_messages.c.source,
    channel_messages.c.thread,
    postgresql_where=text("thread IS NOT NULL"),
)
Index(
    "ix_channel_messages_sender",
    channel_messages.c.sender,
    channel_messages.c.received_at,
    postgresql_where=text("sender IS NOT NULL"),
)

webhook_sources = Table(
    "webhook_sources",
    metadata,
    Column("name", Text, primary_key=True, comment="stands in the URL"),
    Column("version", Integer, nullable=False, comment="the ETag"),
    Column("enabled", Boolean, nullable=False),
    Column("channel", Text, nullable=False),
    Column("visibility", Text, nullable=False),
    Column("language", Text, comment="detected when it is null"),
    Column("scheme", Text, nullable=False),
    Column("secret", Text, nullable=False, comment="sealed"),
    Column("signature_header", Text, nullable=False),
    Column("tolerance", Integer, nullable=False, comment="seconds by which a timestamp may be off"),
    Column("mapping", JSONB, nullable=False, comment="JMESPath expressions by what they give"),
    Column("changed_by", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    CheckConstraint(r"name ~ '^[a-z0-9][a-z0-9-]{0,39}$' AND name <> 'email'", name="name"),
    CheckConstraint("scheme IN ('standard_webhooks', 'sha256')", name="scheme"),
    CheckConstraint("visibility IN ('private', 'public')", name="visibility"),
    CheckConstraint("tolerance BETWEEN 30 AND 3600", name="tolerance"),
    CheckConstraint("version > 0", name="version"),
)


async def message(connection: AsyncConnection, source: str, digest: bytes) -> dict[str, Any] | None:
    """What became of a message, if it has landed."""
    found = await driver.run(
        connection,
        sql("SELECT * FROM channel_messages WHERE source = :source AND message = :message"),
        {"source": source, "message": digest},
    )
    row = found.mappings().one_or_none()
    return dict(row) if row is not None else None


async def complaint_of(connection: AsyncConnection, source: str, digests: list[bytes]) -> UUID | None:
    """The complaint of the newest of these messages, or of messages of these threads."""
    found = await driver.run(
        connection,
        sql(
            "SELECT complaint_id FROM channel_messages WHERE source = :source AND complaint_id IS NOT NULL "
            "AND (message = ANY(:digests) OR thread = ANY(:digests)) ORDER BY id DESC LIMIT 1"
        ),
        {"source": source, "digests": digests},
    )
    return found.scalar()


async def registered_since(connection: AsyncConnection, sender: bytes, since: datetime) -> int:
    """How many complaints this sender has opened by mail since then."""
    found = await driver.run(
        connection,
        sql(
            "SELECT count(*) FROM channel_messages WHERE sender = :sender AND received_at > :since "
            "AND outcome = 'registered'"
        ),
        {"sender": sender, "since": since},
    )
    return int(found.scalar_one())
