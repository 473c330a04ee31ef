"""Merged complaints are counted apart. The tables are made again by a rebuild, but need not be: none was merged yet."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


BEFORE = (
    "received, dissatisfied, converted, handled, handling_seconds, triaged, triaged_automatically, closed, "
    "satisfied, acceptable, not_acceptable, promises_kept, promises_broken"
)
AFTER = BEFORE.replace("received, ", "received, merged, ", 1)


def upgrade() -> None:
    op.add_column(
        "complaints",
        sa.Column(
            "leading_id",
            sa.Uuid(),
            nullable=True,
            comment="the complaint that it was merged into, while it is",
        ),
    )
    op.add_column(
        "daily",
        sa.Column(
            "merged",
            sa.BigInteger(),
            nullable=False,
            server_default="0",
            comment="of `received`, those that go on under another complaint and are counted there",
        ),
    )
    op.alter_column("daily", "merged", server_default=None)
    _check(AFTER, merged=" + merged")


def downgrade() -> None:
    _check(BEFORE, merged="")
    op.drop_column("daily", "merged")
    op.drop_column("complaints", "leading_id")


def _check(counts: str, merged: str) -> None:
    rules = {
        "not_negative": f"least({counts}) >= 0",
        "not_empty": f"greatest({counts}) > 0",
        "handled": f"handled{merged} <= received",
        "converted": f"converted <= dissatisfied AND dissatisfied{merged} <= received",
    }
    for name, rule in rules.items():
        op.drop_constraint(op.f(f"ck_daily_{name}"), "daily")
        op.create_check_constraint(op.f(f"ck_daily_{name}"), "daily", rule)
