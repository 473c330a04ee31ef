"""Table of the dialogue. What was written is personal data, and stays in intake."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.dialogue.model import Dialogue, Message
from services.intake.store import metadata, progress, wake_watchers
from services.intake.vault.private import ERASED_TEXT
from services.intake.vault.rows import open_row, seal_row, sealed_columns, vault_of
from shared.bulk import insert_rows
from shared.database import Transaction, sql

messages = Table(
    "messages",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("complaint_id", Uuid, ForeignKey("complaints.id"), nullable=False),
    Column("number", Integer, nullable=False, comment="counts the messages of a complaint, from 1"),
    Column("written_at", DateTime(timezone=True), nullable=False),
    Column("from_customer", Boolean, nullable=False),
    Column("written_by", Text, nullable=False, comment="`customer`, or the principal that posted it"),
    Column("signed", Text, comment="work name under which the customer reads it"),
    *sealed_columns(),
    UniqueConstraint("complaint_id", "number"),
    CheckConstraint("number > 0", name="number"),
    CheckConstraint("from_customer = (written_by = 'customer')", name="author"),
    CheckConstraint("NOT from_customer OR signed IS NULL", name="signed_by_staff"),
    CheckConstraint("'text' = ANY(holds)", name="says_something"),
    comment="What customers and handlers write to each other; each side reads it masked. "
    "A trigger refuses every change but erasing and sealing anew.",
)

_STAND = sql(
    """
SELECT complaint_id, count(*) AS messages,
       count(*) FILTER (WHERE number > coalesce(last_answer, 0)) AS unanswered
FROM (SELECT complaint_id, number,
             max(number) FILTER (WHERE NOT from_customer) OVER (PARTITION BY complaint_id) AS last_answer
      FROM messages WHERE complaint_id = ANY(CAST(:ids AS uuid[]))) m
GROUP BY complaint_id
"""
)
_PAGE = sql(
    "SELECT * FROM messages WHERE complaint_id = :id AND number > :after ORDER BY number LIMIT :limit"
)

_FIELDS = Message.__dataclass_fields__.keys()


class DialogueStore:
    """Dialogues, loaded and saved in bulk; only how far they have come is loaded, not what was said."""

    async def load(self, transaction: Transaction, ids: Collection[UUID]) -> Mapping[UUID, Dialogue]:
        found = {i: Dialogue(id=i) for i in ids}
        for row in await transaction.execute(_STAND, {"ids": list(ids)}):
            found[row.complaint_id] = Dialogue(
                id=row.complaint_id, messages=row.messages, unanswered=row.unanswered
            )
        return found

    async def save(self, transaction: Transaction, aggregates: Iterable[Dialogue]) -> None:
        written = [(dialogue.id, *new) for dialogue in aggregates for new in dialogue.written]
        if not written:
            return
        vault = vault_of(transaction.connection)
        rows = [seal_row(vault, "messages", {"complaint_id": i, **asdict(m)}) for i, m, _ in written]
        await insert_rows(transaction, messages, rows)
        steps = [
            {
                "complaint_id": i,
                "event_id": event_id,
                "at": m.written_at,
                "step": "message",
                "data": {"number": m.number, "from_customer": m.from_customer},
            }
            for i, m, event_id in written
        ]
        await insert_rows(transaction, progress, steps)
        await wake_watchers(transaction, [i for i, _, _ in written])


async def messages_behind(
    connection: AsyncConnection, complaint_id: UUID, after: int, limit: int
) -> Sequence[Message]:
    """At most `limit` messages behind number `after`, the oldest first."""
    found = await connection.execute(_PAGE, {"id": complaint_id, "after": after, "limit": limit})
    vault = vault_of(connection)
    opened = (open_row(vault, "messages", row) for row in found.mappings())
    return [
        Message(**{name: row[name] for name in _FIELDS if name != "text"}, text=row["text"] or ERASED_TEXT)
        for row in opened
    ]
