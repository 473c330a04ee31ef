"""Problems that are back after their improvement was closed, the history of hazards, and suggestions.

Which improvements were closed, and what was permitted, before this release becomes known by a rebuild. Of a hazard that
was changed before, only the newest version is known.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0019"
down_revision: str | None = "0017"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "improvements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False, comment="gave rise to it"),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column(
            "opened_at", sa.DateTime(timezone=True), nullable=True, comment="null: told before this was read"
        ),
        sa.Column(
            "closed_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="null while it is open, again or still",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_improvements")),
        comment="improvements, as far as their facts tell",
    )
    op.create_index("ix_improvements_closed", "improvements", ["closed_at"], unique=False)
    op.create_index("ix_improvements_complaint", "improvements", ["complaint_id"], unique=False)
    op.create_table(
        "recurred_problems",
        sa.Column("id", sa.Uuid(), nullable=False, comment="derived from the improvement and its closing"),
        sa.Column("improvement_id", sa.Uuid(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False, comment="of the improvement"),
        sa.Column("recurred_by", sa.Text(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False, comment="the newest that tells it"),
        sa.Column("before", sa.Integer(), nullable=False),
        sa.Column("days_before", sa.Float(), nullable=False),
        sa.Column("after", sa.Integer(), nullable=False),
        sa.Column("days_after", sa.Float(), nullable=False),
        sa.Column("customers", sa.Integer(), nullable=False, comment="who told it since the closing"),
        sa.Column("rate_ratio", sa.Float(), nullable=True, comment="null: there was nothing before"),
        sa.Column("low", sa.Float(), nullable=False),
        sa.Column("high", sa.Float(), nullable=True, comment="null: no upper bound"),
        sa.Column(
            "p_value", sa.Float(), nullable=False, comment="of so few or fewer after, had the rate not fallen"
        ),
        sa.Column(
            "evidence",
            sa.ARRAY(sa.Uuid()),
            nullable=False,
            comment="complaints since the closing, the newest first",
        ),
        sa.Column("rules_version", sa.Integer(), nullable=False, comment="of the rulebook recurred-problems"),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "recurred_by IN ('same_words', 'rate')", name=op.f("ck_recurred_problems_recurred_by")
        ),
        sa.CheckConstraint(
            "before >= 0 AND after > 0 AND customers BETWEEN 1 AND after",
            name=op.f("ck_recurred_problems_counts"),
        ),
        sa.CheckConstraint(
            "cardinality(evidence) BETWEEN 1 AND 50", name=op.f("ck_recurred_problems_evident")
        ),
        sa.CheckConstraint(
            "days_before > 0 AND days_after > 0 AND found_at > closed_at",
            name=op.f("ck_recurred_problems_time"),
        ),
        sa.CheckConstraint(
            "low >= 0 AND low <= coalesce(high, low)", name=op.f("ck_recurred_problems_interval")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recurred_problems")),
        comment="problems that came back after their improvement was closed",
    )
    op.create_index("ix_recurred_problems_newest", "recurred_problems", ["found_at", "id"], unique=False)
    op.create_index(
        "uq_recurred_problems_closing", "recurred_problems", ["improvement_id", "closed_at"], unique=True
    )
    op.create_table(
        "suggestions",
        sa.Column(
            "id",
            sa.Uuid(),
            nullable=False,
            comment="derived from what is suggested, and how often it was before",
        ),
        sa.Column("version", sa.Integer(), nullable=False, comment="counts the changes"),
        sa.Column("complaint_id", sa.Uuid(), nullable=False, comment="the newest that speaks for it"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "subject", sa.ARRAY(sa.Text()), nullable=False, comment="what it is about; see model.SUBJECTS"
        ),
        sa.Column("words_en", sa.Text(), nullable=False),
        sa.Column("words_zh", sa.Text(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=True, comment="of so many; null: counted by days"),
        sa.Column("low", sa.Float(), nullable=True, comment="of the interval of the share"),
        sa.Column("high", sa.Float(), nullable=True),
        sa.Column("days", sa.Integer(), nullable=False, comment="in which it was counted"),
        sa.Column("evidence", sa.ARRAY(sa.Uuid()), nullable=False, comment="complaints, the newest first"),
        sa.Column("rules_version", sa.Integer(), nullable=False, comment="of the rulebook suggestions"),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=True),
        sa.Column("improvement_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True, comment="of the improvement or the change; masked"),
        sa.Column("problem", sa.Text(), nullable=True, comment="what is wrong, or what is to change; masked"),
        sa.Column("reason", sa.Text(), nullable=True, comment="why it was declined; masked"),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True, comment="of what was changed; masked"),
        sa.Column("in_force_on", sa.Date(), nullable=True),
        sa.Column("carried_out_by", sa.Text(), nullable=True),
        sa.Column("carried_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("effective", sa.Boolean(), nullable=True),
        sa.Column("judgement", sa.Text(), nullable=True, comment="masked"),
        sa.Column(
            "numbers",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="what lay before whoever judged",
        ),
        sa.Column("judged_by", sa.Text(), nullable=True),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(improvement_id IS NOT NULL) = coalesce(action = 'improvement', false)",
            name=op.f("ck_suggestions_improvement"),
        ),
        sa.CheckConstraint(
            "(state = 'declined') = (reason IS NOT NULL)", name=op.f("ck_suggestions_declined_with_reason")
        ),
        sa.CheckConstraint(
            "(state = 'judged') = (judged_at IS NOT NULL)", name=op.f("ck_suggestions_judged")
        ),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name=op.f("ck_suggestions_decided")),
        sa.CheckConstraint(
            "(state IN ('open', 'declined')) = (action IS NULL)",
            name=op.f("ck_suggestions_accepted_with_action"),
        ),
        sa.CheckConstraint("action IN ('change', 'improvement')", name=op.f("ck_suggestions_action")),
        sa.CheckConstraint(
            "kind IN ('policy', 'process', 'product', 'training')", name=op.f("ck_suggestions_kind")
        ),
        sa.CheckConstraint(
            "source IN ('authority_lacking', 'exception_usual', 'hazard_again', 'training_again')",
            name=op.f("ck_suggestions_source"),
        ),
        sa.CheckConstraint(
            "state <> 'carried_out' OR carried_out_at IS NOT NULL", name=op.f("ck_suggestions_carried_out")
        ),
        sa.CheckConstraint(
            "state IN ('accepted', 'carried_out', 'declined', 'judged', 'open')",
            name=op.f("ck_suggestions_state"),
        ),
        sa.CheckConstraint(
            "cardinality(evidence) BETWEEN 1 AND 50 AND cardinality(subject) = 2",
            name=op.f("ck_suggestions_evident"),
        ),
        sa.CheckConstraint(
            "events > 0 AND events <= coalesce(cases, events) AND days > 0",
            name=op.f("ck_suggestions_counts"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(action, title, problem) IN (0, 3)", name=op.f("ck_suggestions_says_what")
        ),
        sa.CheckConstraint(
            "num_nonnulls(decided_by, decided_at) IN (0, 2)", name=op.f("ck_suggestions_decided_by_somebody")
        ),
        sa.CheckConstraint(
            "num_nonnulls(effective, judgement, numbers, judged_by, judged_at) IN (0, 5)",
            name=op.f("ck_suggestions_judgement"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(reference, in_force_on, carried_out_by, carried_out_at) IN (0, 4)",
            name=op.f("ck_suggestions_changed"),
        ),
        sa.CheckConstraint("version > 0", name=op.f("ck_suggestions_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suggestions")),
        comment="what complaints suggest to change, and what became of it",
    )
    op.create_index("ix_suggestions_newest", "suggestions", ["made_at", "id"], unique=False)
    op.create_index(
        "uq_suggestions_live",
        "suggestions",
        ["source", "subject"],
        unique=True,
        postgresql_where=sa.text("state IN ('accepted', 'carried_out', 'open')"),
    )
    op.create_table(
        "hazard_versions",
        sa.Column("hazard_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "entry",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what people edit, as it then was",
        ),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_hazard_versions_version")),
        sa.ForeignKeyConstraint(["hazard_id"], ["hazards.id"], name=op.f("fk_hazard_versions_hazard_id")),
        sa.PrimaryKeyConstraint("hazard_id", "version", name=op.f("pk_hazard_versions")),
        comment="what entries of the register were; only added to",
    )
    op.create_index(
        "ix_complaints_improvement",
        "complaints",
        ["improvement_id"],
        unique=False,
        postgresql_where=sa.text("improvement_id IS NOT NULL"),
    )
    op.add_column(
        "conduct", sa.Column("permits_asked", sa.ARRAY(sa.Text()), server_default="{}", nullable=False)
    )
    op.add_column(
        "conduct", sa.Column("permits_granted", sa.ARRAY(sa.Text()), server_default="{}", nullable=False)
    )
    op.execute(
        """
        CREATE FUNCTION refuse_forgetting() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the history is only added to' USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """
    )
    op.execute(
        "INSERT INTO hazard_versions (hazard_id, version, entry, changed_by, changed_at) "
        "SELECT id, version, jsonb_build_object('what', what, 'product', product, 'batch', batch, 'region', region, "
        "'department', department, 'owner', owner, 'likelihood', likelihood, 'severity', severity, "
        "'measures', measures, 'state', state, 'reason', reason, 'review_by', review_by, 'evidence', evidence), "
        "changed_by, changed_at FROM hazards"
    )
    op.execute(
        "CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON hazard_versions "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_forgetting()"
    )


def downgrade() -> None:
    op.drop_column("conduct", "permits_granted")
    op.drop_column("conduct", "permits_asked")
    op.drop_index(
        "ix_complaints_improvement",
        table_name="complaints",
        postgresql_where=sa.text("improvement_id IS NOT NULL"),
    )
    op.drop_table("hazard_versions")
    op.drop_index(
        "uq_suggestions_live",
        table_name="suggestions",
        postgresql_where=sa.text("state IN ('accepted', 'carried_out', 'open')"),
    )
    op.drop_index("ix_suggestions_newest", table_name="suggestions")
    op.drop_table("suggestions")
    op.drop_index("uq_recurred_problems_closing", table_name="recurred_problems")
    op.drop_index("ix_recurred_problems_newest", table_name="recurred_problems")
    op.drop_table("recurred_problems")
    op.drop_index("ix_improvements_complaint", table_name="improvements")
    op.drop_index("ix_improvements_closed", table_name="improvements")
    op.drop_table("improvements")
    op.execute("DROP FUNCTION refuse_forgetting()")
