"""Looks on schedule for who must learn what, and tells it: routing keeps the need for whoever plans training.

Any number of processes may run it; one at a time looks. What was found is known by whose it is, what it is about and
the period, so that it is told once.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.insights.rounds import looking
from services.insights.training.book import TRAINING, TrainingNeeds
from services.insights.training.model import Excess, excesses
from services.insights.training.store import evidence, strata, training_needs
from shared import clock
from shared.bulk import insert_rows
from shared.database import Transaction, sql
from shared.events import TrainingNeeded
from shared.ids import derived_id
from shared.rulebooks.store import load_books
from shared.service import Context, repeat

PAUSE = 7200
"""Poll intervals between two looks: an hour as delivered."""
_KNOWN = sql("SELECT id FROM training_needs WHERE id = ANY(CAST(:ids AS uuid[]))")


class Finder:
    """Worker of insights."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def run(self) -> None:
        await repeat(self._context, PAUSE, self.turn)

    async def turn(self) -> int:
        """Look once. Returns how many needs are new."""
        async with looking(self._context, "training-needs") as transaction:
            if transaction is None:
                return 0
            books = await load_books(transaction.connection, TRAINING)
            thresholds, until = books.read(TRAINING), clock.now()
            since = until - timedelta(days=thresholds.period_days)
            found: dict[UUID, tuple[Excess, bool]] = {}
            for people in (True, False):
                compared = await strata(transaction, since, until, people=people)
                for excess in await asyncio.to_thread(excesses, compared, thresholds):
                    if excess.lapse.value in thresholds.kinds:
                        found[_id(excess, people, thresholds, until)] = excess, people
            known = set((await transaction.execute(_KNOWN, {"ids": list(found)})).scalars())
            new = {need_id: each for need_id, each in found.items() if need_id not in known}
            rows = [
                await _row(transaction, need_id, excess, people, thresholds, since, until)
                | {"thresholds_version": books.version(TRAINING)}
                for need_id, (excess, people) in sorted(new.items())
            ]
            if rows:
                await _tell(transaction, rows, until)
        return len(rows)


def _id(excess: Excess, person: bool, thresholds: TrainingNeeds, at: datetime) -> UUID:
    period = at.astimezone(UTC).date().toordinal() // thresholds.period_days
    whose = "person" if person else "department"
    return derived_id(
        "training-need", whose, excess.who, excess.lapse, excess.about, thresholds.period_days, period
    )


async def _row(
    transaction: Transaction,
    need_id: UUID,
    excess: Excess,
    person: bool,
    thresholds: TrainingNeeds,
    since: datetime,
    until: datetime,
) -> dict[str, Any]:
    whose = {"person": excess.who if person else None, "department": None if person else excess.who}
    speaking = await evidence(transaction, since, until, excess.lapse, **whose)
    return {
        "id": need_id,
        "complaint_id": speaking[0],
        "person_id": whose["person"],
        "department": whose["department"],
        "lapse": excess.lapse.value,
        "about": excess.about,
        "kind": thresholds.kinds[excess.lapse.value].value,
        "since": since.astimezone(UTC).date(),
        "complaints": excess.complaints,
        "cases": excess.cases,
        "expected": excess.expected,
        "ratio": excess.ratio.ratio,
        "ratio_low": excess.ratio.low,
        "ratio_high": excess.ratio.high,
        "p_value": excess.p_value,
        "q_value": excess.q_value,
        "evidence": speaking,
        "found_at": until,
    }


async def _tell(transaction: Transaction, rows: list[dict[str, Any]], at: datetime) -> None:
    await transaction.lock({row["complaint_id"] for row in rows})
    for row in rows:
        transaction.publish(
            TrainingNeeded(
                complaint_id=row["complaint_id"],
                need_id=row["id"],
                person_id=row["person_id"],
                department=row["department"],
                about=row["about"],
                kind=row["kind"],
                complaints=row["complaints"],
                evidence=tuple(row["evidence"]),
                found_at=at,
            ),
            at=at,
        )
    await insert_rows(transaction, training_needs, rows)
