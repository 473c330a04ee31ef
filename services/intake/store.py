"""Tables of intake. All personal data of customers lives here and nowhere else."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.intake.duplicates import store as duplicates_store
from services.intake.merging import store as merging_store
from services.intake.model import View
from services.intake.vault.rows import sealed_columns
from shared.bulk import columns_of, insert_rows, save_rows
from shared.database import Transaction, service_metadata, sql
from shared.events.vocabulary import Outcome
from shared.rulebooks import store as rulebook_store

VIEW_CHANNEL = "intake_view"
"""PostgreSQL notification channel: the payload is the complaint whose view changed."""

metadata = service_metadata("intake")

customers = Table(
    "customers",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("type", Text, nullable=False),
    *sealed_columns(),
)

complaints = Table(
    "complaints",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("reference", Text, nullable=False, unique=True),
    Column("registered_at", DateTime(timezone=True), nullable=False),
    Column("registered_by", Text, nullable=False, comment="principal that posted it"),
    Column("customer_id", Uuid, ForeignKey("customers.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("about", Text),
    Column("form", Text, nullable=False),
    Column("against", Text, nullable=False),
    Column("visibility", Text, nullable=False),
    Column("desired_remedies", ARRAY(Text), nullable=False),
    Column("desired_amount", JSONB),
    Column("estimated_loss", JSONB),
    Column("completeness", Numeric(5, 4), nullable=False),
    Column("missing", ARRAY(Text), nullable=False),
    Column("complainant_type", Text, comment="of this complaint; a customer may complain in two roles"),
    Column("desired_compensation", ARRAY(Text), comment="moral, material"),
    Column("claimed_losses", JSONB),
    Column("emotion", Text, comment="how the customer came across when it was told"),
    *sealed_columns(),
    CheckConstraint("completeness BETWEEN 0 AND 1", name="completeness"),
    CheckConstraint("NOT 'accused' = ANY(holds) OR against = 'person'", name="accused_is_a_person"),
    CheckConstraint("NOT 'public_link' = ANY(holds) OR visibility = 'public'", name="link_is_public"),
    CheckConstraint(
        "complainant_type <> 'anonymous' OR NOT holds && ARRAY['name', 'email', 'phone', 'address']",
        name="anonymous_is_nobody",
    ),
    CheckConstraint("'what_went_wrong' = ANY(holds)", name="says_something"),
    comment="What was told. A trigger refuses every change but erasing and sealing anew.",
)
Index("ix_complaints_newest", complaints.c.registered_at.desc(), complaints.c.id.desc())
Index("ix_complaints_unerased", complaints.c.registered_at, postgresql_where=text("sealed <> ''"))

merges = merging_store.add_tables(metadata)
marks = duplicates_store.add_tables(metadata)
rulebook_store.add_tables(metadata)

views = Table(
    "views",
    metadata,
    Column("complaint_id", Uuid, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("department", Text),
    Column("category", Text),
    Column("severity", Text),
    Column("handler_name", Text),
    Column("promise_id", Uuid),
    Column("promised_at", DateTime(timezone=True)),
    Column("round", Integer, comment="of the newest offers"),
    Column("offers", JSONB, nullable=False),
    Column("offers_answer", Text, comment="id of the chosen offer, or `declined`"),
    Column("explanation", Text),
    Column("result", Text),
    Column("outcome", Text),
    Column("opinion_asked", Boolean, nullable=False),
    Column("follow_up_id", Uuid, comment="the newest request for an opinion"),
    Column("round_id", Uuid, comment="the first request for an opinion on the present result"),
    Column(
        "early",
        JSONB(none_as_null=True),
        comment="what a survey told of a result before the request for an opinion was heard of",
    ),
    Column("withdrawn_at", DateTime(timezone=True), comment="when the customer withdrew the complaint"),
    Column(
        "reopen_until",
        DateTime(timezone=True),
        comment="of a closed case: until then it can be taken up again",
    ),
    Column("reopening_asked_at", DateTime(timezone=True), comment="when the customer asked for it"),
    CheckConstraint(
        "status = 'closed' OR num_nulls(reopen_until, reopening_asked_at) = 2", name="reopened_if_closed"
    ),
    CheckConstraint("status <> 'withdrawn' OR withdrawn_at IS NOT NULL", name="withdrawn_since"),
    CheckConstraint("status <> 'closed' OR withdrawn_at IS NULL", name="one_end"),
    CheckConstraint("status <> 'closed' OR outcome IS NOT NULL", name="closed_has_outcome"),
    CheckConstraint("offers = '[]' OR round IS NOT NULL", name="offers_have_round"),
    CheckConstraint("NOT opinion_asked OR follow_up_id IS NOT NULL", name="opinion_has_follow_up"),
    CheckConstraint("(promise_id IS NULL) = (promised_at IS NULL)", name="promise_has_time"),
)

progress = Table(
    "progress",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True, comment="Last-Event-ID of the stream"),
    Column("complaint_id", Uuid, nullable=False),
    Column("event_id", Uuid, nullable=False, unique=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("step", Text, nullable=False),
    Column("data", JSONB, nullable=False),
)
Index("ix_progress_complaint", progress.c.complaint_id, progress.c.id)

_LOAD = text("SELECT * FROM views WHERE complaint_id = ANY(CAST(:ids AS uuid[]))")
_VIEW_FIELDS = [name for name in columns_of(views) if name not in {"complaint_id", "version"}]


class ViewStore:
    """The customers' views, loaded and saved in bulk."""

    async def load(self, transaction: Transaction, ids: Collection[UUID]) -> Mapping[UUID, View]:
        rows = await transaction.execute(_LOAD, {"ids": list(ids)})
        found = {i: View(id=i) for i in ids}
        for row in rows.mappings():
            found[row["complaint_id"]] = _view(dict(row))
        return found

    async def save(self, transaction: Transaction, aggregates: Iterable[View]) -> None:
        changed = list(aggregates)
        rows = [
            {
                "complaint_id": view.id,
                "version": view.version + 1,
                **{name: getattr(view, name) for name in _VIEW_FIELDS},
            }
            for view in changed
        ]
        await save_rows(transaction, views, rows)
        steps = [
            {"complaint_id": view.id, "event_id": s.event_id, "at": s.at, "step": s.step, "data": s.data}
            for view in changed
            for s in view.steps
        ]
        await insert_rows(transaction, progress, steps)
        await forget_words(transaction, [view.id for view in changed])
        await wake_watchers(transaction, [view.id for view in changed])


_FORGET = """
WITH erased AS (SELECT id FROM complaints WHERE id = ANY(CAST(:ids AS uuid[])) AND sealed = ''),
told AS (
    UPDATE progress SET data = data - ARRAY['message', 'explanation', 'result']
    WHERE complaint_id IN (SELECT id FROM erased) AND data ?| ARRAY['message', 'explanation', 'result']
)
UPDATE views SET explanation = NULL, result = NULL, offers = (
    SELECT coalesce(jsonb_agg(offer - 'description'), '[]') FROM jsonb_array_elements(offers) AS offer)
WHERE complaint_id IN (SELECT id FROM erased)
"""


async def forget_words(transaction: Transaction, complaint_ids: list[UUID]) -> None:
    """Let go of what the handlers wrote to customers who are erased: it may name them."""
    await transaction.execute(sql(_FORGET), {"ids": complaint_ids})


async def wake_watchers(transaction: Transaction, complaint_ids: list[UUID]) -> None:
    """Tell the live readers of these complaints that there is something new to see."""
    await transaction.execute(
        sql(f"SELECT pg_notify('{VIEW_CHANNEL}', id::text) FROM unnest(CAST(:ids AS uuid[])) AS id"),  # noqa: S608 - our own channel
        {"ids": complaint_ids},
    )


def _view(row: Mapping[str, Any]) -> View:
    fields = {name: row[name] for name in _VIEW_FIELDS}
    fields["outcome"] = Outcome(fields["outcome"]) if fields["outcome"] else None
    return View(id=row["complaint_id"], version=row["version"], **fields)


def view_of(row: Mapping[str, Any] | None, complaint_id: UUID) -> View:
    """The view in a row of `views`, or the blank one of a complaint that nobody has touched yet."""
    return _view(row) if row is not None and row["version"] is not None else View(id=complaint_id)
