"""A customer may withdraw the complaint."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
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
    _promises("'broken', 'kept', 'live', 'released'", "'kept', 'released'")
    op.alter_column("promises", "settled_at", comment="when it was kept, broken or released")


def downgrade() -> None:
    op.alter_column("promises", "settled_at", comment="when it was kept or broken")
    _promises("'broken', 'kept', 'live'", "'kept'")
    op.drop_constraint(op.f("ck_cases_withdrawn_at"), "cases")
    _allow(STATES)
    op.drop_column("cases", "withdrawn_at")


def _promises(states: str, in_time: str) -> None:
    rules = {
        "state": f"state IN ({states})",
        "kept_in_time": f"state NOT IN ({in_time}) OR settled_at <= due_at",
    }
    for name, rule in rules.items():
        op.drop_constraint(op.f(f"ck_promises_{name}"), "promises")
        op.create_check_constraint(op.f(f"ck_promises_{name}"), "promises", rule)


def _allow(states: Sequence[str]) -> None:
    op.drop_constraint(op.f("ck_cases_state"), "cases")
    values = ", ".join(f"'{state}'" for state in states)
    op.create_check_constraint(op.f("ck_cases_state"), "cases", f"state IN ({values})")
