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
        "conversations",
        sa.Column(
            "erased",
            sa.Boolean(),
            nullable=False,
            server_default=sa.text("false"),
            comment="the customer is: nothing is kept of what was written to them, and nothing more is",
        ),
    )
    op.create_check_constraint(
        op.f("ck_conversations_erased"),
        "conversations",
        "NOT erased OR (offers = '[]' AND held = '[]' AND said = '[]')",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_conversations_erased"), "conversations")
    op.drop_column("conversations", "erased")
