"""The way of each complaint, and sums of it by month. A consumer of their own fills them, from the start of the log."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "journey_edges",
        sa.Column("month", sa.Date(), nullable=False, comment="of the registration, UTC: its first day"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False, comment="the complaint had taken the target before"),
        sa.Column(
            "bucket",
            sa.SmallInteger(),
            autoincrement=False,
            nullable=False,
            comment="index into durations.BOUNDS",
        ),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("n > 0", name=op.f("ck_journey_edges_not_empty")),
        sa.PrimaryKeyConstraint(
            "month", "source", "target", "again", "bucket", name=op.f("pk_journey_edges")
        ),
        comment="how often a step directly followed another, by the time between",
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "journey_funnel",
        sa.Column("month", sa.Date(), nullable=False, comment="of the registration, UTC: its first day"),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column(
            "bucket",
            sa.SmallInteger(),
            autoincrement=False,
            nullable=False,
            comment="index into durations.BOUNDS",
        ),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("n > 0", name=op.f("ck_journey_funnel_not_empty")),
        sa.CheckConstraint("state IN ('reached', 'waiting', 'left')", name=op.f("ck_journey_funnel_state")),
        sa.PrimaryKeyConstraint("month", "stage", "state", "bucket", name=op.f("pk_journey_funnel")),
        comment="complaints that reached a stage, by the time since the one before; and those whose last it is",
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "journey_tallies",
        sa.Column("month", sa.Date(), nullable=False, comment="of the registration, UTC: its first day"),
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False, comment="'' while it is not known"),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("loss", sa.Text(), nullable=False),
        sa.Column("ending", sa.Text(), nullable=False),
        sa.Column("slow", sa.Boolean(), nullable=False, comment="the result took longer than the target"),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("n > 0", name=op.f("ck_journey_tallies_not_empty")),
        sa.CheckConstraint(
            "dimension IN ('category', 'subcategory', 'product', 'region', 'department', 'cause')",
            name=op.f("ck_journey_tallies_dimension"),
        ),
        sa.CheckConstraint(
            "ending IN ('open', 'satisfied', 'not_satisfied')", name=op.f("ck_journey_tallies_ending")
        ),
        sa.PrimaryKeyConstraint(
            "month",
            "dimension",
            "value",
            "severity",
            "loss",
            "ending",
            "slow",
            name=op.f("pk_journey_tallies"),
        ),
        comment="complaints and criticisms by what they are about, how severe, how costly, and how they ended",
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "journey_variants",
        sa.Column("month", sa.Date(), nullable=False, comment="of the registration, UTC: its first day"),
        sa.Column("variant", sa.Text(), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False, comment="some step was taken more than once"),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("n > 0", name=op.f("ck_journey_variants_not_empty")),
        sa.PrimaryKeyConstraint("month", "variant", "again", name=op.f("pk_journey_variants")),
        comment="ways that ended complaints took, and how many took each",
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "journeys",
        sa.Column("id", sa.Uuid(), nullable=False, comment="of the complaint"),
        sa.Column(
            "registered_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="null until the registration was read; until then it counts nowhere",
        ),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("loss", sa.Text(), nullable=True),
        sa.Column("subcategory", sa.Text(), nullable=True),
        sa.Column(
            "leading_id",
            sa.Uuid(),
            nullable=True,
            comment="the complaint that it was merged into, while it is",
        ),
        sa.Column("customer_id", sa.Uuid(), nullable=True, comment="opaque; null once they are erased"),
        sa.Column(
            "bought_at",
            sa.ARRAY(sa.DateTime(timezone=True)),
            nullable=False,
            comment="purchases after this complaint, their newest by then",
        ),
        sa.Column("erased", sa.Boolean(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("severity", sa.Text(), nullable=True),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column(
            "cause", sa.Uuid(), nullable=True, comment="the improvement that removes its cause, joined last"
        ),
        sa.Column("steps", sa.ARRAY(sa.Text()), nullable=False, comment="in the order of their times"),
        sa.Column("times", sa.ARRAY(sa.DateTime(timezone=True)), nullable=False),
        sa.CheckConstraint("cardinality(steps) = cardinality(times)", name=op.f("ck_journeys_steps")),
        sa.CheckConstraint(
            "NOT erased OR (customer_id IS NULL AND cardinality(bought_at) = 0)",
            name=op.f("ck_journeys_erased"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journeys")),
        comment="the way of each complaint, step by step",
        postgresql_with={"fillfactor": 70},
    )
    op.create_index("ix_journeys_registered", "journeys", ["registered_at", "id"], unique=False)
    op.create_index("ix_journeys_customer", "journeys", ["customer_id"], unique=False)


def downgrade() -> None:
    op.drop_table("journeys")
    op.drop_table("journey_variants")
    op.drop_table("journey_tallies")
    op.drop_table("journey_funnel")
    op.drop_table("journey_edges")
