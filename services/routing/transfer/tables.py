"""Tables of transfer."""

from typing import NamedTuple

from sqlalchemy import (
    ARRAY,
    Boolean,
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
    notices: Table
    heard_facts: Table
    lapses: Table
    meeting_series: Table
    meetings: Table
    agenda_items: Table
    tasks: Table


def add_tables(metadata: MetaData) -> Tables:
    return Tables(
        _notices(metadata), _heard_facts(metadata), _lapses(metadata), *_meetings(metadata), _tasks(metadata)
    )


def _notices(metadata: MetaData) -> Table:
    notices = Table(
        "notices",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("complaint_id", Uuid, nullable=False, index=True),
        Column("audience", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("fact_type", Text, nullable=False),
        Column("fact_id", Uuid, nullable=False),
        Column("severity", Text, nullable=False, server_default="general"),
        Column("issued_at", DateTime(timezone=True), nullable=False),
        Column("acknowledge_by", DateTime(timezone=True), nullable=False),
        Column("form", Text, nullable=False, server_default="notice"),
        Column("urgency", Text, nullable=False, server_default="normal"),
        Column("words", JSONB, comment="the reason for people: en, zh"),
        Column("department", Text),
        Column("recipients", ARRAY(Text), nullable=False, server_default=_NOBODY, comment="people; {}: all"),
        Column("written_by", Text, comment="who wrote an internal mail"),
        Column("to_person", Text, ForeignKey("people.id"), comment="the one person whom the mail is for"),
        Column("text", Text, comment="what it says, masked; it does not travel on the log"),
        Column("climbed_from", Uuid, ForeignKey("notices.id")),
        Column("acknowledged_by", Text),
        Column("acknowledged_person", Text, ForeignKey("people.id")),
        Column("acknowledged_at", DateTime(timezone=True)),
        Column("overdue_at", DateTime(timezone=True), comment="when it was first found overdue"),
        Column("climbed_to", Text, comment="the audience that knows instead"),
        Column("reminders", Integer, nullable=False, server_default="0", comment="of the top layer"),
        Column("due_at", DateTime(timezone=True), comment="when it is looked at next"),
        UniqueConstraint("fact_id", "audience"),
        CheckConstraint("(acknowledged_by IS NULL) = (acknowledged_at IS NULL)", name="acknowledged"),
        CheckConstraint("acknowledged_person IS NULL OR acknowledged_by IS NOT NULL", name="acknowledger"),
        CheckConstraint("(written_by IS NULL) = (text IS NULL)", name="mail"),
        CheckConstraint("to_person IS NULL OR written_by IS NOT NULL", name="to_person"),
        CheckConstraint(
            "due_at IS NOT NULL OR acknowledged_at IS NOT NULL OR climbed_to IS NOT NULL OR reminders > 0 "
            "OR form = 'clipping'",
            name="pursued",
        ),
        CheckConstraint("due_at IS NULL OR (acknowledged_at IS NULL AND climbed_to IS NULL)", name="settled"),
        CheckConstraint("overdue_at IS NOT NULL OR (climbed_to IS NULL AND reminders = 0)", name="overdue"),
    )
    Index("ix_notices_audience", notices.c.audience, notices.c.issued_at.desc(), notices.c.id.desc())
    Index("ix_notices_due", notices.c.due_at, postgresql_where=text("due_at IS NOT NULL"))
    return notices


def _heard_facts(metadata: MetaData) -> Table:
    return Table(
        "heard_facts",
        metadata,
        Column("fact_id", Uuid, primary_key=True),
        Column("complaint_id", Uuid, nullable=False),
        Column("fact_type", Text, nullable=False),
        Column("at", DateTime(timezone=True), nullable=False, index=True),
        Column("severity", Text, nullable=False),
        Column("category", Text),
        comment="Facts of which the distribution table was asked who must know them: for trials.",
    )


def _lapses(metadata: MetaData) -> Table:
    return Table(
        "lapses",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("complaint_id", Uuid, index=True, comment="null: a task that is about no complaint"),
        Column("kind", Text, nullable=False),
        Column("subject_id", Uuid, nullable=False, comment="the notice, task or promise"),
        Column("reason", Text, nullable=False),
        Column("people", ARRAY(Text), nullable=False, comment="who was responsible"),
        Column("supervisors", ARRAY(Text), nullable=False, comment="whom they answered to"),
        Column("due_at", DateTime(timezone=True), nullable=False),
        Column("found_at", DateTime(timezone=True), nullable=False),
        UniqueConstraint("kind", "subject_id"),
        CheckConstraint("kind IN ('notice', 'task', 'promise', 'improvement')", name="kind"),
        CheckConstraint("due_at <= found_at", name="late"),
        Index("ix_lapses_found_at", "found_at", "id"),
        Index("ix_lapses_people", "people", postgresql_using="gin"),
        comment="Accountability record: what was late, and who was responsible.",
    )


def _meetings(metadata: MetaData) -> tuple[Table, Table, Table]:
    series = Table(
        "meeting_series",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("title", Text, nullable=False),
        Column("weekly", Boolean, nullable=False),
        Column("attendees", ARRAY(Text), nullable=False, comment="people of the directory"),
        Column("made_by", Text, nullable=False),
        Column("made_at", DateTime(timezone=True), nullable=False),
        CheckConstraint("cardinality(attendees) > 0", name="attended"),
    )
    meetings = Table(
        "meetings",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("series_id", Uuid, ForeignKey("meeting_series.id"), nullable=False),
        Column("number", Integer, nullable=False, comment="counts the meetings of a series, from 1"),
        Column("at", DateTime(timezone=True), nullable=False),
        Column("agenda", JSONB, comment="as it was when the minutes were written, but for what people said"),
        Column("minutes", Text, comment="masked"),
        Column("decisions", ARRAY(Text), nullable=False, server_default=_NOBODY, comment="masked"),
        Column("minuted_by", Text),
        Column("minuted_at", DateTime(timezone=True)),
        UniqueConstraint("series_id", "number"),
        CheckConstraint(
            "(minuted_at IS NULL) = (minutes IS NULL) AND (minuted_at IS NULL) = (agenda IS NULL) "
            "AND (minuted_at IS NULL) = (minuted_by IS NULL)",
            name="minuted",
        ),
        Index("ix_meetings_at", "at", "id"),
    )
    items = Table(
        "agenda_items",
        metadata,
        Column("meeting_id", Uuid, ForeignKey("meetings.id"), primary_key=True),
        Column("complaint_id", Uuid, ForeignKey("dispatches.complaint_id"), primary_key=True, index=True),
        Column("why", Text, nullable=False, comment="masked"),
        Column("added_by", Text, nullable=False),
        Column("added_at", DateTime(timezone=True), nullable=False),
        comment="Cases that somebody put on the agenda by hand.",
    )
    return series, meetings, items


def _tasks(metadata: MetaData) -> Table:
    tasks = Table(
        "tasks",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("complaint_id", Uuid, index=True, comment="null: what a meeting decided about no one case"),
        Column("form", Text, nullable=False),
        Column("about", Text, nullable=False, comment="what is to be done, masked"),
        Column("assignee", Text, ForeignKey("people.id"), nullable=False),
        Column("due_at", DateTime(timezone=True), nullable=False),
        Column("set_by", Text, nullable=False),
        Column("set_at", DateTime(timezone=True), nullable=False),
        Column("notice_id", Uuid, ForeignKey("notices.id"), comment="the notice that asked for it"),
        Column("meeting_id", Uuid, ForeignKey("meetings.id"), comment="the meeting that decided it"),
        Column("outcome", Text),
        Column("note", Text, comment="masked"),
        Column("next_step", Text, comment="masked"),
        Column("done_by", Text),
        Column("done_at", DateTime(timezone=True)),
        Column("chases", Integer, nullable=False, server_default="0"),
        Column("chase_at", DateTime(timezone=True), comment="when it is looked at next"),
        CheckConstraint("form IN ('phone', 'interview', 'action')", name="form"),
        CheckConstraint("complaint_id IS NOT NULL OR meeting_id IS NOT NULL", name="about_something"),
        CheckConstraint(
            "(done_at IS NULL) = (outcome IS NULL) AND (done_at IS NULL) = (done_by IS NULL)", name="done"
        ),
        CheckConstraint("done_at IS NULL OR chase_at IS NULL", name="settled"),
        CheckConstraint("chase_at IS NOT NULL OR done_at IS NOT NULL OR chases > 0", name="pursued"),
    )
    Index("ix_tasks_due", tasks.c.chase_at, postgresql_where=text("chase_at IS NOT NULL"))
    Index("ix_tasks_assignee", tasks.c.assignee, tasks.c.due_at, tasks.c.id)
    return tasks
