"""How long it took until notices were acknowledged, what ended without an answer, and complaints that are matters.

The sums of what there is are made again when all revisions have run. When each notice was issued and acknowledged, and
when complaints were merged, becomes known by a rebuild; until then a merged complaint counts as if it had been merged
when it was received, so that it tells nothing of the time to a first answer.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

SUMS = ("daily", "monthly")
HISTOGRAMS = {"daily_durations": "of receipt, UTC", "monthly_durations": "first of the month of receipt, UTC"}
SINCE = {
    "daily_durations": "on which it began, UTC",
    "monthly_durations": "first of the month in which it began, UTC",
}
TIMES = postgresql.ARRAY(sa.DateTime(timezone=True))
COLUMNS: tuple[sa.Column[object], ...] = (
    sa.Column("merged_at", sa.DateTime(timezone=True), nullable=True, comment="when, while it is"),
    sa.Column(
        "notice_ids",
        postgresql.ARRAY(sa.Uuid()),
        nullable=False,
        server_default="{}",
        comment="in their order",
    ),
    sa.Column(
        "notices_issued_at",
        TIMES,
        nullable=False,
        server_default="{}",
        comment="of each of notice_ids; null: not read, or nobody must acknowledge it",
    ),
    sa.Column(
        "notices_known_at",
        TIMES,
        nullable=False,
        server_default="{}",
        comment="of each of notice_ids; null: not acknowledged",
    ),
)
COUNTS = {
    "matters": "complaints and criticisms, neither merged into others nor withdrawn, on the day of receipt",
    "notices_issued": "notices that somebody must acknowledge, on the day of issue",
}
NOTICES = "notices about the complaint that somebody must acknowledge, on its day of receipt"
NOTICES_BEFORE = "notices issued about the complaint, on its day of receipt"


def upgrade() -> None:
    op.execute("TRUNCATE daily, monthly, daily_durations, monthly_durations, layout")  # made again, see above
    for column in COLUMNS:
        op.add_column("complaints", column)
    op.alter_column("complaints", "notices_issued", comment="those that somebody must acknowledge")
    op.execute(
        "UPDATE complaints SET merged_at = coalesce(registered_at, 'epoch') WHERE leading_id IS NOT NULL"
    )
    op.create_check_constraint(
        op.f("ck_complaints_merged"), "complaints", "(leading_id IS NULL) = (merged_at IS NULL)"
    )
    op.create_check_constraint(
        op.f("ck_complaints_notices"),
        "complaints",
        "cardinality(notice_ids) = cardinality(notices_issued_at) "
        "AND cardinality(notice_ids) = cardinality(notices_known_at)",
    )
    for table in SUMS:
        known = _counts_of(table)
        for name, comment in COUNTS.items():
            op.add_column(table, sa.Column(name, sa.BigInteger(), nullable=False, comment=comment))
        op.alter_column(table, "notices", comment=NOTICES)
        _checks(table, [*known, *COUNTS])
        op.create_check_constraint(op.f(f"ck_{table}_matters"), table, "matters <= dissatisfied")
    for table, day in SINCE.items():
        op.alter_column(table, "day", comment=day)
        op.alter_column(table, "begun", comment="complaints or notices that are timed")
        op.add_column(
            table,
            sa.Column(
                "censored",
                sa.BigInteger(),
                nullable=False,
                comment="of `begun`, those for which it has ended in another way",
            ),
        )
        op.add_column(
            table,
            sa.Column(
                "censored_buckets", sa.LargeBinary(), nullable=False, comment="of `censored`, as `buckets`"
            ),
        )
        op.drop_constraint(op.f(f"ck_{table}_begun"), table)
        for name, rule in {
            "begun": "begun > 0 AND finished + censored <= begun",
            "not_negative": "least(finished, censored) >= 0",
            "censored_buckets": "(censored = 0) = (length(censored_buckets) = 0) "
            "AND length(censored_buckets) % 4 = 0",
        }.items():
            op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, rule)


def downgrade() -> None:
    op.execute("TRUNCATE daily, monthly, daily_durations, monthly_durations, layout")
    for table, day in HISTOGRAMS.items():
        for name in ("begun", "not_negative", "censored_buckets"):
            op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
        op.drop_column(table, "censored_buckets")
        op.drop_column(table, "censored")
        op.create_check_constraint(
            op.f(f"ck_{table}_begun"), table, "begun > 0 AND finished BETWEEN 0 AND begun"
        )
        op.alter_column(table, "begun", comment="complaints whose duration is counted")
        op.alter_column(table, "day", comment=day)
    for table in SUMS:
        op.drop_constraint(op.f(f"ck_{table}_matters"), table)
        _checks(table, [name for name in _counts_of(table) if name not in COUNTS])
        op.alter_column(table, "notices", comment=NOTICES_BEFORE)
        for name in COUNTS:
            op.drop_column(table, name)
    op.drop_constraint(op.f("ck_complaints_notices"), "complaints")
    op.drop_constraint(op.f("ck_complaints_merged"), "complaints")
    op.alter_column("complaints", "notices_issued", comment=None)
    for column in COLUMNS:
        op.drop_column("complaints", column.name)


def _counts_of(table: str) -> list[str]:
    key = ("dimension", "day", "value")
    return [each["name"] for each in sa.inspect(op.get_bind()).get_columns(table) if each["name"] not in key]


def _checks(table: str, counts: Sequence[str]) -> None:
    for name, rule in {
        "not_negative": f"least({', '.join(counts)}) >= 0",
        "not_empty": f"greatest({', '.join(counts)}) > 0",
    }.items():
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, rule)
