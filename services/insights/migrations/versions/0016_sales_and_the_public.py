"""How it was sold, where an expectation gap comes from, and since when a complaint stands in public.

What complaints told of it before this release becomes known by a rebuild.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

COLUMNS: tuple[sa.Column[object], ...] = (
    sa.Column("sale_step", sa.Text(), nullable=True, comment="in which the trouble began"),
    sa.Column("sale_mode", sa.Text(), nullable=True, comment="how it was sold"),
    sa.Column("gap_source", sa.Text(), nullable=True, comment="why what was got is not what was expected"),
    sa.Column(
        "public_at", sa.DateTime(timezone=True), nullable=True, comment="since when it stands in public"
    ),
)
WORDS = {
    "sale_step": ("advertising", "consultation", "contract", "delivery", "installation", "after_sales"),
    "sale_mode": ("forced", "explanatory", "persuasive", "interactive"),
    "gap_source": ("customer", "salesperson", "product"),
}


def upgrade() -> None:
    for column in COLUMNS:
        op.add_column("complaints", column)
    for name, words in WORDS.items():
        op.create_check_constraint(op.f(f"ck_complaints_{name}"), "complaints", f"{name} IN {words}")
    op.create_index(
        "ix_complaints_public",
        "complaints",
        ["product", "public_at"],
        postgresql_where=sa.text("public_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_complaints_public", "complaints")
    for name in WORDS:
        op.drop_constraint(op.f(f"ck_complaints_{name}"), "complaints")
    for column in COLUMNS:
        op.drop_column("complaints", column.name)
