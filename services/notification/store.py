"""Tables, and how conversations are loaded and saved: a batch costs four statements, however long it is."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, fields
from datetime import datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from pydantic_core import to_json
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
    LargeBinary,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.notification import addresses
from services.notification.briefings import store as briefing_store
from services.notification.briefings import tables as briefing_room
from services.notification.model import Conversation, Delivery, Follower, Subscription
from services.notification.staff import store as staff_store
from services.notification.staff import tables as staff_tables
from shared import clock
from shared.database import Transaction, service_metadata
from shared.rulebooks import store as rulebook_store

DOORBELL = "redress_deliveries"
"""NOTIFY channel: it rings when a transaction that queued deliveries commits, in whichever process."""

metadata = service_metadata("notification")


def _time(name: str, comment: str | None = None, **options: Any) -> Column[datetime]:
    return Column(name, DateTime(timezone=True), comment=comment, **options)


conversations = Table(
    "conversations",
    metadata,
    Column("id", Uuid, primary_key=True, comment="the complaint's id"),
    Column("version", Integer, nullable=False),
    Column("reference", Text),
    Column("kind", Text),
    Column("language", Text, CheckConstraint("language IN ('en', 'zh')", name="language")),
    _time("registered_at"),
    Column("category", Text),
    Column("department", Text),
    Column("handler_name", Text, comment="the name under which the person signs"),
    _time("handler_since"),
    Column("assignments", Integer, nullable=False),
    _time("first_promise_at"),
    _time("promised_at", "the live promise"),
    Column("interim_owed", Uuid, comment="PromiseBroken whose interim reply waits for the new time"),
    _time("interim_at"),
    Column("interim_waits", Boolean, nullable=False, comment="offers wait for the customer; nobody is late"),
    Column("offers", JSONB, nullable=False, comment="the last ranked solutions"),
    Column("agreed", Text, comment="the solution that the customer agreed to"),
    Column("explanation", Text),
    Column("result", Text),
    Column("follow_up_id", Uuid),
    Column("follow_ups", Integer, nullable=False, comment="opinions asked for since the last result"),
    Column("acknowledged", Boolean, nullable=False),
    Column("held", JSONB, nullable=False, comment="messages that wait for the acknowledgement"),
    Column("leading_id", Uuid, comment="the complaint that it was merged into"),
    Column(
        "followers",
        JSONB,
        nullable=False,
        server_default=text("'[]'::jsonb"),
        comment="complaints that were merged into it: id, since when, until when",
    ),
    Column(
        "said",
        JSONB,
        nullable=False,
        server_default=text("'[]'::jsonb"),
        comment="what followers hear of, in case somebody is found late to have been one",
    ),
    Column(
        "erased",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="the customer is: nothing is kept of what was written to them, and nothing more is",
    ),
    CheckConstraint("NOT acknowledged OR held = '[]'", name="held"),
    CheckConstraint("NOT erased OR (offers = '[]' AND held = '[]' AND said = '[]')", name="erased"),
    CheckConstraint(
        "NOT acknowledged OR (reference IS NOT NULL AND first_promise_at IS NOT NULL)", name="acknowledged"
    ),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("owner", Text, nullable=False, comment="principal who subscribed"),
    Column("url", Text, nullable=False),
    Column("event_types", ARRAY(Text), nullable=False),
    Column("description", Text),
    Column("enabled", Boolean, nullable=False, server_default="true"),
    Column("disabled_reason", Text),
    Column("secret", Text, nullable=False, comment="sealed; the key comes from the installation secret"),
    Column("previous_secret", Text, comment="sealed; signs beside the new one for a while after a rotation"),
    _time("previous_until"),
    Column("failures", Integer, nullable=False, server_default="0", comment="in a row"),
    _time("failing_since", "first failure since the last success"),
    _time("paused_until", "circuit breaker: nothing is sent before"),
    _time("created_at", nullable=False),
    _time("deleted_at"),
    CheckConstraint("cardinality(event_types) > 0", name="event_types"),
    CheckConstraint("(previous_secret IS NULL) = (previous_until IS NULL)", name="previous"),
    CheckConstraint("deleted_at IS NULL OR NOT enabled", name="deleted"),
)

forwarded_events = Table(
    "forwarded_events",
    metadata,
    Column("event_id", Uuid, primary_key=True),
    Column("complaint_id", Uuid, index=True, comment="empty for a ping"),
    Column("body", Text, nullable=False, comment="CloudEvents JSON, byte for byte what is signed and sent"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Uuid, primary_key=True, comment="follows from the cause: nothing is told twice"),
    Column(
        "number", BigInteger, Identity(always=True), nullable=False, unique=True, comment="creation order"
    ),
    Column("complaint_id", Uuid),
    Column("audience", Text, nullable=False),
    Column("rule", Text, nullable=False, comment="what says that they are to be told"),
    Column("channels", ARRAY(Text), nullable=False, comment="the first that leads to the receiver is taken"),
    Column("lane", Text, nullable=False, comment="deliveries of one lane go one after the other"),
    Column("template", Text),
    Column("facts", JSONB, nullable=False, comment="what the message says; no personal data"),
    Column("subscription_id", Uuid, ForeignKey("subscriptions.id")),
    Column("event_id", Uuid, ForeignKey("forwarded_events.event_id")),
    Column("recipient", Text, comment="somebody of the company, of the directory"),
    Column("customer_id", Uuid, comment="a customer by their own id, of a field action"),
    Column("status", Text, nullable=False, server_default="pending"),
    Column(
        "attempts", Integer, nullable=False, server_default="0", comment="begun; also fences late couriers"
    ),
    _time("next_attempt_at", "while leased: the end of the lease", nullable=False),
    _time("lease_until"),
    Column("last_error", Text, comment="no personal data"),
    Column("channel", Text, comment="the way by which it went, or was tried last"),
    Column("template_version", Text),
    Column("body_sha256", LargeBinary, comment="proof of what was said; the text itself is not kept"),
    _time("created_at", nullable=False, server_default=func.now()),
    _time("settled_at", "delivered, or given up"),
    CheckConstraint("status IN ('pending', 'leased', 'delivered', 'failed', 'not_sent')", name="status"),
    CheckConstraint("(status = 'leased') = (lease_until IS NOT NULL)", name="lease"),
    CheckConstraint(
        "(status IN ('delivered', 'failed', 'not_sent')) = (settled_at IS NOT NULL)", name="settled"
    ),
    CheckConstraint(
        "CASE audience WHEN 'customer' THEN template IS NOT NULL AND complaint_id IS NOT NULL "
        "AND subscription_id IS NULL AND recipient IS NULL AND (customer_id IS NOT NULL) = (template = 'field-action') "
        "WHEN 'staff' THEN template IS NOT NULL AND (complaint_id IS NULL) = (template = 'briefing') "
        "AND recipient IS NOT NULL "
        "WHEN 'subscriber' THEN subscription_id IS NOT NULL AND event_id IS NOT NULL AND template IS NULL "
        "ELSE false END",
        name="audience",
    ),
)
_OPEN = text("status IN ('pending', 'leased')")
Index("ix_deliveries_due", deliveries.c.audience, deliveries.c.next_attempt_at, postgresql_where=_OPEN)
Index("ix_deliveries_lane", deliveries.c.lane, deliveries.c.number, postgresql_where=_OPEN)
Index("ix_deliveries_complaint", deliveries.c.complaint_id, deliveries.c.number)
Index("ix_deliveries_subscription", deliveries.c.subscription_id, deliveries.c.number)

staff = staff_tables.add_tables(metadata)
briefing_tables = briefing_room.add_tables(metadata)
addresses.add_table(metadata)
rulebook_store.add_tables(metadata)

_COLUMNS = [column.name for column in conversations.columns]
_FIELDS = {f.name for f in fields(Conversation)} & set(_COLUMNS)
_HELD = TypeAdapter(list[Delivery])
_FOLLOWERS = TypeAdapter(list[Follower])

_SAVE = text(
    f"INSERT INTO conversations ({', '.join(_COLUMNS)}) "  # noqa: S608 - names of our own columns
    f"SELECT {', '.join(_COLUMNS)} FROM jsonb_populate_recordset(NULL::conversations, CAST(:rows AS jsonb)) "
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in _COLUMNS[1:])}"
)
_FORWARD = text(
    "INSERT INTO forwarded_events (event_id, complaint_id, body) "
    "SELECT event_id, complaint_id, body "
    "FROM jsonb_populate_recordset(NULL::forwarded_events, CAST(:rows AS jsonb)) ON CONFLICT DO NOTHING"
)
# The identity numbers the rows in the order in which they are inserted, hence the ORDER BY.
_QUEUE = text(
    """
WITH queued AS (
    INSERT INTO deliveries (id, complaint_id, audience, rule, channels, lane, template, facts, subscription_id,
                            event_id, recipient, customer_id, next_attempt_at, created_at)
    SELECT id, complaint_id, audience, rule, channels, lane, template, facts, subscription_id, event_id,
           recipient, customer_id,
           :now, :now
    FROM ROWS FROM (jsonb_to_recordset(CAST(:rows AS jsonb)) AS (
        id uuid, complaint_id uuid, audience text, rule text, channels text[], lane text, template text, facts jsonb,
        subscription_id uuid, event_id uuid, recipient text, customer_id uuid)) WITH ORDINALITY AS given
    ORDER BY ordinality
    ON CONFLICT DO NOTHING
    RETURNING 1
)
SELECT count(*) FROM queued
"""
)

# What was not sent yet is given up, for it may name the customer; only that they are erased is still told. A letter of
# a field action is to somebody else and says what is public.
_FORGET = text(
    """
WITH words AS (
    SELECT event_id FROM forwarded_events WHERE complaint_id = ANY(CAST(:ids AS uuid[])) AND body <> ''
      AND strpos(body, '"redress.customer.erased.v1"') = 0
), gone AS (
    UPDATE forwarded_events SET body = '' WHERE event_id IN (SELECT event_id FROM words)
)
UPDATE deliveries SET facts = '{}',
    status = CASE WHEN settled_at IS NULL THEN 'not_sent' ELSE status END,
    last_error = CASE WHEN settled_at IS NULL THEN 'the customer is erased' ELSE last_error END,
    settled_at = coalesce(settled_at, :now), lease_until = NULL
WHERE complaint_id = ANY(CAST(:ids AS uuid[]))
  AND customer_id IS NULL
  AND (audience = 'customer' OR template = 'staff-task' OR event_id IN (SELECT event_id FROM words))
  AND (facts <> '{}' OR settled_at IS NULL)
"""
)


class ConversationStore:
    """Conversations with the live webhooks, which are loaded once per batch."""

    async def load(self, transaction: Transaction, ids: Collection[UUID]) -> dict[UUID, Conversation]:
        live = await transaction.execute(text("SELECT id, event_types FROM subscriptions WHERE enabled"))
        wanting = tuple(Subscription(row.id, tuple(row.event_types)) for row in live)
        rows = await transaction.execute(
            text("SELECT * FROM conversations WHERE id = ANY(:ids)"), {"ids": list(ids)}
        )
        found = {row.id: _conversation(row._asdict(), wanting) for row in rows}
        return {i: found.get(i) or Conversation(id=i, subscriptions=wanting) for i in ids}

    async def save(self, transaction: Transaction, aggregates: Iterable[Conversation]) -> None:
        changed = sorted(aggregates, key=lambda conversation: conversation.id)
        for conversation in changed:
            conversation.version += 1
            if conversation.erased:
                conversation.forget()
        rows = [{name: getattr(c, name) for name in _COLUMNS} for c in changed]
        await transaction.execute(_SAVE, {"rows": to_json(rows).decode()})
        if forwarded := [asdict(event) for c in changed for event in c.forwarded]:
            await transaction.execute(_FORWARD, {"rows": to_json(forwarded).decode()})
        # Of two conversations in one batch either may be first; a follower's own acknowledgement goes before all.
        made = [
            (delivery.complaint_id not in {None, c.id}, delivery) for c in changed for delivery in c.outgoing
        ]
        await queue(transaction, [delivery for _, delivery in sorted(made, key=itemgetter(0))])
        if erased := [c.id for c in changed if c.erased]:
            await transaction.execute(_FORGET, {"ids": erased, "now": clock.now()})
        await staff_store.save(transaction, staff, changed)
        await briefing_store.hear(transaction, briefing_tables, changed)
        for conversation in changed:
            conversation.outgoing, conversation.forwarded = [], []
            conversation.lines, conversation.settled, conversation.clippings = [], [], []


async def queue(transaction: Transaction, new: Collection[Delivery]) -> None:
    """Queue deliveries, each once, and ring for the couriers when the transaction commits."""
    if not new:
        return
    queued = await transaction.execute(
        _QUEUE, {"rows": to_json([asdict(d) for d in new]).decode(), "now": clock.now()}
    )
    if queued.scalar_one():
        await transaction.execute(text(f"NOTIFY {DOORBELL}"))


def _conversation(row: dict[str, Any], wanting: tuple[Subscription, ...]) -> Conversation:
    known = {name: row[name] for name in _FIELDS}
    known["held"] = _HELD.validate_python(row["held"])
    known["said"] = _HELD.validate_python(row["said"])
    known["followers"] = _FOLLOWERS.validate_python(row["followers"])
    return Conversation(**known, subscriptions=wanting)
