"""Listening, reopening, disputes before outside bodies."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

EMOTIONS = "('aggrieved', 'angry', 'anxious', 'calm', 'disappointed', 'grateful', 'relieved', 'satisfied')"
CHECKS = {
    "closed_since": "(state = 'closed') = (closed_at IS NOT NULL)",
    "last_emotion": f"last_emotion IN {EMOTIONS}",
    "emotion_since": "(last_emotion IS NULL) = (last_emotion_at IS NULL)",
    "negative_end_is_flagged": "state <> 'closed' OR ended_negative OR last_emotion IS NULL "
    "OR last_emotion NOT IN ('aggrieved', 'angry', 'anxious', 'disappointed')",
    "stock_taken": "state <> 'closed' OR (problem_found IS NOT NULL AND problem_solved IS NOT NULL)",
    "opinion_was_asked": "state <> 'carried_out' OR follow_ups > 0",
    "corrected_since": "(correction IS NULL) = (corrected_at IS NULL)",
}


def upgrade() -> None:
    op.create_table(
        "contacts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_by", sa.Text(), nullable=False, comment="the caller's id"),
        sa.Column("emotion", sa.Text(), nullable=False),
        sa.Column(
            "checklist",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the nine behaviours: met, missed, not_applicable",
        ),
        sa.Column(
            "talk_share",
            sa.SmallInteger(),
            nullable=True,
            comment="the customer's share of the talking, per cent",
        ),
        sa.Column("slips", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("key_points", sa.ARRAY(sa.Text()), nullable=False, comment="masked"),
        sa.Column(
            "questions",
            sa.ARRAY(sa.Text()),
            nullable=False,
            comment="their forms, in the order in which they were asked",
        ),
        sa.Column("funnel", sa.Boolean(), nullable=True, comment="open first, closed to verify"),
        sa.Column(
            "locked_point", sa.Text(), nullable=True, comment="what the complaint comes down to, masked"
        ),
        sa.Column("point_confirmed", sa.Boolean(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=True, comment="what was restated to the customer, masked"),
        sa.Column("summary_confirmed", sa.Boolean(), nullable=False),
        sa.Column(
            "addition_id",
            sa.Uuid(),
            nullable=True,
            comment="addition at intake under which the restatement was sent",
        ),
        sa.Column("positive_value", sa.Text(), nullable=True, comment="masked"),
        sa.Column("needs", sa.ARRAY(sa.Text()), nullable=False),
        sa.CheckConstraint(
            "emotion IN ('aggrieved', 'angry', 'anxious', 'calm', 'disappointed', 'grateful', 'relieved', 'satisfied')",
            name=op.f("ck_contacts_emotion"),
        ),
        sa.CheckConstraint("via IN ('counter', 'mail', 'phone', 'visit')", name=op.f("ck_contacts_via")),
        sa.CheckConstraint(
            "NOT point_confirmed OR locked_point IS NOT NULL", name=op.f("ck_contacts_confirmed_point")
        ),
        sa.CheckConstraint(
            "NOT summary_confirmed OR summary IS NOT NULL", name=op.f("ck_contacts_confirmed_summary")
        ),
        sa.CheckConstraint("held_at <= recorded_at", name=op.f("ck_contacts_held_before_recorded")),
        sa.CheckConstraint("talk_share BETWEEN 0 AND 100", name=op.f("ck_contacts_talk_share")),
        sa.ForeignKeyConstraint(["complaint_id"], ["cases.id"], name=op.f("fk_contacts_complaint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        comment="Contacts with customers, and how well was listened.",
    )
    op.create_index("ix_contacts_case", "contacts", ["complaint_id", "held_at", "id"], unique=False)
    op.create_table(
        "disputes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="counts the disputes of a case, from 1"),
        sa.Column("body", sa.Text(), nullable=False, comment="code in the rulebook"),
        sa.Column("body_en", sa.Text(), nullable=False, comment="as the rulebook named it at the hand-over"),
        sa.Column("body_zh", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, comment="masked"),
        sa.Column("handed_over_by", sa.Text(), nullable=False),
        sa.Column("handed_over_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("warn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("warned", sa.Boolean(), nullable=False),
        sa.Column("answer_missed", sa.Boolean(), nullable=False),
        sa.Column("decision_missed", sa.Boolean(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True, comment="masked"),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("favour", sa.Text(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True, comment="masked"),
        sa.Column("ends_case", sa.Boolean(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'decided') = (decided_at IS NOT NULL)", name=op.f("ck_disputes_decided")
        ),
        sa.CheckConstraint("favour IN ('both', 'company', 'customer')", name=op.f("ck_disputes_favour")),
        sa.CheckConstraint(
            "state <> 'answered' OR answered_at IS NOT NULL", name=op.f("ck_disputes_answered")
        ),
        sa.CheckConstraint(
            "state IN ('answered', 'decided', 'dropped', 'handed_over')", name=op.f("ck_disputes_state")
        ),
        sa.CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name=op.f("ck_disputes_answer")),
        sa.CheckConstraint(
            "num_nulls(favour, decision, ends_case, decided_at) IN (0, 4)", name=op.f("ck_disputes_decision")
        ),
        sa.CheckConstraint(
            "warn_at <= answer_due_at AND answer_due_at <= decision_due_at",
            name=op.f("ck_disputes_days_in_order"),
        ),
        sa.ForeignKeyConstraint(["complaint_id"], ["cases.id"], name=op.f("fk_disputes_complaint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
        sa.UniqueConstraint("complaint_id", "number", name=op.f("uq_disputes_complaint_id")),
        comment="Complaints before outside bodies.",
    )
    op.create_index(
        "uq_disputes_live",
        "disputes",
        ["complaint_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('handed_over', 'answered')"),
    )
    op.create_table(
        "feelings",
        sa.Column(
            "contact_id", sa.Uuid(), nullable=False, comment="contact, addition, registration or opinion"
        ),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("emotion", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False, comment="where it was noted"),
        sa.CheckConstraint(
            "emotion IN ('aggrieved', 'angry', 'anxious', 'calm', 'disappointed', 'grateful', 'relieved', 'satisfied')",
            name=op.f("ck_feelings_emotion"),
        ),
        sa.CheckConstraint("told IN ('contact', 'intake', 'opinion')", name=op.f("ck_feelings_told")),
        sa.ForeignKeyConstraint(["complaint_id"], ["cases.id"], name=op.f("fk_feelings_complaint_id")),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_feelings")),
        comment="The customer's emotion in one contact each: the trajectory of a case.",
    )
    op.create_index("ix_feelings_case", "feelings", ["complaint_id", "at"], unique=False)
    op.create_table(
        "scorecards",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("handler_id", sa.Text(), nullable=True, comment="whose case it was"),
        sa.Column("strict", sa.Integer(), nullable=False),
        sa.Column("earnest", sa.Integer(), nullable=False),
        sa.Column("proactive", sa.Integer(), nullable=False),
        sa.Column("efficient", sa.Integer(), nullable=False),
        sa.Column("taboos", sa.ARRAY(sa.Text()), nullable=False, comment="those that the reviewer found"),
        sa.Column("comment", sa.Text(), nullable=True, comment="masked"),
        sa.Column("reviewed_by", sa.Text(), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "least(strict, earnest, proactive, efficient) >= 1 AND greatest(strict, earnest, proactive, efficient) <= 5",
            name=op.f("ck_scorecards_one_to_five"),
        ),
        sa.CheckConstraint(
            "reviewed_by IS DISTINCT FROM handler_id", name=op.f("ck_scorecards_not_ones_own")
        ),
        sa.ForeignKeyConstraint(["complaint_id"], ["cases.id"], name=op.f("fk_scorecards_complaint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scorecards")),
        comment="How a closed case was worked, by somebody who did not work it.",
    )
    op.create_index("ix_scorecards_case", "scorecards", ["complaint_id", "reviewed_at", "id"], unique=False)
    op.add_column(
        "cases",
        sa.Column(
            "last_emotion", sa.Text(), nullable=True, comment="the customer's, in the latest contact by time"
        ),
    )
    op.add_column("cases", sa.Column("last_emotion_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "cases",
        sa.Column(
            "ended_negative",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="closed, and the last emotion was negative at the closing or later",
        ),
    )
    op.add_column(
        "cases",
        sa.Column(
            "understood_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the customer last confirmed that they were understood",
        ),
    )
    op.add_column(
        "cases",
        sa.Column(
            "contacted_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when a contact was last held and recorded",
        ),
    )
    op.add_column(
        "cases",
        sa.Column(
            "neglected_after",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="unless a person speaks with the customer before",
        ),
    )
    op.add_column(
        "cases",
        sa.Column(
            "follow_ups",
            sa.SmallInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="how often an opinion on the present result was asked for",
        ),
    )
    op.add_column(
        "cases",
        sa.Column(
            "follow_up_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="after this moment it is asked again",
        ),
    )
    op.add_column(
        "cases",
        sa.Column(
            "trust_restored",
            sa.Boolean(),
            nullable=True,
            comment="does the customer trust the company again?",
        ),
    )
    op.add_column("cases", sa.Column("problem_found", sa.Boolean(), nullable=True))
    op.add_column("cases", sa.Column("problem_solved", sa.Boolean(), nullable=True))
    op.add_column(
        "cases",
        sa.Column(
            "correction",
            sa.Text(),
            nullable=True,
            comment="what was corrected where the problem came from, masked",
        ),
    )
    op.add_column("cases", sa.Column("corrected_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "cases",
        sa.Column(
            "reopened",
            sa.SmallInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="how often it was",
        ),
    )
    op.add_column(
        "cases",
        sa.Column(
            "disputes",
            sa.SmallInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="how often it was handed over to an outside body",
        ),
    )
    op.add_column("cases", sa.Column("dispute_id", sa.Uuid(), nullable=True, comment="the live dispute"))
    op.create_foreign_key(
        "fk_cases_dispute_id",
        "cases",
        "disputes",
        ["dispute_id"],
        ["id"],
        initially="DEFERRED",
        deferrable=True,
    )
    op.execute("UPDATE cases SET follow_ups = 1 WHERE solutions > 0")
    op.execute(
        "UPDATE cases SET problem_found = coalesce(reason_sufficient, true), "
        "problem_solved = outcome <> 'not_acceptable' WHERE state = 'closed'"
    )
    for name, condition in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_cases_{name}"), "cases", condition)


def downgrade() -> None:
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_cases_{name}"), "cases")
    op.drop_constraint("fk_cases_dispute_id", "cases", type_="foreignkey")
    op.drop_column("cases", "dispute_id")
    op.drop_column("cases", "disputes")
    op.drop_column("cases", "reopened")
    op.drop_column("cases", "corrected_at")
    op.drop_column("cases", "correction")
    op.drop_column("cases", "problem_solved")
    op.drop_column("cases", "problem_found")
    op.drop_column("cases", "trust_restored")
    op.drop_column("cases", "follow_up_at")
    op.drop_column("cases", "follow_ups")
    op.drop_column("cases", "neglected_after")
    op.drop_column("cases", "contacted_at")
    op.drop_column("cases", "understood_at")
    op.drop_column("cases", "ended_negative")
    op.drop_column("cases", "last_emotion_at")
    op.drop_column("cases", "last_emotion")
    op.drop_index("ix_scorecards_case", table_name="scorecards")
    op.drop_table("scorecards")
    op.drop_index("ix_feelings_case", table_name="feelings")
    op.drop_table("feelings")
    op.drop_index(
        "uq_disputes_live",
        table_name="disputes",
        postgresql_where=sa.text("state IN ('handed_over', 'answered')"),
    )
    op.drop_table("disputes")
    op.drop_index("ix_contacts_case", table_name="contacts")
    op.drop_table("contacts")
