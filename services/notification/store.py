"""Tables, and how conversations are loaded and saved: a batch costs a handful of statements, however long it is."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, fields
from datetime import datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from pydantic_core import to_json
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.notification import delivery_table, kept
from services.notification.attempts import tables as attempt_tables
from services.notification.briefings import store as briefing_store
from services.notification.briefings import tables as briefing_room
from services.notification.delivery import Delivery
from services.notification.hearing.book import WHO_HEARS_WHAT
from services.notification.model import Conversation, Follower
from services.notification.preferences import store as preferences_store
from services.notification.preferences import tables as preferences_tables
from services.notification.staff import store as staff_store
from services.notification.staff import tables as staff_tables
from services.notification.streams import tables as streams_tables
from services.notification.surveys import tables as survey_tables
from services.notification.surveys.store import SurveyStore
from services.notification.webhooks import forwarding
from services.notification.webhooks import tables as webhook_tables
from services.notification.wording import tables as wording_tables
from shared import clock
from shared.bulk import columns_of
from shared.database import Transaction, service_metadata
from shared.events.vocabulary import Severity
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
    Column(
        "places",
        ARRAY(Text),
        nullable=False,
        server_default="{}",
        comment="of the taxonomy, that it was ever given",
    ),
    Column("severity", Text, CheckConstraint("severity IN ('general', 'urgent', 'major')", name="severity")),
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
    Column("follow_up_id", Uuid, comment="the first request for an opinion on the present result"),
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

webhooks = webhook_tables.add_tables(metadata)

deliveries = delivery_table.add_table(metadata)
attempts = attempt_tables.add_table(metadata)
staff = staff_tables.add_tables(metadata)
preferences = preferences_tables.add_tables(metadata)
streams = streams_tables.add_tables(metadata)
customer_messages, reports = kept.add_tables(metadata)
wordings = wording_tables.add_table(metadata)
surveys = survey_tables.add_tables(metadata)
briefing_tables = briefing_room.add_tables(metadata)

_COLUMNS = list(columns_of(conversations))
_FIELDS = {f.name for f in fields(Conversation)} & set(_COLUMNS)
_HELD = TypeAdapter(list[Delivery])
_FOLLOWERS = TypeAdapter(list[Follower])

_SAVE = text(
    f"INSERT INTO conversations ({', '.join(_COLUMNS)}) "  # noqa: S608 - names of our own columns
    f"SELECT {', '.join(_COLUMNS)} FROM jsonb_populate_recordset(NULL::conversations, CAST(:rows AS jsonb)) "
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in _COLUMNS[1:])}"
)
# The identity numbers the rows in the order in which they are inserted, hence the ORDER BY.
_QUEUE = text(
    """
WITH queued AS (
    INSERT INTO deliveries (id, complaint_id, audience, rule, rule_version, urgency, nature, is_copy, channels, lane,
                            template, facts, subscription_id, event_id, recipient, customer_id, next_attempt_at,
                            created_at)
    SELECT id, complaint_id, audience, rule, rule_version, urgency, nature, is_copy, channels, lane, template, facts,
           subscription_id, event_id, recipient, customer_id, :now, :now
    FROM ROWS FROM (jsonb_to_recordset(CAST(:rows AS jsonb)) AS (
        id uuid, complaint_id uuid, audience text, rule text, rule_version int, urgency text, nature text,
        is_copy boolean, channels text[], lane text, template text, facts jsonb, subscription_id uuid,
        event_id uuid, recipient text, customer_id uuid)) WITH ORDINALITY AS given
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
    UPDATE forwarded_events SET body = ''
    WHERE complaint_id = ANY(CAST(:ids AS uuid[])) AND event_type <> 'redress.customer.erased'
), answers AS (
    UPDATE attempts SET answer = NULL
    WHERE answer IS NOT NULL
      AND delivery_id IN (SELECT id FROM deliveries WHERE complaint_id = ANY(CAST(:ids AS uuid[])))
)
UPDATE deliveries SET facts = '{}',
    status = CASE WHEN settled_at IS NULL THEN 'not_sent' ELSE status END,
    last_error = CASE WHEN settled_at IS NULL THEN 'the customer is erased' ELSE last_error END,
    settled_at = coalesce(settled_at, :now), lease_until = NULL
WHERE complaint_id = ANY(CAST(:ids AS uuid[]))
  AND customer_id IS NULL
  AND (audience = 'customer' OR template = 'staff-task'
       OR event_id IN (SELECT event_id FROM forwarded_events WHERE complaint_id = ANY(CAST(:ids AS uuid[]))
                       AND event_type <> 'redress.customer.erased'))
  AND (facts <> '{}' OR settled_at IS NULL)
"""
)


class ConversationStore:
    """Conversations with the live webhooks and the rulebooks in force, which are loaded once per batch."""

    async def load(self, transaction: Transaction, ids: Collection[UUID]) -> dict[UUID, Conversation]:
        wanting = await forwarding.live(transaction)
        rows = await transaction.execute(
            text("SELECT * FROM conversations WHERE id = ANY(:ids)"), {"ids": list(ids)}
        )
        books = await rulebook_store.load_books(transaction.connection, WHO_HEARS_WHAT)
        given: dict[str, Any] = {"subscriptions": wanting, "books": books}
        found = {row.id: _conversation(row._asdict(), given) for row in rows}
        return {i: found.get(i) or Conversation(id=i, **given) for i in ids}

    async def save(self, transaction: Transaction, aggregates: Iterable[Conversation]) -> None:
        changed = sorted(aggregates, key=lambda conversation: conversation.id)
        for conversation in changed:
            conversation.version += 1
            if conversation.erased:
                conversation.forget()
        rows = [{name: getattr(c, name) for name in _COLUMNS} for c in changed]
        await transaction.execute(_SAVE, {"rows": to_json(rows).decode()})
        await forwarding.keep(transaction, changed)
        missed = await forwarding.missed(transaction, changed)
        # Of two conversations in one batch either may be first; a follower's own acknowledgement goes before all.
        made = [
            (delivery.complaint_id not in {None, c.id}, delivery) for c in changed for delivery in c.outgoing
        ]
        await queue(transaction, [*missed, *(delivery for _, delivery in sorted(made, key=itemgetter(0)))])
        if erased := [c.id for c in changed if c.erased]:
            await transaction.execute(_FORGET, {"ids": erased, "now": clock.now()})
            await kept.forget(transaction, erased)
        await staff_store.save(transaction, staff, changed)
        await preferences_store.forget(transaction, [c.gone_customer for c in changed if c.gone_customer])
        await survey_store.hear(transaction, changed)
        await briefing_store.hear(transaction, briefing_tables, changed)
        for conversation in changed:
            conversation.outgoing, conversation.forwarded = [], []
            conversation.lines, conversation.settled = [], []
            conversation.occasions, conversation.joined, conversation.clippings = [], [], []


async def queue(transaction: Transaction, new: Collection[Delivery]) -> None:
    """Queue deliveries, each once, and ring for the couriers when the transaction commits."""
    if not new:
        return
    queued = await transaction.execute(
        _QUEUE,
        {"rows": to_json([asdict(way) for d in new for way in d.all_ways()]).decode(), "now": clock.now()},
    )
    if queued.scalar_one():
        await ring(transaction)


async def ring(transaction: Transaction) -> None:
    """Wake the couriers when the transaction commits."""
    await transaction.execute(text(f"NOTIFY {DOORBELL}"))


survey_store = SurveyStore(surveys, queue)


def _conversation(row: dict[str, Any], given: dict[str, Any]) -> Conversation:
    known = {name: row[name] for name in _FIELDS}
    known["severity"] = row["severity"] and Severity(row["severity"])
    known["held"] = _HELD.validate_python(row["held"])
    known["said"] = _HELD.validate_python(row["said"])
    known["followers"] = _FOLLOWERS.validate_python(row["followers"])
    return Conversation(**known, **given)
