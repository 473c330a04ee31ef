"""Tables of the field actions. What must never be untrue, the database refuses."""

from typing import NamedTuple

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy import Integer as Int
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.resolution.field_action.customers import Standing
from services.resolution.field_action.lifecycle import BEGUN, ActionState
from shared.events.field_action import Measure

MOMENT = DateTime(timezone=True)


class Tables(NamedTuple):
    products: Table
    actions: Table
    units: Table
    customers: Table


def _one_of(*values: str) -> str:
    return "({})".format(", ".join(f"'{value}'" for value in sorted(values)))


def add_tables(metadata: MetaData) -> Tables:
    return Tables(_products(metadata), _actions(metadata), _units(metadata), _customers(metadata))


def _products(metadata: MetaData) -> Table:
    table = Table(
        "case_products",
        metadata,
        Column("complaint_id", Uuid, primary_key=True),
        Column("customer_id", Uuid, nullable=False, comment="opaque"),
        Column("registered_at", MOMENT, nullable=False),
        Column("product", Text, comment="id"),
        Column("model", Text),
        Column("batch", Text),
        comment="Which goods a complaint is about, apart from its case: actions on the case leave it alone.",
    )
    c = table.c
    Index("ix_case_products_product", func.lower(c.product), postgresql_where=c.product.is_not(None))
    Index("ix_case_products_model", func.lower(c.model), postgresql_where=c.model.is_not(None))
    Index("ix_case_products_batch", func.lower(c.batch), postgresql_where=c.batch.is_not(None))
    Index("ix_case_products_customer", c.customer_id)
    return table


def _actions(metadata: MetaData) -> Table:
    table = Table(
        "field_actions",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("version", Int, nullable=False, comment="counts the saved changes; the ETag"),
        Column("complaint_id", Uuid, ForeignKey("cases.id"), nullable=False, comment="gave rise to it"),
        Column("state", Text, nullable=False),
        Column("measures", ARRAY(Text), nullable=False),
        Column("products", ARRAY(Text), nullable=False, comment="ids or models, as written; empty: any"),
        Column("batches", ARRAY(Text), nullable=False, comment="as written; empty: any"),
        Column("registered_since", MOMENT, comment="only complaints of this time"),
        Column("registered_before", MOMENT),
        Column("announcement", JSONB, nullable=False, comment="what people are told, in both languages"),
        Column("improvement_id", Uuid, comment="whose containment it belongs to"),
        Column("alert", Text, comment="the early warning from which it follows; masked"),
        Column("drafted_by", Text, nullable=False),
        Column("drafted_at", MOMENT, nullable=False),
        Column("proposed_by", Text),
        Column("proposed_at", MOMENT),
        Column("approval_id", Uuid, unique=True, comment="one approval starts one action"),
        Column("started_by", Text),
        Column("started_at", MOMENT),
        Column("ended_by", Text),
        Column("ended_at", MOMENT),
        Column("reason", Text, comment="why it was suspended, completed or cancelled; masked"),
        Column("next_round_at", MOMENT, comment="of a running one: when the next customers are addressed"),
        Column("wakes_at", MOMENT, comment="something happens after it by itself"),
        CheckConstraint(f"state IN {_one_of(*ActionState)}", "state"),
        CheckConstraint("cardinality(measures) > 0", "measures"),
        CheckConstraint(f"measures <@ ARRAY{sorted(m.value for m in Measure)}", "known_measures"),
        CheckConstraint("cardinality(products) + cardinality(batches) > 0", "some_goods"),
        CheckConstraint("registered_since < registered_before", "period"),
        CheckConstraint(
            f"state NOT IN {_one_of(*BEGUN, ActionState.COMPLETED)} OR started_at IS NOT NULL", "was_started"
        ),
        CheckConstraint("state <> 'proposed' OR proposed_at IS NOT NULL", "was_proposed"),
        CheckConstraint("(state IN ('completed', 'cancelled')) = (ended_at IS NOT NULL)", "ended"),
        CheckConstraint("(state = 'running') = (wakes_at IS NOT NULL)", "running_wakes"),
    )
    Index("ix_field_actions_wakes", table.c.wakes_at, postgresql_where=table.c.wakes_at.is_not(None))
    Index("ix_field_actions_complaint", table.c.complaint_id)
    return table


def _units(metadata: MetaData) -> Table:
    table = Table(
        "field_action_units",
        metadata,
        Column("field_action_id", Uuid, ForeignKey("field_actions.id"), primary_key=True),
        Column("serial", Text, primary_key=True),
        Column("customer_id", Uuid, nullable=False, comment="whoever has it, as intake knows them; opaque"),
        Column("batch", Text),
        Column("named_at", MOMENT, nullable=False),
        comment="Units sold that are affected, also of customers who never complained.",
    )
    Index("ix_field_action_units_customer", table.c.field_action_id, table.c.customer_id)
    return table


def _customers(metadata: MetaData) -> Table:
    table = Table(
        "field_action_customers",
        metadata,
        Column("field_action_id", Uuid, ForeignKey("field_actions.id"), primary_key=True),
        Column("customer_id", Uuid, primary_key=True, comment="opaque; each customer once"),
        Column(
            "complaint_id",
            Uuid,
            comment="their newest complaint about these goods; null: they never complained",
        ),
        Column("batch", Text, comment="of that complaint, or of a unit they have"),
        Column("units", Int, nullable=False, comment="units that were named"),
        Column("joined_at", MOMENT, nullable=False),
        Column("late", Boolean, nullable=False, comment="found after the start"),
        Column("state", Text, nullable=False),
        Column("addressed_at", MOMENT),
        Column("told_at", MOMENT),
        Column("told_by", Text, comment="`letter`, or who told them"),
        Column("failure", Text, comment="why no letter reached them; no personal data"),
        Column(
            "done", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="measures carried out"
        ),
        Column("settled_at", MOMENT, comment="when it was carried out, or refused"),
        Column("note", Text, comment="what a person wrote last, masked"),
        CheckConstraint(f"state IN {_one_of(*Standing)}", "state"),
        CheckConstraint("state <> 'addressed' OR addressed_at IS NOT NULL", "addressed"),
        CheckConstraint(
            "state NOT IN ('told', 'answered', 'carried_out', 'refused') OR told_at IS NOT NULL", "knows"
        ),
        CheckConstraint("(state IN ('carried_out', 'refused')) = (settled_at IS NOT NULL)", "settled"),
        CheckConstraint(f"done <@ ARRAY{sorted(m.value for m in Measure)}", "known_measures"),
    )
    c = table.c
    Index(
        "ix_field_action_customers_pending",
        c.field_action_id,
        c.joined_at,
        c.customer_id,
        postgresql_where=text("state = 'pending'"),
    )
    Index("ix_field_action_customers_state", c.field_action_id, c.state, c.customer_id)
    Index("ix_field_action_customers_customer", c.customer_id)
    return table
