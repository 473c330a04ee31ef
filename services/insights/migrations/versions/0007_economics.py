"""Rulebooks, losses, and sums by product, handler and loss; how the sums are kept has a name.

The sums of what there is are made again from the rows of complaints when all revisions have run. Losses of complaints that
were told before this release become known by a rebuild.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

BEFORE = (
    "received, merged, withdrawn, dissatisfied, converted, handled, handling_seconds, triaged, "
    "triaged_automatically, closed, satisfied, acceptable, not_acceptable, trust_told, trust_restored, promises_kept, "
    "promises_broken"
)
AFTER = BEFORE.replace("closed, ", "closed, closed_slowly, ", 1)
DIMENSION = sa.column("dimension", sa.Text())
FEW = ("none", "category", "severity", "department", "channel")
MANY = (
    *(*FEW, "product", "handler", "category+loss", "department+loss", "channel+loss", "product+loss"),
    "loss",
)


def upgrade() -> None:
    op.create_table(
        "rulebook_versions",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "version",
            sa.Integer(),
            nullable=False,
            comment="counts from 1; 0 is what Redress is shipped with",
        ),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, comment="SHA-256 of the content"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_rulebook_versions_version")),
        sa.PrimaryKeyConstraint("kind", "version", name=op.f("pk_rulebook_versions")),
    )
    op.create_table(
        "rulebook_switches",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "number",
            sa.Integer(),
            nullable=False,
            comment="counts the switches of a kind; the highest counts",
        ),
        sa.Column("version", sa.Integer(), nullable=True, comment="null: what Redress is shipped with"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("switched_by", sa.Text(), nullable=False),
        sa.Column("switched_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["kind", "version"],
            ["rulebook_versions.kind", "rulebook_versions.version"],
            name="fk_rulebook_switches_version",
        ),
        sa.PrimaryKeyConstraint("kind", "number", name=op.f("pk_rulebook_switches")),
    )
    op.create_table(
        "layout",
        sa.Column(
            "digest",
            sa.Text(),
            nullable=False,
            comment="names the cuts and the counts that the sums were kept by",
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_layout")),
        comment="one row; when a release keeps others, its migration counts everything again",
    )
    op.add_column("complaints", sa.Column("loss", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_complaints_loss"), "complaints", "loss IN ('minor', 'middle', 'major')"
    )
    op.add_column(
        "daily",
        sa.Column(
            "closed_slowly",
            sa.BigInteger(),
            nullable=False,
            server_default="0",
            comment="of `closed`, those whose result took longer than SLOW",
        ),
    )
    op.alter_column("daily", "closed_slowly", server_default=None)
    _check(AFTER, MANY)
    op.create_check_constraint(op.f("ck_daily_closed_slowly"), "daily", "closed_slowly <= closed")


def downgrade() -> None:
    op.execute(sa.delete(sa.table("daily", DIMENSION)).where(DIMENSION.not_in(FEW)))
    op.execute(sa.delete(sa.table("handling_times", DIMENSION)).where(DIMENSION.not_in(FEW)))
    op.drop_constraint(op.f("ck_daily_closed_slowly"), "daily")
    _check(BEFORE, FEW)
    op.drop_column("daily", "closed_slowly")
    op.drop_constraint(op.f("ck_complaints_loss"), "complaints")
    op.drop_column("complaints", "loss")
    op.drop_table("layout")
    op.drop_table("rulebook_switches")
    op.drop_table("rulebook_versions")


def _check(counts: str, dimensions: Sequence[str]) -> None:
    for name, rule in {
        "not_negative": f"least({counts}) >= 0",
        "not_empty": f"greatest({counts}) > 0",
        "dimension": f"dimension IN {tuple(dimensions)}",
    }.items():
        op.drop_constraint(op.f(f"ck_daily_{name}"), "daily")
        op.create_check_constraint(op.f(f"ck_daily_{name}"), "daily", rule)
