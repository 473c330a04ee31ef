"""What is told in words, for whatever is learned from words; region, batch, supplier and customer of a complaint.

The sums of what there is are made again when all revisions have run. What complaints told of regions and in words before
this release becomes known by a rebuild.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

BEFORE = (
    *("none", "category", "severity", "department", "channel", "product", "handler"),
    *("category+loss", "department+loss", "channel+loss", "product+loss", "loss"),
)
AFTER = (*BEFORE[:6], "region", *BEFORE[6:])
COLUMNS: tuple[sa.Column[object], ...] = (
    sa.Column("customer_id", sa.Uuid(), nullable=True, comment="opaque"),
    sa.Column("region", sa.Text(), nullable=True, comment="ISO 3166-1 or 3166-2"),
    sa.Column("batch", sa.Text(), nullable=True),
    sa.Column("supplier", sa.Text(), nullable=True),
    sa.Column("standing", sa.Text(), nullable=True, comment="as a customer"),
    sa.Column("key_account", sa.Boolean(), nullable=True),
)


def upgrade() -> None:
    for column in COLUMNS:
        op.add_column("complaints", column)
    op.create_check_constraint(
        op.f("ck_complaints_standing"), "complaints", "standing IN ('new', 'established')"
    )
    op.create_table(
        "tellings",
        sa.Column("id", sa.Uuid(), nullable=False, comment="of the complaint"),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True, comment="opaque"),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("what_went_wrong", sa.Text(), nullable=True, comment="masked, like all words here"),
        sa.Column("feeling", sa.Text(), nullable=True),
        sa.Column("wanted", sa.Text(), nullable=True),
        sa.Column("added", sa.ARRAY(sa.Text()), nullable=False, comment="what later contacts said"),
        sa.Column("erased", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "NOT erased OR (num_nonnulls(what_went_wrong, feeling, wanted) = 0 AND cardinality(added) = 0)",
            name=op.f("ck_tellings_erased"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tellings")),
        comment="the words of complaints, as the log has them",
    )
    op.create_index("ix_tellings_customer", "tellings", ["customer_id"])
    op.create_index("ix_tellings_registered", "tellings", ["registered_at"])
    for table in ("daily", "handling_times"):
        op.execute(f"TRUNCATE {table}")  # made again, see above
    op.drop_constraint(op.f("ck_daily_dimension"), "daily")
    op.create_check_constraint(op.f("ck_daily_dimension"), "daily", f"dimension IN {AFTER}")


def downgrade() -> None:
    op.execute("TRUNCATE daily, handling_times, layout")
    op.drop_constraint(op.f("ck_daily_dimension"), "daily")
    op.create_check_constraint(op.f("ck_daily_dimension"), "daily", f"dimension IN {BEFORE}")
    op.drop_table("tellings")
    op.drop_constraint(op.f("ck_complaints_standing"), "complaints")
    for column in COLUMNS:
        op.drop_column("complaints", column.name)
