"""A merged case follows another one."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


STATES = ("accepted", "agreed", "carried_out", "closed", "offered", "open", "unopened")


def upgrade() -> None:
    op.add_column(
        "cases",
        sa.Column(
            "leading_id", sa.Uuid(), nullable=True, comment="the case that is worked instead of this one"
        ),
    )
    op.add_column(
        "cases",
        sa.Column(
            "state_before",
            sa.Text(),
            nullable=True,
            comment="of a merged case: where it goes on when it is separated",
        ),
    )
    _allow((*STATES, "merged"))
    op.create_check_constraint(
        op.f("ck_cases_merged_into"), "cases", "(state = 'merged') = (leading_id IS NOT NULL)"
    )
    op.create_check_constraint(
        op.f("ck_cases_merged_from"), "cases", "(leading_id IS NULL) = (state_before IS NULL)"
    )
    op.create_check_constraint(
        op.f("ck_cases_state_before"),
        "cases",
        "state_before IN ('accepted', 'agreed', 'carried_out', 'offered', 'open')",
    )


def downgrade() -> None:
    for name in ("state_before", "merged_from", "merged_into"):
        op.drop_constraint(op.f(f"ck_cases_{name}"), "cases")
    _allow(STATES)
    op.drop_column("cases", "state_before")
    op.drop_column("cases", "leading_id")


def _allow(states: Sequence[str]) -> None:
    op.drop_constraint(op.f("ck_cases_state"), "cases")
    values = ", ".join(f"'{state}'" for state in sorted(states))
    op.create_check_constraint(op.f("ck_cases_state"), "cases", f"state IN ({values})")
