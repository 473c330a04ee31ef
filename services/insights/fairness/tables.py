"""Tables of the fairness audit. What was found and what people said to it are no read tables: a rebuild leaves them."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.insights.store import metadata

TIME = DateTime(timezone=True)

audits = Table(
    "fairness_audits",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("about", Text, nullable=False),
    Column("first", Date, nullable=False, comment="UTC"),
    Column("last", Date, nullable=False, comment="included"),
    Column("cases", Integer, nullable=False, comment="that were looked at"),
    Column("rules_version", Integer, nullable=False, comment="of the rulebook fairness-audit"),
    Column("made_by", Text, nullable=False, comment="redress: by itself, when the period was closed"),
    Column("made_at", TIME, nullable=False, comment="what was known then was looked at"),
    CheckConstraint("about IN ('customers', 'staff')", name="about"),
    CheckConstraint("first <= last", name="days"),
    CheckConstraint("cases >= 0", name="cases"),
    comment="one look at how groups are treated",
)
Index("ix_fairness_audits_newest", audits.c.made_at.desc(), audits.c.id.desc())

comparisons = Table(
    "fairness_comparisons",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("audit_id", Uuid, ForeignKey("fairness_audits.id"), nullable=False),
    Column("characteristic", Text, nullable=False),
    Column("group", Text, nullable=False),
    Column("measure", Text, nullable=False),
    Column("n", Integer, nullable=False, comment="cases of the group that have their like"),
    Column("n_others", Integer, nullable=False),
    Column("left_out", Integer, nullable=False, comment="cases without their like"),
    Column("strata", JSONB, nullable=False, comment="the numbers that the estimate is made of, by stratum"),
    Column("median", Double, comment="seconds"),
    Column("median_others", Double),
    Column("value", Double),
    Column("low", Double),
    Column("high", Double),
    Column("inner_low", Double),
    Column("inner_high", Double),
    Column("p_value", Double),
    Column("q_value", Double),
    Column("tolerance", Double, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("worse", Text, comment="who of the two is treated worse"),
    UniqueConstraint("audit_id", "characteristic", "group", "measure"),
    CheckConstraint("verdict IN ('disparity', 'slight', 'alike', 'too_few')", name="verdict"),
    CheckConstraint("worse IN ('group', 'others')", name="worse"),
    CheckConstraint("num_nulls(value, low, high, inner_low, inner_high, p_value) IN (0, 6)", name="estimate"),
    CheckConstraint("verdict = 'too_few' OR value IS NOT NULL", name="judged"),
    CheckConstraint("(value IS NULL) = (worse IS NULL)", name="compared"),
    CheckConstraint("least(n, n_others, left_out) >= 0", name="sizes"),
    comment="one group against the others by one measure; never changes",
)

decisions = Table(
    "fairness_decisions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("comparison_id", Uuid, ForeignKey("fairness_comparisons.id"), nullable=False),
    Column("number", Integer, nullable=False, comment="counts those of a comparison, from 1"),
    Column("decision", Text, nullable=False),
    Column("reason", Text, nullable=False, comment="masked"),
    Column("improvement_id", Uuid, comment="what removes the fault"),
    Column("decided_by", Text, nullable=False),
    Column("decided_at", TIME, nullable=False),
    UniqueConstraint("comparison_id", "number"),
    CheckConstraint("decision IN ('comment', 'explained', 'fault')", name="decision"),
    CheckConstraint("(decision = 'fault') = (improvement_id IS NOT NULL)", name="improvement"),
    CheckConstraint("number > 0", name="number"),
    comment="what people say to a comparison; the last that is no comment counts",
)
