"""What customers who had complained bought afterwards."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "purchases",
        sa.Column(
            "id", sa.Uuid(), nullable=False, comment="follows from the customer's and the order's number"
        ),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("purchased_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amount", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("product", sa.Text(), nullable=True, comment="masked"),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_by", sa.Text(), nullable=False, comment="principal"),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaints.id"], name=op.f("fk_purchases_complaint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchases")),
        comment="What customers who had complained bought afterwards.",
    )
    op.create_index("ix_purchases_complaint", "purchases", ["complaint_id"], unique=False)


def downgrade() -> None:
    op.drop_table("purchases")
