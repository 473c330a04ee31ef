"""What people wish, and the places of their days."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notification.preferences.model import Wishes, customer
from services.notification.rules import Nature
from shared import driver
from shared.database import Database, Transaction, sql

NOTHING_SAID = 0
"""Version of the preferences of somebody who has said nothing."""


class Said(NamedTuple):
    version: int
    wishes: Wishes


_OF = sql("SELECT version, wishes FROM preferences WHERE person = :person")
_HELD = sql("SELECT pg_advisory_xact_lock(hashtextextended('preferences/' || CAST(:person AS text), 0))")
_SAVE = sql(
    "INSERT INTO preferences (person, version, wishes, changed_at, changed_by) "
    "VALUES (:person, :version, CAST(:wishes AS jsonb), :at, :by) ON CONFLICT (person) DO UPDATE "
    "SET version = excluded.version, wishes = excluded.wishes, changed_at = excluded.changed_at, "
    "changed_by = excluded.changed_by"
)
# A delivery that has its place keeps it for all its attempts of the day. The place is taken before it is sent, so that
# couriers side by side never send too many; the row's lock makes them take turns.
_TAKE = sql(
    """
WITH taken AS (
    INSERT INTO day_counts AS c (person, day, messages) SELECT CAST(:person AS text), CAST(:day AS date), 1
    WHERE NOT EXISTS (SELECT FROM deliveries WHERE id = :id AND counted_on = CAST(:day AS date))
    ON CONFLICT (person, day) DO UPDATE SET messages = c.messages + 1 WHERE c.messages < CAST(:most AS int)
    RETURNING 1
)
UPDATE deliveries SET counted_on = CAST(:day AS date)
WHERE id = :id AND (counted_on = CAST(:day AS date) OR EXISTS (SELECT FROM taken)) RETURNING 1
"""
)
_FORGET = (
    sql("DELETE FROM preferences WHERE person = ANY(CAST(:people AS text[]))"),
    sql("DELETE FROM day_counts WHERE person = ANY(CAST(:people AS text[]))"),
)
_PRUNE = sql("DELETE FROM day_counts WHERE day < CAST(:before AS date) RETURNING 1")


async def prune(database: Database, before: datetime) -> int:
    """Let go of the counts of days that are over; returns how many those were."""
    return len((await database.at_once(_PRUNE, {"before": before.date()})).all())


async def of(connection: AsyncConnection, person: str) -> Said:
    row = (await driver.run(connection, _OF, {"person": person})).one_or_none()
    return Said(row.version, Wishes.model_validate(row.wishes)) if row else Said(NOTHING_SAID, Wishes())


async def held(transaction: Transaction, person: str) -> Said:
    """The same; nobody else changes them until the transaction ends."""
    await transaction.execute(_HELD, {"person": person})
    return await of(transaction.connection, person)


async def save(
    transaction: Transaction, person: str, before: Said, wishes: Wishes, at: datetime, by: str
) -> Said:
    """The caller holds them."""
    after = Said(before.version + 1, wishes)
    said = wishes.model_dump_json(exclude_none=True)
    given = {"person": person, "version": after.version, "wishes": said, "at": at, "by": by}
    await transaction.execute(_SAVE, given)
    return after


async def unsubscribe(transaction: Transaction, person: str, nature: Nature, at: datetime) -> None:
    """Nothing of this nature any more; once more changes nothing."""
    before = await held(transaction, person)
    if not before.wishes.declines(nature):
        await save(transaction, person, before, before.wishes.without(nature), at, "unsubscribe")


async def take_place(database: Database, delivery_id: UUID, person: str, day: date, most: int) -> bool:
    """Whether the delivery has one of the places of the person's day."""
    given = {"id": delivery_id, "person": person, "day": day, "most": most}
    return (await database.at_once(_TAKE, given)).one_or_none() is not None


async def forget(transaction: Transaction, customer_ids: Sequence[UUID]) -> None:
    """These customers are erased."""
    people = sorted(customer(id) for id in customer_ids)
    for statement in _FORGET if people else ():
        await transaction.execute(statement, {"people": people})
