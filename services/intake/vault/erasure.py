"""Erasing: the sealed parts are emptied, files go, and every service is told to let go of its words.

What was published is masked and stays, so that counts survive; so does what tells that it was erased.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.intake.duplicates import store as duplicates
from services.intake.purchases import store as purchases
from services.intake.store import forget_words
from services.intake.vault.store import erasures
from shared import ids
from shared.bulk import insert_rows
from shared.database import Transaction, sql
from shared.events import CustomerErased
from shared.events.vocabulary import Because

# In this order: a customer is nobody's any more when all their complaints are erased. The trigger lets nothing else
# through than emptying `sealed`, and only for who says so.
_ERASE = tuple(
    map(
        sql,
        (
            "SELECT set_config('redress.vault', 'erase', true)",
            "UPDATE complaints SET sealed = '' WHERE id = ANY(CAST(:ids AS uuid[])) AND sealed <> ''",
            "UPDATE restatement_answers SET sealed = '' WHERE sealed <> '' AND addition_id IN "
            "(SELECT id FROM additions WHERE complaint_id = ANY(CAST(:ids AS uuid[])))",
            "UPDATE additions SET sealed = '' WHERE complaint_id = ANY(CAST(:ids AS uuid[])) AND sealed <> ''",
            "UPDATE messages SET sealed = '' WHERE complaint_id = ANY(CAST(:ids AS uuid[])) AND sealed <> ''",
            "UPDATE open311_requests SET sealed = '' "
            "WHERE complaint_id = ANY(CAST(:ids AS uuid[])) AND sealed <> ''",
            "UPDATE customers u SET sealed = '' WHERE sealed <> '' "
            "AND id IN (SELECT customer_id FROM complaints WHERE id = ANY(CAST(:ids AS uuid[]))) "
            "AND NOT EXISTS (SELECT FROM complaints c WHERE c.customer_id = u.id AND c.sealed <> '')",
            "SELECT set_config('redress.vault', '', true)",
            # The sweeper removes the bytes of what is an upload again; of one on its way it finds no more row to end.
            "WITH gone AS (DELETE FROM attachments WHERE complaint_id = ANY(CAST(:ids AS uuid[])) "
            "RETURNING id, complaint_id) "
            "INSERT INTO uploads (id, complaint_id, started_at) SELECT id, complaint_id, 'epoch' FROM gone",
            "UPDATE channel_messages SET sender = NULL WHERE complaint_id = ANY(CAST(:ids AS uuid[]))",
            "UPDATE import_rows SET key = NULL WHERE complaint_id = ANY(CAST(:ids AS uuid[]))",
            "DELETE FROM idempotency_keys WHERE principal IN "
            "(SELECT 'tracking:' || id FROM unnest(CAST(:ids AS uuid[])) AS id)",
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be erased, and on whose word."""

    complaint_ids: Sequence[UUID]
    by: str
    because: Because
    at: datetime
    reason: str | None = None
    """Masked."""


async def erase(transaction: Transaction, order: Order, secret: bytes) -> Sequence[UUID]:
    """Erase what identifies the customers of these complaints; what is erased already is left as it is.

    Returns the complaints that were erased now. `secret` is the installation's, by which marks are found again.
    """
    await transaction.lock(order.complaint_ids)
    given = {"ids": list(order.complaint_ids)}
    found = (await transaction.execute(_UNERASED, given)).all()
    if not found:
        return []
    given = {"ids": [row.id for row in found]}
    await duplicates.remove_marks(
        transaction, await duplicates.told(transaction.connection, given["ids"]), secret
    )
    for statement in _ERASE:
        await transaction.execute(statement, given if ":ids" in statement.text else None)
    await forget_words(transaction, given["ids"])
    await purchases.forget(transaction, given["ids"])
    rows = [
        {
            "id": ids.new_id(),
            "complaint_id": row.id,
            "customer_id": row.customer_id,
            "erased_at": order.at,
            "erased_by": order.by,
            "because": order.because.value,
            "reason": order.reason,
        }
        for row in found
    ]
    await insert_rows(transaction, erasures, rows)
    gone = set((await transaction.execute(_GONE, given)).scalars())
    for row in found:
        event = CustomerErased(
            complaint_id=row.id,
            customer_id=row.customer_id,
            because=order.because,
            erased_at=order.at,
            customer_gone=row.customer_id in gone,
        )
        transaction.publish(event, at=order.at)
    return given["ids"]


# Also those that were erased once: somebody may have told something since.
_UNERASED = sql(
    """
SELECT id, customer_id FROM complaints c WHERE id = ANY(CAST(:ids AS uuid[])) AND (sealed <> '' OR EXISTS (
    SELECT FROM additions a WHERE a.complaint_id = c.id AND a.sealed <> '')) ORDER BY id
"""
)
_GONE = sql(
    "SELECT DISTINCT customer_id FROM complaints c WHERE id = ANY(CAST(:ids AS uuid[])) "
    "AND NOT EXISTS (SELECT FROM complaints o WHERE o.customer_id = c.customer_id AND o.sealed <> '')"
)
