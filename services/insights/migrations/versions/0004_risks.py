"""How often somebody saw a risk in a complaint."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "complaints",
        sa.Column(
            "risks_raised",
            sa.Integer(),
            nullable=False,
            server_default="0",
            comment="a dispute or an incident seen",
        ),
    )


def downgrade() -> None:
    op.drop_column("complaints", "risks_raised")
