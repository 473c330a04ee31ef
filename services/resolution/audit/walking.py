"""Verification over the database, in bounded memory: a page of cases at a time, a page of their entries at a time."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause
from sqlalchemy.ext.asyncio import AsyncConnection

from services.resolution.audit.chain import COVERED, Head, Link, Part, key_of
from services.resolution.audit.checkpoint import NOBODY, Chained
from services.resolution.audit.findings import Finding, Wrong
from services.resolution.audit.verifying import Check, Claim, Stored
from services.resolution.lifecycle import State
from shared import driver
from shared.database import Database, sql

CASES, ENTRIES = 500, 4000
"""At a time."""

_CLAIMS = sql(
    """
SELECT c.id, c.audit_number, c.audit_hash, c.audit_salt, c.audit_from, c.erased, c.state,
       (SELECT count(*) FROM timeline t WHERE t.complaint_id = c.id) AS timeline,
       (SELECT count(*) FROM offers o WHERE o.complaint_id = c.id) AS offer,
       (SELECT count(*) FROM promises p WHERE p.complaint_id = c.id) AS promise,
       (SELECT count(*) FROM promises p WHERE p.complaint_id = c.id AND p.state <> 'live') AS settlement,
       (SELECT count(*) FROM contacts t WHERE t.complaint_id = c.id) AS contact
FROM cases c WHERE c.id > :after AND (CAST(:only AS uuid) IS NULL OR c.id = :only) ORDER BY c.id LIMIT :page
"""
)
_ENTRIES = sql(
    "SELECT * FROM audit_entries WHERE complaint_id = ANY(CAST(:ids AS uuid[])) "
    "AND (complaint_id, number) > (CAST(:after AS uuid), CAST(:number AS int)) "
    "ORDER BY complaint_id, number LIMIT :page"
)
# By the complaint, because what an entry says its key is may have been tampered with, and is no number or id then.
_ROWS = (
    "SELECT t.* FROM unnest(CAST(:complaints AS uuid[]), CAST(:keys AS text[])) AS k(id, key) "
    "JOIN {table} t ON t.complaint_id = k.id AND CAST(t.{column} AS text) = k.key"
)
_KEPT: Sequence[tuple[Sequence[Part], TextClause]] = (
    ((Part.TIMELINE,), sql(_ROWS.format(table="timeline", column="number"))),
    ((Part.OFFER,), sql(_ROWS.format(table="offers", column="offer_id"))),
    ((Part.PROMISE, Part.SETTLEMENT), sql(_ROWS.format(table="promises", column="promise_id"))),
    ((Part.CONTACT,), sql(_ROWS.format(table="contacts", column="id"))),
)
_TOTAL = sql(
    "SELECT coalesce(sum(audit_number), 0) AS total FROM cases WHERE CAST(:only AS uuid) IS NULL OR id = :only"
)

Rows = Mapping[tuple[Part, UUID, str], Mapping[str, Any]]


async def total(database: Database, only: UUID | None) -> int:
    """How many entries there are, roughly: it goes on."""
    async with database.reading() as connection:
        return int((await driver.run(connection, _TOTAL, {"only": only})).scalar_one())


async def walk(
    database: Database, secrets: Sequence[bytes], only: UUID | None, marked: Iterable[Chained]
) -> AsyncIterator[tuple[int, int, list[Finding]]]:
    """Verify all chains, or one. `secrets`: the chains', the present one first. `marked`: a checkpoint's chains in the
    order of their ids.

    Yields how many chains and entries were looked at since the last time, and what is wrong with them. Every page of
    cases is of one moment, so that what happens meanwhile is no finding.
    """
    awaited = _Awaited(marked, only)
    after = NOBODY
    while True:
        async with _moment(database) as connection:
            page = {"after": after, "only": only, "page": CASES}
            claims = [_claim(row, secrets) for row in (await driver.run(connection, _CLAIMS, page)).all()]
            checks: dict[UUID, Check] = {}
            for claim in claims:
                for gone in awaited.before(claim.complaint_id):
                    yield 0, 0, [gone]
                checks[claim.complaint_id] = Check(claim, awaited.of(claim.complaint_id))
            async for number, found in _entries(connection, checks):
                yield 0, number, found
            yield len(claims), 0, [finding for check in checks.values() for finding in check.end()]
        if len(claims) < CASES:
            break
        after = claims[-1].complaint_id
    yield 0, 0, list(awaited.before(None))


class _Awaited:
    """The checkpoint's chains, taken in the order of the complaints' ids."""

    def __init__(self, marked: Iterable[Chained], only: UUID | None) -> None:
        self._marked = (each for each in marked if only is None or each.complaint_id == only)
        self._next = next(self._marked, None)

    def before(self, complaint_id: UUID | None) -> Iterator[Finding]:
        """Those of complaints before this one (None: all that are left) do not exist any more."""
        while self._next is not None and (complaint_id is None or self._next.complaint_id < complaint_id):
            yield Finding(self._next.complaint_id, self._next.head.number, Wrong.CHAIN_GONE)
            self._next = next(self._marked, None)

    def of(self, complaint_id: UUID) -> Head | None:
        if self._next is None or self._next.complaint_id != complaint_id:
            return None
        head, self._next = self._next.head, next(self._marked, None)
        return head


@asynccontextmanager
async def _moment(database: Database) -> AsyncIterator[AsyncConnection]:
    """Everything that is read is of one moment."""
    async with (
        database.reading() as connection,
        driver.transaction(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"),
    ):
        yield connection


async def _entries(
    connection: AsyncConnection, checks: Mapping[UUID, Check]
) -> AsyncIterator[tuple[int, list[Finding]]]:
    after, number = NOBODY, 0
    while True:
        given = {"ids": list(checks), "after": after, "number": number, "page": ENTRIES}
        links = [_link(row) for row in (await driver.run(connection, _ENTRIES, given)).all()]
        if not links:
            return
        rows = await _covered(connection, [link for link, _ in links])
        found: list[Finding] = []
        for link, hash in links:
            stored = Stored(link, hash, rows.get((link.part, link.complaint_id, link.key)))
            found += checks[link.complaint_id].entry(stored)
        yield len(links), found
        after, number = links[-1][0].complaint_id, links[-1][0].number


async def _covered(connection: AsyncConnection, links: Sequence[Link]) -> Rows:
    """The rows that these entries cover."""
    found: dict[tuple[Part, UUID, str], Mapping[str, Any]] = {}
    for parts, statement in _KEPT:
        wanted = {(link.complaint_id, link.key) for link in links if link.part in parts}
        given = {"complaints": [i for i, _ in wanted], "keys": [key for _, key in wanted]}
        if wanted:
            for row in (await driver.run(connection, statement, given)).mappings():
                for part in parts:
                    found[part, row["complaint_id"], str(row[COVERED[part][0]])] = dict(row)
    return found


def _claim(row: Any, secrets: Sequence[bytes]) -> Claim:
    return Claim(
        row.id,
        Head(row.audit_number, row.audit_hash or b""),
        [] if row.audit_salt is None else [key_of(secret, row.audit_salt) for secret in secrets],
        row.erased,
        State(row.state),
        row.audit_from,
        {part: getattr(row, part.value) for part in COVERED},
    )


def _link(row: Any) -> tuple[Link, bytes]:
    told = (row.complaint_id, row.number, row.at, row.recorded_at, row.actor, row.action, Part(row.part))
    return Link(*told, row.key, row.note, row.digest, row.previous), row.hash
