"""The subcategory and the improvement of a complaint, for the effect of improvements."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "complaints", sa.Column("subcategory", sa.Text(), nullable=True, comment="as a person coded it")
    )
    op.add_column(
        "complaints",
        sa.Column(
            "improvement_id",
            sa.Uuid(),
            nullable=True,
            comment="the improvement that removes its cause, joined last",
        ),
    )
    op.create_index("ix_complaints_matter", "complaints", ["category", "registered_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_complaints_matter", table_name="complaints")
    op.drop_column("complaints", "improvement_id")
    op.drop_column("complaints", "subcategory")
