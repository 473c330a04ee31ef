"""What a worker cannot do is set aside with its reason."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TABLES = ("improvement_orders", "improvement_returns")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(
            table,
            sa.Column(
                "failed_at",
                sa.DateTime(timezone=True),
                nullable=True,
                comment="when it was tried last in vain",
            ),
        )
        op.add_column(
            table, sa.Column("error", sa.Text(), nullable=True, comment="why it failed; no personal data")
        )
        op.create_check_constraint(op.f(f"ck_{table}_failed"), table, "(failed_at IS NULL) = (error IS NULL)")


def downgrade() -> None:
    for table in TABLES:
        op.drop_constraint(op.f(f"ck_{table}_failed"), table, type_="check")
        op.drop_column(table, "error")
        op.drop_column(table, "failed_at")
