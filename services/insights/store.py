"""The read tables of insights. All of them can be dropped and are then made again from the log, bit for bit. (The
rulebooks stay.)

Hence no column here holds a clock's time, a drawn number or anything that depends on how the log was cut into
batches (so there is no `version`), and a rollup row that falls to zero is deleted: whether it ever existed
depends on the order in which the topics were read.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, date, tzinfo
from operator import attrgetter
from uuid import UUID

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
    text,
)
from sqlalchemy.dialects import postgresql

from services.insights.model import (
    COUNTS,
    CUTS,
    JOIN,
    Cell,
    Contributions,
    Dims,
    Facts,
    contributions,
    name_of,
)
from shared.database import Transaction, service_metadata, session_lock_key
from shared.rulebooks import store as rulebook_store

metadata = service_metadata("insights")

TIME = DateTime(timezone=True)
ROOM = {"fillfactor": 70}
"""Rows are updated many times over; with room on the page no index has to be touched for it (HOT)."""
DIMENSIONS = tuple(name_of(cut) for cut in CUTS)

complaints = Table(
    "complaints",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column(
        "registered_at", TIME, comment="null until the registration was read; until then it counts nowhere"
    ),
    Column("kind", Text),
    Column("medium", Text),
    Column("channel", Text),
    Column("language", Text),
    Column("product", Text),
    Column("loss", Text, CheckConstraint("loss IN ('minor', 'middle', 'major')", name="loss")),
    Column("customer_id", Uuid, comment="opaque"),
    Column("region", Text, comment="ISO 3166-1 or 3166-2"),
    Column("batch", Text),
    Column("supplier", Text),
    Column("standing", Text, comment="as a customer"),
    Column("key_account", Boolean),
    Column("subcategory", Text, comment="as a person coded it"),
    Column("leading_id", Uuid, comment="the complaint that it was merged into, while it is"),
    Column("offer_chosen_at", TIME),
    Column("offers_declined", Integer, nullable=False),
    Column("opinion", Text, comment="newest answer to the survey"),
    Column("opinion_at", TIME),
    Column("severity", Text),
    Column("category", Text),
    Column("triaged_at", TIME, comment="last decision"),
    Column("triaged_automatically", Boolean, comment="whether the rules took the last decision"),
    Column("referred_at", TIME),
    Column("department", Text),
    Column("handler_id", Text),
    Column("assigned_at", TIME, comment="last assignment"),
    Column("assignments", Integer, nullable=False),
    Column("notices_acknowledged", Integer, nullable=False),
    Column(
        "risks_raised", Integer, nullable=False, server_default="0", comment="a dispute or an incident seen"
    ),
    Column("notices_issued", Integer, nullable=False),
    Column("opened_at", TIME),
    Column("accepted_at", TIME, comment="first acceptance"),
    Column("accepted_by", Text, comment="who accepted it last"),
    Column("valid", Boolean),
    Column("judged_at", TIME),
    Column("offer_rounds", Integer, nullable=False),
    Column("agreed_at", TIME),
    Column("carried_out_at", TIME, comment="null again while the case is resumed"),
    Column("updates", Integer, nullable=False, comment="times a person told how things stand"),
    Column("follow_ups", Integer, nullable=False),
    Column("resumed", Integer, nullable=False),
    Column("closed_at", TIME, comment="null again while the case is resumed"),
    Column("outcome", Text, comment="the customer's judgement at the closing"),
    Column("trust_restored", Boolean, comment="the customer's word at the closing; null: none"),
    Column("withdrawn_at", TIME, comment="when the customer withdrew it"),
    Column("improvement_id", Uuid, comment="the improvement that removes its cause, joined last"),
    Column("promises_made", Integer, nullable=False),
    Column("promises_kept_at", ARRAY(TIME), nullable=False),
    Column("promises_broken_at", ARRAY(TIME), nullable=False),
    Column("messages_delivered", Integer, nullable=False),
    Column("messages_failed", Integer, nullable=False),
    CheckConstraint("(closed_at IS NULL) = (outcome IS NULL)", name="closed_with_outcome"),
    CheckConstraint("standing IN ('new', 'established')", name="standing"),
    CheckConstraint("withdrawn_at IS NULL OR closed_at IS NULL", name="one_end"),
    comment="one row per complaint, as the events tell it",
    postgresql_with=ROOM,
)

Index("ix_complaints_matter", complaints.c.category, complaints.c.registered_at)
Index("ix_complaints_registered", complaints.c.registered_at)
Index("ix_complaints_product", complaints.c.product, complaints.c.registered_at)

daily = Table(
    "daily",
    metadata,
    Column("dimension", Text, primary_key=True),
    Column("day", Date, primary_key=True, comment="UTC"),
    Column("value", Text, primary_key=True, comment="'' while it is not known, and for dimension none"),
    *(Column(name, BigInteger, nullable=False, comment=why) for name, why in COUNTS.items()),
    CheckConstraint(f"dimension IN {DIMENSIONS}", name="dimension"),
    CheckConstraint(f"least({', '.join(COUNTS)}) >= 0", name="not_negative"),
    CheckConstraint(f"greatest({', '.join(COUNTS)}) > 0", name="not_empty"),
    CheckConstraint("handled + merged + withdrawn <= received", name="handled"),
    CheckConstraint("converted <= dissatisfied AND dissatisfied + merged <= received", name="converted"),
    CheckConstraint("triaged_automatically <= triaged", name="triaged"),
    CheckConstraint("trust_restored <= trust_told AND trust_told <= closed", name="trust"),
    CheckConstraint("closed_slowly <= closed", name="closed_slowly"),
    CheckConstraint("satisfied + acceptable + not_acceptable = closed", name="closed"),
    comment="what is counted per day, once for every dimension: each dimension adds up to the same",
    postgresql_with=ROOM,
)

handling_times = Table(
    "handling_times",
    metadata,
    Column("dimension", Text, primary_key=True),
    Column("day", Date, primary_key=True, comment="of receipt, UTC"),
    Column("value", Text, primary_key=True),
    Column("bucket", SmallInteger, primary_key=True, comment="index into durations.BOUNDS"),
    Column(
        "n", BigInteger, nullable=False, comment="handled complaints whose handling time is in the bucket"
    ),
    CheckConstraint("n > 0", name="not_empty"),
    comment="histogram of handling times; histograms add up, percentiles do not",
    postgresql_with=ROOM,
)

rulebook_store.add_tables(metadata)

layout = Table(
    "layout",
    metadata,
    Column(
        "digest", Text, primary_key=True, comment="names the cuts and the counts that the sums were kept by"
    ),
    comment="one row; when a release keeps others, its migration counts everything again",
)

_FIELDS = tuple(column.name for column in complaints.columns)
_values_of = attrgetter(*_FIELDS)
_POSITIONS = [(name_of(cut), [Dims._fields.index(name) for name in cut]) for cut in CUTS]
_POSITION = {name: position for position, name in enumerate(COUNTS)}


def _parameter(column: Column[object]) -> str:
    """The column's place in `unnest`: an array of an array would be unnested twice, so it goes as text."""
    inner = "text" if isinstance(column.type, ARRAY) else _type(column)
    return f"CAST(:{column.name} AS {inner}[])"


def _type(column: Column[object]) -> str:
    return column.type.compile(postgresql.dialect())  # type: ignore[no-untyped-call]


_LOAD = text(f"SELECT {', '.join(_FIELDS)} FROM complaints WHERE id = ANY(:ids)")  # noqa: S608 - own names only

_SAVE = text(
    f"INSERT INTO complaints ({', '.join(_FIELDS)}) "  # noqa: S608
    f"SELECT {', '.join(f'CAST(g.{c.name} AS {_type(c)})' for c in complaints.columns)} "
    f"FROM unnest({', '.join(map(_parameter, complaints.columns))}) AS g({', '.join(_FIELDS)}) "
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _FIELDS[1:])}"
)

_LOCK = text("SELECT pg_advisory_xact_lock(:key)")

# MERGE and not INSERT .. ON CONFLICT: that checks the constraints on the delta, which may be negative, and it
# cannot delete. MERGE may collide with another inserter, hence the lock.
_COUNT = text(
    "MERGE INTO daily AS t USING (SELECT * FROM unnest(CAST(:dimension AS text[]), CAST(:day AS date[]), "  # noqa: S608
    f"CAST(:value AS text[]), {', '.join(f'CAST(:{name} AS bigint[])' for name in COUNTS)})) "
    f"AS d(dimension, day, value, {', '.join(COUNTS)}) "
    "ON t.dimension = d.dimension AND t.day = d.day AND t.value = d.value "
    f"WHEN MATCHED AND {' AND '.join(f't.{name} + d.{name} = 0' for name in COUNTS)} THEN DELETE "
    f"WHEN MATCHED THEN UPDATE SET {', '.join(f'{name} = t.{name} + d.{name}' for name in COUNTS)} "
    f"WHEN NOT MATCHED THEN INSERT (dimension, day, value, {', '.join(COUNTS)}) "
    f"VALUES (d.dimension, d.day, d.value, {', '.join(f'd.{name}' for name in COUNTS)})"
)

_TIMES = text(
    "MERGE INTO handling_times AS t USING (SELECT * FROM unnest(CAST(:dimension AS text[]), "
    "CAST(:day AS date[]), CAST(:value AS text[]), CAST(:bucket AS smallint[]), CAST(:n AS bigint[]))) "
    "AS d(dimension, day, value, bucket, n) "
    "ON t.dimension = d.dimension AND t.day = d.day AND t.value = d.value AND t.bucket = d.bucket "
    "WHEN MATCHED AND t.n + d.n = 0 THEN DELETE "
    "WHEN MATCHED THEN UPDATE SET n = t.n + d.n "
    "WHEN NOT MATCHED THEN INSERT (dimension, day, value, bucket, n) "
    "VALUES (d.dimension, d.day, d.value, d.bucket, d.n)"
)


class FactsStore:
    """Rows of complaints, and the rollups that are kept in the same transaction.

    Days are UTC days unless a zone is given. The zone is part of what the tables hold: to change it, rebuild.
    """

    def __init__(self, zone: tzinfo = UTC) -> None:
        self._zone = zone

    async def load(self, transaction: Transaction, ids: Collection[UUID]) -> Mapping[UUID, Facts]:
        found: dict[UUID, Facts] = {}
        if ids:
            rows = await transaction.execute(_LOAD, {"ids": list(ids)})
            for row in rows.fetchall():
                facts = Facts(**dict(zip(_FIELDS, row, strict=True)))
                facts.counted = contributions(facts, self._zone)
                found[facts.id] = facts
        return {i: found.get(i) or Facts(id=i) for i in ids}

    async def save(self, transaction: Transaction, aggregates: Iterable[Facts]) -> None:
        """Four statements, however many complaints: the rows, a lock, and the two rollups."""
        changed = list(aggregates)
        await transaction.execute(_SAVE, _as_arrays(changed))
        delta: Contributions = Counter()
        for facts in changed:
            new = contributions(facts, self._zone)
            if new != facts.counted:
                delta.update(new)
                delta.subtract(facts.counted)
                facts.counted = new
        counts, times = by_cut(delta)
        if not counts and not times:
            return
        # Replicas write the same few rows (today's), and would meet in them anyway. One lock, taken after all
        # others and held for these two statements and the commit, keeps them from deadlocks and collisions.
        await transaction.execute(_LOCK, {"key": session_lock_key("insights", "rollups")})
        if counts:
            columns = list(zip(*((*key, *row) for key, row in counts.items()), strict=True))
            names = ("dimension", "day", "value", *COUNTS)
            await transaction.execute(_COUNT, dict(zip(names, map(list, columns), strict=True)))
        if times:
            columns = list(zip(*((*key, n) for key, n in times.items()), strict=True))
            names = ("dimension", "day", "value", "bucket", "n")
            await transaction.execute(_TIMES, dict(zip(names, map(list, columns), strict=True)))


def _as_arrays(rows: Iterable[Facts]) -> dict[str, list[object]]:
    arrays = dict(zip(_FIELDS, map(list, zip(*map(_values_of, rows), strict=True)), strict=True))
    for name in ("promises_kept_at", "promises_broken_at"):
        arrays[name] = ["{%s}" % ",".join(at.isoformat() for at in times) for times in arrays[name]]  # noqa: UP031
    return arrays


def by_cut(
    delta: Mapping[Cell, int],
) -> tuple[dict[tuple[str, date, str], list[int]], dict[tuple[str, date, str, int], int]]:
    """The delta once for every dimension, as rows of `daily` and `handling_times`; nothing that is zero."""
    counts: dict[tuple[str, date, str], list[int]] = defaultdict(lambda: [0] * len(COUNTS))
    times: Counter[tuple[str, date, str, int]] = Counter()
    for (day, dims, what), n in delta.items():
        if n == 0:
            continue
        for dimension, value in _cuts(dims):
            if isinstance(what, int):
                times[dimension, day, value, what] += n
            else:
                counts[dimension, day, value][_POSITION[what]] += n
    return {key: row for key, row in counts.items() if any(row)}, {key: n for key, n in times.items() if n}


def _cuts(dims: Dims) -> Iterator[tuple[str, str]]:
    for name, positions in _POSITIONS:
        yield name, JOIN.join([dims[position] for position in positions])


def rows_of(total: Contributions) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """All of it as rows of `daily` and of `handling_times`."""
    counts, times = by_cut(total)
    names = ("dimension", "day", "value")
    return (
        [dict(zip((*names, *COUNTS), (*key, *row), strict=True)) for key, row in counts.items()],
        [dict(zip((*names, "bucket", "n"), (*key, n), strict=True)) for key, n in times.items()],
    )
