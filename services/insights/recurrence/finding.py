"""Looks on schedule for problems that are back after their improvement was closed, and tells them: resolution begins
the improvement again.

Any number of processes may run it; one at a time looks. Of each closing it is told once; an improvement that was begun
again and closed again is watched anew.
"""

from datetime import datetime, timedelta
from typing import Any

from services.insights.recurrence.book import RECURRED, RecurredProblems
from services.insights.recurrence.judging import Recurred, recurred
from services.insights.recurrence.returned import recurred_problems, watched
from services.insights.rounds import looking
from shared import clock
from shared.bulk import insert_rows
from shared.database import Transaction
from shared.events import ProblemRecurred
from shared.ids import derived_id
from shared.rulebooks.store import load_books
from shared.service import Context, repeat

PAUSE = 600
"""Poll intervals between two looks: five minutes as delivered."""


class RecurredFinder:
    """Worker of insights."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def run(self) -> None:
        await repeat(self._context, PAUSE, self.turn)

    async def turn(self) -> int:
        """Look once. Returns how many problems are back."""
        async with looking(self._context, "recurred-problems") as transaction:
            if transaction is None:
                return 0
            books = await load_books(transaction.connection, RECURRED)
            rules, at = books.read(RECURRED), clock.now()
            seen = await watched(transaction, at - timedelta(days=rules.window_days), at, rules.compare_days)
            found = recurred(seen, rules, at)
            rows = [_row(each, rules, books.version(RECURRED), at) for each in found]
            if rows:
                await insert_rows(transaction, recurred_problems, rows)
                await _tell(transaction, rows)
        return len(rows)


def _row(found: Recurred, rules: RecurredProblems, version: int, at: datetime) -> dict[str, Any]:
    watched = found.watched
    return {
        "id": derived_id("recurred-problem", watched.improvement_id, watched.closed_at.isoformat()),
        "improvement_id": watched.improvement_id,
        "closed_at": watched.closed_at,
        "recurred_by": watched.by.value,
        "complaint_id": watched.evidence[0],
        "before": watched.before,
        "days_before": float(rules.compare_days),
        "after": watched.after,
        "days_after": found.days_after,
        "customers": watched.customers,
        "rate_ratio": found.ratio.ratio,
        "low": found.ratio.low,
        "high": found.ratio.high,
        "p_value": found.ratio.p_value,
        "evidence": watched.evidence,
        "rules_version": version,
        "found_at": at,
    }


async def _tell(transaction: Transaction, rows: list[dict[str, Any]]) -> None:
    await transaction.lock({row["complaint_id"] for row in rows})
    for row in rows:
        transaction.publish(
            ProblemRecurred(
                improvement_closed_at=row["closed_at"],
                by=row["recurred_by"],
                **{name: row[name] for name in ProblemRecurred.model_fields if name in row},
            ),
            at=row["found_at"],
        )
