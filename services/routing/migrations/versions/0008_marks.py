"""Marks against people, which count only while they stand."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "earnings",
        sa.Column(
            "step",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="of a mark: the highest counts",
        ),
    )
    op.add_column(
        "earnings",
        sa.Column(
            "counts",
            sa.Boolean(),
            server_default="true",
            nullable=False,
            comment="no frozen or removed mark",
        ),
    )


def downgrade() -> None:
    op.execute("DELETE FROM earnings WHERE result = 'marked'")
    op.drop_column("earnings", "counts")
    op.drop_column("earnings", "step")
