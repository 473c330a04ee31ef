"""The classifier is looked after: calibrated by what was reviewed, folded, challenged, and the better one promoted.

Any number of replicas run it; whatever changes a state of the classifier is done under the lessons' lock. A challenger
is trained in a thread without the lock, and thrown away if another replica was faster.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict

from services.routing.books import BOOKS
from services.routing.triage import seed, snapshots
from services.routing.triage.learned import PROMISES, lock_lessons
from services.routing.triage.learner import LEARNER, LearnerSettings
from services.routing.triage.learning import (
    Classifier,
    Example,
    Features,
    Lesson,
    Reviewed,
    promise_of,
)
from services.routing.triage.learning.challenge import ENOUGH, Compared, judge
from services.routing.triage.learning.training import train
from services.routing.triage.lessons import Head
from shared import clock
from shared.database import sql
from shared.rulebooks import store as rulebooks
from shared.service import Context

_REVIEWED = sql(
    "SELECT h.head, r.scores, r.truth FROM unnest(ARRAY['category', 'severity', 'department']) AS h(head) "
    "CROSS JOIN LATERAL (SELECT * FROM reviews WHERE head = h.head AND counted AND truth IS NOT NULL "
    "ORDER BY truth_at DESC, complaint_id LIMIT 2000) r ORDER BY h.head, r.truth_at, r.complaint_id"
)
_KNOWN = sql("SELECT coalesce(max(changed), 0) FROM reviews WHERE changed IS NOT NULL")
_HELD = sql("SELECT head, promise FROM calibrations")
_CALIBRATE = sql(
    "INSERT INTO calibrations (head, number, promise, made_at) "
    "VALUES (:head, nextval('lesson_changes'), CAST(:promise AS jsonb), :at) ON CONFLICT (head) DO UPDATE "
    "SET number = excluded.number, promise = excluded.promise, made_at = excluded.made_at"
)
_BOTH = sql(
    "SELECT scores, shadow, truth FROM reviews WHERE head = 'category' AND counted AND truth IS NOT NULL "
    "AND shadow_snapshot = :number AND shadow IS NOT NULL ORDER BY truth_at, complaint_id LIMIT 20000"
)
SHUFFLED_BY = 20_260_101
"""The same lessons make the same challenger everywhere."""


class Trainer:
    """Worker of routing."""

    def __init__(self, context: Context) -> None:
        self._database = context.database
        self._pause = context.settings.poll_interval * 20
        self._calibrated: tuple[int, float] | None = None
        """What was known when it was calibrated last, and for which promise: most turns find nothing new."""

    async def run(self) -> None:
        while True:
            await self.turn()
            await asyncio.sleep(self._pause)

    async def turn(self) -> None:
        """Everything that is due."""
        async with self._database.reading() as connection:
            settings = (await rulebooks.load_books(connection, *BOOKS)).read(LEARNER)
        await self.calibrate(settings)
        await self.challenge(settings)
        await self.contest()
        await self.fold(settings)

    async def calibrate(self, settings: LearnerSettings) -> None:
        """What the newest reviewed cases allow to promise, for each head."""
        async with self._database.reading() as connection:
            known: int = (await connection.execute(_KNOWN)).scalar_one()
            if self._calibrated == (known, settings.promised_error):
                return
            found = (await connection.execute(_REVIEWED)).all()
            held = {
                row.head: PROMISES.validate_python(row.promise) for row in await connection.execute(_HELD)
            }
        for head in Head:
            cases = [Reviewed(row.scores, row.truth) for row in found if row.head == head]
            made = await asyncio.to_thread(promise_of, cases, settings.promised_error)
            if cases and made != held.get(head):
                async with self._database.transaction() as transaction:
                    await lock_lessons(transaction)  # or a lower number might be seen after a higher one
                    await transaction.execute(
                        _CALIBRATE,
                        {"head": head, "promise": PROMISES.dump_json(made).decode(), "at": clock.now()},
                    )
        self._calibrated = (known, settings.promised_error)

    async def fold(self, settings: LearnerSettings) -> None:
        """Fold settled lessons into the champion's snapshot: fewer are left to be applied by whoever starts."""
        while await self._fold_some(settings.fold_after):
            pass

    async def _fold_some(self, at_least: int) -> bool:
        """One piece, the oldest first; prepared without the lock, and thrown away if a lesson of it was replaced."""
        async with self._database.transaction() as transaction:
            kept = await snapshots.read(transaction, snapshots.CHAMPION)
            after = kept.lessons_to if kept else 0
            if await snapshots.count_settled(transaction, after) < at_least:
                return False
            lessons = await snapshots.to_fold(transaction, after)
        champion = await asyncio.to_thread(_folded, kept, lessons)
        to, figures = lessons[-1].changed, {"folded": len(lessons)}
        trained_to = kept.trained_to if kept else 0
        async with self._database.transaction() as transaction:
            await lock_lessons(transaction)
            now = await snapshots.read(transaction, snapshots.CHAMPION)
            same = (now and now.number) == (kept and kept.number)
            if not same or await snapshots.count_settled(transaction, after, to) != len(lessons):
                return False
            await snapshots.replace(
                transaction, snapshots.CHAMPION, snapshots.FOLDED, champion, to, trained_to, figures
            )
        return True

    async def challenge(self, settings: LearnerSettings) -> None:
        """Train a challenger from the seed and all settled lessons, once there are enough new ones."""
        async with self._database.transaction() as transaction:
            before = await snapshots.trained_to(transaction)
            new = await snapshots.count_settled(transaction, before)
            settled = await snapshots.all_settled(transaction) if new >= settings.retrain_after else []
        if not settled:
            return
        challenger = await asyncio.to_thread(_trained, settled)
        async with self._database.transaction() as transaction:
            await lock_lessons(transaction)
            if await snapshots.trained_to(transaction) == before:
                to, figures = settled[-1].changed, {"lessons": len(settled)}
                await snapshots.replace(
                    transaction, snapshots.CHALLENGER, snapshots.TRAINED, challenger, to, to, figures
                )

    async def contest(self) -> None:
        """Once both have seen enough reviewed cases, the challenger is promoted or given up."""
        async with self._database.transaction() as transaction:
            await lock_lessons(transaction)
            challenger = await snapshots.read(transaction, snapshots.CHALLENGER)
            if challenger is None:
                return
            rows = (await transaction.execute(_BOTH, {"number": challenger.number})).all()
            verdict = judge(
                [Compared(row.truth, max(row.scores, key=row.scores.get), row.shadow) for row in rows]
            )
            if verdict.cases < ENOUGH:
                return
            settle = snapshots.promote if verdict.promote else snapshots.give_up
            await settle(transaction, asdict(verdict))


def _folded(kept: snapshots.Snapshot | None, lessons: Sequence[snapshots.ToFold]) -> Classifier:
    champion = Classifier.load(kept.content) if kept else seed.classifier()
    for lesson in lessons:
        if lesson.folded is not None:
            champion.withdraw(Lesson.from_bytes(lesson.folded))
        if lesson.steps is not None:
            champion.apply(Lesson.from_bytes(lesson.steps))
    return champion


def _trained(settled: Sequence[snapshots.Settled]) -> Classifier:
    classifier = Classifier()
    for head in sorted({*seed.HEADS, *Head}):
        taught = [
            Example(Features.from_bytes(lesson.features), lesson.label, float(lesson.weight))
            for lesson in settled
            if lesson.head == head and lesson.features is not None
        ]
        examples = [*(seed.examples(head) if head in seed.HEADS else ()), *taught]
        if examples:
            classifier.heads[head] = train(examples, SHUFFLED_BY)
    return classifier
