"""Tables of the webhooks: who wants what, the secrets that sign, and the events that are sent."""

from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY


class Tables(NamedTuple):
    subscriptions: Table
    secrets: Table
    forwarded_events: Table


def add_tables(metadata: MetaData) -> Tables:
    subscriptions = Table(
        "subscriptions",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("version", Integer, nullable=False, server_default="1"),
        Column("owner", Text, nullable=False, comment="principal who subscribed"),
        Column("url", Text, nullable=False),
        Column("event_types", ARRAY(Text), nullable=False),
        Column("audiences", ARRAY(Text), nullable=False, server_default="{}", comment="whose notices, too"),
        Column("categories", ARRAY(Text), nullable=False, server_default="{}", comment="none: all"),
        Column("least_severity", Text),
        Column("payload", Text, nullable=False, server_default="full"),
        Column("ordering", Text, nullable=False, server_default="patient"),
        Column("description", Text),
        Column("enabled", Boolean, nullable=False, server_default="true"),
        Column("disabled_reason", Text),
        Column("failures", Integer, nullable=False, server_default="0", comment="in a row"),
        Column("failing_since", DateTime(timezone=True), comment="first failure since the last success"),
        Column("paused_until", DateTime(timezone=True), comment="nothing is sent before; then one probe"),
        Column("last_success_at", DateTime(timezone=True)),
        Column("created_at", DateTime(timezone=True), nullable=False),
        Column("since", DateTime(timezone=True), nullable=False, comment="when it was last switched on"),
        Column("deleted_at", DateTime(timezone=True)),
        CheckConstraint("cardinality(event_types) + cardinality(audiences) > 0", name="event_types"),
        CheckConstraint("deleted_at IS NULL OR NOT enabled", name="deleted"),
        CheckConstraint("payload IN ('full', 'thin')", name="payload"),
        CheckConstraint("ordering IN ('patient', 'strict', 'none')", name="ordering"),
        CheckConstraint("least_severity IN ('general', 'urgent', 'major')", name="least_severity"),
    )
    secrets = Table(
        "webhook_secrets",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("subscription_id", Uuid, ForeignKey("subscriptions.id"), nullable=False),
        Column("sealed", Text, nullable=False, comment="the key comes from the installation secret"),
        Column("made_at", DateTime(timezone=True), nullable=False),
        Column("ends_at", DateTime(timezone=True), comment="it signs until then; null: for good"),
        CheckConstraint("ends_at >= made_at", name="ends"),
        Index("ix_webhook_secrets_subscription", "subscription_id", "made_at"),
        Index(
            "uq_webhook_secrets_lasting",
            "subscription_id",
            unique=True,
            postgresql_where=text("ends_at IS NULL"),
        ),
        comment="Of each webhook one signs for good, and older ones beside it until they end.",
    )
    forwarded_events = Table(
        "forwarded_events",
        metadata,
        Column("event_id", Uuid, primary_key=True),
        Column("number", BigInteger, Identity(always=True), nullable=False, comment="order of arrival"),
        Column("complaint_id", Uuid, index=True, comment="empty for a ping"),
        Column("event_type", Text, nullable=False, comment="without the version"),
        Column("at", DateTime(timezone=True), nullable=False, comment="when it happened"),
        Column(
            "body", Text, nullable=False, comment="CloudEvents JSON, byte for byte what is signed and sent"
        ),
    )
    return Tables(subscriptions, secrets, forwarded_events)
