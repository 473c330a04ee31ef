"""The read tables of insights. All of them can be dropped and are then made again from the log, bit for bit. (The
rulebooks stay.)

Hence no column here holds a clock's time, a drawn number or anything that depends on how the log was cut into
batches (so there is no `version`), and a rollup row that falls to zero is deleted: whether it ever existed
depends on the order in which the topics were read.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)

from services.insights.model import COUNTS, CUTS, name_of
from services.insights.summing import SQL_TYPE
from shared.database import service_metadata
from shared.events.vocabulary import GapSource, SaleMode, SaleStep
from shared.rulebooks import store as rulebook_store

metadata = service_metadata("insights")

TIME = DateTime(timezone=True)
ROOM = {"fillfactor": 70}
"""Rows are updated many times over; with room on the page no index has to be touched for it (HOT)."""
PARTS = {
    "grave": "grave <= received",
    "responded": "responded_promptly + merged + withdrawn <= received",
    "first_contact": "solved_at_once + passed_on <= handled",
    "reopened": "reopened <= first_closed",
    "turned": "turned_satisfied <= began_dissatisfied AND began_dissatisfied <= closed",
    "cheered": "cheered <= upset AND upset <= received",
    "notices": "notices_known <= notices",
    "matters": "matters <= dissatisfied",
    "surveyed": "rated_well <= rated AND process_rated_well <= process_rated AND effort_low <= effort_told",
    "recommended": "promoters + detractors <= recommend_told",
    "repurchase": "repurchase_meant <= repurchase_told",
    "benefits": (
        "greatest(devoted, shown_defect, second_chance, loyal_customer, product_improved, skill_raised) <= closed"
    ),
}
"""Counts that are parts of others."""
SUMMED = {**ROOM, "parallel_workers": 0}
"""A question reads some ten thousand short rows: to start processes for it takes longer than to read them."""
DIMENSIONS = tuple(name_of(cut) for cut in CUTS)

complaints = Table(
    "complaints",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column(
        "registered_at", TIME, comment="null until the registration was read; until then it counts nowhere"
    ),
    Column("kind", Text),
    Column("medium", Text),
    Column("channel", Text),
    Column("language", Text),
    Column("product", Text),
    Column("loss", Text, CheckConstraint("loss IN ('minor', 'middle', 'major')", name="loss")),
    Column("claimed", Numeric(18, 2), comment="the loss, in yuan"),
    Column("customer_id", Uuid, comment="opaque"),
    Column("region", Text, comment="ISO 3166-1 or 3166-2"),
    Column("batch", Text),
    Column("supplier", Text),
    Column("standing", Text, comment="as a customer"),
    Column("key_account", Boolean),
    Column("sale_step", Text, comment="in which the trouble began"),
    Column("sale_mode", Text, comment="how it was sold"),
    Column("gap_source", Text, comment="why what was got is not what was expected"),
    Column("public_at", TIME, comment="since when it stands in public"),
    Column("subcategory", Text, comment="as a person coded it"),
    Column("leading_id", Uuid, comment="the complaint that it was merged into, while it is"),
    Column("merged_at", TIME, comment="when, while it is"),
    Column(
        "contacts", Integer, nullable=False, server_default="0", comment="with more, after the registration"
    ),
    Column("offer_chosen_at", TIME),
    Column("offers_declined", Integer, nullable=False),
    Column("opinion", Text, comment="newest answer to the survey"),
    Column("opinion_at", TIME),
    Column("severity", Text),
    Column("category", Text),
    Column("triaged_at", TIME, comment="last decision"),
    Column("triaged_automatically", Boolean, comment="whether the rules took the last decision"),
    Column("referred_at", TIME),
    Column("department", Text),
    Column("handler_id", Text),
    Column("assigned_at", TIME, comment="last assignment"),
    Column("assignments", Integer, nullable=False),
    Column("notices_acknowledged", Integer, nullable=False),
    Column(
        "risks_raised", Integer, nullable=False, server_default="0", comment="a dispute or an incident seen"
    ),
    Column("acknowledgements_timed", Integer, nullable=False, server_default="0"),
    Column("acknowledgement_seconds", BigInteger, nullable=False, server_default="0"),
    Column("notices_issued", Integer, nullable=False, comment="those that somebody must acknowledge"),
    Column("notice_ids", ARRAY(Uuid), nullable=False, server_default="{}", comment="in their order"),
    Column(
        "notices_issued_at",
        ARRAY(TIME),
        nullable=False,
        server_default="{}",
        comment="of each of notice_ids; null: not read, or nobody must acknowledge it",
    ),
    Column(
        "notices_known_at",
        ARRAY(TIME),
        nullable=False,
        server_default="{}",
        comment="of each of notice_ids; null: not acknowledged",
    ),
    Column("opened_at", TIME),
    Column("accepted_at", TIME, comment="first acceptance"),
    Column("accepted_by", Text, comment="who accepted it last"),
    Column("valid", Boolean),
    Column("judged_at", TIME),
    Column("offer_rounds", Integer, nullable=False),
    Column("offered", Numeric(18, 2), comment="best offer of the newest round, in yuan"),
    Column("offered_material", Boolean, comment="whether anything material was in the newest round"),
    Column("agreed_at", TIME),
    Column("carried_out_at", TIME, comment="null again while the case is resumed"),
    Column("updates", Integer, nullable=False, comment="times a person told how things stand"),
    Column("follow_ups", Integer, nullable=False),
    Column("resumed", Integer, nullable=False),
    Column("resumed_at", TIME, comment="last"),
    Column("first_closed_at", TIME),
    Column("reopened_at", TIME, comment="after a closing, last"),
    Column("escalations", Integer, nullable=False, server_default="0"),
    Column("passed_on", Integer, nullable=False, server_default="0", comment="although it was minor"),
    Column(
        "overdue_since",
        TIME,
        comment="a promise or the time for the solution missed; null once there is a result",
    ),
    Column("corrected_at", TIME, comment="the problem, where it came from"),
    Column("reviewed_at", TIME, comment="how it was worked, last"),
    Column("closed_at", TIME, comment="null again while the case is resumed"),
    Column("outcome", Text, comment="the customer's judgement at the closing"),
    Column("trust_restored", Boolean, comment="the customer's word at the closing; null: none"),
    Column("withdrawn_at", TIME, comment="when the customer withdrew it"),
    Column("improvement_id", Uuid, comment="the improvement that removes its cause, joined last"),
    Column("promises_made", Integer, nullable=False),
    Column("promises_kept_at", ARRAY(TIME), nullable=False),
    Column("promises_broken_at", ARRAY(TIME), nullable=False),
    Column("responded_at", TIME, comment="a person first told the customer something"),
    Column("emotion_first", Text),
    Column("emotion_first_at", TIME),
    Column("emotion_last", Text),
    Column("emotion_last_at", TIME),
    Column("surveyed_at", TIME, comment="last answer"),
    Column("rating", SmallInteger, comment="1 to 5"),
    Column("process_rating", SmallInteger, comment="1 to 5"),
    Column("effort", SmallInteger, comment="1 to 5: it was easy"),
    Column("recommendation", SmallInteger, comment="0 to 10"),
    Column("repurchase", Boolean, comment="would buy again"),
    Column("trust_said", Boolean, comment="in a survey"),
    Column("messages_delivered", Integer, nullable=False),
    Column("messages_failed", Integer, nullable=False),
    CheckConstraint("(closed_at IS NULL) = (outcome IS NULL)", name="closed_with_outcome"),
    CheckConstraint("standing IN ('new', 'established')", name="standing"),
    CheckConstraint(f"sale_step IN {tuple(step.value for step in SaleStep)}", name="sale_step"),
    CheckConstraint(f"sale_mode IN {tuple(mode.value for mode in SaleMode)}", name="sale_mode"),
    CheckConstraint(f"gap_source IN {tuple(source.value for source in GapSource)}", name="gap_source"),
    CheckConstraint("withdrawn_at IS NULL OR closed_at IS NULL", name="one_end"),
    CheckConstraint("(leading_id IS NULL) = (merged_at IS NULL)", name="merged"),
    CheckConstraint(
        "cardinality(notice_ids) = cardinality(notices_issued_at) "
        "AND cardinality(notice_ids) = cardinality(notices_known_at)",
        name="notices",
    ),
    comment="one row per complaint, as the events tell it",
    postgresql_with=ROOM,
)

Index("ix_complaints_matter", complaints.c.category, complaints.c.registered_at)
Index("ix_complaints_customer", complaints.c.customer_id, complaints.c.category, complaints.c.registered_at)
Index(
    "ix_complaints_improvement",
    complaints.c.improvement_id,
    postgresql_where=complaints.c.improvement_id.is_not(None),
)
Index("ix_complaints_registered", complaints.c.registered_at)
Index("ix_complaints_closed", complaints.c.closed_at)
for _name in ("promises_kept_at", "promises_broken_at"):
    Index(f"ix_complaints_{_name}", text(f"({_name}[cardinality({_name})])"), _table=complaints)
Index(
    "ix_complaints_withdrawn",
    complaints.c.withdrawn_at,
    postgresql_where=complaints.c.withdrawn_at.is_not(None),
)
Index("ix_complaints_product", complaints.c.product, complaints.c.registered_at)
Index(
    "ix_complaints_public",
    complaints.c.product,
    complaints.c.public_at,
    postgresql_where=complaints.c.public_at.is_not(None),
)


def _counts(name: str, day: str) -> Table:
    return Table(
        name,
        metadata,
        Column("dimension", Text, primary_key=True),
        Column("day", Date, primary_key=True, comment=day),
        Column("value", Text, primary_key=True, comment="'' while it is not known, and for dimension none"),
        *(
            Column(
                name,
                BigInteger if SQL_TYPE[name] == "bigint" else Integer,
                nullable=False,
                comment=why,
            )
            for name, why in COUNTS.items()
        ),
        CheckConstraint(f"dimension IN {DIMENSIONS}", name="dimension"),
        CheckConstraint(f"least({', '.join(COUNTS)}) >= 0", name="not_negative"),
        CheckConstraint(f"greatest({', '.join(COUNTS)}) > 0", name="not_empty"),
        CheckConstraint("handled + merged + withdrawn + overdue <= received", name="handled"),
        CheckConstraint("converted <= dissatisfied AND dissatisfied + merged <= received", name="converted"),
        CheckConstraint("triaged_automatically <= triaged", name="triaged"),
        CheckConstraint("trust_restored <= trust_told AND trust_told <= closed", name="trust"),
        CheckConstraint("closed_slowly <= closed", name="closed_slowly"),
        *(CheckConstraint(rule, name=name) for name, rule in PARTS.items()),
        CheckConstraint("satisfied + acceptable + not_acceptable = closed", name="closed"),
        comment="what is counted, once for every dimension: each dimension adds up to the same",
        postgresql_with=SUMMED,
    )


def _durations(name: str, day: str) -> Table:
    return Table(
        name,
        metadata,
        Column("name", Text, primary_key=True, comment="of a duration"),
        Column("dimension", Text, primary_key=True),
        Column("day", Date, primary_key=True, comment=day),
        Column("value", Text, primary_key=True),
        Column("begun", BigInteger, nullable=False, comment="complaints or notices that are timed"),
        Column("finished", BigInteger, nullable=False, comment="of `begun`, those for which it has ended"),
        Column("buckets", LargeBinary, nullable=False, comment="of `finished`; see durations.packed"),
        Column(
            "censored",
            BigInteger,
            nullable=False,
            comment="of `begun`, those for which it has ended in another way",
        ),
        Column("censored_buckets", LargeBinary, nullable=False, comment="of `censored`, as `buckets`"),
        CheckConstraint("begun > 0 AND finished + censored <= begun", name="begun"),
        CheckConstraint("least(finished, censored) >= 0", name="not_negative"),
        CheckConstraint("(finished = 0) = (length(buckets) = 0) AND length(buckets) % 4 = 0", name="buckets"),
        CheckConstraint(
            "(censored = 0) = (length(censored_buckets) = 0) AND length(censored_buckets) % 4 = 0",
            name="censored_buckets",
        ),
        comment="histograms of durations: they add up, percentiles do not",
        postgresql_with=SUMMED,
    )


daily = _counts("daily", "UTC")
monthly = _counts("monthly", "first of the month, UTC")
yearly = _counts("yearly", "first of the year, UTC")
daily_durations = _durations("daily_durations", "on which it began, UTC")
monthly_durations = _durations("monthly_durations", "first of the month in which it began, UTC")
yearly_durations = _durations("yearly_durations", "first of the year in which it began, UTC")
SUMS = (daily, monthly, yearly, daily_durations, monthly_durations, yearly_durations)
MOST_SUMS = 300_000
"""Sums that are held in the memory at a time while the tables are made anew: about 300 bytes each."""

rulebook_store.add_tables(metadata)

layout = Table(
    "layout",
    metadata,
    Column(
        "digest", Text, primary_key=True, comment="names the cuts and the counts that the sums were kept by"
    ),
    comment="one row; when a release keeps others, its migration counts everything again",
)
