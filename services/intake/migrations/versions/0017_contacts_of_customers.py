"""How customers are reached who may never have complained; who asked for it, by the customer's own id."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "customer_contacts",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_by", sa.Text(), nullable=False, comment="principal"),
        sa.Column(
            "holds",
            sa.ARRAY(sa.Text()),
            nullable=False,
            comment="names of the private fields that have a value",
        ),
        sa.Column(
            "sealed", sa.LargeBinary(), nullable=False, comment="the private fields; empty once erased"
        ),
        sa.CheckConstraint(
            "holds && ARRAY['email', 'phone']", name=op.f("ck_customer_contacts_can_be_reached")
        ),
        sa.CheckConstraint("language IN ('en', 'zh')", name=op.f("ck_customer_contacts_language")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_customer_contacts_customer_id")
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customer_contacts")),
        comment="How customers are reached, as the enterprise told; also of those who never complained.",
    )
    op.create_index("ix_customer_contacts_told", "customer_contacts", ["told_at"], unique=False)
    op.add_column(
        "personal_data_reads",
        sa.Column(
            "customer_id",
            sa.Uuid(),
            nullable=True,
            comment="of whom, when they were asked for by their own id",
        ),
    )
    op.alter_column(
        "personal_data_reads",
        "complaint_id",
        existing_type=sa.UUID(),
        nullable=True,
        comment="empty: of a customer, by their own id",
    )
    op.create_index(
        "ix_personal_data_reads_customer",
        "personal_data_reads",
        ["customer_id", "id"],
        unique=False,
        postgresql_where=sa.text("customer_id IS NOT NULL"),
    )
    op.create_check_constraint(
        op.f("ck_personal_data_reads_of_whom"),
        "personal_data_reads",
        "num_nonnulls(complaint_id, customer_id) = 1",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_personal_data_reads_of_whom"), "personal_data_reads")
    op.drop_index(
        "ix_personal_data_reads_customer",
        table_name="personal_data_reads",
        postgresql_where=sa.text("customer_id IS NOT NULL"),
    )
    op.alter_column(
        "personal_data_reads",
        "complaint_id",
        existing_type=sa.UUID(),
        nullable=False,
        comment=None,
        existing_comment="empty: of a customer, by their own id",
    )
    op.drop_column("personal_data_reads", "customer_id")
    op.drop_index("ix_customer_contacts_told", table_name="customer_contacts")
    op.drop_table("customer_contacts")
