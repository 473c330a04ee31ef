"""Sums by year beside those by day and month, in as few bytes as they need; and how long complaints go on.

The sums of what there is are made again when all revisions have run.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0022"
down_revision: str | None = "0021"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

LONG = {"handling_seconds", "notice_seconds"}
KEY = {"dimension", "day", "value"}
COUNTS = {
    "began_dissatisfied": "of `closed`: began with a complaint or a criticism",
    "turned_satisfied": "of `began_dissatisfied`, those that ended satisfied",
}
ORDER = [
    "received",
    "merged",
    "withdrawn",
    "dissatisfied",
    "converted",
    "handled",
    "handling_seconds",
    "triaged",
    "triaged_automatically",
    "closed",
    "closed_slowly",
    "satisfied",
    "acceptable",
    "not_acceptable",
    "trust_told",
    "trust_restored",
    "promises_kept",
    "promises_broken",
    "grave",
    "responded_promptly",
    "solved_at_once",
    "passed_on",
    "overdue",
    "first_closed",
    "reopened",
    "upset",
    "cheered",
    "matters",
    "notices",
    "notices_issued",
    "notices_known",
    "notices_timed",
    "notice_seconds",
    "rated",
    "rated_well",
    "process_rated",
    "process_rated_well",
    "effort_told",
    "effort_low",
    "recommend_told",
    "promoters",
    "detractors",
    "repurchase_told",
    "repurchase_meant",
    "devoted",
    "began_dissatisfied",
    "turned_satisfied",
    "shown_defect",
    "second_chance",
    "loyal_customer",
    "product_improved",
    "skill_raised",
]
"""All counts as this release names them."""
TURNED = "turned_satisfied <= began_dissatisfied AND began_dissatisfied <= closed"
DAYS = {"": "first of the year, UTC", "_durations": "first of the year in which it began, UTC"}
TOLD = {
    "": "what is counted, once for every dimension: each dimension adds up to the same",
    "_durations": "histograms of durations: they add up, percentiles do not",
}
RULES = sa.text(
    "SELECT replace(conname, 'monthly', 'yearly') AS name, pg_get_constraintdef(oid) AS rule "
    "FROM pg_constraint WHERE conrelid = CAST(:monthly AS regclass) AND contype IN ('c', 'p') ORDER BY 1"
)
PROMISES = ("promises_kept_at", "promises_broken_at")
NOT_NULL = sa.text(
    "SELECT conname FROM pg_constraint WHERE conrelid = CAST(:yearly AS regclass) AND contype = 'n' "
    "AND conname LIKE 'monthly%'"
)
ENDS = "('closed_satisfied', 'closed_acceptable', 'closed_not_acceptable', 'withdrawn')"


def upgrade() -> None:
    op.execute("TRUNCATE daily, monthly, daily_durations, monthly_durations, layout")  # made again, see above
    _counts_as("integer")
    for table in ("daily", "monthly"):
        for name, comment in COUNTS.items():
            op.add_column(table, sa.Column(name, sa.Integer(), nullable=False, comment=comment))
        for name in ("not_negative", "not_empty"):
            op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
        _checked(table)
        op.create_check_constraint(op.f(f"ck_{table}_turned"), table, TURNED)
    for kind, day in DAYS.items():
        op.execute(f"CREATE TABLE yearly{kind} (LIKE monthly{kind} INCLUDING COMMENTS)")
        op.execute(f"ALTER TABLE yearly{kind} SET (fillfactor = 70, parallel_workers = 0)")
        op.execute(f"COMMENT ON COLUMN yearly{kind}.day IS '{day}'")
        op.execute(f"COMMENT ON TABLE yearly{kind} IS '{TOLD[kind]}'")
        for name, rule in op.get_bind().execute(RULES, {"monthly": f"monthly{kind}"}).all():
            op.execute(f"ALTER TABLE yearly{kind} ADD CONSTRAINT {name} {rule}")
        for (name,) in op.get_bind().execute(NOT_NULL, {"yearly": f"yearly{kind}"}).all():
            op.execute(
                f"ALTER TABLE yearly{kind} RENAME CONSTRAINT {name} TO {name.replace('monthly', 'yearly', 1)}"
            )
    op.create_index(
        "ix_complaints_withdrawn",
        "complaints",
        ["withdrawn_at"],
        unique=False,
        postgresql_where=sa.text("withdrawn_at IS NOT NULL"),
    )
    for name in PROMISES:
        op.create_index(
            f"ix_complaints_{name}", "complaints", [sa.text(f"({name}[cardinality({name})])")], unique=False
        )
    _ages()


def _ages() -> None:
    op.create_table(
        "journey_ages",
        sa.Column("month", sa.Date(), nullable=False, comment="of the registration, UTC: its first day"),
        sa.Column("day", sa.Date(), nullable=False, comment="of the registration, UTC"),
        sa.Column(
            "age",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="whole days of UTC until it ended; -1 while it goes on",
        ),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("n > 0", name=op.f("ck_journey_ages_not_empty")),
        sa.CheckConstraint("age >= -1", name=op.f("ck_journey_ages_age")),
        sa.CheckConstraint(
            "month = date_trunc('month', CAST(day AS timestamp))::date", name=op.f("ck_journey_ages_month")
        ),
        sa.PrimaryKeyConstraint("month", "day", "age", name=op.f("pk_journey_ages")),
        comment="how long complaints went on",
        postgresql_with={"fillfactor": 70},
    )
    op.execute(
        "INSERT INTO journey_ages (month, day, age, n) "  # noqa: S608 - own words only
        "SELECT date_trunc('month', CAST(day AS timestamp))::date, day, "
        f"CASE WHEN ending IN {ENDS} THEN greatest(0, ended_on - day) ELSE -1 END, count(*) FROM ("
        "SELECT (registered_at AT TIME ZONE 'UTC')::date AS day, steps[cardinality(steps)] AS ending, "
        "(times[cardinality(times)] AT TIME ZONE 'UTC')::date AS ended_on FROM journeys "
        "WHERE registered_at IS NOT NULL AND leading_id IS NULL) j GROUP BY 1, 2, 3"
    )


def downgrade() -> None:
    op.execute("TRUNCATE daily, monthly, daily_durations, monthly_durations, layout")
    for name in PROMISES:
        op.drop_index(f"ix_complaints_{name}", table_name="complaints")
    op.drop_index(
        "ix_complaints_withdrawn",
        table_name="complaints",
        postgresql_where=sa.text("withdrawn_at IS NOT NULL"),
    )
    for table in ("journey_ages", "yearly_durations", "yearly"):
        op.drop_table(table)
    _counts_as("bigint")
    for table in ("daily", "monthly"):
        op.drop_constraint(op.f(f"ck_{table}_turned"), table)
        for name in ("not_negative", "not_empty"):
            op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
        for name in COUNTS:
            op.drop_column(table, name)
        _checked(table)


def _counts_as(kind: str) -> None:
    for table in ("daily", "monthly"):
        changed = [name for name in _counts(table) if name not in LONG]
        op.execute(f"ALTER TABLE {table} {', '.join(f'ALTER {name} TYPE {kind}' for name in changed)}")


def _counts(table: str) -> list[str]:
    columns = sa.inspect(op.get_bind()).get_columns(table)
    return [each["name"] for each in columns if each["name"] not in KEY]


def _checked(table: str) -> None:
    """All counts, those that are new and those that are left."""
    there = set(_counts(table))
    names = ", ".join(name for name in ORDER if name in there)
    op.create_check_constraint(op.f(f"ck_{table}_not_negative"), table, f"least({names}) >= 0")
    op.create_check_constraint(op.f(f"ck_{table}_not_empty"), table, f"greatest({names}) > 0")
