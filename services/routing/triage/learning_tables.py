"""Tables of what the classifier learned: lessons, what was right in the end, and its states."""

from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.routing.triage.lessons import Head

HEADS = ", ".join(f"'{head}'" for head in Head)


class LearningTables(NamedTuple):
    lessons: Table
    reviews: Table
    calibrations: Table
    snapshots: Table


def add_tables(metadata: MetaData) -> LearningTables:
    lessons = Table(
        "lessons",
        metadata,
        Column("complaint_id", Uuid, primary_key=True),
        Column("head", Text, primary_key=True),
        Column("label", Text, nullable=False),
        Column("weight", SmallInteger, nullable=False),
        Column("settled", Boolean, nullable=False, comment="it stood until the case was closed"),
        Column("taught_by", Text, nullable=False),
        Column("taught_at", DateTime(timezone=True), nullable=False),
        Column(
            "changed", BigInteger, nullable=False, comment="rises with every lesson that is made or changed"
        ),
        Column(
            "steps", LargeBinary, comment="what it adds to the weights; null: nothing was known to learn from"
        ),
        Column("features", LargeBinary, comment="hashed; null: not known, or the customer is erased"),
        Column(
            "folded",
            LargeBinary,
            comment="steps of an earlier lesson that the champion's snapshot still holds: withdrawn with these",
        ),
        CheckConstraint(f"head IN ({HEADS})", name="head"),
        CheckConstraint("weight = CASE WHEN settled THEN 3 ELSE 1 END", name="weight"),
    )
    Index("uq_lessons_changed", lessons.c.changed, unique=True)
    Index("ix_lessons_open", lessons.c.changed, postgresql_where=~lessons.c.settled)
    Index("ix_lessons_rehearsal", lessons.c.head, lessons.c.label, lessons.c.changed.desc())
    reviews = Table(
        "reviews",
        metadata,
        Column("complaint_id", Uuid, primary_key=True),
        Column("head", Text, primary_key=True),
        Column("model_version", Text, comment="null: the classifier was not asked"),
        Column("counted", Boolean, comment="the rules were not clear: its answer counted"),
        Column("scores", JSONB, comment="by label, before they are calibrated, when it was asked first"),
        Column("answer", Text, comment="what it was sure enough of; null: it abstained"),
        Column("shadow_snapshot", BigInteger, comment="the challenger's, if there was one"),
        Column("shadow", Text, comment="what the challenger held likeliest"),
        Column("judged_at", DateTime(timezone=True)),
        Column("truth", Text, comment="what was right, as far as is known"),
        Column("truth_by", Text, comment="who said it; `end`: nobody objected until the case was closed"),
        Column("truth_at", DateTime(timezone=True)),
        Column("changed", BigInteger, comment="rises with every truth that becomes known or changes"),
        CheckConstraint(f"head IN ({HEADS})", name="head"),
        CheckConstraint("num_nonnulls(truth, truth_by, truth_at, changed) IN (0, 4)", name="truth"),
        CheckConstraint("num_nonnulls(model_version, counted, scores, judged_at) IN (0, 4)", name="judged"),
    )
    Index(
        "ix_reviews_known",
        reviews.c.head,
        reviews.c.truth_at.desc(),
        postgresql_where=reviews.c.truth.is_not(None),
    )
    Index("ix_reviews_changed", reviews.c.changed, postgresql_where=reviews.c.changed.is_not(None))
    Index(
        "ix_reviews_shadow",
        reviews.c.shadow_snapshot,
        reviews.c.truth_at,
        reviews.c.complaint_id,
        postgresql_where=reviews.c.shadow_snapshot.is_not(None),
    )
    calibrations = Table(
        "calibrations",
        metadata,
        Column("head", Text, primary_key=True),
        Column("number", BigInteger, nullable=False, comment="rises with every calibration"),
        Column("promise", JSONB, nullable=False, comment="temperature, thresholds and what they rest on"),
        Column("made_at", DateTime(timezone=True), nullable=False),
        CheckConstraint(f"head IN ({HEADS})", name="head"),
    )
    snapshots = Table(
        "snapshots",
        metadata,
        Column("number", BigInteger, primary_key=True),
        Column("role", Text, nullable=False),
        Column("origin", Text, nullable=False),
        Column("model_version", Text, nullable=False),
        Column("content", LargeBinary, comment="null once it is retired"),
        Column(
            "lessons_to", BigInteger, nullable=False, comment="holds the settled lessons changed until then"
        ),
        Column(
            "trained_to",
            BigInteger,
            nullable=False,
            comment="those changed until then were trained, not added: none can be withdrawn",
        ),
        Column("made_at", DateTime(timezone=True), nullable=False),
        Column("figures", JSONB, nullable=False, comment="how it compared when it was promoted or retired"),
        CheckConstraint("role IN ('champion', 'challenger', 'retired')", name="role"),
        CheckConstraint("origin IN ('folded', 'trained')", name="origin"),
        CheckConstraint("(role = 'retired') = (content IS NULL)", name="content"),
        CheckConstraint("trained_to <= lessons_to", name="trained"),
    )
    Index(
        "uq_snapshots_role",
        snapshots.c.role,
        unique=True,
        postgresql_where=snapshots.c.role.in_(["champion", "challenger"]),
    )
    return LearningTables(lessons, reviews, calibrations, snapshots)
