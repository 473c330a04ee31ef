"""Erasing: the sealed parts are emptied, files go, and every service is told to let go of its words.

What was published is masked and stays, so that counts survive; so does what tells that it was erased.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.intake.duplicates import store as duplicates
from services.intake.store import insert_rows
from services.intake.vault.private import ERASED_TEXT
from services.intake.vault.store import erasures
from shared import ids
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
            "UPDATE customers u SET sealed = '' WHERE sealed <> '' "
            "AND id IN (SELECT customer_id FROM complaints WHERE id = ANY(CAST(:ids AS uuid[]))) "
            "AND NOT EXISTS (SELECT FROM complaints c WHERE c.customer_id = u.id AND c.sealed <> '')",
            "SELECT set_config('redress.vault', '', true)",
            # The sweeper removes the bytes of what is an upload again; of one on its way it finds no more row to end.
            "WITH gone AS (DELETE FROM attachments WHERE complaint_id = ANY(CAST(:ids AS uuid[])) "
            "RETURNING id, complaint_id) "
            "INSERT INTO uploads (id, complaint_id, started_at) SELECT id, complaint_id, 'epoch' FROM gone",
            "DELETE FROM idempotency_keys WHERE principal IN "
            "(SELECT 'tracking:' || id FROM unnest(CAST(:ids AS uuid[])) AS id)",
        ),
    )
)
_VIEWS = sql(
    """
UPDATE views SET explanation = CAST(:erased AS text) WHERE complaint_id = ANY(CAST(:ids AS uuid[]))
AND explanation IS NOT NULL
"""
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
