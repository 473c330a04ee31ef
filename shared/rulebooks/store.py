"""Tables of the rulebooks: versions and switches are rows that never change; the last switch counts."""

import hashlib
from typing import Any, cast

from pydantic import TypeAdapter
from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from shared import clock, driver
from shared.database import Transaction, sql
from shared.rulebooks.model import AS_SHIPPED, SHIPPED, Book, Books, C, Content
from shared.rulebooks.schemas import VersionSummary

_READ: dict[tuple[str, str], Content] = {}
"""What was read before, by kind and digest: a version never changes."""


def add_tables(metadata: MetaData) -> tuple[Table, Table]:
    versions = Table(
        "rulebook_versions",
        metadata,
        Column("kind", Text, primary_key=True),
        Column(
            "version", Integer, primary_key=True, comment="counts from 1; 0 is what Redress is shipped with"
        ),
        Column("content", JSONB, nullable=False),
        Column("digest", Text, nullable=False, comment="SHA-256 of the content"),
        Column("reason", Text, nullable=False),
        Column("made_by", Text, nullable=False),
        Column("made_at", DateTime(timezone=True), nullable=False),
        CheckConstraint("version > 0", name="version"),
    )
    switches = Table(
        "rulebook_switches",
        metadata,
        Column("kind", Text, primary_key=True),
        Column(
            "number", Integer, primary_key=True, comment="counts the switches of a kind; the highest counts"
        ),
        Column("version", Integer, comment="null: what Redress is shipped with"),
        Column("reason", Text, nullable=False),
        Column("switched_by", Text, nullable=False),
        Column("switched_at", DateTime(timezone=True), nullable=False),
        ForeignKeyConstraint(
            ["kind", "version"],
            ["rulebook_versions.kind", "rulebook_versions.version"],
            name="fk_rulebook_switches_version",
        ),
    )
    return versions, switches


_IN_FORCE = sql(
    "SELECT s.kind, s.version, v.digest FROM (SELECT DISTINCT ON (kind) kind, version "
    "FROM rulebook_switches ORDER BY kind, number DESC) s "
    "JOIN rulebook_versions v ON v.kind = s.kind AND v.version = s.version"
)


async def load_books(connection: AsyncConnection, *books: Book[Any]) -> Books:
    """What is in force now of these kinds."""
    known = {book.kind: book for book in books}
    if not known:
        return AS_SHIPPED
    in_force: dict[str, tuple[int, Content]] = {}
    for row in (await driver.run(connection, _IN_FORCE, {})).all():
        if row.kind not in known:
            continue
        if (row.kind, row.digest) not in _READ:
            content = await content_of(connection, known[row.kind], row.version)
            assert content is not None
            _READ[row.kind, row.digest] = content
        in_force[row.kind] = (row.version, _READ[row.kind, row.digest])
    return Books(in_force)


async def content_of(connection: AsyncConnection, book: Book[C], version: int) -> C | None:
    """What a version says; None when there is no such version."""
    if version == SHIPPED:
        return book.shipped
    statement = sql("SELECT content FROM rulebook_versions WHERE kind = :kind AND version = :version")
    found = await driver.run(connection, statement, {"kind": book.kind, "version": version})
    content = found.scalar_one_or_none()
    return None if content is None else TypeAdapter(book.content).validate_python(content, strict=False)


async def lock_kind(transaction: Transaction, book: Book[Any]) -> None:
    """Nobody else makes or switches versions of this kind until the transaction ends."""
    await transaction.hold("rulebook", book.kind)


async def add_version(
    transaction: Transaction, book: Book[Any], content: Content, reason: str, by: str
) -> int:
    """Returns its number."""
    await lock_kind(transaction, book)
    said = content.model_dump_json()
    statement = sql(
        "INSERT INTO rulebook_versions (kind, version, content, digest, reason, made_by, made_at) "
        "SELECT :kind, coalesce(max(version), 0) + 1, CAST(:content AS jsonb), :digest, :reason, :by, :at "
        "FROM rulebook_versions WHERE kind = :kind RETURNING version"
    )
    made = await transaction.execute(
        statement,
        {
            "kind": book.kind,
            "content": said,
            "digest": hashlib.sha256(said.encode()).hexdigest(),
            "reason": reason,
            "by": by,
            "at": clock.now(),
        },
    )
    return cast(int, made.scalar_one())


async def switch(transaction: Transaction, book: Book[Any], version: int, reason: str, by: str) -> None:
    """Put a version in force. The caller holds the kind's lock."""
    statement = sql(
        "INSERT INTO rulebook_switches (kind, number, version, reason, switched_by, switched_at) "
        "SELECT :kind, coalesce(max(number), 0) + 1, nullif(CAST(:version AS int), 0), :reason, :by, :at "
        "FROM rulebook_switches WHERE kind = :kind"
    )
    await transaction.execute(
        statement,
        {"kind": book.kind, "version": version, "reason": reason, "by": by, "at": clock.now()},
    )


_SUMMARIES = sql(
    "SELECT v.version, v.reason, v.made_by, v.made_at, s.switched_by, s.switched_at, s.reason AS switched_because, "
    "v.version = coalesce((SELECT coalesce(version, 0) FROM rulebook_switches WHERE kind = :kind "
    "ORDER BY number DESC LIMIT 1), 0) AS in_force "
    "FROM (SELECT version, reason, made_by, made_at FROM rulebook_versions WHERE kind = :kind "
    "UNION ALL SELECT 0, NULL, NULL, NULL) v "
    "LEFT JOIN LATERAL (SELECT switched_by, switched_at, reason FROM rulebook_switches w "
    "WHERE w.kind = :kind AND coalesce(w.version, 0) = v.version ORDER BY number DESC LIMIT 1) s ON true "
    "ORDER BY v.version DESC LIMIT 500"
)


async def summaries(connection: AsyncConnection, book: Book[Any]) -> list[VersionSummary]:
    rows = await driver.run(connection, _SUMMARIES, {"kind": book.kind})
    return [VersionSummary(**row) for row in rows.mappings()]
