"""The read tables of journeys: a row for each complaint, and sums by month that cost the same however many there are.

Like the other read tables they can be dropped and made again from the log, bit for bit.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Uuid,
)

from services.insights.journeys.model import DIMENSIONS, Journey, Sums, contributions
from services.insights.rows import RowStore
from services.insights.store import MOST_SUMS, ROOM, metadata
from services.insights.tally import Tally
from shared.bulk import copy_rows
from shared.database import Transaction

TIME = DateTime(timezone=True)

journeys = Table(
    "journeys",
    metadata,
    Column("id", Uuid, primary_key=True, comment="of the complaint"),
    Column(
        "registered_at", TIME, comment="null until the registration was read; until then it counts nowhere"
    ),
    Column("kind", Text),
    Column("product", Text),
    Column("region", Text),
    Column("loss", Text),
    Column("subcategory", Text),
    Column("leading_id", Uuid, comment="the complaint that it was merged into, while it is"),
    Column("customer_id", Uuid, comment="opaque; null once they are erased"),
    Column(
        "bought_at",
        ARRAY(TIME),
        nullable=False,
        comment="purchases after this complaint, their newest by then",
    ),
    Column("erased", Boolean, nullable=False),
    Column("category", Text),
    Column("severity", Text),
    Column("department", Text),
    Column("cause", Uuid, comment="the improvement that removes its cause, joined last"),
    Column("steps", ARRAY(Text), nullable=False, comment="in the order of their times"),
    Column("times", ARRAY(TIME), nullable=False),
    CheckConstraint("cardinality(steps) = cardinality(times)", name="steps"),
    CheckConstraint("NOT erased OR (customer_id IS NULL AND cardinality(bought_at) = 0)", name="erased"),
    comment="the way of each complaint, step by step",
    postgresql_with=ROOM,
)
Index("ix_journeys_registered", journeys.c.registered_at, journeys.c.id)
Index("ix_journeys_customer", journeys.c.customer_id)


def _sums(name: str, *key: Column[object], comment: str, checks: Iterable[CheckConstraint] = ()) -> Table:
    return Table(
        name,
        metadata,
        Column("month", Date, primary_key=True, comment="of the registration, UTC: its first day"),
        *key,
        Column("n", BigInteger, nullable=False),
        CheckConstraint("n > 0", name="not_empty"),
        *checks,
        comment=comment,
        postgresql_with=ROOM,
    )


def _bucket() -> Column[object]:
    return Column(
        "bucket", SmallInteger, primary_key=True, autoincrement=False, comment="index into durations.BOUNDS"
    )


edges = _sums(
    "journey_edges",
    Column("source", Text, primary_key=True),
    Column("target", Text, primary_key=True),
    Column("again", Boolean, primary_key=True, comment="the complaint had taken the target before"),
    _bucket(),
    comment="how often a step directly followed another, by the time between",
)
funnel = _sums(
    "journey_funnel",
    Column("stage", Text, primary_key=True),
    Column("state", Text, primary_key=True),
    _bucket(),
    comment="complaints that reached a stage, by the time since the one before; and those whose last it is",
    checks=[CheckConstraint("state IN ('reached', 'waiting', 'left')", name="state")],
)
variants = _sums(
    "journey_variants",
    Column("variant", Text, primary_key=True),
    Column("again", Boolean, primary_key=True, comment="some step was taken more than once"),
    comment="ways that ended complaints took, and how many took each",
)
tallies = _sums(
    "journey_tallies",
    Column("dimension", Text, primary_key=True),
    Column("value", Text, primary_key=True, comment="'' while it is not known"),
    Column("severity", Text, primary_key=True),
    Column("loss", Text, primary_key=True),
    Column("ending", Text, primary_key=True),
    Column("slow", Boolean, primary_key=True, comment="the result took longer than the target"),
    comment="complaints and criticisms by what they are about, how severe, how costly, and how they ended",
    checks=[
        CheckConstraint(f"dimension IN {DIMENSIONS}", name="dimension"),
        CheckConstraint("ending IN ('open', 'satisfied', 'not_satisfied')", name="ending"),
    ],
)
ages = _sums(
    "journey_ages",
    Column("day", Date, primary_key=True, comment="of the registration, UTC"),
    Column(
        "age",
        Integer,
        primary_key=True,
        autoincrement=False,
        comment="whole days of UTC until it ended; -1 while it goes on",
    ),
    comment="how long complaints went on",
    checks=[
        CheckConstraint("age >= -1", name="age"),
        CheckConstraint("month = date_trunc('month', CAST(day AS timestamp))::date", name="month"),
    ],
)
SUMS = {"edges": edges, "funnel": funnel, "variants": variants, "tallies": tallies, "ages": ages}

_SUMS = {name: Tally(table) for name, table in SUMS.items()}


class JourneyStore(RowStore[Journey]):
    """Journeys, loaded and saved in bulk; the sums are kept in the same transaction."""

    def __init__(self) -> None:
        super().__init__(journeys, Journey, sums=tuple(SUMS.values()))

    def of_row(self, row: Iterable[Any]) -> Journey:
        journey = super().of_row(row)
        journey.counted = contributions(journey)
        return journey

    async def save(self, transaction: Transaction, aggregates: Iterable[Journey]) -> None:
        """Seven statements at most, however many complaints."""
        changed = list(aggregates)
        await super().save(transaction, changed)
        delta: Sums = Counter()
        for journey in changed:
            new = contributions(journey)
            delta.update(new)
            delta.subtract(journey.counted)
            journey.counted = new
        await _add(transaction, delta)

    def anew(self) -> "JourneysAnew":
        return JourneysAnew()


store = JourneyStore()


class JourneysAnew:
    """Writes the empty tables: rows as they come, sums when they are many and at the end."""

    def __init__(self) -> None:
        self._sums: Sums = Counter()

    async def write(self, transaction: Transaction, aggregates: Iterable[Journey]) -> None:
        changed = list(aggregates)
        await copy_rows(transaction, journeys, map(store.values_of, changed))
        for journey in changed:
            self._sums.update(contributions(journey))
            if len(self._sums) > MOST_SUMS:
                await self.finish(transaction)

    async def finish(self, transaction: Transaction) -> None:
        await _add(transaction, self._sums)
        self._sums = Counter()


async def _add(transaction: Transaction, delta: Sums) -> None:
    rows = rows_of(delta)
    if rows:
        # Whoever adds meets the others in the rows of this month: one at a time, as with the other rollups.
        await transaction.hold("journeys")
    for name, some in rows.items():
        await _SUMS[name].add(transaction, some)


def rows_of(sums: Sums) -> dict[str, list[tuple[object, ...]]]:
    """Rows of each table of sums, without those that are zero."""
    rows: defaultdict[str, list[tuple[object, ...]]] = defaultdict(list)
    for (name, *key), n in sums.items():
        if n:
            rows[str(name)].append((*key, n))
    return dict(rows)
