"""The marks of complaints, and the search by them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, MetaData, Table, Uuid, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.duplicates.marks import marks_of
from services.intake.duplicates.model import SUGGESTED_FROM, Suggestion, Telling, likeness
from services.intake.duplicates.telling import telling_of
from services.intake.vault.cipher import Vault
from services.intake.vault.rows import open_row, vault_of
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
SELECT c.id, c.reference, c.registered_at, c.sealed, p.id AS customer_id, p.sealed AS customer_sealed,
       coalesce(v.status, 'registered') AS status, g.leading_id
FROM found JOIN complaints c ON c.id = found.id AND c.sealed <> '' JOIN customers p ON p.id = c.customer_id
LEFT JOIN views v ON v.complaint_id = c.id
LEFT JOIN merges g ON g.complaint_id = c.id AND g.separated_at IS NULL
"""
)
_TOLD = text(
    """
SELECT c.id, c.sealed, p.id AS customer_id, p.sealed AS customer_sealed
FROM complaints c JOIN customers p ON p.id = c.customer_id WHERE c.id = ANY(CAST(:ids AS uuid[])) AND c.sealed <> ''
"""
)
_ADD = text(
    "INSERT INTO marks (mark, complaint_id) "
    "SELECT * FROM unnest(CAST(:marks AS bigint[]), CAST(:ids AS uuid[])) ON CONFLICT DO NOTHING"
)
_REMOVE = text(
    "DELETE FROM marks m USING unnest(CAST(:marks AS bigint[]), CAST(:ids AS uuid[])) AS g(mark, complaint_id) "
    "WHERE (m.mark, m.complaint_id) = (g.mark, g.complaint_id)"
)
NOBODY = UUID(int=0)


async def told(connection: AsyncConnection, ids: Iterable[UUID]) -> Mapping[UUID, Telling]:
    """What is compared of these complaints."""
    rows = await connection.execute(_TOLD, {"ids": list(ids)})
    vault = vault_of(connection)
    return {row["id"]: _telling(vault, row) for row in rows.mappings()}


async def add_marks(transaction: Transaction, tellings: Mapping[UUID, Telling], secret: bytes) -> None:
    """Mark the complaints; those that are marked already stay as they are."""
    await transaction.execute(_ADD, _marked(tellings, secret))


async def remove_marks(transaction: Transaction, tellings: Mapping[UUID, Telling], secret: bytes) -> None:
    """Let nobody find the complaints again by what was told."""
    await transaction.execute(_REMOVE, _marked(tellings, secret))


def _marked(tellings: Mapping[UUID, Telling], secret: bytes) -> dict[str, list[Any]]:
    rows = sorted((mark, i) for i, telling in tellings.items() for mark in marks_of(telling, secret))
    return {"marks": [mark for mark, _ in rows], "ids": [i for _, i in rows]}


async def search(
    connection: AsyncConnection, telling: Telling, secret: bytes, but: UUID = NOBODY
) -> Sequence[Suggestion]:
    """The complaints (`but` this one) that may tell the same, the likeliest first."""
    marks, vault = marks_of(telling, secret), vault_of(connection)
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
            likeness(telling, _telling(vault, row)),
        )
        for row in rows.mappings()
    ]
    likely = [each for each in found if each.likeness.score >= SUGGESTED_FROM]
    return sorted(likely, key=lambda each: (-each.likeness.score, -each.complaint_id.int))[:SHOWN]


def _telling(vault: Vault, row: Mapping[Any, Any]) -> Telling:
    customer = open_row(vault, "customers", {"id": row["customer_id"], "sealed": row["customer_sealed"]})
    told = open_row(vault, "complaints", {"id": row["id"], "sealed": row["sealed"]})
    order, product = told["order"] or {}, told["product"] or {}
    return telling_of(
        told["what_went_wrong"],
        people={"customer": customer["external_id"], "mail": told["email"], "phone": told["phone"]},
        order=order.get("id") or order.get("contract_id"),
        products=(product.get("id"), product.get("name"), product.get("model")),
    )
