"""Withdrawn complaints are counted apart. No rebuild is needed: none was withdrawn yet."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


BEFORE = (
    "received, merged, dissatisfied, converted, handled, handling_seconds, triaged, triaged_automatically, "
    "closed, satisfied, acceptable, not_acceptable, promises_kept, promises_broken"
)
AFTER = BEFORE.replace("merged, ", "merged, withdrawn, ", 1)


def upgrade() -> None:
    op.add_column(
        "complaints",
        sa.Column(
            "withdrawn_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the customer withdrew it",
        ),
    )
    op.create_check_constraint(
        op.f("ck_complaints_one_end"), "complaints", "withdrawn_at IS NULL OR closed_at IS NULL"
    )
    op.add_column(
        "daily",
        sa.Column(
            "withdrawn",
            sa.BigInteger(),
            nullable=False,
            server_default="0",
            comment="of `received`, those that the customer withdrew before the case was closed",
        ),
    )
    op.alter_column("daily", "withdrawn", server_default=None)
    _check(AFTER, "handled + merged + withdrawn <= received")


def downgrade() -> None:
    _check(BEFORE, "handled + merged <= received")
    op.drop_column("daily", "withdrawn")
    op.drop_constraint(op.f("ck_complaints_one_end"), "complaints")
    op.drop_column("complaints", "withdrawn_at")


def _check(counts: str, handled: str) -> None:
    rules = {
        "not_negative": f"least({counts}) >= 0",
        "not_empty": f"greatest({counts}) > 0",
        "handled": handled,
    }
    for name, rule in rules.items():
        op.drop_constraint(op.f(f"ck_daily_{name}"), "daily")
        op.create_check_constraint(op.f(f"ck_daily_{name}"), "daily", rule)
