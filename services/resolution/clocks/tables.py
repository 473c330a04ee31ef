"""Tables of the clocks: the accountability record, and the copy of routing's calendars."""

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
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.events.clocks import Accountable, Clock

MOMENT = DateTime(timezone=True)


def add_tables(metadata: MetaData) -> tuple[Table, Table]:
    clocks = ", ".join(f"'{clock}'" for clock in sorted(Clock))
    lapses = Table(
        "lapses",
        metadata,
        Column("id", Uuid, primary_key=True, comment="follows from case and run: missed once"),
        Column("complaint_id", Uuid, ForeignKey("cases.id"), nullable=False),
        Column("clock", Text, nullable=False),
        Column("number", Integer, nullable=False, comment="of the run of the clock"),
        Column("started_at", MOMENT, nullable=False),
        Column("due_at", MOMENT, nullable=False, comment="when it was missed"),
        Column("accountable", Text, nullable=False, comment="handler, department, management"),
        Column("handler_id", Text, comment="whose case it was then"),
        Column("department", Text, comment="the same of the department"),
        Column("policy_version", Integer, nullable=False, comment="of the rulebook clocks"),
        Column("met_at", MOMENT, comment="when it was met after all"),
        UniqueConstraint("complaint_id", "number"),
        CheckConstraint(f"clock IN ({clocks})", "clock"),
        CheckConstraint("met_at >= due_at", "met_late"),
        CheckConstraint(f"(accountable = '{Accountable.HANDLER}') = (handler_id IS NOT NULL)", "handler"),
        CheckConstraint(f"accountable <> '{Accountable.DEPARTMENT}' OR department IS NOT NULL", "department"),
        CheckConstraint(f"accountable <> '{Accountable.MANAGEMENT}' OR department IS NULL", "management"),
    )
    Index("ix_lapses_due", lapses.c.due_at, lapses.c.id)
    Index("ix_lapses_handler", lapses.c.handler_id, lapses.c.due_at, lapses.c.id)
    calendars = Table(
        "calendars",
        metadata,
        Column("department", Text, primary_key=True),
        Column("digest", Text, nullable=False, comment="the same for the same working time"),
        Column("content", JSONB, nullable=False),
        Column("read_at", MOMENT, nullable=False, comment="when routing said so"),
    )
    return lapses, calendars
