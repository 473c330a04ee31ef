"""A view knows which request for an opinion was the first on a result, and what a survey told before it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "views",
        sa.Column(
            "round_id",
            sa.Uuid(),
            nullable=True,
            comment="the first request for an opinion on the present result",
        ),
    )
    op.add_column(
        "views",
        sa.Column(
            "early",
            postgresql.JSONB(none_as_null=True),
            nullable=True,
            comment="what a survey told of a result before the request for an opinion was heard of",
        ),
    )


def downgrade() -> None:
    op.drop_column("views", "early")
    op.drop_column("views", "round_id")
