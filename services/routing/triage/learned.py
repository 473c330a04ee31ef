"""The classifier's lessons in the database: written with the correction, and applied by every process.

Lessons are numbered under a lock that is held until the end of the transaction, so whoever has seen one has seen all
before it: one cheap query tells what is new.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

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
from services.routing.triage.mind import Mind, State, Wanted
from services.routing.triage.triaging import Triaging
from shared import driver
from shared.bulk import save_rows
from shared.database import Database, Transaction, session_lock_key, sql

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
    await transaction.execute(
        sql("SELECT pg_advisory_xact_lock(:key)"), {"key": session_lock_key("routing", "lessons")}
    )


_NEWS = sql(
    "SELECT s.*, l.complaint_id, l.head, l.changed, l.settled, l.steps FROM (SELECT "
    "(SELECT number FROM snapshots WHERE role = 'champion') AS champion, "
    "(SELECT number FROM snapshots WHERE role = 'challenger') AS challenger, "
    "(SELECT coalesce(max(number), 0) FROM calibrations) AS calibrated) s "
    "LEFT JOIN lessons l ON l.changed > :seen ORDER BY l.changed"
)
_SNAPSHOTS = sql("SELECT role, number, content, lessons_to FROM snapshots WHERE role <> 'retired'")
_SINCE = sql(
    "SELECT complaint_id, head, changed, settled, steps FROM lessons "
    "WHERE NOT (settled AND changed <= :folded) ORDER BY changed"
)
_PROMISES = sql("SELECT head, promise, number FROM calibrations")


async def refresh(connection: AsyncConnection, mind: Mind) -> None:
    """Apply what others have taught since."""
    news = (await driver.run(connection, _NEWS, {"seen": mind.seen})).all()
    if (news[0].champion, news[0].challenger) != mind.numbers:
        await _load(connection, mind)
    else:
        _apply(mind, (row for row in news if row.changed is not None))
    if news[0].calibrated > mind.promised:
        promises = (await driver.run(connection, _PROMISES, {})).all()
        mind.promises = {Head(row.head): PROMISES.validate_python(row.promise) for row in promises}
        mind.promised = max(row.number for row in promises)


async def _load(connection: AsyncConnection, mind: Mind) -> None:
    """Begin anew from the snapshots in force. What is asked meanwhile is answered by the old state."""
    kept = {row.role: _state(row) for row in (await driver.run(connection, _SNAPSHOTS, {})).all()}
    begun = Mind(kept.get("champion") or State(seed.classifier()), kept.get("challenger"))
    held_by_all = min(state.lessons_to for state in (begun.champion, begun.challenger) if state)
    _apply(begun, (await driver.run(connection, _SINCE, {"folded": held_by_all})).all())
    mind.champion, mind.challenger = begun.champion, begun.challenger
    mind.seen = max(begun.seen, mind.champion.lessons_to)


def _state(row: Any) -> State:
    return State(Classifier.load(row.content), row.number, row.lessons_to)


def _apply(mind: Mind, rows: Iterable[Any]) -> None:
    for row in rows:
        if row.changed > mind.seen:  # otherwise another batch of this process has applied it meanwhile
            steps = Lesson.from_bytes(row.steps) if row.steps else None
            mind.put((row.complaint_id, Head(row.head)), steps, row.changed, settled=row.settled)
            mind.seen = row.changed


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
    wanted = [_wanted(dispatch, head) for dispatch, head in taught]
    known = [each for each in wanted if each is not None]
    rehearsal = await _rehearsal(transaction, mind, {each.key[1] for each in known})
    made = dict(zip((each.key for each in known), mind.lessons(known, rehearsal), strict=True))
    told = {each.key: each.told for each in known}
    numbers = await transaction.execute(
        sql("SELECT nextval('lesson_changes') FROM generate_series(1, :n)"), {"n": len(taught)}
    )
    rows = []
    for (dispatch, head), number in zip(taught, numbers.scalars(), strict=True):
        lesson, key = dispatch.lessons[head], (dispatch.id, head)
        steps = made.get(key) or _kept(mind, key, lesson.label)
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
                "steps": None if steps is None else _hex(steps.to_bytes()),
                "features": _hex(told[key].to_bytes()) if key in told else None,
            }
        )
    await save_rows(transaction, tables.lessons, rows)


def _wanted(dispatch: Triaging, head: Head) -> Wanted | None:
    """None when nothing is known any more to learn from."""
    if dispatch.told is None:
        return None
    lesson = dispatch.lessons[head]
    return Wanted((dispatch.id, head), features(dispatch.told.text), lesson.label, float(lesson.weight))


def _kept(mind: Mind, key: tuple[UUID, Head], label: str) -> Lesson | None:
    """Of an erased customer the lesson stays as it is, as long as it says the same."""
    before = mind.champion.applied.get(key)
    return before if before is not None and before.label == label else None


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


def _hex(kept: bytes) -> str:
    """Bytes as PostgreSQL takes them from JSON."""
    return "\\x" + kept.hex()
