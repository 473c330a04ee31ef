"""The table of deliveries."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

_OPEN = text("status IN ('pending', 'leased')")


def add_table(metadata: MetaData) -> Table:
    table = Table(
        "deliveries",
        metadata,
        Column("id", Uuid, primary_key=True, comment="follows from the cause: nothing is told twice"),
        Column(
            "number", BigInteger, Identity(always=True), nullable=False, unique=True, comment="creation order"
        ),
        Column("complaint_id", Uuid),
        Column("audience", Text, nullable=False),
        Column("rule", Text, nullable=False, comment="what says that they are to be told"),
        Column(
            "rule_version", Integer, nullable=False, server_default="0", comment="of the rulebook it is in"
        ),
        Column("urgency", Text, comment="empty for webhooks, like the nature"),
        Column("nature", Text),
        Column(
            "is_copy",
            Boolean,
            nullable=False,
            server_default="false",
            comment="the same goes by another way, too",
        ),
        Column(
            "channels", ARRAY(Text), nullable=False, comment="the first that leads to the receiver is taken"
        ),
        Column("closed", Integer, nullable=False, server_default="0", comment="of these, from the first on"),
        Column("lane", Text, nullable=False, comment="deliveries of one lane go one after the other"),
        Column("template", Text),
        Column("facts", JSONB, nullable=False, comment="what the message says; no personal data"),
        Column("subscription_id", Uuid, ForeignKey("subscriptions.id")),
        Column("event_id", Uuid, ForeignKey("forwarded_events.event_id")),
        Column("recipient", Text, comment="somebody of the company, of the directory"),
        Column("customer_id", Uuid, comment="a customer by their own id, of a field action"),
        Column("status", Text, nullable=False, server_default="pending"),
        Column(
            "attempts",
            Integer,
            nullable=False,
            server_default="0",
            comment="begun; also fences late couriers",
        ),
        Column(
            "attempts_before",
            Integer,
            nullable=False,
            server_default="0",
            comment="it was last sent again: the schedule counts from there",
        ),
        _time("next_attempt_at", "while leased: the end of the lease", nullable=False),
        _time("lease_until"),
        Column("last_error", Text, comment="no personal data"),
        Column("withheld", Text, comment="why it does not go now, though nothing is wrong"),
        Column("merged_into", Uuid, comment="the digest that tells it"),
        Column("counted_on", Date, comment="day of the person of which it took a place"),
        Column("channel", Text, comment="the way by which it went, or was tried last"),
        Column("template_version", Text),
        Column("body_sha256", LargeBinary, comment="proof of what was said; the text itself is not kept"),
        _time("created_at", nullable=False, server_default=func.now()),
        _time("settled_at", "delivered, or given up"),
        CheckConstraint(
            "status IN ('pending', 'leased', 'delivered', 'failed', 'not_sent', 'declined', 'merged', 'bounced')",
            name="status",
        ),
        CheckConstraint("(status = 'leased') = (lease_until IS NOT NULL)", name="lease"),
        CheckConstraint(
            "status = 'merged' OR "
            "(status IN ('delivered', 'failed', 'not_sent', 'declined', 'bounced')) = (settled_at IS NOT NULL)",
            name="settled",
        ),
        CheckConstraint("attempts_before BETWEEN 0 AND attempts", name="attempts"),
        CheckConstraint("closed BETWEEN 0 AND cardinality(channels)", name="closed"),
        CheckConstraint("status <> 'merged' OR merged_into IS NOT NULL", name="merged"),
        CheckConstraint(
            "withheld IN ('quiet-hours', 'digest', 'daily-limit', 'declined') "
            "AND NOT (withheld = 'quiet-hours' AND status = 'merged')",
            name="withheld",
        ),
        CheckConstraint("urgency IN ('immediate', 'usual', 'can_wait')", name="urgency"),
        CheckConstraint("nature IN ('safety', 'service', 'progress', 'opinion')", name="nature"),
        CheckConstraint(
            "(audience = 'subscriber') = (nature IS NULL) AND (nature IS NULL) = (urgency IS NULL)",
            name="told",
        ),
        CheckConstraint(
            "nature IN ('progress', 'opinion') OR withheld IS NULL OR withheld = 'quiet-hours'", name="owed"
        ),
        CheckConstraint(
            "CASE audience WHEN 'customer' "
            "THEN template IS NOT NULL AND (complaint_id IS NULL) = (template = 'digest') "
            "AND subscription_id IS NULL AND recipient IS NULL "
            "AND (customer_id IS NOT NULL) = (template IN ('field-action', 'digest')) "
            "WHEN 'staff' THEN template IS NOT NULL AND (complaint_id IS NULL) = (template IN ('digest', 'briefing')) "
            "AND recipient IS NOT NULL "
            "WHEN 'subscriber' THEN subscription_id IS NOT NULL AND event_id IS NOT NULL AND template IS NULL "
            "ELSE false END",
            name="audience",
        ),
    )
    Index(
        "ix_deliveries_due",
        table.c.audience,
        table.c.next_attempt_at,
        table.c.number,
        postgresql_where=_OPEN,
    )
    Index("ix_deliveries_lane", table.c.lane, table.c.number, postgresql_where=_OPEN)
    Index("ix_deliveries_complaint", table.c.complaint_id, table.c.number)
    Index("ix_deliveries_merged", table.c.merged_into, postgresql_where=table.c.merged_into.is_not(None))
    Index("ix_deliveries_subscription", table.c.subscription_id, table.c.number)

    return table


def _time(name: str, comment: str | None = None, **options: Any) -> Column[datetime]:
    return Column(name, DateTime(timezone=True), comment=comment, **options)
