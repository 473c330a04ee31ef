"""Field actions, and the goods that complaints are about."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "case_products",
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False, comment="opaque"),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("product", sa.Text(), nullable=True, comment="id"),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("batch", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("complaint_id", name=op.f("pk_case_products")),
        comment="Which goods a complaint is about, apart from its case: actions on the case leave it alone.",
    )
    op.create_index(
        "ix_case_products_batch",
        "case_products",
        [sa.literal_column("lower(batch)")],
        unique=False,
        postgresql_where=sa.text("batch IS NOT NULL"),
    )
    op.create_index("ix_case_products_customer", "case_products", ["customer_id"], unique=False)
    op.create_index(
        "ix_case_products_model",
        "case_products",
        [sa.literal_column("lower(model)")],
        unique=False,
        postgresql_where=sa.text("model IS NOT NULL"),
    )
    op.create_index(
        "ix_case_products_product",
        "case_products",
        [sa.literal_column("lower(product)")],
        unique=False,
        postgresql_where=sa.text("product IS NOT NULL"),
    )
    op.create_table(
        "field_actions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="counts the saved changes; the ETag"),
        sa.Column("complaint_id", sa.Uuid(), nullable=False, comment="gave rise to it"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("measures", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "products",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            comment="ids or models, as written; empty: any",
        ),
        sa.Column("batches", postgresql.ARRAY(sa.Text()), nullable=False, comment="as written; empty: any"),
        sa.Column(
            "registered_since",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="only complaints of this time",
        ),
        sa.Column("registered_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "announcement",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what people are told, in both languages",
        ),
        sa.Column("improvement_id", sa.Uuid(), nullable=True, comment="whose containment it belongs to"),
        sa.Column(
            "alert", sa.Text(), nullable=True, comment="the early warning from which it follows; masked"
        ),
        sa.Column("drafted_by", sa.Text(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approval_id", sa.Uuid(), nullable=True, comment="one approval starts one action"),
        sa.Column("started_by", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "reason", sa.Text(), nullable=True, comment="why it was suspended, completed or cancelled; masked"
        ),
        sa.Column(
            "next_round_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="of a running one: when the next customers are addressed",
        ),
        sa.Column(
            "wakes_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="something happens after it by itself",
        ),
        sa.CheckConstraint(
            "(state = 'running') = (wakes_at IS NOT NULL)", name=op.f("ck_field_actions_running_wakes")
        ),
        sa.CheckConstraint(
            "(state IN ('completed', 'cancelled')) = (ended_at IS NOT NULL)",
            name=op.f("ck_field_actions_ended"),
        ),
        sa.CheckConstraint(
            "measures <@ ARRAY['compensate', 'free_repair', 'notify_all', 'public_warning', 'recall_replace', 'take_back']",
            name=op.f("ck_field_actions_known_measures"),
        ),
        sa.CheckConstraint(
            "state <> 'proposed' OR proposed_at IS NOT NULL", name=op.f("ck_field_actions_was_proposed")
        ),
        sa.CheckConstraint(
            "state IN ('cancelled', 'completed', 'drafted', 'proposed', 'running', 'suspended')",
            name=op.f("ck_field_actions_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('completed', 'running', 'suspended') OR started_at IS NOT NULL",
            name=op.f("ck_field_actions_was_started"),
        ),
        sa.CheckConstraint("cardinality(measures) > 0", name=op.f("ck_field_actions_measures")),
        sa.CheckConstraint(
            "cardinality(products) + cardinality(batches) > 0", name=op.f("ck_field_actions_some_goods")
        ),
        sa.CheckConstraint("registered_since < registered_before", name=op.f("ck_field_actions_period")),
        sa.ForeignKeyConstraint(["complaint_id"], ["cases.id"], name=op.f("fk_field_actions_complaint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_actions")),
        sa.UniqueConstraint("approval_id", name=op.f("uq_field_actions_approval_id")),
    )
    op.create_index("ix_field_actions_complaint", "field_actions", ["complaint_id"], unique=False)
    op.create_index(
        "ix_field_actions_wakes",
        "field_actions",
        ["wakes_at"],
        unique=False,
        postgresql_where=sa.text("wakes_at IS NOT NULL"),
    )
    op.create_table(
        "field_action_customers",
        sa.Column("field_action_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False, comment="opaque; each customer once"),
        sa.Column(
            "complaint_id",
            sa.Uuid(),
            nullable=True,
            comment="their newest complaint about these goods; null: they never complained",
        ),
        sa.Column("batch", sa.Text(), nullable=True, comment="of that complaint, or of a unit they have"),
        sa.Column("units", sa.Integer(), nullable=False, comment="units that were named"),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False, comment="found after the start"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("addressed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_by", sa.Text(), nullable=True, comment="`letter`, or who told them"),
        sa.Column(
            "failure", sa.Text(), nullable=True, comment="why no letter reached them; no personal data"
        ),
        sa.Column(
            "done",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="measures carried out",
        ),
        sa.Column(
            "settled_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it was carried out, or refused",
        ),
        sa.Column("note", sa.Text(), nullable=True, comment="what a person wrote last, masked"),
        sa.CheckConstraint(
            "(state IN ('carried_out', 'refused')) = (settled_at IS NOT NULL)",
            name=op.f("ck_field_action_customers_settled"),
        ),
        sa.CheckConstraint(
            "done <@ ARRAY['compensate', 'free_repair', 'notify_all', 'public_warning', 'recall_replace', 'take_back']",
            name=op.f("ck_field_action_customers_known_measures"),
        ),
        sa.CheckConstraint(
            "state <> 'addressed' OR addressed_at IS NOT NULL",
            name=op.f("ck_field_action_customers_addressed"),
        ),
        sa.CheckConstraint(
            "state IN ('addressed', 'answered', 'carried_out', 'pending', 'refused', 'told', 'unreachable')",
            name=op.f("ck_field_action_customers_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('told', 'answered', 'carried_out', 'refused') OR told_at IS NOT NULL",
            name=op.f("ck_field_action_customers_knows"),
        ),
        sa.ForeignKeyConstraint(
            ["field_action_id"], ["field_actions.id"], name=op.f("fk_field_action_customers_field_action_id")
        ),
        sa.PrimaryKeyConstraint("field_action_id", "customer_id", name=op.f("pk_field_action_customers")),
    )
    op.create_index(
        "ix_field_action_customers_customer", "field_action_customers", ["customer_id"], unique=False
    )
    op.create_index(
        "ix_field_action_customers_pending",
        "field_action_customers",
        ["field_action_id", "joined_at", "customer_id"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_field_action_customers_state",
        "field_action_customers",
        ["field_action_id", "state", "customer_id"],
        unique=False,
    )
    op.create_table(
        "field_action_units",
        sa.Column("field_action_id", sa.Uuid(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column(
            "customer_id", sa.Uuid(), nullable=False, comment="whoever has it, as intake knows them; opaque"
        ),
        sa.Column("batch", sa.Text(), nullable=True),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["field_action_id"], ["field_actions.id"], name=op.f("fk_field_action_units_field_action_id")
        ),
        sa.PrimaryKeyConstraint("field_action_id", "serial", name=op.f("pk_field_action_units")),
        comment="Units sold that are affected, also of customers who never complained.",
    )
    op.create_index(
        "ix_field_action_units_customer",
        "field_action_units",
        ["field_action_id", "customer_id"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index("ix_field_action_units_customer", table_name="field_action_units")
    op.drop_table("field_action_units")
    op.drop_index("ix_field_action_customers_state", table_name="field_action_customers")
    op.drop_index(
        "ix_field_action_customers_pending",
        table_name="field_action_customers",
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.drop_index("ix_field_action_customers_customer", table_name="field_action_customers")
    op.drop_table("field_action_customers")
    op.drop_index(
        "ix_field_actions_wakes", table_name="field_actions", postgresql_where=sa.text("wakes_at IS NOT NULL")
    )
    op.drop_index("ix_field_actions_complaint", table_name="field_actions")
    op.drop_table("field_actions")
    op.drop_index(
        "ix_case_products_product",
        table_name="case_products",
        postgresql_where=sa.text("product IS NOT NULL"),
    )
    op.drop_index(
        "ix_case_products_model", table_name="case_products", postgresql_where=sa.text("model IS NOT NULL")
    )
    op.drop_index("ix_case_products_customer", table_name="case_products")
    op.drop_index(
        "ix_case_products_batch", table_name="case_products", postgresql_where=sa.text("batch IS NOT NULL")
    )
    op.drop_table("case_products")
