"""Tables of duties: policies in versions that never change, who acknowledged them, what staff propose."""

from typing import NamedTuple

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB


class Tables(NamedTuple):
    policies: Table
    acknowledgements: Table
    proposals: Table


def add_tables(metadata: MetaData) -> Tables:
    policies = Table(
        "policies",
        metadata,
        Column("code", Text, primary_key=True),
        Column("version", Integer, primary_key=True, comment="counts from 1"),
        Column("title_en", Text, nullable=False),
        Column("title_zh", Text, nullable=False),
        Column("body_en", Text, nullable=False),
        Column("body_zh", Text, nullable=False),
        Column("targets", JSONB, nullable=False, comment="what is to be reached: measure, value, unit"),
        Column("layers", ARRAY(SmallInteger), nullable=False, comment="whom it concerns"),
        Column("departments", ARRAY(Text), nullable=False, comment="whom it concerns, too"),
        Column("valid_from", DateTime(timezone=True), nullable=False),
        Column("published_by", Text, nullable=False),
        Column("published_at", DateTime(timezone=True), nullable=False),
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("cardinality(layers) + cardinality(departments) > 0", name="concerns"),
        comment="A version never changes; the newest that is valid holds.",
    )
    acknowledgements = Table(
        "policy_acknowledgements",
        metadata,
        Column("code", Text, primary_key=True),
        Column("version", Integer, primary_key=True),
        Column("person", Text, ForeignKey("people.id"), primary_key=True),
        Column("acknowledged_at", DateTime(timezone=True), nullable=False),
        ForeignKeyConstraint(
            ["code", "version"],
            ["policies.code", "policies.version"],
            name="fk_policy_acknowledgements_policy",
        ),
    )
    proposals = Table(
        "proposals",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("version", Integer, nullable=False, server_default="1"),
        Column("person", Text, ForeignKey("people.id"), nullable=False),
        Column("policy", Text, comment="code of the policy that it is about"),
        Column("process", Text, comment="what it is about, if not a policy"),
        Column("text", Text, nullable=False),
        Column("state", Text, nullable=False, server_default="open"),
        Column("answer", Text),
        Column("answered_by", Text),
        Column("proposed_at", DateTime(timezone=True), nullable=False),
        Column("answered_at", DateTime(timezone=True)),
        CheckConstraint("state IN ('open', 'accepted', 'declined')", name="state"),
        CheckConstraint("(state = 'open') = (answer IS NULL)", name="answer"),
        CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL) AND (answer IS NULL) = (answered_by IS NULL)",
            name="answered",
        ),
        CheckConstraint("policy IS NULL OR process IS NULL", name="about"),
    )
    Index("ix_proposals_newest", proposals.c.proposed_at.desc(), proposals.c.id.desc())
    return Tables(policies, acknowledgements, proposals)
