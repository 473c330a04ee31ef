"""Table of what providers call our messages."""

from sqlalchemy import Column, DateTime, ForeignKey, Index, LargeBinary, MetaData, Table, Text, Uuid


def add_table(metadata: MetaData) -> Table:
    tickets = Table(
        "provider_messages",
        metadata,
        Column("provider", Text, primary_key=True),
        Column("message", LargeBinary, primary_key=True, comment="digest of what the provider calls it"),
        Column("delivery_id", Uuid, ForeignKey("deliveries.id"), nullable=False),
        Column("handed_at", DateTime(timezone=True), nullable=False),
        comment="By this a provider's receipt finds the delivery.",
    )
    Index("ix_provider_messages_delivery", tickets.c.delivery_id)
    return tickets
