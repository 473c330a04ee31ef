"""Looks on schedule for hazards in what was heard: the same danger of the same product, in several complaints.

Any number of processes may run it; one at a time looks. What is in the register is not registered again, unless it was
said to be removed: then complaints that came since count anew.
"""

from datetime import UTC, timedelta
from typing import Any

from services.insights.hazards.book import HAZARDS
from services.insights.hazards.store import hazards, keep_versions
from services.insights.rounds import looking
from shared import clock
from shared.bulk import insert_rows
from shared.database import Transaction, sql
from shared.events import HazardRegistered
from shared.ids import derived_id
from shared.rulebooks.store import load_books
from shared.service import Context, repeat

PAUSE = 600
"""Poll intervals between two looks: five minutes as delivered."""
RULES = "rules"

_HEARD = sql(
    """
WITH before AS (
    SELECT danger, coalesce(product, '') AS product, count(*) AS ended, max(ended_at) AS ended_at,
           bool_or(ended_at IS NULL) AS live
    FROM hazards WHERE danger IS NOT NULL GROUP BY 1, 2
)
SELECT d.danger, v.product, coalesce(b.ended, 0) AS ended, count(*) AS complaints,
       (array_agg(v.id ORDER BY v.registered_at DESC, v.id DESC))[1:50] AS evidence
FROM voices v CROSS JOIN unnest(v.dangers) AS d(danger)
LEFT JOIN before b ON b.danger = d.danger AND b.product = coalesce(v.product, '')
WHERE cardinality(v.dangers) > 0 AND v.registered_at >= :since AND v.registered_at <= :until
  AND d.danger = ANY(CAST(:dangers AS text[])) AND NOT coalesce(b.live, false)
  AND (b.ended_at IS NULL OR v.registered_at > b.ended_at)
GROUP BY 1, 2, 3 HAVING count(*) >= :least ORDER BY 1, 2
"""
)


class HazardFinder:
    """Worker of insights."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def run(self) -> None:
        await repeat(self._context, PAUSE, self.turn)

    async def turn(self) -> int:
        """Look once. Returns how many hazards are new."""
        async with looking(self._context, "hazards") as transaction:
            if transaction is None:
                return 0
            book = (await load_books(transaction.connection, HAZARDS)).read(HAZARDS)
            at = clock.now()
            asked = {
                "since": at - timedelta(days=book.window_days),
                "until": at,
                "dangers": list(book.severities),
                "least": book.at_least,
            }
            found = (await transaction.execute(_HEARD, asked)).all()
            rows: list[dict[str, Any]] = [
                {
                    "id": derived_id("hazard", each.danger, each.product or "", each.ended),
                    "version": 1,
                    "found_by": RULES,
                    "danger": each.danger,
                    "product": each.product,
                    "likelihood": book.likelihood(each.complaints),
                    "severity": book.severities[each.danger],
                    "state": "open",
                    "review_by": at.astimezone(UTC).date() + timedelta(days=book.review_days),
                    "evidence": each.evidence,
                    "registered_at": at,
                    "changed_by": RULES,
                    "changed_at": at,
                }
                for each in found
            ]
            await register(transaction, rows)
        return len(rows)


async def register(transaction: Transaction, rows: list[dict[str, Any]]) -> None:
    """Keep them, and tell it: of the newest complaint that speaks for each."""
    if not rows:
        return
    await insert_rows(transaction, hazards, rows)
    await keep_versions(transaction, rows)
    await transaction.lock({row["evidence"][0] for row in rows})
    for row in rows:
        transaction.publish(
            HazardRegistered(
                complaint_id=row["evidence"][0],
                hazard_id=row["id"],
                danger=row.get("danger"),
                what=row.get("what"),
                product=row.get("product"),
                batch=row.get("batch"),
                region=row.get("region"),
                department=row.get("department"),
                likelihood=row["likelihood"],
                severity=row["severity"],
                evidence=tuple(row["evidence"]),
                review_by=row["review_by"],
                found_by=row["found_by"],
                registered_at=row["registered_at"],
            ),
            at=row["registered_at"],
        )
