"""The table of signatures. A read table: made from events alone, whatever their order."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Column, DateTime, Index, Table, Text, Uuid
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.recurrence.model import WITHIN, Candidates, Signed, connected
from services.insights.store import metadata
from shared import driver
from shared.bulk import save_rows
from shared.database import Transaction, session_lock_key, sql
from shared.rebuilding import BySaving

PER_BAND = 50
"""The newest complaints of a band that are compared: a form letter costs no more than anything else."""

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

FIELDS = tuple(column.name for column in signatures.columns)
_values_of = attrgetter(*FIELDS)
_LOAD = sql(f"SELECT {', '.join(FIELDS)} FROM signatures WHERE id = ANY(CAST(:ids AS uuid[]))")  # noqa: S608
_NEAR = sql(
    f"""
SELECT DISTINCT {", ".join(f"s.{name}" for name in FIELDS)}
FROM unnest(CAST(:bands AS bigint[])) AS b(band)
CROSS JOIN LATERAL (
    SELECT * FROM signatures WHERE bands @> ARRAY[b.band]
      AND registered_at BETWEEN CAST(:since AS timestamptz) AND CAST(:until AS timestamptz)
    ORDER BY registered_at DESC, id DESC LIMIT {PER_BAND}) s
"""  # noqa: S608 - own names only
)
_MOVE = sql(
    "UPDATE signatures s SET recurrence_id = m.new "
    "FROM unnest(CAST(:old AS uuid[]), CAST(:new AS uuid[])) AS m(old, new) WHERE s.recurrence_id = m.old"
)
_LOCK = sql("SELECT pg_advisory_xact_lock(:key)")


class SignatureStore:
    """Signatures, loaded and saved in bulk; what is new is compared when it is saved."""

    tables = (signatures,)

    async def load(self, transaction: Transaction, ids: Collection[UUID]) -> Mapping[UUID, Signed]:
        rows = await transaction.execute(_LOAD, {"ids": list(ids)})
        found = {row[0]: Signed(**dict(zip(FIELDS, row, strict=True))) for row in rows}
        return {i: found.get(i) or Signed(id=i) for i in ids}

    async def save(self, transaction: Transaction, aggregates: Iterable[Signed]) -> None:
        saved = list(aggregates)
        new = sorted((each for each in saved if each.new), key=lambda each: each.id)
        if new:
            # Two that are compared in two transactions at once would not see each other.
            await transaction.execute(_LOCK, {"key": session_lock_key("insights", "recurrence")})
            candidates = Candidates([*await near(transaction.connection, new), *new])
            moved = connected(new, candidates)
            if moved:
                given = {"old": list(moved), "new": list(moved.values())}
                await transaction.execute(_MOVE, given)
        for each in saved:
            each.scrub()
        rows = [dict(zip(FIELDS, _values_of(each), strict=True)) for each in saved]
        await save_rows(transaction, signatures, rows)

    def blank(self, complaint_id: UUID) -> Signed:
        return Signed(id=complaint_id)

    def anew(self) -> BySaving[Signed]:
        return BySaving(self)


async def near(connection: AsyncConnection, wanted: Sequence[Signed]) -> list[Signed]:
    """What shares a band with any of them."""
    moments = [each.registered_at for each in wanted if each.registered_at is not None]
    given = {
        "bands": sorted({band for each in wanted for band in each.bands}),
        "since": min(moments) - WITHIN,
        "until": max(moments) + WITHIN,
    }
    rows = await driver.run(connection, _NEAR, given)
    return [Signed(**dict(zip(FIELDS, row, strict=True))) for row in rows]


async def signed(connection: AsyncConnection, complaint_id: UUID) -> Signed | None:
    row = (await driver.run(connection, _LOAD, {"ids": [complaint_id]})).first()
    return Signed(**dict(zip(FIELDS, row, strict=True))) if row is not None else None
