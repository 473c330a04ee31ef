"""The marks of complaints, and the search by them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, MetaData, Table, Uuid, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.duplicates.marks import marks_of
from services.intake.duplicates.model import SUGGESTED_FROM, Suggestion, Telling, likeness
from services.intake.duplicates.telling import telling_of
from shared.database import Transaction

PER_MARK = 50
"""The newest complaints of a mark that are looked at: one that everybody has costs no more than another."""
COMPARED = 40
"""Complaints that are read and compared, those with the most in common first."""
SHOWN = 10


def add_tables(metadata: MetaData) -> Table:
    return Table(
        "marks",
        metadata,
        Column("mark", BigInteger, primary_key=True, comment="keyed digest; see duplicates/marks.py"),
        # No foreign key: it would be checked ten times for each complaint, and a mark without one harms nobody.
        Column("complaint_id", Uuid, primary_key=True),
        comment="by what a complaint is found when another one may tell the same",
    )


# Ids are of their time, so the newest of a mark are at the end of its part of the index.
_SEARCH = text(
    """
WITH given AS (
    SELECT * FROM unnest(CAST(:marks AS bigint[]), CAST(:weights AS int[])) AS g(mark, weight)
), found AS (
    SELECT m.complaint_id AS id
    FROM given CROSS JOIN LATERAL (
        SELECT complaint_id FROM marks WHERE mark = given.mark AND complaint_id <> :self
        ORDER BY complaint_id DESC LIMIT :per_mark) AS m
    GROUP BY m.complaint_id ORDER BY sum(given.weight) DESC, m.complaint_id DESC LIMIT :compared
)
SELECT c.id, c.reference, c.registered_at, c.what_went_wrong, c.email, c.phone, c."order", c.product,
       p.external_id, coalesce(v.status, 'registered') AS status, g.leading_id
FROM found JOIN complaints c USING (id) JOIN customers p ON p.id = c.customer_id
LEFT JOIN views v ON v.complaint_id = c.id
LEFT JOIN merges g ON g.complaint_id = c.id AND g.separated_at IS NULL
"""
)
_TOLD = text(
    """
SELECT c.id, c.what_went_wrong, c.email, c.phone, c."order", c.product, p.external_id
FROM complaints c JOIN customers p ON p.id = c.customer_id WHERE c.id = ANY(CAST(:ids AS uuid[]))
"""
)
_ADD = text(
    "INSERT INTO marks (mark, complaint_id) "
    "SELECT * FROM unnest(CAST(:marks AS bigint[]), CAST(:ids AS uuid[])) ON CONFLICT DO NOTHING"
)
NOBODY = UUID(int=0)


async def told(connection: AsyncConnection, ids: Iterable[UUID]) -> Mapping[UUID, Telling]:
    """What is compared of these complaints."""
    rows = await connection.execute(_TOLD, {"ids": list(ids)})
    return {row["id"]: _telling(row) for row in rows.mappings()}


async def add_marks(transaction: Transaction, tellings: Mapping[UUID, Telling], secret: bytes) -> None:
    """Mark the complaints; those that are marked already stay as they are."""
    rows = sorted((mark, i) for i, telling in tellings.items() for mark in marks_of(telling, secret))
    marks, ids = zip(*rows, strict=True) if rows else ((), ())
    await transaction.execute(_ADD, {"marks": list(marks), "ids": list(ids)})


async def search(
    connection: AsyncConnection, telling: Telling, secret: bytes, but: UUID = NOBODY
) -> Sequence[Suggestion]:
    """The complaints (`but` this one) that may tell the same, the likeliest first."""
    marks = marks_of(telling, secret)
    rows = await connection.execute(
        _SEARCH,
        {
            "marks": list(marks),
            "weights": list(marks.values()),
            "self": but,
            "per_mark": PER_MARK,
            "compared": COMPARED,
        },
    )
    found = [
        Suggestion(
            row["id"],
            row["reference"],
            row["registered_at"],
            row["status"],
            row["leading_id"],
            likeness(telling, _telling(row)),
        )
        for row in rows.mappings()
    ]
    likely = [each for each in found if each.likeness.score >= SUGGESTED_FROM]
    return sorted(likely, key=lambda each: (-each.likeness.score, -each.complaint_id.int))[:SHOWN]


def _telling(row: Mapping[Any, Any]) -> Telling:
    order, product = row["order"] or {}, row["product"] or {}
    return telling_of(
        row["what_went_wrong"],
        people={"customer": row["external_id"], "mail": row["email"], "phone": row["phone"]},
        order=order.get("id") or order.get("contract_id"),
        products=(product.get("id"), product.get("name"), product.get("model")),
    )
