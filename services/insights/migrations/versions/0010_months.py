"""Sums by month beside those by day, and histograms of any duration, within 1 %, in one row for each cell.

The sums of what there is are made again when all revisions have run.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

SUMMED = {"fillfactor": 70, "parallel_workers": 0}


def _key(day: str) -> list[sa.Column[object]]:
    return [
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment=day),
    ]


def upgrade() -> None:
    op.execute("TRUNCATE daily, layout")  # made again, see above
    op.execute("ALTER TABLE daily SET (parallel_workers = 0)")
    op.drop_table("handling_times")
    # What is counted by day is counted by month in the same way, whatever it is in this release.
    key = ("dimension", "day", "value")
    op.create_table(
        "monthly",
        *(
            sa.Column(each["name"], each["type"], nullable=False, comment=each["comment"])
            for each in sa.inspect(op.get_bind()).get_columns("daily")
        ),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_monthly")),
        postgresql_with=SUMMED,
    )
    checks = op.get_bind().execute(
        sa.text(
            "SELECT replace(conname, 'ck_daily_', '') AS name, pg_get_expr(conbin, conrelid) AS rule "
            "FROM pg_constraint WHERE conrelid = 'daily'::regclass AND contype = 'c' ORDER BY 1"
        )
    )
    for name, rule in checks.all():
        op.create_check_constraint(op.f(f"ck_monthly_{name}"), "monthly", rule)
    op.execute("COMMENT ON COLUMN monthly.day IS 'first of the month, UTC'")
    for table in ("daily", "monthly"):
        op.execute(
            f"COMMENT ON TABLE {table} IS "
            "'what is counted, once for every dimension: each dimension adds up to the same'"
        )
    for table, day in (
        ("daily_durations", "of receipt, UTC"),
        ("monthly_durations", "first of the month of receipt, UTC"),
    ):
        op.create_table(
            table,
            sa.Column("name", sa.Text(), nullable=False, comment="of a duration"),
            *_key(day),
            sa.Column("value", sa.Text(), nullable=False),
            sa.Column(
                "begun", sa.BigInteger(), nullable=False, comment="complaints whose duration is counted"
            ),
            sa.Column(
                "finished",
                sa.BigInteger(),
                nullable=False,
                comment="of `begun`, those for which it has ended",
            ),
            sa.Column(
                "buckets", sa.LargeBinary(), nullable=False, comment="of `finished`; see durations.packed"
            ),
            sa.CheckConstraint("begun > 0 AND finished BETWEEN 0 AND begun", name=op.f(f"ck_{table}_begun")),
            sa.CheckConstraint(
                "(finished = 0) = (length(buckets) = 0) AND length(buckets) % 4 = 0",
                name=op.f(f"ck_{table}_buckets"),
            ),
            sa.PrimaryKeyConstraint("name", "dimension", "day", "value", name=op.f(f"pk_{table}")),
            comment="histograms of durations: they add up, percentiles do not",
            postgresql_with=SUMMED,
        )


def downgrade() -> None:
    op.execute("TRUNCATE daily, layout")
    op.execute("ALTER TABLE daily RESET (parallel_workers)")
    for table in ("monthly_durations", "daily_durations", "monthly"):
        op.drop_table(table)
    op.create_table(
        "handling_times",
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="of receipt, UTC"),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("bucket", sa.SmallInteger(), nullable=False, comment="index into durations.BOUNDS"),
        sa.Column(
            "n",
            sa.BigInteger(),
            nullable=False,
            comment="handled complaints whose handling time is in the bucket",
        ),
        sa.CheckConstraint("n > 0", name=op.f("ck_handling_times_not_empty")),
        sa.PrimaryKeyConstraint("dimension", "day", "value", "bucket", name=op.f("pk_handling_times")),
        comment="histogram of handling times; histograms add up, percentiles do not",
        postgresql_with={"fillfactor": 70},
    )
