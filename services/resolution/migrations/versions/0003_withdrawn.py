"""A customer may withdraw the complaint."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


STATES = ("accepted", "agreed", "carried_out", "closed", "merged", "offered", "open", "unopened")


def upgrade() -> None:
    op.add_column(
        "cases",
        sa.Column(
            "withdrawn_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the customer withdrew the complaint",
        ),
    )
    _allow((*STATES, "withdrawn"))
    op.create_check_constraint(
        op.f("ck_cases_withdrawn_at"), "cases", "(state = 'withdrawn') = (withdrawn_at IS NOT NULL)"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_cases_withdrawn_at"), "cases")
    _allow(STATES)
    op.drop_column("cases", "withdrawn_at")


def _allow(states: Sequence[str]) -> None:
    op.drop_constraint(op.f("ck_cases_state"), "cases")
    values = ", ".join(f"'{state}'" for state in states)
    op.create_check_constraint(op.f("ck_cases_state"), "cases", f"state IN ({values})")
