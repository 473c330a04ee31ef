"""Table of rewards: points per person and fact."""

from sqlalchemy import CheckConstraint, Column, DateTime, Index, Integer, MetaData, Table, Text, Uuid


def add_tables(metadata: MetaData) -> Table:
    earnings = Table(
        "earnings",
        metadata,
        Column("id", Uuid, primary_key=True, comment="follows from fact and result, so that it counts once"),
        Column("person", Text, nullable=False),
        Column("complaint_id", Uuid, nullable=False, index=True),
        Column("result", Text, nullable=False, comment="what the fact says of the handling"),
        Column("points", Integer, nullable=False),
        Column("book_version", Integer, nullable=False, comment="of the rulebook `rewards`"),
        Column("fact_type", Text, nullable=False),
        Column("fact_id", Uuid, nullable=False),
        Column("earned_at", DateTime(timezone=True), nullable=False),
        CheckConstraint("points BETWEEN -1000 AND 1000", name="points"),
    )
    Index("ix_earnings_period", earnings.c.earned_at, earnings.c.person)
    Index("ix_earnings_person", earnings.c.person, earnings.c.earned_at.desc(), earnings.c.id.desc())
    return earnings
