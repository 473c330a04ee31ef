"""Table of what customers were told."""

from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKey, Index, MetaData, Table, Text, Uuid


def add_table(metadata: MetaData) -> Table:
    return Table(
        "customer_messages",
        metadata,
        Column("delivery_id", Uuid, ForeignKey("deliveries.id"), primary_key=True),
        Column("complaint_id", Uuid, nullable=False),
        Column("template", Text, nullable=False),
        Column("language", Text, nullable=False),
        Column("sealed", Text, comment="the words as they went out; null when the customer is erased"),
        Column("told_at", DateTime(timezone=True), nullable=False),
        Column("read_at", DateTime(timezone=True), comment="when the customer first opened it here"),
        CheckConstraint("language IN ('en', 'zh')", name="language"),
        CheckConstraint("read_at >= told_at", name="read"),
        Index("ix_customer_messages_complaint", "complaint_id", "told_at", "delivery_id"),
        comment="What customers were told, for their inbox.",
    )
