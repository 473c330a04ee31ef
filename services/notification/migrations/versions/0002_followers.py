"""Reporters of merged complaints hear what happens in the leading one."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "conversations",
        sa.Column("leading_id", sa.Uuid(), nullable=True, comment="the complaint that it was merged into"),
    )
    for name, comment in (
        ("followers", "complaints that were merged into it: id, since when, until when"),
        ("said", "what followers hear of, in case somebody is found late to have been one"),
    ):
        op.add_column(
            "conversations",
            sa.Column(
                name,
                postgresql.JSONB(astext_type=sa.Text()),
                nullable=False,
                server_default=sa.text("'[]'::jsonb"),
                comment=comment,
            ),
        )


def downgrade() -> None:
    for name in ("said", "followers", "leading_id"):
        op.drop_column("conversations", name)
