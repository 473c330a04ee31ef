"""A merged complaint is carried by nobody."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "dispatches",
        sa.Column("leading_id", sa.Uuid(), nullable=True, comment="the complaint that it was merged into"),
    )
    op.create_check_constraint(
        op.f("ck_dispatches_merged"), "dispatches", "leading_id IS NULL OR status IN ('blank', 'released')"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_dispatches_merged"), "dispatches")
    op.drop_column("dispatches", "leading_id")
