"""Alerts that are part of another."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "alerts",
        sa.Column(
            "part_of", sa.Uuid(), nullable=True, comment="the alert of a finer series that explains it"
        ),
    )
    op.create_foreign_key(op.f("fk_alerts_part_of"), "alerts", "alerts", ["part_of"], ["id"])
    op.create_check_constraint(op.f("ck_alerts_another"), "alerts", "part_of <> id")
    op.create_index(
        "ix_alerts_part_of",
        "alerts",
        ["part_of"],
        unique=False,
        postgresql_where=sa.text("part_of IS NOT NULL"),
    )
    op.alter_column(
        "alerts",
        "announced_at",
        comment="when the event was published; null: only watched, part of another, or muted",
    )


def downgrade() -> None:
    op.alter_column(
        "alerts", "announced_at", comment="when the event was published; null: only watched, or muted"
    )
    op.drop_index("ix_alerts_part_of", table_name="alerts", postgresql_where=sa.text("part_of IS NOT NULL"))
    op.drop_constraint(op.f("ck_alerts_another"), "alerts", type_="check")
    op.drop_constraint(op.f("fk_alerts_part_of"), "alerts", type_="foreignkey")
    op.drop_column("alerts", "part_of")
