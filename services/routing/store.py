"""Tables of routing."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.assignment import store as assignment_store
from services.routing.books import BOOKS
from services.routing.directory import store as directory_store
from services.routing.duties import store as duties_store
from services.routing.findings import store as findings_store
from services.routing.model import Dispatch
from services.routing.rewards import store as rewards_store
from services.routing.status import Status
from services.routing.training import store as training_store
from services.routing.transfer import store as transfer_store
from services.routing.transfer import tables as transfer_tables
from services.routing.triage import store as triage_store
from services.routing.triage.learned import mind_of, refresh, save_lessons
from services.routing.triage.learner import LEARNER
from services.routing.triage.mind import Judge
from services.routing.triage.reviewed import save_reviews
from services.routing.triage.telling import Evidence
from shared import driver, telemetry
from shared.bulk import columns_of, save_rows
from shared.database import Transaction, service_metadata
from shared.events.routing import Decider, TimeLimits
from shared.events.vocabulary import Against, Channel, Kind, Money, Nature, Severity, Urgency, Visibility
from shared.rulebooks import store as rulebook_store

metadata = service_metadata("routing")
directory = directory_store.add_tables(metadata)
rulebook_store.add_tables(metadata)
triage = triage_store.add_tables(metadata)
assignment_store.add_tables(metadata)
training = training_store.add_tables(metadata)
earnings = rewards_store.add_tables(metadata)
duties = duties_store.add_tables(metadata)
findings = findings_store.add_tables(metadata)

dispatches = Table(
    "dispatches",
    metadata,
    Column("complaint_id", Uuid, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("reference", Text),
    Column("registered_at", DateTime(timezone=True)),
    Column("language", Text),
    Column("against", Text),
    Column("category", Text),
    Column("severity", Text, nullable=False),
    Column("nature", Text),
    Column("urgency", Text),
    Column("decided_by", Text, comment="who decided the category: rules, model, person"),
    Column("reasons", ARRAY(Text), nullable=False),
    Column("proposed_department", Text, comment="the one that is to have it; null: the responsible one"),
    Column(
        "time_limits", JSONB(none_as_null=True), comment="in working hours, with the version of the rulebook"
    ),
    Column(
        "evidence",
        JSONB,
        nullable=False,
        server_default="{}",
        comment="versions, probability and words by which was decided",
    ),
    Column("department", Text),
    Column("handler_id", Text),
    Column("assigned_at", DateTime(timezone=True)),
    Column("closed_at", DateTime(timezone=True)),
    Column("leading_id", Uuid, comment="the complaint that it was merged into"),
    Column("worked_by", Text, comment="who took the case up"),
    Column("replies", Integer, nullable=False, server_default="0", comment="promises that were kept"),
    Column("setbacks", Integer, nullable=False, server_default="0", comment="promises broken, work resumed"),
    Column("kind", Text),
    Column("channel", Text),
    Column("visibility", Text),
    Column("estimated_loss", JSONB, comment="amount and currency"),
    Column("desired_amount", JSONB),
    Column("held", JSONB, nullable=False, comment="facts that came before what was told"),
    Column("subcategory", Text, comment="as somebody coded it"),
    Column(
        "improvement_late",
        Integer,
        nullable=False,
        server_default="0",
        comment="actions of improvements to which it gave rise that are late",
    ),
    Column("accused", ARRAY(Text), nullable=False, server_default="{}", comment="never carry it"),
    Column("basis", JSONB(none_as_null=True), comment="why the handler was chosen"),
    Column("needs", Text, comment="what it asks of whoever takes it, while it waits"),
    Column("waiting_since", DateTime(timezone=True)),
    Column("climbs", Integer, nullable=False, server_default="0"),
    Column("climbed_at", DateTime(timezone=True)),
    Column("because", Text, comment="why whoever had it has it no more"),
    Column("erased", Boolean, nullable=False, server_default="false", comment="the customer is"),
    Column("involved", JSONB, nullable=False, server_default="[]", comment="departments that take part"),
    CheckConstraint("status = 'blank' OR registered_at IS NOT NULL", name="known"),
    CheckConstraint("improvement_late >= 0", name="improvement_late"),
    CheckConstraint("status <> 'assigned' OR handler_id IS NOT NULL", name="owned"),
    CheckConstraint("status IN ('blank', 'referred', 'released') OR category IS NOT NULL", name="decided"),
    CheckConstraint("leading_id IS NULL OR status IN ('blank', 'released')", name="merged"),
    CheckConstraint("closed_at IS NULL OR status IN ('blank', 'released')", name="closed"),
    CheckConstraint(
        "(status = 'waiting') = (needs IS NOT NULL) AND (status = 'waiting') = (waiting_since IS NOT NULL)",
        name="waiting",
    ),
)
Index(
    "ix_dispatches_queue",
    dispatches.c.status,
    dispatches.c.registered_at,
    dispatches.c.complaint_id,
    postgresql_where=dispatches.c.status.in_(["referred", "waiting"]),
)
Index(
    "ix_dispatches_improvement_late",
    dispatches.c.registered_at,
    dispatches.c.complaint_id,
    postgresql_where=dispatches.c.improvement_late > 0,
)
Index(
    "ix_dispatches_carried",
    dispatches.c.department,
    dispatches.c.handler_id,
    postgresql_where=dispatches.c.status == "assigned",
)

Index("ix_dispatches_registered", dispatches.c.registered_at, dispatches.c.complaint_id)
Index(
    "ix_dispatches_open",
    dispatches.c.registered_at.desc(),
    dispatches.c.complaint_id,
    postgresql_where=text("status NOT IN ('blank', 'released')"),
)

transfer = transfer_tables.add_tables(metadata)

_LOAD = text(
    f"SELECT d.*, {triage_store.KNOWN} FROM dispatches d "  # noqa: S608  # our own words
    "WHERE d.complaint_id = ANY(CAST(:ids AS uuid[]))"
)
_NOT_YET = datetime.max.replace(tzinfo=UTC)
_VOCABULARIES: Mapping[str, type[StrEnum]] = {
    "against": Against,
    "kind": Kind,
    "channel": Channel,
    "visibility": Visibility,
    "nature": Nature,
    "urgency": Urgency,
    "decided_by": Decider,
}
_FIELDS = [name for name in columns_of(dispatches) if name not in {"complaint_id", "version", "needs"}]


async def read_dispatches(connection: AsyncConnection, ids: Collection[UUID]) -> Mapping[UUID, Dispatch]:
    """As they are now; a blank one for an id that is not known."""
    rows = await driver.run(connection, _LOAD, {"ids": list(ids)})
    books = await rulebook_store.load_books(connection, *BOOKS)
    found = {i: Dispatch(id=i, books=books) for i in ids}
    for row in rows.mappings():
        values: dict[str, Any] = {name: row[name] for name in _FIELDS}
        values["status"] = Status(values["status"])
        values["severity"] = Severity(values["severity"])
        for name, vocabulary in _VOCABULARIES.items():
            values[name] = None if values[name] is None else vocabulary(values[name])
        for name in ("estimated_loss", "desired_amount"):
            values[name] = Money(**values[name]) if values[name] else None
        values["reasons"], values["accused"] = tuple(values["reasons"]), tuple(values["accused"])
        values["evidence"] = Evidence.model_validate(values["evidence"])
        if values["time_limits"] is not None:
            values["time_limits"] = TimeLimits.model_validate(values["time_limits"])
        values |= triage_store.known(row)
        found[row["complaint_id"]] = Dispatch(
            id=row["complaint_id"], version=row["version"], books=books, **values
        )
    for dispatch in found.values():
        dispatch.as_loaded = _row(dispatch)
    return found


class DispatchStore:
    """Dispatches, loaded and saved in bulk.

    Saving settles them first: the directory, for which everybody waits, is held only from then on.
    """

    async def load(self, transaction: Transaction, ids: Collection[UUID]) -> Mapping[UUID, Dispatch]:
        found = await read_dispatches(transaction.connection, ids)
        mind = mind_of(transaction.connection)
        if mind is not None:
            await refresh(transaction.connection, mind)
            for dispatch in found.values():
                dispatch.classifier = Judge(mind, dispatch.books.read(LEARNER))
        return found

    async def save(self, transaction: Transaction, aggregates: Iterable[Dispatch]) -> None:
        changed = list(aggregates)
        if not changed:
            return
        await _settle(transaction, [d for d in changed if d.waits_for_directory])
        for dispatch in changed:
            if dispatch.erased:
                dispatch.forget()
        rows = []
        for dispatch in changed:
            row = _row(dispatch)
            # Most facts only ask who must know them.
            if dispatch.flagged or dispatch.retold or row != dispatch.as_loaded:
                dispatch.version += 1
                rows.append({"complaint_id": dispatch.id, "version": dispatch.version, **row})
        await save_rows(transaction, dispatches, rows)
        await triage_store.save_known(transaction, triage, changed)
        await save_reviews(transaction, triage.learning, changed)
        await save_lessons(transaction, triage.learning, mind_of(transaction.connection), changed)
        await rewards_store.save(transaction, [each for d in changed for each in d.earned])
        needed = {each.id: asdict(each) for d in changed for each in d.needs.values()}
        in_order = [needed[i] for i in sorted(needed)]  # as everybody locks them
        await save_rows(transaction, training.needs, in_order, changing=("complaints", "evidence"))
        await transfer_store.save(transaction, transfer, changed)
        if erased := [d.id for d in changed if d.erased]:
            await transfer_store.forget(transaction, erased)


def _row(dispatch: Dispatch) -> dict[str, Any]:
    values = {name: getattr(dispatch, name) for name in _FIELDS}
    needs = dispatch.asks.as_text() if dispatch.status is Status.WAITING else None
    return values | {"held": list(dispatch.held), "involved": list(dispatch.involved), "needs": needs}


async def _settle(transaction: Transaction, waiting: Sequence[Dispatch]) -> None:
    """Free whoever is to be freed, then choose for the oldest first; then say who is meant by what is told."""
    if not waiting:
        return
    unsettled = [dispatch for dispatch in waiting if dispatch.unsettled]
    if not unsettled:  # to tell somebody needs nobody's lock
        directory = await assignment_store.current_directory(transaction.connection)
        for dispatch in waiting:
            with _trace_of(dispatch):
                dispatch.inform(directory)
                dispatch.publish_to(transaction)
        return
    await directory_store.lock_directory(transaction)
    roster = await assignment_store.load_roster(
        transaction.connection, unsettled[0].books, without=[d.id for d in unsettled]
    )
    freed = any(d.freed is not None for d in unsettled)
    for dispatch in unsettled:
        dispatch.free(roster)
    for dispatch in sorted(waiting, key=_age):
        with _trace_of(dispatch):
            dispatch.settle(roster)
            dispatch.inform(roster.directory)
            dispatch.publish_to(transaction)
    await assignment_store.save_loads(transaction, roster)
    if freed and roster.waiting:
        await assignment_store.wake(transaction)


def _age(dispatch: Dispatch) -> tuple[datetime, UUID]:
    return dispatch.registered_at or _NOT_YET, dispatch.id


@contextmanager
def _trace_of(dispatch: Dispatch) -> Iterator[None]:
    if dispatch.traceparent is None:
        yield  # the caller's own, if any
    else:
        with telemetry.traced(dispatch.traceparent):
            yield
