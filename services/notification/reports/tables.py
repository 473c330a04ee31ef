"""Table of reports."""

from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKey, MetaData, Table, Text, Uuid


def add_table(metadata: MetaData) -> Table:
    return Table(
        "delivery_reports",
        metadata,
        Column("id", Uuid, primary_key=True, comment="follows from what was reported"),
        Column("delivery_id", Uuid, ForeignKey("deliveries.id"), nullable=False, index=True),
        Column("channel", Text, nullable=False),
        Column("what", Text, nullable=False),
        Column("code", Text, comment="the reporter's own, such as 5.1.1"),
        Column("at", DateTime(timezone=True), nullable=False),
        CheckConstraint("what IN ('arrived', 'delayed', 'lost')", name="what"),
        comment="What became of messages after they were taken; no personal data.",
    )
