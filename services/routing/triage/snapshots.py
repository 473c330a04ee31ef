"""States of the classifier in the database: the champion, a challenger, and the marks of those that are retired."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from pydantic_core import to_json

from services.routing.triage.learning import Classifier
from shared import clock
from shared.database import Transaction, sql

CHAMPION, CHALLENGER = "champion", "challenger"
FOLDED, TRAINED = "folded", "trained"
MOST_LESSONS = 20_000
"""Settled lessons from which a challenger is trained, the newest."""
AT_ONCE = 2_000
"""Settled lessons that are folded at once, the oldest first."""


@dataclass(frozen=True)
class Snapshot:
    number: int
    content: bytes
    lessons_to: int
    """It holds the settled lessons that were changed until then."""
    trained_to: int
    """Those that were changed until then it holds by its training: none of them can be withdrawn."""


class ToFold(NamedTuple):
    """A lesson that stood until the case was closed, to be added to a snapshot."""

    changed: int
    steps: bytes | None
    folded: bytes | None
    """Steps of an earlier one, which the snapshot holds: to be withdrawn."""


class Settled(NamedTuple):
    """A lesson that stood until the case was closed, to be trained from."""

    head: str
    label: str
    weight: int
    changed: int
    features: bytes | None


_READ = sql("SELECT number, content, lessons_to, trained_to FROM snapshots WHERE role = :role")
_TO_FOLD = sql(
    "SELECT changed, steps, folded FROM lessons WHERE settled AND changed > :after ORDER BY changed LIMIT :most"
)
_SETTLED = sql(
    "SELECT * FROM (SELECT head, label, weight, changed, features FROM lessons "
    "WHERE settled ORDER BY changed DESC LIMIT :most) l ORDER BY changed"
)
_FOLDED = sql("UPDATE lessons SET folded = NULL WHERE settled AND changed <= :to AND folded IS NOT NULL")
_FOLDED_NO_MORE = sql("UPDATE lessons SET folded = NULL WHERE folded IS NOT NULL")
_RETIRE = sql("UPDATE snapshots SET role = 'retired', content = NULL WHERE role = :role")
_INSERT = sql(
    "INSERT INTO snapshots (number, role, origin, model_version, content, lessons_to, trained_to, made_at, figures) "
    "VALUES (nextval('lesson_changes'), :role, :origin, :version, :content, :lessons_to, :trained_to, "
    ":at, CAST(:figures AS jsonb))"
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


async def to_fold(transaction: Transaction, after: int) -> list[ToFold]:
    """The first settled lessons that were changed after that, in their order."""
    rows = await transaction.execute(_TO_FOLD, {"after": after, "most": AT_ONCE})
    return [ToFold(*row) for row in rows.all()]


async def all_settled(transaction: Transaction) -> list[Settled]:
    """The newest settled lessons, in their order."""
    return [Settled(*row) for row in (await transaction.execute(_SETTLED, {"most": MOST_LESSONS})).all()]


async def count_settled(transaction: Transaction, after: int, to: int | None = None) -> int:
    """Settled lessons that were changed after that, and until then."""
    statement = sql(
        "SELECT count(*) FROM lessons WHERE settled AND changed > :after "
        "AND changed <= coalesce(CAST(:to AS bigint), changed)"
    )
    return cast(int, (await transaction.execute(statement, {"after": after, "to": to})).scalar_one())


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
    trained_to: int,
    figures: Mapping[str, Any],
) -> None:
    """Put a state in this role; the one before it is retired. A champion has what was to be withdrawn withdrawn."""
    if role == CHAMPION:
        await transaction.execute(_FOLDED, {"to": lessons_to})
    await transaction.execute(_RETIRE, {"role": role})
    await transaction.execute(
        _INSERT,
        {
            "role": role,
            "origin": origin,
            "version": classifier.version,
            "content": classifier.dump(),
            "lessons_to": lessons_to,
            "trained_to": trained_to,
            "at": clock.now(),
            "figures": to_json(figures).decode(),
        },
    )


async def promote(transaction: Transaction, figures: Mapping[str, Any]) -> None:
    """The challenger is champion from now on. It holds no steps that could be withdrawn."""
    await transaction.execute(_FOLDED_NO_MORE)
    await transaction.execute(_RETIRE, {"role": CHAMPION})
    await transaction.execute(_PROMOTE, {"figures": to_json(figures).decode()})


async def give_up(transaction: Transaction, figures: Mapping[str, Any]) -> None:
    """The challenger was no better; it is kept no longer."""
    await transaction.execute(_GIVE_UP, {"figures": to_json(figures).decode()})
