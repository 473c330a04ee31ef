"""What was claimed and what was offered, accusations of staff, and the fairness audits.

What offers were worth before this release, and what became of complaints about people, becomes known by a rebuild.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

COLUMNS: tuple[sa.Column[object], ...] = (
    sa.Column("claimed", sa.Numeric(18, 2), nullable=True, comment="the loss, in yuan"),
    sa.Column("offered", sa.Numeric(18, 2), nullable=True, comment="best offer of the newest round, in yuan"),
    sa.Column(
        "offered_material",
        sa.Boolean(),
        nullable=True,
        comment="whether anything material was in the newest round",
    ),
)


def upgrade() -> None:
    for column in COLUMNS:
        op.add_column("complaints", column)
    op.create_table(
        "accusations",
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False, comment="in the directory"),
        sa.Column(
            "told_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it was known whom it is about",
        ),
        sa.Column(
            "held",
            sa.Boolean(),
            nullable=True,
            comment="whether it was held against them when it was judged",
        ),
        sa.Column("appealed", sa.Boolean(), nullable=False),
        sa.Column("appeal", sa.Text(), nullable=True, comment="how the newest appeal was decided"),
        sa.CheckConstraint("appeal IN ('upheld', 'partly', 'dismissed')", name=op.f("ck_accusations_appeal")),
        sa.PrimaryKeyConstraint("complaint_id", "person_id", name=op.f("pk_accusations")),
        comment="complaints about people of the company, and what became of them",
    )
    op.create_table(
        "fairness_audits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False, comment="UTC"),
        sa.Column("last", sa.Date(), nullable=False, comment="included"),
        sa.Column("cases", sa.Integer(), nullable=False, comment="that were looked at"),
        sa.Column("rules_version", sa.Integer(), nullable=False, comment="of the rulebook fairness-audit"),
        sa.Column(
            "made_by",
            sa.Text(),
            nullable=False,
            comment="redress: by itself, when the period was closed",
        ),
        sa.Column(
            "made_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="what was known then was looked at",
        ),
        sa.CheckConstraint("about IN ('customers', 'staff')", name=op.f("ck_fairness_audits_about")),
        sa.CheckConstraint("first <= last", name=op.f("ck_fairness_audits_days")),
        sa.CheckConstraint("cases >= 0", name=op.f("ck_fairness_audits_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fairness_audits")),
        comment="one look at how groups are treated",
    )
    op.create_index(
        "ix_fairness_audits_newest", "fairness_audits", [sa.text("made_at DESC"), sa.text("id DESC")]
    )
    op.create_table(
        "fairness_comparisons",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("audit_id", sa.Uuid(), nullable=False),
        sa.Column("characteristic", sa.Text(), nullable=False),
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False, comment="cases of the group that have their like"),
        sa.Column("n_others", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False, comment="cases without their like"),
        sa.Column(
            "strata",
            postgresql.JSONB(),
            nullable=False,
            comment="the numbers that the estimate is made of, by stratum",
        ),
        sa.Column("median", sa.Double(), nullable=True, comment="seconds"),
        sa.Column("median_others", sa.Double(), nullable=True),
        *(
            sa.Column(name, sa.Double(), nullable=True)
            for name in ("value", "low", "high", "inner_low", "inner_high", "p_value", "q_value")
        ),
        sa.Column("tolerance", sa.Double(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("worse", sa.Text(), nullable=True, comment="who of the two is treated worse"),
        sa.CheckConstraint(
            "verdict IN ('disparity', 'slight', 'alike', 'too_few')",
            name=op.f("ck_fairness_comparisons_verdict"),
        ),
        sa.CheckConstraint("worse IN ('group', 'others')", name=op.f("ck_fairness_comparisons_worse")),
        sa.CheckConstraint(
            "num_nulls(value, low, high, inner_low, inner_high, p_value) IN (0, 6)",
            name=op.f("ck_fairness_comparisons_estimate"),
        ),
        sa.CheckConstraint(
            "verdict = 'too_few' OR value IS NOT NULL", name=op.f("ck_fairness_comparisons_judged")
        ),
        sa.CheckConstraint(
            "(value IS NULL) = (worse IS NULL)", name=op.f("ck_fairness_comparisons_compared")
        ),
        sa.CheckConstraint("least(n, n_others, left_out) >= 0", name=op.f("ck_fairness_comparisons_sizes")),
        sa.ForeignKeyConstraint(
            ["audit_id"], ["fairness_audits.id"], name=op.f("fk_fairness_comparisons_audit_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fairness_comparisons")),
        sa.UniqueConstraint(
            *("audit_id", "characteristic", "group", "measure"),
            name=op.f("uq_fairness_comparisons_audit_id"),
        ),
        comment="one group against the others by one measure; never changes",
    )
    op.create_table(
        "fairness_decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("comparison_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="counts those of a comparison, from 1"),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, comment="masked"),
        sa.Column("improvement_id", sa.Uuid(), nullable=True, comment="what removes the fault"),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "decision IN ('comment', 'explained', 'fault')", name=op.f("ck_fairness_decisions_decision")
        ),
        sa.CheckConstraint(
            "(decision = 'fault') = (improvement_id IS NOT NULL)",
            name=op.f("ck_fairness_decisions_improvement"),
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_fairness_decisions_number")),
        sa.ForeignKeyConstraint(
            ["comparison_id"],
            ["fairness_comparisons.id"],
            name=op.f("fk_fairness_decisions_comparison_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fairness_decisions")),
        sa.UniqueConstraint("comparison_id", "number", name=op.f("uq_fairness_decisions_comparison_id")),
        comment="what people say to a comparison; the last that is no comment counts",
    )


def downgrade() -> None:
    for table in ("fairness_decisions", "fairness_comparisons", "fairness_audits", "accusations"):
        op.drop_table(table)
    for column in COLUMNS:
        op.drop_column("complaints", column.name)
