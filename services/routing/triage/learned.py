"""The classifier's lessons in the database: written with the correction, and applied by every process.

Lessons are numbered under a lock that is held until the end of the transaction, so whoever has seen one has seen all
before it: one cheap query tells what is new.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, cast

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.triage import seed
from services.routing.triage.learning import (
    REHEARSAL,
    Classifier,
    Example,
    Features,
    Lesson,
    Promise,
    features,
    share,
)
from services.routing.triage.learning_tables import LearningTables
from services.routing.triage.lessons import Head
from services.routing.triage.mind import Key, Mind, State, Wanted
from services.routing.triage.snapshots import CHALLENGER, CHAMPION
from services.routing.triage.triaging import Triaging
from shared import driver
from shared.bulk import as_bytes, save_rows
from shared.database import Database, Transaction, sql

PROMISES = TypeAdapter(Promise)


def equip(database: Database) -> None:
    """Give every connection of the service the classifier, as it was shipped."""
    database.equip(mind=Mind(State(seed.classifier())))


def mind_of(connection: AsyncConnection) -> Mind | None:
    """None where nobody equipped the database: a tool that decides nothing."""
    assert connection.sync_connection is not None
    mind: Mind | None = connection.sync_connection.get_execution_options().get("mind")
    return mind


async def lock_lessons(transaction: Transaction) -> None:
    """Nobody else teaches, folds or promotes until the transaction ends. Taken after the directory's lock."""
    await transaction.hold("lessons")


async def draw(transaction: Transaction, n: int) -> Sequence[int]:
    """So many numbers, rising. Whoever draws them holds the lock."""
    numbers = await transaction.execute(
        sql("SELECT nextval('lesson_changes') FROM generate_series(1, :n)"), {"n": n}
    )
    return numbers.scalars().all()


_NEWS = sql(
    "SELECT s.*, l.complaint_id, l.head, l.changed, l.settled, l.steps, l.folded FROM (SELECT "
    "(SELECT number FROM snapshots WHERE role = 'champion') AS champion, "
    "(SELECT number FROM snapshots WHERE role = 'challenger') AS challenger, "
    "(SELECT coalesce(max(number), 0) FROM calibrations) AS calibrated) s "
    "LEFT JOIN lessons l ON l.changed > :seen ORDER BY l.changed"
)
_SNAPSHOTS = sql(
    "SELECT role, number, content, lessons_to, trained_to FROM snapshots WHERE role <> 'retired'"
)
_SINCE = sql(
    "SELECT complaint_id, head, changed, settled, steps, folded FROM lessons "
    "WHERE NOT settled OR changed > :folded ORDER BY changed"
)
_PROMISES = sql("SELECT head, promise, number FROM calibrations")


MANY = 200
"""Lessons that are applied between two other things; with more, a thread begins anew."""


async def refresh(connection: AsyncConnection, mind: Mind) -> None:
    """Apply what others have taught since."""
    if not _is_news(mind, await _news(connection, mind)):
        return
    async with mind.renewing:
        # Another coroutine may have been faster: what was asked before the lock is old.
        news = await _news(connection, mind)
        if _numbers(news) != mind.numbers or len(news) > MANY:
            await _load(connection, mind)
        else:
            _apply(mind, [row for row in news if row.changed is not None])
        if news[0].calibrated > mind.promised:
            promises = (await driver.run(connection, _PROMISES, {})).all()
            mind.promises = {Head(row.head): PROMISES.validate_python(row.promise) for row in promises}
            mind.promised = max(row.number for row in promises)


async def _news(connection: AsyncConnection, mind: Mind) -> Sequence[Any]:
    return (await driver.run(connection, _NEWS, {"seen": mind.seen})).all()


def _is_news(mind: Mind, news: Sequence[Any]) -> bool:
    first = news[0]
    return _numbers(news) != mind.numbers or first.changed is not None or first.calibrated > mind.promised


def _numbers(news: Sequence[Any]) -> tuple[int | None, int | None]:
    return news[0].champion, news[0].challenger


async def _load(connection: AsyncConnection, mind: Mind) -> None:
    """Begin anew from the snapshots in force. What is asked meanwhile is answered by the old state."""
    while True:
        kept = (await driver.run(connection, _SNAPSHOTS, {})).all()
        held_by_all = min((row.lessons_to for row in kept), default=0)
        if all(row.role != CHAMPION for row in kept):
            held_by_all = 0
        rows = (await driver.run(connection, _SINCE, {"folded": held_by_all})).all()
        begun = await asyncio.to_thread(_begun, kept, rows)
        if _numbers(await _news(connection, begun)) == begun.numbers:
            break  # otherwise the lessons were read beside snapshots that are no more
    mind.champion, mind.challenger, mind.seen = begun.champion, begun.challenger, begun.seen


def _begun(kept: Sequence[Any], rows: Sequence[Any]) -> Mind:
    states = {
        row.role: State(Classifier.load(row.content), row.number, row.lessons_to, row.trained_to)
        for row in kept
    }
    begun = Mind(states.get(CHAMPION) or State(seed.classifier()), states.get(CHALLENGER))
    _apply(begun, rows)
    begun.seen = max(begun.seen, begun.champion.lessons_to)
    return begun


def _apply(mind: Mind, rows: Iterable[Any]) -> None:
    for row in rows:
        key = row.complaint_id, Head(row.head)
        mind.put(key, _lesson(row.steps), row.changed, settled=row.settled, folded=_lesson(row.folded))
        mind.seen = row.changed


def _lesson(kept: bytes | None) -> Lesson | None:
    return Lesson.from_bytes(kept) if kept else None


async def save_lessons(
    transaction: Transaction, tables: LearningTables, mind: Mind | None, changed: Sequence[Triaging]
) -> None:
    """Write the lessons of these changes; they are applied when they are seen, by whichever process."""
    erased = [dispatch.id for dispatch in changed if dispatch.retold and dispatch.told is None]
    if erased:
        await transaction.execute(
            sql("UPDATE lessons SET features = NULL WHERE complaint_id = ANY(CAST(:ids AS uuid[]))"),
            {"ids": erased},
        )
    taught = [(dispatch, head) for dispatch in changed for head in sorted(dispatch.taught)]
    if not taught or mind is None:
        return
    await lock_lessons(transaction)
    await refresh(transaction.connection, mind)
    before = await _before(transaction, [(dispatch.id, head) for dispatch, head in taught])
    folded = {key: _folded(mind, row) for key, row in before.items()}
    wanted = [_wanted(dispatch, head, _lesson(folded.get((dispatch.id, head)))) for dispatch, head in taught]
    known = [each for each in wanted if each is not None]
    rehearsal = await _rehearsal(transaction, mind, {each.key[1] for each in known})
    made = dict(zip((each.key for each in known), mind.lessons(known, rehearsal), strict=True))
    told = {each.key: each.told for each in known}
    numbers = await draw(transaction, len(taught))
    rows = []
    for (dispatch, head), number in zip(taught, numbers, strict=True):
        lesson, key = dispatch.lessons[head], (dispatch.id, head)
        steps = made[key].to_bytes() if key in made else _kept(before.get(key), lesson.label)
        still = folded.get(key)
        rows.append(
            {
                "complaint_id": dispatch.id,
                "head": head,
                "label": lesson.label,
                "weight": lesson.weight,
                "settled": lesson.settled,
                "taught_by": lesson.by,
                "taught_at": lesson.at,
                "changed": number,
                "steps": None if steps is None else as_bytes(steps),
                "features": as_bytes(told[key].to_bytes()) if key in told else None,
                "folded": None if still is None else as_bytes(still),
            }
        )
    await save_rows(transaction, tables.lessons, rows)


_BEFORE = sql(
    "SELECT l.complaint_id, l.head, l.label, l.changed, l.settled, l.steps, l.folded FROM lessons l "
    "JOIN unnest(CAST(:ids AS uuid[]), CAST(:heads AS text[])) AS w(id, head) "
    "ON l.complaint_id = w.id AND l.head = w.head"
)


async def _before(transaction: Transaction, keys: Sequence[Key]) -> Mapping[Key, Any]:
    """The lessons that are replaced."""
    rows = await transaction.execute(
        _BEFORE, {"ids": [i for i, _ in keys], "heads": [head for _, head in keys]}
    )
    return {(row.complaint_id, Head(row.head)): row for row in rows.all()}


def _folded(mind: Mind, before: Any) -> bytes | None:
    """What the champion's snapshot holds of a lesson that is replaced; None also where it was trained."""
    if before.folded is None and before.settled and mind.champion.folds(before.changed):
        return cast(bytes, before.steps)
    return cast("bytes | None", before.folded)


def _wanted(dispatch: Triaging, head: Head, folded: Lesson | None) -> Wanted | None:
    """None when nothing is known any more to learn from."""
    if dispatch.told is None:
        return None
    lesson = dispatch.lessons[head]
    told = features(dispatch.told.text)
    return Wanted((dispatch.id, head), told, lesson.label, float(lesson.weight), folded)


def _kept(before: Any | None, label: str) -> bytes | None:
    """Of an erased customer the lesson stays as it is, as long as it says the same."""
    return before.steps if before is not None and before.label == label else None


_REHEARSAL = sql(
    "SELECT w.head, l.label, l.weight, l.features "
    "FROM unnest(CAST(:heads AS text[]), CAST(:labels AS text[])) AS w(head, label) "
    "CROSS JOIN LATERAL (SELECT label, weight, features FROM lessons l WHERE l.head = w.head AND l.label = w.label "
    "AND l.features IS NOT NULL ORDER BY l.changed DESC LIMIT :share) l"
)


async def _rehearsal(
    transaction: Transaction, mind: Mind, heads: Iterable[Head]
) -> Mapping[Head, Sequence[Example]]:
    """The newest lessons of each class, and as many of the seed's where there are too few."""
    found: dict[Head, list[Example]] = {}
    for head in sorted(heads):
        asked = mind.champion.classifier.heads.get(head)
        labels = asked.classes if asked else []
        of_each = share(len(labels))
        rows = await transaction.execute(
            _REHEARSAL, {"heads": [head] * len(labels), "labels": labels, "share": of_each}
        )
        found[head] = [
            Example(Features.from_bytes(row.features), row.label, float(row.weight)) for row in rows.all()
        ]
        at_first = seed.examples(head) if head in seed.HEADS else ()
        for label in labels:
            lacking = of_each - sum(example.label == label for example in found[head])
            found[head] += islice(
                (example for example in at_first if example.label == label), max(0, lacking)
            )
        assert len(found[head]) <= max(REHEARSAL, len(labels))
    return found
