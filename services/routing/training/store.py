"""Tables of training: sessions, who takes part, results, drills, needs."""

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
    Numeric,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB


class Tables(NamedTuple):
    sessions: Table
    participants: Table
    drill_runs: Table
    results: Table
    needs: Table


def add_tables(metadata: MetaData) -> Tables:
    sessions = Table(
        "training_sessions",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("course", Text, nullable=False, comment="code in the rulebook `courses`"),
        Column("book_version", Integer, nullable=False, comment="of that rulebook, by which it is held"),
        Column("starts_at", DateTime(timezone=True), nullable=False),
        Column("ends_at", DateTime(timezone=True), nullable=False),
        Column("trainer", Text, nullable=False),
        Column("made_by", Text, nullable=False),
        Column("made_at", DateTime(timezone=True), nullable=False),
        CheckConstraint("starts_at < ends_at", name="order"),
    )
    Index("ix_training_sessions_newest", sessions.c.starts_at.desc(), sessions.c.id.desc())
    participants = Table(
        "training_participants",
        metadata,
        Column("session", Uuid, ForeignKey("training_sessions.id"), primary_key=True),
        Column("person", Text, ForeignKey("people.id"), primary_key=True),
    )
    drill_runs = Table(
        "drill_runs",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("drill", Text, nullable=False, comment="code in the rulebook `drills`"),
        Column("book_version", Integer, nullable=False),
        Column("person", Text, ForeignKey("people.id"), nullable=False),
        Column("answer", Text, comment="what the person said or wrote"),
        Column("grades", JSONB, nullable=False, comment="points by item of the checklist"),
        Column("points", Integer, nullable=False),
        Column("most", Integer, nullable=False, comment="points that could be had"),
        Column("passed", Boolean, nullable=False),
        Column("feedback", Text),
        Column("graded_by", Text, nullable=False),
        Column("graded_at", DateTime(timezone=True), nullable=False),
        CheckConstraint("points BETWEEN 0 AND most", name="points"),
    )
    Index("ix_drill_runs_person", drill_runs.c.person, drill_runs.c.graded_at.desc(), drill_runs.c.id.desc())
    results = Table(
        "training_results",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("person", Text, ForeignKey("people.id"), nullable=False),
        Column("course", Text, nullable=False),
        Column("kind", Text, nullable=False, comment="of the course, as it was then"),
        Column("assessed_how", Text, nullable=False, comment="questionnaire, exam or practice"),
        Column("session", Uuid, ForeignKey("training_sessions.id")),
        Column("drill_run", Uuid, ForeignKey("drill_runs.id")),
        Column("score", Numeric(5, 2), nullable=False, comment="per cent"),
        Column("passed", Boolean, nullable=False),
        Column("feedback", Text, comment="to the person"),
        Column("certificate", Text, comment="what it gave"),
        Column("expires_at", DateTime(timezone=True)),
        Column("assessed_by", Text, nullable=False),
        Column("assessed_at", DateTime(timezone=True), nullable=False),
        CheckConstraint("score BETWEEN 0 AND 100", name="score"),
        CheckConstraint("(session IS NULL) <> (drill_run IS NULL)", name="once"),
        CheckConstraint("certificate IS NULL OR passed", name="certificate"),
        CheckConstraint("(certificate IS NULL) = (expires_at IS NULL)", name="expires"),
    )
    Index("ix_training_results_person", results.c.person, results.c.assessed_at.desc(), results.c.id.desc())
    Index(
        "ix_training_results_session",
        results.c.session,
        results.c.person,
        unique=True,
        postgresql_where=results.c.session.is_not(None),
    )
    needs = Table(
        "training_needs",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("complaint_id", Uuid, nullable=False, comment="the one that tipped it"),
        Column("person", Text, comment="as insights know them"),
        Column("department", Text),
        Column("about", Text, nullable=False, comment="category or cause"),
        Column("kind", Text, nullable=False, comment="of training"),
        Column("complaints", Integer, nullable=False, comment="how many speak for it"),
        Column("evidence", ARRAY(Uuid), nullable=False, comment="some of them"),
        Column("found_at", DateTime(timezone=True), nullable=False),
        Column("session", Uuid, ForeignKey("training_sessions.id"), comment="meant to meet it"),
        Column("settled_at", DateTime(timezone=True)),
        Column("settled_by", Text),
        Column("settled_how", Text, comment="met by a result, or settled by somebody"),
        Column("note", Text),
        CheckConstraint("(person IS NULL) <> (department IS NULL)", name="whose"),
        CheckConstraint("complaints > 0", name="complaints"),
        CheckConstraint(
            "(settled_at IS NULL) = (settled_how IS NULL) AND (settled_at IS NULL) = (settled_by IS NULL)",
            name="settled",
        ),
        CheckConstraint("settled_how IN ('met', 'by_hand')", name="settled_how"),
    )
    Index("ix_training_needs_newest", needs.c.found_at.desc(), needs.c.id.desc())
    return Tables(sessions, participants, drill_runs, results, needs)
