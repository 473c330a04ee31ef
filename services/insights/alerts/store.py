"""The tables of the early warning. They are kept by a job and by people, and are no read tables: a rebuild leaves them.

What was counted and judged at a moment stays as it was then, or an alert could not be worked out again.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.insights.alerts.model import AlertEnding
from services.insights.alerts.series import Dimension
from services.insights.store import metadata
from shared.events.insights import WarningDetector, WarningLevel, WarningStep, WarningTail

TIME = DateTime(timezone=True)


def _one_of(name: str, words: type) -> str:
    return f"{name} IN ({', '.join(repr(str(word.value)) for word in words)})"  # type: ignore[attr-defined]  # an enum


series_counts = Table(
    "series_counts",
    metadata,
    Column("step", Text, primary_key=True),
    Column("dimension", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("starts", Date, primary_key=True, comment="Monday of the week, or the day; UTC"),
    Column("n", Integer, nullable=False, comment="complaints, each customer's matter once"),
    CheckConstraint(_one_of("step", WarningStep), name="step"),
    CheckConstraint(_one_of("dimension", Dimension), name="dimension"),
    CheckConstraint("n > 0", name="not_empty"),
    CheckConstraint("step = 'day' OR extract(isodow FROM starts) = 1", name="monday"),
    comment="what the early warning looks at; steps without a complaint have no row",
)
Index("ix_series_counts_starts", series_counts.c.step, series_counts.c.starts)

counts_known = Table(
    "counts_known",
    metadata,
    Column("step", Text, primary_key=True),
    Column("dimension", Text, primary_key=True),
    Column("starts", Date, primary_key=True, comment="of the step that was counted"),
    Column("age", SmallInteger, primary_key=True, comment="in steps, when it was counted"),
    Column("n", BigInteger, nullable=False, comment="complaints that were known of it then"),
    CheckConstraint(_one_of("step", WarningStep), name="step"),
    CheckConstraint(_one_of("dimension", Dimension), name="dimension"),
    CheckConstraint("least(age, n) >= 0", name="not_negative"),
    comment="how late complaints become known is learned from it",
)

series_scores = Table(
    "series_scores",
    metadata,
    Column("step", Text, primary_key=True),
    Column("starts", Date, primary_key=True),
    Column("tail", Text, primary_key=True),
    Column("dimension", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("p", Double, nullable=False, comment="not calibrated"),
    Column("mean", Double, nullable=False, comment="expected in the step"),
    Column("phi", Double, nullable=False, comment="variance by mean"),
    CheckConstraint("p BETWEEN 0 AND 1 AND mean >= 0 AND phi >= 1", name="possible"),
    CheckConstraint(_one_of("step", WarningStep), name="step"),
    comment="past p values, by which the next are calibrated",
)

warning_rounds = Table(
    "warning_rounds",
    metadata,
    Column("step", Text, primary_key=True),
    Column("starts", Date, primary_key=True),
    Column("as_of", TIME, nullable=False, comment="what was known then was counted"),
    Column("counted_by", Text, nullable=False, comment="names the rules of counting"),
    Column("rulebook_version", Integer, nullable=False),
    Column("series", Integer, nullable=False, comment="that were judged"),
    Column("watched", Integer, nullable=False),
    Column("alerted", Integer, nullable=False),
    CheckConstraint(_one_of("step", WarningStep), name="step"),
    CheckConstraint("least(series, watched, alerted) >= 0", name="not_negative"),
    comment="each week and day is judged once",
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("dimension", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("tail", Text, nullable=False),
    Column("level", Text, nullable=False, comment="the highest so far"),
    Column("detector", Text, nullable=False),
    Column("step", Text, nullable=False, comment="of the counts that raised it"),
    Column("since", Date, nullable=False, comment="first step in which it was unusual"),
    Column("starts", Date, nullable=False, comment="newest step in which it was unusual"),
    Column("raised_at", TIME, nullable=False),
    Column("told", JSONB, nullable=False, comment="as the event tells it, of the newest step"),
    Column("part_of", Uuid, ForeignKey("alerts.id"), comment="the alert of a finer series that explains it"),
    Column(
        "announced_at",
        TIME,
        comment="when the event was published; null: only watched, part of another, or muted",
    ),
    Column("ended_at", TIME),
    Column("ended_because", Text),
    Column("acknowledged_by", Text),
    Column("acknowledged_at", TIME),
    Column("muted_by", Text),
    Column("muted_at", TIME),
    Column("muted_until", TIME),
    Column("mute_reason", Text),
    Column("verdict", Text),
    Column("decided_by", Text),
    Column("decided_at", TIME),
    Column("reason", Text, comment="masked, like that of the mute"),
    Column("version", BigInteger, nullable=False),
    CheckConstraint(_one_of("dimension", Dimension), name="dimension"),
    CheckConstraint(_one_of("tail", WarningTail), name="tail"),
    CheckConstraint(_one_of("level", WarningLevel), name="level"),
    CheckConstraint(_one_of("detector", WarningDetector), name="detector"),
    CheckConstraint(_one_of("step", WarningStep), name="step"),
    CheckConstraint("since <= starts", name="order"),
    CheckConstraint("ended_because IS NULL OR ended_at IS NOT NULL", name="ended"),
    CheckConstraint(_one_of("ended_because", AlertEnding), name="ended_because"),
    CheckConstraint("verdict IN ('confirmed', 'dismissed')", name="verdict"),
    CheckConstraint("(acknowledged_by IS NULL) = (acknowledged_at IS NULL)", name="acknowledged"),
    CheckConstraint("num_nonnulls(muted_by, muted_at, muted_until, mute_reason) IN (0, 4)", name="muted"),
    CheckConstraint("num_nonnulls(verdict, decided_by, decided_at, reason) IN (0, 4)", name="decided"),
    CheckConstraint("part_of <> id", name="another"),
    CheckConstraint("version > 0", name="version"),
    comment="one row for each time that a series is unusual, however long it lasts",
)
Index("ix_alerts_part_of", alerts.c.part_of, postgresql_where=alerts.c.part_of.is_not(None))
Index("ix_alerts_raised", alerts.c.raised_at, alerts.c.id)
Index(
    "uq_alerts_open",
    *(alerts.c.dimension, alerts.c.value, alerts.c.tail),
    unique=True,
    postgresql_where=text("ended_at IS NULL"),
)

exposures = Table(
    "exposures",
    metadata,
    Column("dimension", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("week", Date, primary_key=True, comment="its Monday"),
    Column(
        "amount",
        Numeric(18, 6),
        nullable=False,
        comment="units sold or in use, orders: whatever the rate is per",
    ),
    Column("told_by", Text, nullable=False),
    Column("told_at", TIME, nullable=False),
    CheckConstraint(_one_of("dimension", Dimension), name="dimension"),
    CheckConstraint("amount > 0", name="positive"),
    CheckConstraint("extract(isodow FROM week) = 1", name="monday"),
)
