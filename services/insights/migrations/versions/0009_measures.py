"""What customers lived through: first answers, first contacts, reopenings, emotions, surveys, notices, benefits; sums by
more dimensions together.

The sums of what there is are made again when all revisions have run. What was told of these before this release becomes
known by a rebuild.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

BEFORE = (
    "none",
    "category",
    "severity",
    "department",
    "channel",
    "product",
    "region",
    "handler",
    "category+loss",
    "department+loss",
    "channel+loss",
    "product+loss",
    "loss",
)
AFTER = (*BEFORE, "department+category", "category+product", "handler+category+severity")
COLUMNS: tuple[sa.Column[object], ...] = (
    sa.Column(
        "contacts",
        sa.Integer(),
        nullable=False,
        server_default="0",
        comment="with more, after the registration",
    ),
    sa.Column("acknowledgements_timed", sa.Integer(), nullable=False, server_default="0"),
    sa.Column("acknowledgement_seconds", sa.BigInteger(), nullable=False, server_default="0"),
    sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True, comment="last"),
    sa.Column("first_closed_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True, comment="after a closing, last"),
    sa.Column("escalations", sa.Integer(), nullable=False, server_default="0"),
    sa.Column("passed_on", sa.Integer(), nullable=False, server_default="0", comment="although it was minor"),
    sa.Column(
        "overdue_since",
        sa.DateTime(timezone=True),
        nullable=True,
        comment="a promise or the time for the solution missed; null once there is a result",
    ),
    sa.Column(
        "corrected_at", sa.DateTime(timezone=True), nullable=True, comment="the problem, where it came from"
    ),
    sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True, comment="how it was worked, last"),
    sa.Column(
        "responded_at",
        sa.DateTime(timezone=True),
        nullable=True,
        comment="a person first told the customer something",
    ),
    sa.Column("emotion_first", sa.Text(), nullable=True),
    sa.Column("emotion_first_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("emotion_last", sa.Text(), nullable=True),
    sa.Column("emotion_last_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("surveyed_at", sa.DateTime(timezone=True), nullable=True, comment="last answer"),
    sa.Column("rating", sa.SmallInteger(), nullable=True, comment="1 to 5"),
    sa.Column("process_rating", sa.SmallInteger(), nullable=True, comment="1 to 5"),
    sa.Column("effort", sa.SmallInteger(), nullable=True, comment="1 to 5: it was easy"),
    sa.Column("recommendation", sa.SmallInteger(), nullable=True, comment="0 to 10"),
    sa.Column("repurchase", sa.Boolean(), nullable=True, comment="would buy again"),
    sa.Column("trust_said", sa.Boolean(), nullable=True, comment="in a survey"),
)
INDEXES = {
    "ix_complaints_customer": ["customer_id", "category", "registered_at"],
    "ix_complaints_registered": ["registered_at"],
    "ix_complaints_closed": ["closed_at"],
}
OLD_COUNTS = "received, merged, withdrawn, dissatisfied, converted, handled, handling_seconds, triaged, triaged_automatically, closed, closed_slowly, satisfied, acceptable, not_acceptable, trust_told, trust_restored, promises_kept, promises_broken"
COUNTS = {
    "grave": "of `received`, those that are urgent or major, on the day of receipt",
    "responded_promptly": "neither merged nor withdrawn, and a person answered within PROMPT, on the day of receipt",
    "solved_at_once": "of `handled`: one handler, no escalation, no word more needed from the customer, not resumed",
    "passed_on": "of `handled`: minor, and yet passed on by a person or escalated",
    "overdue": "still without a result, a promise or the time for the solution missed, on the day of receipt",
    "first_closed": "closed for the first time, on that day",
    "reopened": "of `first_closed`, those that were taken up again since",
    "upset": "first emotion noted was negative, and a later one was noted, on the day of receipt",
    "cheered": "of `upset`, those whose last emotion is positive",
    "notices": "notices issued about the complaint, on its day of receipt",
    "notices_known": "of `notices`, those that were acknowledged",
    "notices_timed": "of the acknowledged, those of which the time of issue is known",
    "notice_seconds": "sum over `notices_timed` of the seconds from issue to acknowledgement",
    "rated": "rated the people they dealt with, on the day of the survey's last answer",
    "rated_well": "of `rated`, 4 or 5 of 5",
    "process_rated": "rated the process, on the day of the survey's last answer",
    "process_rated_well": "of `process_rated`, 4 or 5 of 5",
    "effort_told": "said whether it was easy, on the day of the survey's last answer",
    "effort_low": "of `effort_told`, 4 or 5 of 5: it was easy",
    "recommend_told": "said whether they recommend the company, on the day of the survey's last answer",
    "promoters": "of `recommend_told`, 9 or 10 of 10",
    "detractors": "of `recommend_told`, 0 to 6 of 10",
    "repurchase_told": "said whether they would buy again, on the day of the survey's last answer",
    "repurchase_meant": "of `repurchase_told`, those who would",
    "devoted": "of `closed`: satisfied, trust restored, and would buy again or recommends",
    "shown_defect": "of `closed`: the complaint was found to be right, so it showed a fault",
    "second_chance": "of `closed`: began dissatisfied, and ended satisfied or acceptable",
    "loyal_customer": "of `closed`: trusts the company again, or would buy again",
    "product_improved": "of `closed`: its cause is being removed or was corrected",
    "skill_raised": "of `closed`: a reviewer went through how it was worked",
}
PARTS = {
    "grave": "grave <= received",
    "responded": "responded_promptly + merged + withdrawn <= received",
    "first_contact": "solved_at_once + passed_on <= handled",
    "reopened": "reopened <= first_closed",
    "cheered": "cheered <= upset AND upset <= received",
    "notices": "notices_known <= notices",
    "surveyed": "rated_well <= rated AND process_rated_well <= process_rated AND effort_low <= effort_told",
    "recommended": "promoters + detractors <= recommend_told",
    "repurchase": "repurchase_meant <= repurchase_told",
    "benefits": "greatest(devoted, shown_defect, second_chance, loyal_customer, product_improved, skill_raised) <= closed",
}


def upgrade() -> None:
    for column in COLUMNS:
        op.add_column("complaints", column)
    for name, columns in INDEXES.items():
        op.create_index(name, "complaints", columns)
    for table in ("daily", "handling_times"):
        op.execute(f"TRUNCATE {table}")  # made again, see above
    for name, comment in COUNTS.items():
        op.add_column("daily", sa.Column(name, sa.BigInteger(), nullable=False, comment=comment))
    _checks(AFTER, f"{OLD_COUNTS}, {', '.join(COUNTS)}", "handled + merged + withdrawn + overdue <= received")
    for name, rule in PARTS.items():
        op.create_check_constraint(op.f(f"ck_daily_{name}"), "daily", rule)


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name, "complaints")
    op.execute("TRUNCATE daily, handling_times, layout")
    for name in PARTS:
        op.drop_constraint(op.f(f"ck_daily_{name}"), "daily")
    _checks(BEFORE, OLD_COUNTS, "handled + merged + withdrawn <= received")
    for name in COUNTS:
        op.drop_column("daily", name)
    for column in COLUMNS:
        op.drop_column("complaints", column.name)


def _checks(dimensions: tuple[str, ...], counts: str, handled: str) -> None:
    for name, rule in {
        "dimension": f"dimension IN {dimensions}",
        "not_negative": f"least({counts}) >= 0",
        "not_empty": f"greatest({counts}) > 0",
        "handled": handled,
    }.items():
        op.drop_constraint(op.f(f"ck_daily_{name}"), "daily")
        op.create_check_constraint(op.f(f"ck_daily_{name}"), "daily", rule)
