"""States of the classifier in the database: the champion, a challenger, and the marks of those that are retired."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from pydantic_core import to_json

from services.routing.triage.learning import Classifier, Lesson
from services.routing.triage.lessons import Head
from shared import clock
from shared.database import Transaction, sql

CHAMPION, CHALLENGER = "champion", "challenger"
FOLDED, TRAINED = "folded", "trained"
MOST_LESSONS = 20_000
"""Settled lessons from which a challenger is trained, the newest."""


@dataclass(frozen=True)
class Snapshot:
    number: int
    content: bytes
    lessons_to: int
    """It holds the settled lessons that were changed until then."""


@dataclass(frozen=True)
class Settled:
    """A lesson that stood until the case was closed."""

    head: Head
    label: str
    weight: int
    changed: int
    steps: Lesson | None
    features: bytes | None


_READ = sql("SELECT number, content, lessons_to FROM snapshots WHERE role = :role")
_SETTLED = sql(
    "SELECT * FROM (SELECT head, label, weight, changed, steps, features FROM lessons "
    "WHERE settled AND changed > :after ORDER BY changed DESC LIMIT :most) l ORDER BY changed"
)
_RETIRE = sql("UPDATE snapshots SET role = 'retired', content = NULL WHERE role = :role")
_INSERT = sql(
    "INSERT INTO snapshots (number, role, origin, model_version, content, lessons_to, made_at, figures) "
    "VALUES (nextval('lesson_changes'), :role, :origin, :version, :content, :lessons_to, :at, CAST(:figures AS jsonb))"
)
_PROMOTE = sql(
    "UPDATE snapshots SET role = 'champion', figures = figures || CAST(:figures AS jsonb) WHERE role = 'challenger'"
)
_GIVE_UP = sql(
    "UPDATE snapshots SET role = 'retired', content = NULL, figures = figures || CAST(:figures AS jsonb) "
    "WHERE role = 'challenger'"
)


async def read(transaction: Transaction, role: str) -> Snapshot | None:
    row = (await transaction.execute(_READ, {"role": role})).mappings().one_or_none()
    return None if row is None else Snapshot(**row)


async def settled_since(transaction: Transaction, after: int) -> list[Settled]:
    """Settled lessons that were changed after that, in their order."""
    rows = await transaction.execute(_SETTLED, {"after": after, "most": MOST_LESSONS})
    return [
        Settled(
            Head(row.head),
            row.label,
            row.weight,
            row.changed,
            Lesson.from_bytes(row.steps) if row.steps else None,
            row.features,
        )
        for row in rows.all()
    ]


async def count_settled(transaction: Transaction, after: int) -> int:
    statement = sql("SELECT count(*) FROM lessons WHERE settled AND changed > :after")
    return cast(int, (await transaction.execute(statement, {"after": after})).scalar_one())


async def trained_to(transaction: Transaction) -> int:
    """The settled lessons until then are in a challenger that was trained, whatever became of it."""
    statement = sql("SELECT coalesce(max(lessons_to), 0) FROM snapshots WHERE origin = 'trained'")
    return cast(int, (await transaction.execute(statement)).scalar_one())


async def replace(
    transaction: Transaction,
    role: str,
    origin: str,
    classifier: Classifier,
    lessons_to: int,
    figures: Mapping[str, Any],
) -> None:
    """Put a state in this role; the one before it is retired."""
    await transaction.execute(_RETIRE, {"role": role})
    await transaction.execute(
        _INSERT,
        {
            "role": role,
            "origin": origin,
            "version": classifier.version,
            "content": classifier.dump(),
            "lessons_to": lessons_to,
            "at": clock.now(),
            "figures": to_json(figures).decode(),
        },
    )


async def promote(transaction: Transaction, figures: Mapping[str, Any]) -> None:
    """The challenger is champion from now on."""
    await transaction.execute(_RETIRE, {"role": CHAMPION})
    await transaction.execute(_PROMOTE, {"figures": to_json(figures).decode()})


async def give_up(transaction: Transaction, figures: Mapping[str, Any]) -> None:
    """The challenger was no better; it is kept no longer."""
    await transaction.execute(_GIVE_UP, {"figures": to_json(figures).decode()})
