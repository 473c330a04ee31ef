"""Tables of what people wish, and of how often they were written to."""

from typing import NamedTuple

from sqlalchemy import CheckConstraint, Column, Date, DateTime, Integer, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

OWED = " AND ".join(
    f"coalesce(wishes->'ways'->'{nature}', '[0]') <> '[]'" for nature in ("safety", "service")
)


class Tables(NamedTuple):
    preferences: Table
    day_counts: Table


def add_tables(metadata: MetaData) -> Tables:
    preferences = Table(
        "preferences",
        metadata,
        Column("person", Text, primary_key=True, comment="`customer/<id>`, `staff/<id in the directory>`"),
        Column("version", Integer, nullable=False),
        Column("wishes", JSONB, nullable=False),
        Column("changed_at", DateTime(timezone=True), nullable=False),
        Column("changed_by", Text, nullable=False, comment="principal, or `unsubscribe`"),
        CheckConstraint("version > 0", name="version"),
        CheckConstraint(OWED, name="owed"),
        comment="How people wish to be told things.",
    )
    day_counts = Table(
        "day_counts",
        metadata,
        Column("person", Text, primary_key=True),
        Column("day", Date, primary_key=True, comment="of the person"),
        Column("messages", Integer, nullable=False, comment="that took one of the day's places"),
        CheckConstraint("messages > 0", name="messages"),
        comment="How many messages that count a person got in a day.",
    )
    return Tables(preferences, day_counts)
