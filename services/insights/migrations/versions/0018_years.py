"""Sums by year beside those by day and month, and counts in as few bytes as they need.

The sums of what there is are made again when all revisions have run.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

LONG = {"handling_seconds", "notice_seconds"}
KEY = {"dimension", "day", "value"}


def upgrade() -> None:
    op.execute("TRUNCATE daily, monthly, daily_durations, monthly_durations, layout")  # made again, see above
    _counts_as("integer")
    for table, day in (("", "first of the year, UTC"), ("_durations", "first of the year of receipt, UTC")):
        op.execute(f"CREATE TABLE yearly{table} (LIKE monthly{table} INCLUDING COMMENTS)")
        op.execute(f"ALTER TABLE yearly{table} SET (fillfactor = 70, parallel_workers = 0)")
        op.execute(f"COMMENT ON COLUMN yearly{table}.day IS '{day}'")
        op.execute(
            f"COMMENT ON TABLE yearly{table} IS "
            + (
                "'histograms of durations: they add up, percentiles do not'"
                if table
                else "'what is counted, once for every dimension: each dimension adds up to the same'"
            )
        )
        rules = op.get_bind().execute(
            sa.text(
                "SELECT replace(conname, 'monthly', 'yearly') AS name, pg_get_constraintdef(oid) AS rule "
                f"FROM pg_constraint WHERE conrelid = 'monthly{table}'::regclass AND contype IN ('c', 'p') ORDER BY 1"
            )
        )
        for name, rule in rules.all():
            op.execute(f"ALTER TABLE yearly{table} ADD CONSTRAINT {name} {rule}")


def downgrade() -> None:
    op.execute("TRUNCATE daily, monthly, daily_durations, monthly_durations, layout")
    op.drop_table("yearly_durations")
    op.drop_table("yearly")
    _counts_as("bigint")


def _counts_as(kind: str) -> None:
    for table in ("daily", "monthly"):
        columns = sa.inspect(op.get_bind()).get_columns(table)
        changed = [each["name"] for each in columns if each["name"] not in LONG | KEY]
        op.execute(f"ALTER TABLE {table} {', '.join(f'ALTER {name} TYPE {kind}' for name in changed)}")
