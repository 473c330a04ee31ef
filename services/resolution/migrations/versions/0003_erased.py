"""The customer is erased: their words go, what was counted stays."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "cases",
        sa.Column(
            "erased",
            sa.Boolean(),
            nullable=False,
            server_default=sa.text("false"),
            comment="the customer is: nothing is kept of what was written about them",
        ),
    )


def downgrade() -> None:
    op.drop_column("cases", "erased")
