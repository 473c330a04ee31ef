"""The table of signatures. A read table: made from events alone, whatever their order."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Table,
    Text,
    TextClause,
    Uuid,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.recurrence.improved import improvements, load_improved, save_improved
from services.insights.recurrence.model import WITHIN, Candidates, Improved, Signed, connected
from services.insights.rows import RowStore
from services.insights.store import metadata
from shared import driver
from shared.bulk import columns_of, save_rows
from shared.database import Transaction, sql
from shared.rebuilding import SAVED_AT_ONCE

PER_BAND = 50
"""Complaints of a band and product that are compared, the nearest in time first."""

signatures = Table(
    "signatures",
    metadata,
    Column("id", Uuid, primary_key=True, comment="of the complaint"),
    Column("registered_at", DateTime(timezone=True)),
    Column("customer_id", Uuid, comment="opaque"),
    Column("product", Text),
    Column("said", Text, comment="words and pairs of signs, masked"),
    Column(
        "bands", ARRAY(BigInteger), nullable=False, comment="by what it is found; see recurrence/signature.py"
    ),
    Column("recurrence_id", Uuid, comment="the oldest, by id, of all complaints that tell the same"),
    Column("erased_at", DateTime(timezone=True), comment="when its customer was erased"),
    CheckConstraint("recurrence_id <= id", name="oldest"),
    CheckConstraint("(recurrence_id IS NULL) = (registered_at IS NULL)", name="compared"),
    CheckConstraint("erased_at IS NULL OR (said IS NULL AND cardinality(bands) = 0)", name="forgotten"),
    comment="complaints as they are compared with each other",
)
Index("ix_signatures_recurrence", signatures.c.recurrence_id)
Index(
    "ix_signatures_bands", signatures.c.bands, postgresql_using="gin", postgresql_with={"fastupdate": "off"}
)

FIELDS = columns_of(signatures)
_SHARING = """
SELECT {distinct} * FROM signatures WHERE bands @> ARRAY[b.band]
  AND registered_at BETWEEN b.first - CAST(:within AS interval) AND b.last + CAST(:within AS interval)
"""
_NEAREST = "abs(extract(epoch FROM registered_at - b.first)), id DESC"
_NEAR = f"""
SELECT DISTINCT {", ".join(f"s.{name}" for name in FIELDS)}
FROM unnest(CAST(:bands AS bigint[]), CAST(:products AS text[]), CAST(:firsts AS timestamptz[]),
            CAST(:lasts AS timestamptz[])) AS b(band, product, first, last)
CROSS JOIN LATERAL (
    SELECT * FROM ({{sharing}}) n ORDER BY {_NEAREST} LIMIT {PER_BAND}
) s
"""  # noqa: S608 - own names only
# Of each text the last complaint before, the next one after, and one between: whatever came first, those whom it
# connects are found. But each of the erased for itself, because it depends on the time whether it counts.
_ONE = (
    "said, (registered_at >= b.first)::int + (registered_at > b.last)::int, "
    "CASE WHEN id = ANY(CAST(:erased AS uuid[])) THEN id END"
)
_TEXTS_NEAR = sql(
    _NEAR.format(
        sharing=_SHARING.format(distinct=f"DISTINCT ON ({_ONE})")
        + f"AND product IS NOT DISTINCT FROM b.product ORDER BY {_ONE}, {_NEAREST}"
    )
)
_ALL_NEAR = sql(_NEAR.format(sharing=_SHARING.format(distinct="")))
_MOVE = sql(
    "UPDATE signatures s SET recurrence_id = m.new "
    "FROM unnest(CAST(:old AS uuid[]), CAST(:new AS uuid[])) AS m(old, new) WHERE s.recurrence_id = m.old"
)
_SCRUB = sql(
    "UPDATE signatures s SET erased_at = e.at, said = NULL, bands = '{}' "
    "FROM unnest(CAST(:ids AS uuid[]), CAST(:times AS timestamptz[])) AS e(id, at) WHERE s.id = e.id"
)
_TOLD = tuple(name for name in FIELDS if name not in {"id", "recurrence_id"})


class SignatureStore(RowStore[Signed]):
    """Signatures, loaded and saved in bulk; what is new is compared when it is saved."""

    def __init__(self) -> None:
        super().__init__(signatures, Signed, sums=(improvements,))

    async def load(self, transaction: Transaction, ids: Collection[UUID]) -> Mapping[UUID, Signed]:
        of = await super().load(transaction, ids)
        for each in await load_improved(transaction, ids):
            of[each.complaint_id].improvements[each.id] = each
        return of

    async def save(self, transaction: Transaction, aggregates: Iterable[Signed]) -> None:
        saved = list(aggregates)
        new = [each for each in saved if each.new]
        known = [each for each in saved if not each.new]
        # Two that are compared in two transactions at once would not see each other.
        await transaction.hold("recurrence")
        # What is erased by this very batch is stored with its words as yet.
        gone = {each.id: each.erased_at for each in known if each.erased_at is not None}
        await compare(transaction, new, gone)
        for each in saved:
            each.scrub()
        await save_rows(transaction, signatures, self.rows(new))
        # Another complaint may have moved it to an older recurrence since it was loaded.
        await save_rows(transaction, signatures, self.rows(known), changing=_TOLD)
        await save_improved(transaction, _improved(saved))

    def anew(self) -> "SignaturesAnew":
        return SignaturesAnew()


class SignaturesAnew:
    """Writes the empty table. Words of the erased are kept until all is compared: they were there when the complaints
    before the erasure came, whichever round has them now."""

    def __init__(self) -> None:
        self._erased: dict[UUID, datetime] = {}

    async def write(self, transaction: Transaction, aggregates: Sequence[Signed]) -> None:
        for first in range(0, len(aggregates), SAVED_AT_ONCE):
            some = aggregates[first : first + SAVED_AT_ONCE]
            self._erased |= {each.id: each.erased_at for each in some if each.erased_at is not None}
            await compare(transaction, [each for each in some if each.new], self._erased)
            for each in some:
                each.erased_at = None
            await save_rows(transaction, signatures, store.rows(some))
            await save_improved(transaction, _improved(some))

    async def finish(self, transaction: Transaction) -> None:
        erased = {"ids": list(self._erased), "times": list(self._erased.values())}
        await transaction.execute(_SCRUB, erased)
        self._erased = {}


async def compare(
    transaction: Transaction, wanted: Sequence[Signed], erased: Mapping[UUID, datetime]
) -> None:
    """Give each new one its recurrence, and move those that are now the same as an older one. `erased`: of complaints
    that are not saved as erased yet."""
    new = sorted(wanted, key=lambda each: each.id)
    if not new:
        return
    known = await _found(transaction.connection, _TEXTS_NEAR, new, erased=list(erased))
    for each in known:
        each.erased_at = erased.get(each.id, each.erased_at)
    moved = connected(new, Candidates([*known, *new]))
    if moved:
        await transaction.execute(_MOVE, {"old": list(moved), "new": list(moved.values())})


def _improved(signed: Iterable[Signed]) -> list[Improved]:
    return [improved for each in signed for improved in each.improvements.values()]


async def near(connection: AsyncConnection, wanted: Signed) -> list[Signed]:
    """What shares a band with it, whatever the product."""
    return await _found(connection, _ALL_NEAR, [wanted])


async def _found(
    connection: AsyncConnection, near: TextClause, wanted: Sequence[Signed], **more: object
) -> list[Signed]:
    places: defaultdict[tuple[int, str | None, date], list[datetime]] = defaultdict(list)
    for each in wanted:
        assert each.registered_at is not None, "only registered ones are compared"
        for band in each.bands:
            places[band, each.product, each.registered_at.date()].append(each.registered_at)
    given = {
        "bands": [band for band, _, _ in places],
        "products": [product for _, product, _ in places],
        "firsts": [min(moments) for moments in places.values()],
        "lasts": [max(moments) for moments in places.values()],
        "within": WITHIN,
        **more,
    }
    return [store.of_row(row) for row in await driver.run(connection, near, given)]


async def signed(connection: AsyncConnection, complaint_id: UUID) -> Signed | None:
    return (await store.read(connection, [complaint_id])).get(complaint_id)


store = SignatureStore()
