"""Tables of fairness. A trigger (revision 0012) refuses a sanction in force whose mark does not stand."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from services.resolution.fairness.model import OPEN, Stage
from services.resolution.fairness.record import Hearing, MarkState, SanctionState
from services.resolution.tables import MOMENT, metadata, one_of
from shared.events.fairness import Clearing, Decision, MarkEnd

accusations = Table(
    "accusations",
    metadata,
    Column("complaint_id", Uuid, ForeignKey("cases.id"), primary_key=True),
    Column("person_id", Text, primary_key=True, comment="in routing's directory"),
    Column("named_at", MOMENT, nullable=False),
    Column("answer_by", MOMENT, nullable=False),
    Column("hearing", Text, nullable=False),
    Column("answer", Text, comment="their side, masked"),
    Column("answered_at", MOMENT),
    Column("cleared_at", MOMENT),
    Column("cleared_because", Text),
    Column("appeal_id", Uuid, comment="the appeal that runs"),
    CheckConstraint(f"hearing IN {one_of(*Hearing)}", "hearing"),
    CheckConstraint(f"cleared_because IN {one_of(*Clearing)}", "cleared_because"),
    CheckConstraint("(cleared_at IS NULL) = (cleared_because IS NULL)", "cleared"),
    CheckConstraint("hearing <> 'answered' OR answered_at IS NOT NULL", "answered"),
    CheckConstraint("cleared_at IS NULL OR appeal_id IS NULL", "cleared_appeals_no_more"),
)
Index("ix_accusations_person", accusations.c.person_id, accusations.c.named_at, accusations.c.complaint_id)

marks = Table(
    "marks",
    metadata,
    Column("mark_id", Uuid, primary_key=True),
    Column("complaint_id", Uuid, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("number", SmallInteger, nullable=False, comment="of one person by one complaint, from 1"),
    Column("state", Text, nullable=False),
    Column("step", Integer, nullable=False, comment="counts its changes; of two facts the higher one counts"),
    Column("made_by", Text, nullable=False, comment="the caller who judged"),
    Column("made_at", MOMENT, nullable=False),
    Column("appeal_until", MOMENT, nullable=False),
    Column("appeals", SmallInteger, nullable=False),
    Column("decided_at", MOMENT, comment="when an appeal was decided last, and the mark stayed"),
    Column("changed_at", MOMENT),
    Column("removed_because", Text),
    ForeignKeyConstraint(
        ["complaint_id", "person_id"],
        ["accusations.complaint_id", "accusations.person_id"],
        name="fk_marks_accusation",
    ),
    UniqueConstraint("complaint_id", "person_id", "number"),
    CheckConstraint(f"state IN {one_of(*MarkState)}", "state"),
    CheckConstraint(f"removed_because IN {one_of(*MarkEnd)}", "removed_because"),
    CheckConstraint("(state = 'removed') = (removed_because IS NOT NULL)", "removed"),
    CheckConstraint("state <> 'frozen' OR appeals > 0", "frozen_by_an_appeal"),
)
Index(
    "uq_marks_live",
    marks.c.complaint_id,
    marks.c.person_id,
    unique=True,
    postgresql_where=text("state <> 'removed'"),
)
Index("ix_marks_person", marks.c.person_id, marks.c.made_at, marks.c.mark_id)

sanctions = Table(
    "sanctions",
    metadata,
    Column("sanction_id", Uuid, primary_key=True),
    Column("mark_id", Uuid, ForeignKey("marks.mark_id"), nullable=False, index=True),
    Column("kind", Text, nullable=False, comment="a code of the rulebook `fairness`"),
    Column("reason", Text, nullable=False, comment="masked"),
    Column("state", Text, nullable=False),
    Column("proposed_by", Text, nullable=False),
    Column("proposed_at", MOMENT, nullable=False),
    Column("not_before", MOMENT, nullable=False, comment="it takes effect later than this"),
    Column("took_effect_at", MOMENT),
    Column("lifted_at", MOMENT),
    CheckConstraint(f"state IN {one_of(*SanctionState)}", "state"),
    CheckConstraint(
        "state NOT IN ('in_force', 'suspended') OR took_effect_at IS NOT NULL", "in_force_since_a_moment"
    ),
    CheckConstraint("took_effect_at > not_before", "waits_for_the_appeal"),
    CheckConstraint("(state = 'lifted') = (lifted_at IS NOT NULL)", "lifted"),
)

appeals = Table(
    "appeals",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("version", Integer, nullable=False, comment="counts the saved changes; the ETag"),
    Column("complaint_id", Uuid, nullable=False),
    Column("person_id", Text, nullable=False, comment="who appealed"),
    Column("mark_id", Uuid, ForeignKey("marks.mark_id"), nullable=False),
    Column("stage", Text, nullable=False),
    Column("grounds", Text, nullable=False, comment="masked"),
    Column("new_evidence", Text, comment="masked"),
    Column("filed_at", MOMENT, nullable=False),
    Column("warn_at", MOMENT),
    Column("decide_by", MOMENT, nullable=False),
    Column("remind_at", MOMENT),
    Column("reminders", SmallInteger, nullable=False),
    Column("reviewer_id", Text),
    Column("reviewer_since", MOMENT),
    Column("check_at", MOMENT, comment="when the directory is asked again about the reviewer"),
    Column("seeks", Boolean, nullable=False, comment="the directory is to be asked for a reviewer now"),
    Column("words", Integer, nullable=False, comment="questions and answers so far"),
    Column("decision", Text),
    Column("reasons", Text, comment="masked"),
    Column("ended_at", MOMENT),
    Column("wakes_at", MOMENT, comment="the earliest of its deadlines"),
    ForeignKeyConstraint(
        ["complaint_id", "person_id"],
        ["accusations.complaint_id", "accusations.person_id"],
        name="fk_appeals_accusation",
    ),
    CheckConstraint(f"stage IN {one_of(*Stage)}", "stage"),
    CheckConstraint(f"decision IN {one_of(*Decision)}", "decision"),
    CheckConstraint("(stage = 'decided') = (decision IS NOT NULL AND reasons IS NOT NULL)", "decided"),
    CheckConstraint(f"(stage IN {one_of(*OPEN)}) = (ended_at IS NULL)", "ended"),
    CheckConstraint(f"stage IN {one_of(*OPEN)} OR wakes_at IS NULL AND NOT seeks", "ended_rests"),
    CheckConstraint(
        "stage NOT IN ('under_review', 'decided') OR reviewer_id IS NOT NULL", "reviewed_by_somebody"
    ),
    CheckConstraint("reviewer_id <> person_id", "nobody_reviews_themselves"),
)
Index("uq_appeals_open", appeals.c.mark_id, unique=True, postgresql_where=appeals.c.ended_at.is_(None))
Index("ix_appeals_wakes", appeals.c.wakes_at, postgresql_where=appeals.c.wakes_at.is_not(None))
Index("ix_appeals_seeks", appeals.c.filed_at, postgresql_where=text("seeks"))
Index("ix_appeals_person", appeals.c.person_id, appeals.c.filed_at, appeals.c.id)
Index("ix_appeals_reviewer", appeals.c.reviewer_id, appeals.c.filed_at, appeals.c.id)

appeal_words = Table(
    "appeal_words",
    metadata,
    Column("appeal_id", Uuid, ForeignKey("appeals.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("by_reviewer", Boolean, nullable=False, comment="a question; else a word of who appealed"),
    Column("person_id", Text, nullable=False),
    Column("text", Text, nullable=False, comment="masked"),
    Column("at", MOMENT, nullable=False),
)
