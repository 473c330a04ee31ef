"""Tables of the briefings."""

from typing import NamedTuple

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

_NOBODY = text("'{}'")


class Tables(NamedTuple):
    turns: Table
    briefings: Table
    readers: Table
    voices: Table
    clippings: Table
    shown: Table


def add_tables(metadata: MetaData) -> Tables:
    turns = Table(
        "briefing_turns",
        metadata,
        Column("row_id", Text, primary_key=True, comment="of the rulebook"),
        Column("until", DateTime(timezone=True), primary_key=True, comment="what happened before is told"),
        Column("planned_at", DateTime(timezone=True), nullable=False),
        comment="Times at which briefings were begun, by whichever replica came first.",
    )
    briefings = Table(
        "briefings",
        metadata,
        Column("id", Uuid, primary_key=True, comment="follows from row, scope and time"),
        Column("row_id", Text, nullable=False),
        Column("scope", Text, nullable=False, comment="the department or the person that it is for; '': all"),
        Column("until", DateTime(timezone=True), nullable=False),
        Column("since", DateTime(timezone=True), nullable=False),
        Column("audience", Text, nullable=False),
        Column("department", Text, comment="it tells of its complaints only"),
        Column("department_name", JSONB, comment="in both languages: en, zh"),
        Column(
            "definition", JSONB, nullable=False, comment="row of the rulebook, as it was when it was begun"
        ),
        Column("book_version", Integer, nullable=False),
        Column("planned_readers", ARRAY(Text), nullable=False, server_default=_NOBODY),
        Column("state", Text, nullable=False, server_default="waiting"),
        Column("planned_at", DateTime(timezone=True), nullable=False),
        Column("attempts", Integer, nullable=False, server_default="0", comment="begun; fences late makers"),
        Column(
            "next_try_at",
            DateTime(timezone=True),
            nullable=False,
            comment="while one is made: end of the lease",
        ),
        Column("content", JSONB, comment="what the services told; no personal data"),
        Column("made_at", DateTime(timezone=True), comment="or found to be empty"),
        UniqueConstraint("row_id", "scope", "until"),
        CheckConstraint("state IN ('waiting', 'made', 'empty')", name="state"),
        CheckConstraint("(state = 'made') = (content IS NOT NULL)", name="made"),
        CheckConstraint("(state = 'waiting') = (made_at IS NULL)", name="settled"),
        CheckConstraint("since < until", name="period"),
    )
    Index("ix_briefings_due", briefings.c.next_try_at, postgresql_where=text("state = 'waiting'"))
    Index("ix_briefings_made", briefings.c.made_at, briefings.c.id, postgresql_where=text("state = 'made'"))
    readers = Table(
        "briefing_readers",
        metadata,
        Column("briefing_id", Uuid, ForeignKey("briefings.id"), primary_key=True),
        Column("person", Text, primary_key=True, comment="of the directory"),
        Column("delivery_id", Uuid, ForeignKey("deliveries.id"), nullable=False, comment="the letter"),
        Column("read_at", DateTime(timezone=True), comment="when they first opened it"),
        Index("ix_briefing_readers_person", "person"),
    )
    voices = Table(
        "briefing_voices",
        metadata,
        Column("briefing_id", Uuid, ForeignKey("briefings.id"), primary_key=True),
        Column("complaint_id", Uuid, primary_key=True, index=True),
        Column("position", Integer, nullable=False),
        Column("reference", Text, nullable=False),
        Column("language", Text, nullable=False),
        Column("text", Text, nullable=False, comment="what the customer said, masked"),
        comment="Quotes; they go when the customer is erased.",
    )
    clippings = Table(
        "clippings",
        metadata,
        Column("id", Uuid, primary_key=True, comment="the notice"),
        Column("complaint_id", Uuid, nullable=False),
        Column("audience", Text, nullable=False),
        Column("department", Text),
        Column(
            "recipients", ARRAY(Text), nullable=False, comment="people who are meant; {}: the whole audience"
        ),
        Column("reference", Text),
        Column("what", JSONB, nullable=False, comment="in both languages: en, zh"),
        Column("severity", Text, nullable=False),
        Column("urgency", Text, nullable=False),
        Column("issued_at", DateTime(timezone=True), nullable=False),
        Index("ix_clippings_audience", "audience", "issued_at"),
        comment="Notices that are read in a briefing.",
    )
    shown = Table(
        "clippings_shown",
        metadata,
        Column("clipping_id", Uuid, ForeignKey("clippings.id"), primary_key=True),
        Column("series", Text, primary_key=True, comment="row and scope: each shows it once"),
        Column("briefing_id", Uuid, ForeignKey("briefings.id"), nullable=False, index=True),
    )
    return Tables(turns, briefings, readers, voices, clippings, shown)
