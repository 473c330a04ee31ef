"""Table of attempts: how each try at a delivery went."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    Uuid,
)


def add_table(metadata: MetaData) -> Table:
    return Table(
        "attempts",
        metadata,
        Column("delivery_id", Uuid, ForeignKey("deliveries.id"), primary_key=True),
        Column("number", Integer, primary_key=True, comment="one that is missing died with its courier"),
        Column("began_at", DateTime(timezone=True), nullable=False),
        Column("ended_at", DateTime(timezone=True), nullable=False),
        Column("channel", Text, comment="the way that was tried; null: none"),
        Column("code", Integer, comment="of the receiver's answer"),
        Column("answer", Text, comment="a subscriber's, masked and cut; of nobody else"),
        Column("error", Text, comment="no personal data; null: delivered"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("began_at <= ended_at", name="time"),
        CheckConstraint("length(answer) <= 1024", name="answer"),
        Index("ix_attempts_ended_at", "ended_at"),
        comment="Kept for a while; the delivery itself stays.",
    )
