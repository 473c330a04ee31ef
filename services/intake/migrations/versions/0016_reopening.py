"""Until when a closed case can be taken up again, and when the customer asked for it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

COLUMNS = {
    "reopen_until": "of a closed case: until then it can be taken up again",
    "reopening_asked_at": "when the customer asked for it",
}


def upgrade() -> None:
    for name, comment in COLUMNS.items():
        op.add_column("views", sa.Column(name, sa.DateTime(timezone=True), nullable=True, comment=comment))
    op.create_check_constraint(
        op.f("ck_views_reopened_if_closed"),
        "views",
        "status = 'closed' OR num_nulls(reopen_until, reopening_asked_at) = 2",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_views_reopened_if_closed"), "views")
    for name in COLUMNS:
        op.drop_column("views", name)
