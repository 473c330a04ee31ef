"""Tables of what people of the company are told."""

from typing import NamedTuple

from sqlalchemy import CheckConstraint, Column, DateTime, Index, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB


class Tables(NamedTuple):
    lines: Table
    settled: Table


def add_tables(metadata: MetaData) -> Tables:
    lines = Table(
        "staff_lines",
        metadata,
        Column("id", Uuid, primary_key=True, comment="follows from the cause: nobody is told twice"),
        Column("person", Text, nullable=False, comment="of the directory"),
        Column("complaint_id", Uuid, nullable=False),
        Column("kind", Text, nullable=False),
        Column("subject_id", Uuid, nullable=False, comment="the notice or the task"),
        Column("reference", Text),
        Column("what", JSONB, nullable=False, comment="in both languages: en, zh"),
        Column("urgency", Text, nullable=False),
        Column("told_at", DateTime(timezone=True), nullable=False),
        Column("due_at", DateTime(timezone=True), nullable=False),
        CheckConstraint("kind IN ('notice', 'reminder', 'task')", name="kind"),
        Index("ix_staff_lines_person", "person", "told_at", "id"),
        comment="The inboxes of the company's people.",
    )
    settled = Table(
        "staff_settled",
        metadata,
        Column("subject_id", Uuid, primary_key=True, comment="the notice or the task"),
        Column("at", DateTime(timezone=True), nullable=False),
        comment="Acknowledged notices and done tasks, in whatever order they are heard of.",
    )
    return Tables(lines, settled)
