"""Tables of the feed."""

from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY


class Tables(NamedTuple):
    feed: Table
    head: Table
    subjects: Table
    tickets: Table


def add_tables(metadata: MetaData) -> Tables:
    feed = Table(
        "feed",
        metadata,
        Column("position", BigInteger, primary_key=True, autoincrement=False, comment="the cursor; no gaps"),
        Column("event_id", Uuid, nullable=False, unique=True),
        Column("type", Text, nullable=False, comment="without its version"),
        Column("complaint_id", Uuid),
        Column("category", Text, comment="of the complaint, as it was known then"),
        Column("audience", Text, comment="of a notice; null: a fact"),
        Column("recipients", ARRAY(Text), nullable=False, comment="people whom the notice names"),
        Column("attributes", Text, nullable=False, comment="of the CloudEvent, as JSON"),
        Column("data", Text, comment="member of the CloudEvent that holds its data; null: erased, or none"),
        Column("recorded_at", DateTime(timezone=True), nullable=False),
        CheckConstraint("position > 0", name="position"),
        Index("ix_feed_complaint", "complaint_id", "position"),
        comment="The log in one order that is the same for every reader.",
    )
    head = Table(
        "feed_head",
        metadata,
        Column("single", Boolean, primary_key=True),
        Column("position", BigInteger, nullable=False, comment="the newest that was given out"),
        Column("pruned", BigInteger, nullable=False, comment="the newest that is kept no more"),
        CheckConstraint("single", name="single"),
        CheckConstraint("pruned >= 0 AND pruned <= position", name="pruned"),
        comment="One row. Whoever adds to the feed holds it until the commit, so positions appear in their order.",
    )
    subjects = Table(
        "feed_subjects",
        metadata,
        Column("complaint_id", Uuid, primary_key=True),
        Column("category", Text),
        Column("accused", ARRAY(Text), nullable=False),
        Column("erased", Boolean, nullable=False),
        comment="What the feed must know of a complaint: what is filtered by, and what is kept from whom.",
    )
    tickets = Table(
        "stream_tickets",
        metadata,
        Column("digest", LargeBinary, primary_key=True, comment="SHA-256 of the ticket"),
        Column("sealed", Text, nullable=False, comment="the credentials of whoever asked for it"),
        Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
        comment="Each opens one stream, once.",
    )
    return Tables(feed, head, subjects, tickets)
