"""What insights teaches: problems that are back, and improvements that are to be opened for a suggestion."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "improvement_orders",
        sa.Column("improvement_id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False, comment="the newest that speaks for it"),
        sa.Column(
            "evidence",
            sa.ARRAY(sa.Uuid()),
            nullable=False,
            comment="complaints that speak for it, the newest first",
        ),
        sa.Column("title", sa.Text(), nullable=False, comment="masked"),
        sa.Column("problem", sa.Text(), nullable=False, comment="masked"),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("ordered_by", sa.Text(), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "cardinality(evidence) BETWEEN 1 AND 50", name=op.f("ck_improvement_orders_evident")
        ),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["cases.id"], name=op.f("fk_improvement_orders_complaint_id")
        ),
        sa.PrimaryKeyConstraint("improvement_id", name=op.f("pk_improvement_orders")),
        comment="Improvements that are to be opened, because somebody accepted a suggestion.",
    )
    op.create_index(
        "ix_improvement_orders_waiting",
        "improvement_orders",
        ["ordered_at", "improvement_id"],
        unique=False,
        postgresql_where=sa.text("opened_at IS NULL"),
    )
    op.create_table(
        "improvement_returns",
        sa.Column("improvement_id", sa.Uuid(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False, comment="of the improvement"),
        sa.Column("complaint_id", sa.Uuid(), nullable=False, comment="the newest that tells it"),
        sa.Column(
            "evidence",
            sa.ARRAY(sa.Uuid()),
            nullable=False,
            comment="complaints since the closing, the newest first",
        ),
        sa.Column("reason", sa.Text(), nullable=False, comment="the figures, in both languages"),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True, comment="what became of it"),
        sa.CheckConstraint(
            "outcome IN ('not_possible', 'passed', 'reopened')", name=op.f("ck_improvement_returns_outcome")
        ),
        sa.CheckConstraint(
            "(settled_at IS NULL) = (outcome IS NULL)", name=op.f("ck_improvement_returns_settled")
        ),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["cases.id"], name=op.f("fk_improvement_returns_complaint_id")
        ),
        sa.PrimaryKeyConstraint("improvement_id", "closed_at", name=op.f("pk_improvement_returns")),
        comment="Problems that are back after their improvement was closed, as insights found them.",
    )
    op.create_index(
        "ix_improvement_returns_waiting",
        "improvement_returns",
        ["found_at", "improvement_id"],
        unique=False,
        postgresql_where=sa.text("settled_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_improvement_returns_waiting",
        table_name="improvement_returns",
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.drop_table("improvement_returns")
    op.drop_index(
        "ix_improvement_orders_waiting",
        table_name="improvement_orders",
        postgresql_where=sa.text("opened_at IS NULL"),
    )
    op.drop_table("improvement_orders")
