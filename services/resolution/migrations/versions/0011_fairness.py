"""The people complained about: accusations, marks, sanctions, appeals."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_STANDS = """
CREATE FUNCTION sanction_needs_standing_mark() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM sanctions s JOIN marks m ON m.mark_id = s.mark_id
               WHERE s.mark_id = NEW.mark_id AND s.state = 'in_force' AND m.state <> 'standing') THEN
        RAISE EXCEPTION 'a sanction is in force, and its mark does not stand' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "accusations",
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False, comment="in routing's directory"),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hearing", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True, comment="their side, masked"),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cleared_because", sa.Text(), nullable=True),
        sa.Column("appeal_id", sa.Uuid(), nullable=True, comment="the appeal that runs"),
        sa.CheckConstraint(
            "cleared_because IN ('appeal', 'named_wrongly', 'not_at_fault', 'withdrawn')",
            name=op.f("ck_accusations_cleared_because"),
        ),
        sa.CheckConstraint(
            "hearing <> 'answered' OR answered_at IS NOT NULL", name=op.f("ck_accusations_answered")
        ),
        sa.CheckConstraint(
            "hearing IN ('answered', 'asked', 'silent', 'waived')", name=op.f("ck_accusations_hearing")
        ),
        sa.CheckConstraint(
            "(cleared_at IS NULL) = (cleared_because IS NULL)", name=op.f("ck_accusations_cleared")
        ),
        sa.CheckConstraint(
            "cleared_at IS NULL OR appeal_id IS NULL", name=op.f("ck_accusations_cleared_appeals_no_more")
        ),
        sa.ForeignKeyConstraint(["complaint_id"], ["cases.id"], name=op.f("fk_accusations_complaint_id")),
        sa.PrimaryKeyConstraint("complaint_id", "person_id", name=op.f("pk_accusations")),
    )
    op.create_index(
        "ix_accusations_person", "accusations", ["person_id", "named_at", "complaint_id"], unique=False
    )
    op.create_table(
        "marks",
        sa.Column("mark_id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column(
            "number", sa.SmallInteger(), nullable=False, comment="of one person by one complaint, from 1"
        ),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column(
            "step",
            sa.Integer(),
            nullable=False,
            comment="counts its changes; of two facts the higher one counts",
        ),
        sa.Column("made_by", sa.Text(), nullable=False, comment="the caller who judged"),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("appeal_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("appeals", sa.SmallInteger(), nullable=False),
        sa.Column(
            "decided_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when an appeal was decided last, and the mark stayed",
        ),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_because", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'removed') = (removed_because IS NOT NULL)", name=op.f("ck_marks_removed")
        ),
        sa.CheckConstraint(
            "removed_because IN ('appeal', 'cleared', 'judgement', 'withdrawn')",
            name=op.f("ck_marks_removed_because"),
        ),
        sa.CheckConstraint("state <> 'frozen' OR appeals > 0", name=op.f("ck_marks_frozen_by_an_appeal")),
        sa.CheckConstraint("state IN ('frozen', 'removed', 'standing')", name=op.f("ck_marks_state")),
        sa.ForeignKeyConstraint(
            ["complaint_id", "person_id"],
            ["accusations.complaint_id", "accusations.person_id"],
            name="fk_marks_accusation",
        ),
        sa.PrimaryKeyConstraint("mark_id", name=op.f("pk_marks")),
        sa.UniqueConstraint("complaint_id", "person_id", "number", name=op.f("uq_marks_complaint_id")),
    )
    op.create_index("ix_marks_person", "marks", ["person_id", "made_at", "mark_id"], unique=False)
    op.create_index(
        "uq_marks_live",
        "marks",
        ["complaint_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("state <> 'removed'"),
    )
    op.create_table(
        "appeals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="counts the saved changes; the ETag"),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False, comment="who appealed"),
        sa.Column("mark_id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("grounds", sa.Text(), nullable=False, comment="masked"),
        sa.Column("new_evidence", sa.Text(), nullable=True, comment="masked"),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("warn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decide_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminders", sa.SmallInteger(), nullable=False),
        sa.Column("reviewer_id", sa.Text(), nullable=True),
        sa.Column("reviewer_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "check_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the directory is asked again about the reviewer",
        ),
        sa.Column(
            "seeks", sa.Boolean(), nullable=False, comment="the directory is to be asked for a reviewer now"
        ),
        sa.Column("words", sa.Integer(), nullable=False, comment="questions and answers so far"),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=True, comment="masked"),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "wakes_at", sa.DateTime(timezone=True), nullable=True, comment="the earliest of its deadlines"
        ),
        sa.CheckConstraint(
            "(stage = 'decided') = (decision IS NOT NULL AND reasons IS NOT NULL)",
            name=op.f("ck_appeals_decided"),
        ),
        sa.CheckConstraint(
            "(stage IN ('filed', 'under_review')) = (ended_at IS NULL)", name=op.f("ck_appeals_ended")
        ),
        sa.CheckConstraint("decision IN ('dismissed', 'partly', 'upheld')", name=op.f("ck_appeals_decision")),
        sa.CheckConstraint(
            "stage IN ('decided', 'ended', 'filed', 'under_review', 'withdrawn')",
            name=op.f("ck_appeals_stage"),
        ),
        sa.CheckConstraint(
            "stage IN ('filed', 'under_review') OR wakes_at IS NULL AND NOT seeks",
            name=op.f("ck_appeals_ended_rests"),
        ),
        sa.CheckConstraint(
            "stage NOT IN ('under_review', 'decided') OR reviewer_id IS NOT NULL",
            name=op.f("ck_appeals_reviewed_by_somebody"),
        ),
        sa.CheckConstraint("reviewer_id <> person_id", name=op.f("ck_appeals_nobody_reviews_themselves")),
        sa.ForeignKeyConstraint(
            ["complaint_id", "person_id"],
            ["accusations.complaint_id", "accusations.person_id"],
            name="fk_appeals_accusation",
        ),
        sa.ForeignKeyConstraint(["mark_id"], ["marks.mark_id"], name=op.f("fk_appeals_mark_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeals")),
    )
    op.create_index("ix_appeals_person", "appeals", ["person_id", "filed_at", "id"], unique=False)
    op.create_index("ix_appeals_reviewer", "appeals", ["reviewer_id", "filed_at", "id"], unique=False)
    op.create_index(
        "ix_appeals_seeks", "appeals", ["filed_at"], unique=False, postgresql_where=sa.text("seeks")
    )
    op.create_index(
        "ix_appeals_wakes",
        "appeals",
        ["wakes_at"],
        unique=False,
        postgresql_where=sa.text("wakes_at IS NOT NULL"),
    )
    op.create_index(
        "uq_appeals_open", "appeals", ["mark_id"], unique=True, postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_table(
        "sanctions",
        sa.Column("sanction_id", sa.Uuid(), nullable=False),
        sa.Column("mark_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="a code of the rulebook `fairness`"),
        sa.Column("reason", sa.Text(), nullable=False, comment="masked"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "not_before",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="it takes effect later than this",
        ),
        sa.Column("took_effect_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'lifted') = (lifted_at IS NOT NULL)", name=op.f("ck_sanctions_lifted")),
        sa.CheckConstraint(
            "state IN ('in_force', 'lifted', 'proposed', 'suspended')", name=op.f("ck_sanctions_state")
        ),
        sa.CheckConstraint(
            "state NOT IN ('in_force', 'suspended') OR took_effect_at IS NOT NULL",
            name=op.f("ck_sanctions_in_force_since_a_moment"),
        ),
        sa.CheckConstraint("took_effect_at > not_before", name=op.f("ck_sanctions_waits_for_the_appeal")),
        sa.ForeignKeyConstraint(["mark_id"], ["marks.mark_id"], name=op.f("fk_sanctions_mark_id")),
        sa.PrimaryKeyConstraint("sanction_id", name=op.f("pk_sanctions")),
    )
    op.create_index(op.f("ix_sanctions_mark_id"), "sanctions", ["mark_id"], unique=False)
    op.create_table(
        "appeal_words",
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "by_reviewer", sa.Boolean(), nullable=False, comment="a question; else a word of who appealed"
        ),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False, comment="masked"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeals.id"], name=op.f("fk_appeal_words_appeal_id")),
        sa.PrimaryKeyConstraint("appeal_id", "number", name=op.f("pk_appeal_words")),
    )
    op.add_column(
        "cases",
        sa.Column(
            "praise",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="nobody is complained about",
        ),
    )
    op.add_column(
        "cases",
        sa.Column(
            "accusations",
            sa.SmallInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="how many people it is about, or was",
        ),
    )
    op.add_column(
        "cases",
        sa.Column(
            "unheard",
            sa.SmallInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="how many of them may still answer before anything is judged",
        ),
    )
    op.create_check_constraint(op.f("ck_cases_unheard"), "cases", "unheard BETWEEN 0 AND accusations")
    op.execute(_STANDS)
    for table in ("marks", "sanctions"):
        # At the end of the transaction: both tables change, one after the other.
        op.execute(
            f"CREATE CONSTRAINT TRIGGER {table}_stand AFTER INSERT OR UPDATE ON {table} "
            "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION sanction_needs_standing_mark()"
        )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_cases_unheard"), "cases")
    op.drop_column("cases", "unheard")
    op.drop_column("cases", "accusations")
    op.drop_column("cases", "praise")
    op.drop_table("appeal_words")
    op.drop_table("sanctions")
    op.drop_table("appeals")
    op.drop_table("marks")
    op.drop_table("accusations")
    op.execute("DROP FUNCTION sanction_needs_standing_mark()")
