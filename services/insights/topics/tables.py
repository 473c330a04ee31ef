"""The tables of topics. A job fills them from the words of complaints, and people decide: no event makes them again."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.insights.store import metadata

TIME = DateTime(timezone=True)

term_days = Table(
    "term_days",
    metadata,
    Column("day", Date, primary_key=True, comment="UTC"),
    Column("language", Text, primary_key=True),
    Column("told", Integer, nullable=False, comment="complaints that were counted"),
    Column("customers", Integer, nullable=False, comment="who told them"),
    Column(
        "counts", LargeBinary, nullable=False, comment="customers by bucket of term; see topics/counts.py"
    ),
    CheckConstraint("customers BETWEEN 1 AND told", name="customers"),
    comment="how many customers used each term, by digests: there are no words in it",
)

mined_weeks = Table(
    "mined_weeks",
    metadata,
    Column("week", Date, CheckConstraint("extract(isodow FROM week) = 1", name="monday"), primary_key=True),
    Column("told", Integer, nullable=False),
    Column("rules_version", Integer, nullable=False),
    Column("mined_at", TIME, nullable=False),
    comment="weeks whose words were mined: each once",
)

topics = Table(
    "topics",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("version", Integer, nullable=False),
    Column(
        "state",
        Text,
        CheckConstraint("state IN ('open', 'dismissed', 'merged')", name="state"),
        nullable=False,
    ),
    Column("name", Text, comment="as people call it; masked"),
    Column("first_week", Date, nullable=False, comment="its Monday"),
    Column("last_week", Date, nullable=False, comment="the last in which it was more than expected"),
    Column("found_at", TIME, nullable=False),
    Column("labels", JSONB, nullable=False, comment="terms by language, masked"),
    Column("signature", JSONB, nullable=False, comment="weights of terms, by language"),
    Column("strong", JSONB, nullable=False, comment="terms whose users are meant, by language"),
    Column("category", Text),
    Column("subcategory", Text),
    Column("product", Text),
    Column("customers", Integer, nullable=False),
    Column("expected", Double, nullable=False),
    Column("p_value", Double, nullable=False),
    Column("q_value", Double, nullable=False),
    Column("rules_version", Integer, nullable=False),
    Column("merged_into", Uuid, ForeignKey("topics.id")),
    Column("decided_by", Text),
    Column("decided_at", TIME),
    Column("reason", Text, comment="masked"),
    CheckConstraint("first_week <= last_week", name="weeks"),
    CheckConstraint("(state = 'merged') = (merged_into IS NOT NULL)", name="merged"),
    CheckConstraint("merged_into <> id", name="another"),
    CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="decided"),
    CheckConstraint("state = 'open' OR (decided_at IS NOT NULL AND reason IS NOT NULL)", name="said_why"),
    comment="what was told anew; the numbers are those with which it emerged",
)
Index("ix_topics_found", topics.c.found_at, topics.c.id)

topic_complaints = Table(
    "topic_complaints",
    metadata,
    Column("topic_id", Uuid, ForeignKey("topics.id"), primary_key=True),
    Column("complaint_id", Uuid, primary_key=True),
    Column("week", Date, nullable=False, comment="in which it was told"),
    Column("language", Text, nullable=False),
    Column(
        "medoid",
        SmallInteger,
        CheckConstraint("medoid > 0", name="medoid"),
        comment="rank among those that speak for the topic",
    ),
    comment="the complaints of a topic: its evidence",
)
Index("ix_topic_complaints_week", topic_complaints.c.topic_id, topic_complaints.c.week)
