"""Actions of improvements that are late: on the agenda, and in the accountability record."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

KIND = "ck_lapses_kind"


def upgrade() -> None:
    op.add_column(
        "dispatches",
        sa.Column(
            "improvement_late",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="actions of improvements to which it gave rise that are late",
        ),
    )
    op.create_check_constraint(op.f("ck_dispatches_improvement_late"), "dispatches", "improvement_late >= 0")
    op.create_index(
        "ix_dispatches_improvement_late",
        "dispatches",
        ["registered_at", "complaint_id"],
        unique=False,
        postgresql_where=sa.text("improvement_late > 0"),
    )
    op.drop_constraint(KIND, "lapses")
    op.create_check_constraint(op.f(KIND), "lapses", "kind IN ('notice', 'task', 'promise', 'improvement')")


def downgrade() -> None:
    op.execute("DELETE FROM lapses WHERE kind = 'improvement'")
    op.drop_constraint(KIND, "lapses")
    op.create_check_constraint(op.f(KIND), "lapses", "kind IN ('notice', 'task', 'promise')")
    op.drop_index(
        "ix_dispatches_improvement_late",
        table_name="dispatches",
        postgresql_where=sa.text("improvement_late > 0"),
    )
    op.drop_constraint(op.f("ck_dispatches_improvement_late"), "dispatches")
    op.drop_column("dispatches", "improvement_late")
