"""Whether customers trust the company again. No rebuild is needed: none was asked yet."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

BEFORE = (
    "received, merged, withdrawn, dissatisfied, converted, handled, handling_seconds, triaged, "
    "triaged_automatically, closed, satisfied, acceptable, not_acceptable, promises_kept, promises_broken"
)
NEW = {
    "trust_told": "of `closed`, those whose customer said whether they trust the company again",
    "trust_restored": "of `trust_told`, those who do",
}


def upgrade() -> None:
    op.add_column(
        "complaints",
        sa.Column(
            "trust_restored",
            sa.Boolean(),
            nullable=True,
            comment="the customer's word at the closing; null: none",
        ),
    )
    for name, comment in NEW.items():
        column = sa.Column(name, sa.BigInteger(), nullable=False, server_default="0", comment=comment)
        op.add_column("daily", column)
        op.alter_column("daily", name, server_default=None)
    _check(BEFORE.replace("promises_kept", f"{', '.join(NEW)}, promises_kept"))
    op.create_check_constraint(
        op.f("ck_daily_trust"), "daily", "trust_restored <= trust_told AND trust_told <= closed"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_daily_trust"), "daily")
    _check(BEFORE)
    for name in NEW:
        op.drop_column("daily", name)
    op.drop_column("complaints", "trust_restored")


def _check(counts: str) -> None:
    for name, rule in {
        "not_negative": f"least({counts}) >= 0",
        "not_empty": f"greatest({counts}) > 0",
    }.items():
        op.drop_constraint(op.f(f"ck_daily_{name}"), "daily")
        op.create_check_constraint(op.f(f"ck_daily_{name}"), "daily", rule)
