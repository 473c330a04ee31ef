"""The table of what Open311 tells beyond a complaint, and what is asked of complaints and their progress."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    DateTime,
    Index,
    RowMapping,
    Table,
    Text,
    Uuid,
    and_,
    func,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.record.store import additions
from services.intake.store import complaints, metadata, progress, views
from services.intake.vault.private import PRIVATE
from services.intake.vault.rows import open_row, seal_row, sealed_columns, vault_of
from shared.bulk import insert_rows
from shared.database import Transaction, sql

open311_requests = Table(
    "open311_requests",
    metadata,
    Column("complaint_id", Uuid, primary_key=True),
    Column("principal", Text, nullable=False, comment="the key that sent it, and may read it"),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("service_code", Text, nullable=False, comment="category of the taxonomy, as the sender chose it"),
    *sealed_columns(),
    CheckConstraint("('lat' = ANY(holds)) = ('long' = ANY(holds))", name="point"),
    CheckConstraint("holds && ARRAY['lat', 'address', 'address_id']", name="somewhere"),
    comment="Written right before the complaint, so that none is without it; one whose complaint never came is "
    "nobody's.",
)
Index("ix_open311_requests_mine", open311_requests.c.principal, open311_requests.c.received_at)
Index(
    "ix_complaints_public",
    complaints.c.registered_at,
    postgresql_where=complaints.c.visibility == "public",
)
# Steps come nearly in the order of their times: such an index costs next to nothing to keep.
Index("ix_progress_at", progress.c.at, postgresql_using="brin")

MOST = 1000
"""Requests that one answer holds."""
ENDED = ("closed", "withdrawn")
"""Statuses, and steps, with which a case has ended."""

_SENT = open311_requests.alias("sent")
_FORGET_ORPHANS = sql(
    "DELETE FROM open311_requests r WHERE received_at < :before "
    "AND NOT EXISTS (SELECT FROM complaints c WHERE c.id = r.complaint_id)"
)
_FORGET = sql("DELETE FROM open311_requests WHERE complaint_id = :id")


async def keep(transaction: Transaction, row: Mapping[str, Any]) -> None:
    sealed = seal_row(vault_of(transaction.connection), open311_requests.name, row)
    await insert_rows(transaction, open311_requests, [sealed])


async def forget(transaction: Transaction, complaint_id: UUID) -> None:
    """The complaint was registered before, under another id."""
    await transaction.execute(_FORGET, {"id": complaint_id})


async def forget_orphans(transaction: Transaction, before: datetime) -> None:
    """What was sent before, and whose complaint never came: its process died in between."""
    await transaction.execute(_FORGET_ORPHANS, {"before": before})


def _seen_by(principal: str | None) -> ColumnElement[bool]:
    """Those that are public now, and what the key itself sent."""
    became = (
        select(additions.c.visibility)
        .where(additions.c.complaint_id == complaints.c.id, additions.c.visibility.is_not(None))
        .order_by(additions.c.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    public = func.coalesce(became, complaints.c.visibility) == "public"
    return or_(public, _SENT.c.principal == principal) if principal is not None else public


async def requests(
    connection: AsyncConnection,
    principal: str | None,
    *,
    references: Collection[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    codes: Collection[str] | None = None,
    closed: bool | None = None,
    limit: int = MOST,
    offset: int = 0,
) -> Sequence[Mapping[str, Any]]:
    """What a caller with this key may see, the newest first; with the place where it was sent by Open311."""
    code = func.coalesce(views.c.category, _SENT.c.service_code).label("service_code")
    told = [c for c in _SENT.c if c.name not in ("service_code", "received_at")]
    updated = (
        select(func.max(progress.c.at)).where(progress.c.complaint_id == complaints.c.id).scalar_subquery()
    )
    query = (
        select(
            complaints.c.id,
            complaints.c.reference,
            complaints.c.registered_at,
            complaints.c.language,
            views.c.status,
            views.c.promised_at,
            code,
            updated.label("updated_at"),
            *told,
        )
        .outerjoin(views, views.c.complaint_id == complaints.c.id)
        .outerjoin(_SENT, _SENT.c.complaint_id == complaints.c.id)
        .where(_seen_by(principal))
        .order_by(complaints.c.registered_at.desc(), complaints.c.id.desc())
        .limit(limit)
        .offset(offset)
    )
    if references is not None:
        query = query.where(complaints.c.reference.in_(references))
    if since is not None and until is not None:
        query = query.where(complaints.c.registered_at.between(since, until))
        mine = select(open311_requests.c.complaint_id).where(
            open311_requests.c.principal == principal, open311_requests.c.received_at.between(since, until)
        )
        public = select(complaints.c.id).where(
            complaints.c.visibility == "public", complaints.c.registered_at.between(since, until)
        )
        became = select(additions.c.complaint_id).where(additions.c.visibility == "public")
        # Three short indexes, instead of every complaint of the time.
        query = query.where(complaints.c.id.in_(public.union(mine, became)))
    if codes is not None:
        query = query.where(code.in_(codes))
    if closed is not None:
        ended = func.coalesce(views.c.status, "registered").in_(ENDED)
        query = query.where(ended if closed else ~ended)
    vault = vault_of(connection)
    rows = (await connection.execute(query)).mappings()
    return [open_row(vault, open311_requests.name, row) for row in rows]


async def place_of(connection: AsyncConnection, complaint_id: UUID) -> dict[str, Any] | None:
    """What came with the request beside the complaint itself; None when it did not come by Open311."""
    query = select(open311_requests).where(open311_requests.c.complaint_id == complaint_id)
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        return None
    opened = open_row(vault_of(connection), open311_requests.name, row)
    return {name: opened[name] for name in PRIVATE[open311_requests.name] if opened[name] is not None}


async def one(connection: AsyncConnection, principal: str | None, complaint_id: UUID) -> RowMapping | None:
    """Reference of a complaint that the caller may see, by its id."""
    query = (
        select(complaints.c.id, complaints.c.reference)
        .outerjoin(_SENT, _SENT.c.complaint_id == complaints.c.id)
        .where(complaints.c.id == complaint_id, _seen_by(principal))
    )
    return (await connection.execute(query)).mappings().one_or_none()


async def sent_by(connection: AsyncConnection, principal: str, reference: str) -> UUID | None:
    """The complaint with this reference, if this key sent it."""
    query = (
        select(complaints.c.id)
        .join(_SENT, _SENT.c.complaint_id == complaints.c.id)
        .where(complaints.c.reference == reference, _SENT.c.principal == principal)
    )
    return (await connection.execute(query)).scalar_one_or_none()


async def updates(
    connection: AsyncConnection,
    principal: str | None,
    since: datetime,
    until: datetime,
    references: Collection[str] | None,
) -> Sequence[RowMapping]:
    """What happened to the complaints that the caller may see, the oldest first."""
    query = (
        select(
            progress.c.event_id, progress.c.at, progress.c.step, complaints.c.reference, complaints.c.language
        )
        .join(complaints, complaints.c.id == progress.c.complaint_id)
        .outerjoin(_SENT, _SENT.c.complaint_id == complaints.c.id)
        .where(
            and_(progress.c.at >= since, progress.c.at <= until),
            _seen_by(principal),
            progress.c.step != "message",
        )
        .order_by(progress.c.at, progress.c.id)
        .limit(MOST)
    )
    if references is not None:
        query = query.where(complaints.c.reference.in_(references))
    return (await connection.execute(query)).mappings().all()
