"""Improvements, and the product a case is about."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "improvements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="counts the saved changes; the ETag"),
        sa.Column("complaint_id", sa.Uuid(), nullable=False, comment="gave rise to it"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("round", sa.SmallInteger(), nullable=False, comment="how often the cause is looked for"),
        sa.Column("severity", sa.Text(), nullable=False, comment="the highest of its complaints"),
        sa.Column("title", sa.Text(), nullable=False, comment="masked"),
        sa.Column("problem", sa.Text(), nullable=False, comment="what is wrong (5W2H), masked"),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("subcategory", sa.Text(), nullable=True),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column(
            "ended_at", sa.DateTime(timezone=True), nullable=True, comment="when it was closed or dropped"
        ),
        sa.Column(
            "watch_from",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the last action of the plan was done",
        ),
        sa.Column("watch_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "effect_due_told", sa.Boolean(), nullable=False, comment="somebody was asked to judge the effect"
        ),
        sa.Column(
            "look_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it is looked next whether the cause came back",
        ),
        sa.Column(
            "meetings",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="of the team, as routing told",
        ),
        sa.Column(
            "standards",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="documents that were changed",
        ),
        sa.Column("trainings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "wakes_at", sa.DateTime(timezone=True), nullable=True, comment="the earliest of its deadlines"
        ),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name=op.f("ck_improvements_ended")),
        sa.CheckConstraint(
            "look_at IS NULL OR state = 'closed'", name=op.f("ck_improvements_looks_when_closed")
        ),
        sa.CheckConstraint(
            "severity IN ('general', 'major', 'urgent')", name=op.f("ck_improvements_severity")
        ),
        sa.CheckConstraint(
            "state <> 'closed' OR step = 'prevention'", name=op.f("ck_improvements_closed_after_all_steps")
        ),
        sa.CheckConstraint("state IN ('closed', 'dropped', 'open')", name=op.f("ck_improvements_state")),
        sa.CheckConstraint(
            "step IN ('cause', 'containment', 'execution', 'plan', 'prevention', 'record', 'team', 'validity')",
            name=op.f("ck_improvements_step"),
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_improvements_ended_by_somebody")
        ),
        sa.CheckConstraint(
            "(watch_from IS NULL) = (watch_until IS NULL) AND watch_until > watch_from",
            name=op.f("ck_improvements_watch"),
        ),
        sa.CheckConstraint("round > 0", name=op.f("ck_improvements_round")),
        sa.ForeignKeyConstraint(["complaint_id"], ["cases.id"], name=op.f("fk_improvements_complaint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_improvements")),
        comment="One cause being removed.",
    )
    op.create_index("ix_improvements_opened", "improvements", ["opened_at", "id"], unique=False)
    op.create_index(
        "ix_improvements_wakes",
        "improvements",
        ["wakes_at"],
        unique=False,
        postgresql_where=sa.text("wakes_at IS NOT NULL"),
    )
    op.create_table(
        "improvement_actions",
        sa.Column("improvement_id", sa.Uuid(), nullable=False),
        sa.Column(
            "number", sa.SmallInteger(), nullable=False, comment="counts an improvement's actions, from 1"
        ),
        sa.Column("round", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False, comment="masked"),
        sa.Column("responsible", sa.Text(), nullable=False, comment="id in the directory"),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("warn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "overdue_at", sa.DateTime(timezone=True), nullable=True, comment="when it was found overdue"
        ),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=True, comment="masked"),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dropped_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True, comment="why it was dropped or moved last, masked"),
        sa.CheckConstraint(
            "kind IN ('containment', 'corrective', 'detection', 'preventive')",
            name=op.f("ck_improvement_actions_kind"),
        ),
        sa.CheckConstraint("responsible <> ''", name=op.f("ck_improvement_actions_responsible")),
        sa.CheckConstraint(
            "(done_at IS NULL) = (evidence IS NULL) AND (done_at IS NULL) = (done_by IS NULL)",
            name=op.f("ck_improvement_actions_done"),
        ),
        sa.CheckConstraint(
            "done_at IS NULL OR dropped_at IS NULL", name=op.f("ck_improvement_actions_one_end")
        ),
        sa.CheckConstraint(
            "dropped_at IS NULL OR (reason IS NOT NULL AND dropped_by IS NOT NULL)",
            name=op.f("ck_improvement_actions_dropped"),
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_improvement_actions_number")),
        sa.CheckConstraint("overdue_at > due_at", name=op.f("ck_improvement_actions_overdue")),
        sa.ForeignKeyConstraint(
            ["improvement_id"], ["improvements.id"], name=op.f("fk_improvement_actions_improvement_id")
        ),
        sa.PrimaryKeyConstraint("improvement_id", "number", name=op.f("pk_improvement_actions")),
    )
    op.create_index(
        "ix_improvement_actions_responsible",
        "improvement_actions",
        ["responsible", "improvement_id"],
        unique=False,
    )
    op.create_table(
        "improvement_analyses",
        sa.Column("improvement_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("round", sa.SmallInteger(), nullable=False),
        sa.Column(
            "occurrence", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="chains of whys"
        ),
        sa.Column(
            "escape", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="chains of whys"
        ),
        sa.Column(
            "fishbone",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="possible causes by branch",
        ),
        sa.Column("root_cause", sa.Text(), nullable=False, comment="masked"),
        sa.Column("escape_cause", sa.Text(), nullable=False, comment="masked"),
        sa.Column("impact", sa.Text(), nullable=False, comment="masked"),
        sa.Column("analysed_by", sa.Text(), nullable=False),
        sa.Column("analysed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verified_by", sa.Text(), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed", sa.Boolean(), nullable=True),
        sa.Column("verification", sa.Text(), nullable=True, comment="how it was verified, masked"),
        sa.CheckConstraint(
            "(verified_by IS NULL) = (confirmed IS NULL) AND (verified_by IS NULL) = (verified_at IS NULL) AND (verified_by IS NULL) = (verification IS NULL)",
            name=op.f("ck_improvement_analyses_verified"),
        ),
        sa.CheckConstraint(
            "jsonb_array_length(occurrence) > 0 AND jsonb_array_length(escape) > 0",
            name=op.f("ck_improvement_analyses_both_chains"),
        ),
        sa.CheckConstraint("verified_by <> analysed_by", name=op.f("ck_improvement_analyses_second_person")),
        sa.ForeignKeyConstraint(
            ["improvement_id"], ["improvements.id"], name=op.f("fk_improvement_analyses_improvement_id")
        ),
        sa.PrimaryKeyConstraint("improvement_id", "number", name=op.f("pk_improvement_analyses")),
    )
    op.create_table(
        "improvement_complaints",
        sa.Column("improvement_id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("joined_by", sa.Text(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True, comment="masked"),
        sa.Column("recurrence", sa.Boolean(), nullable=False, comment="it came after the closing"),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["cases.id"], name=op.f("fk_improvement_complaints_complaint_id")
        ),
        sa.ForeignKeyConstraint(
            ["improvement_id"], ["improvements.id"], name=op.f("fk_improvement_complaints_improvement_id")
        ),
        sa.PrimaryKeyConstraint("improvement_id", "complaint_id", name=op.f("pk_improvement_complaints")),
    )
    op.create_index(
        "ix_improvement_complaints_complaint", "improvement_complaints", ["complaint_id"], unique=False
    )
    op.create_table(
        "improvement_effects",
        sa.Column("improvement_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("round", sa.SmallInteger(), nullable=False),
        sa.Column("effective", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, comment="masked"),
        sa.Column(
            "numbers",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what lay before whoever judged",
        ),
        sa.Column("judged_by", sa.Text(), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["improvement_id"], ["improvements.id"], name=op.f("fk_improvement_effects_improvement_id")
        ),
        sa.PrimaryKeyConstraint("improvement_id", "number", name=op.f("pk_improvement_effects")),
    )
    op.create_table(
        "improvement_members",
        sa.Column("improvement_id", sa.Uuid(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False, comment="id in the directory"),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("lead", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["improvement_id"], ["improvements.id"], name=op.f("fk_improvement_members_improvement_id")
        ),
        sa.PrimaryKeyConstraint("improvement_id", "person", name=op.f("pk_improvement_members")),
    )
    op.create_index(
        "uq_improvement_members_lead",
        "improvement_members",
        ["improvement_id"],
        unique=True,
        postgresql_where=sa.text("lead"),
    )
    op.create_table(
        "improvement_passages",
        sa.Column("improvement_id", sa.Uuid(), nullable=False),
        sa.Column(
            "number", sa.SmallInteger(), nullable=False, comment="counts an improvement's passages, from 1"
        ),
        sa.Column("move", sa.Text(), nullable=False),
        sa.Column("from_step", sa.Text(), nullable=False),
        sa.Column("to_step", sa.Text(), nullable=True, comment="null: it closed"),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True, comment="masked"),
        sa.Column("approval_id", sa.Uuid(), nullable=True, comment="by which a gate was skipped"),
        sa.CheckConstraint(
            "(move = 'skipped') = (approval_id IS NOT NULL)",
            name=op.f("ck_improvement_passages_skipped_by_approval"),
        ),
        sa.CheckConstraint(
            "from_step IN ('cause', 'containment', 'execution', 'plan', 'prevention', 'record', 'team', 'validity') AND to_step IN ('cause', 'containment', 'execution', 'plan', 'prevention', 'record', 'team', 'validity')",
            name=op.f("ck_improvement_passages_steps"),
        ),
        sa.CheckConstraint(
            "move IN ('passed', 'reopened', 'sent_back', 'skipped')",
            name=op.f("ck_improvement_passages_move"),
        ),
        sa.CheckConstraint(
            "move NOT IN ('skipped', 'sent_back') OR reason IS NOT NULL",
            name=op.f("ck_improvement_passages_said_why"),
        ),
        sa.ForeignKeyConstraint(
            ["improvement_id"], ["improvements.id"], name=op.f("fk_improvement_passages_improvement_id")
        ),
        sa.PrimaryKeyConstraint("improvement_id", "number", name=op.f("pk_improvement_passages")),
    )
    op.create_table(
        "improvement_recurrences",
        sa.Column("improvement_id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("same_cause", sa.Boolean(), nullable=True, comment="null until a person has decided"),
        sa.Column("reason", sa.Text(), nullable=True, comment="masked"),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(same_cause IS NULL) = (decided_by IS NULL) AND (same_cause IS NULL) = (decided_at IS NULL)",
            name=op.f("ck_improvement_recurrences_decided"),
        ),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["cases.id"], name=op.f("fk_improvement_recurrences_complaint_id")
        ),
        sa.ForeignKeyConstraint(
            ["improvement_id"], ["improvements.id"], name=op.f("fk_improvement_recurrences_improvement_id")
        ),
        sa.PrimaryKeyConstraint("improvement_id", "complaint_id", name=op.f("pk_improvement_recurrences")),
    )
    op.create_table(
        "improvement_places",
        sa.Column("improvement_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.SmallInteger(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("affected", sa.Boolean(), nullable=False),
        sa.Column("checked_by", sa.Text(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "quantity", sa.Numeric(precision=18, scale=3), nullable=True, comment="how much is affected"
        ),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True, comment="masked"),
        sa.Column("action", sa.SmallInteger(), nullable=True, comment="number of the action against it"),
        sa.CheckConstraint(
            "place IN ('in_transit', 'line', 'own_stock', 'supplier_stock')",
            name=op.f("ck_improvement_places_place"),
        ),
        sa.CheckConstraint(
            "affected = (action IS NOT NULL)", name=op.f("ck_improvement_places_something_is_done")
        ),
        sa.CheckConstraint("affected = (quantity IS NOT NULL)", name=op.f("ck_improvement_places_how_much")),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_improvement_places_quantity")),
        sa.ForeignKeyConstraint(
            ["improvement_id", "action"],
            ["improvement_actions.improvement_id", "improvement_actions.number"],
            name="fk_improvement_places_action",
        ),
        sa.ForeignKeyConstraint(
            ["improvement_id"], ["improvements.id"], name=op.f("fk_improvement_places_improvement_id")
        ),
        sa.PrimaryKeyConstraint("improvement_id", "round", "place", name=op.f("pk_improvement_places")),
    )
    op.add_column(
        "cases",
        sa.Column(
            "product", sa.Text(), nullable=True, comment="what it is about: name, else model, else number"
        ),
    )
    op.create_index(
        "ix_cases_matter",
        "cases",
        ["category", "product", "registered_at"],
        unique=False,
        postgresql_where=sa.text("product IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_cases_matter", table_name="cases", postgresql_where=sa.text("product IS NOT NULL"))
    op.drop_column("cases", "product")
    op.drop_table("improvement_places")
    op.drop_table("improvement_recurrences")
    op.drop_table("improvement_passages")
    op.drop_index(
        "uq_improvement_members_lead", table_name="improvement_members", postgresql_where=sa.text("lead")
    )
    op.drop_table("improvement_members")
    op.drop_table("improvement_effects")
    op.drop_index("ix_improvement_complaints_complaint", table_name="improvement_complaints")
    op.drop_table("improvement_complaints")
    op.drop_table("improvement_analyses")
    op.drop_index("ix_improvement_actions_responsible", table_name="improvement_actions")
    op.drop_table("improvement_actions")
    op.drop_index(
        "ix_improvements_wakes", table_name="improvements", postgresql_where=sa.text("wakes_at IS NOT NULL")
    )
    op.drop_index("ix_improvements_opened", table_name="improvements")
    op.drop_table("improvements")
