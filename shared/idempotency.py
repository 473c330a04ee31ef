"""Idempotency-Key: a request that is sent again gets the answer of the first, and does nothing twice.

(draft-ietf-httpapi-idempotency-key-header.) The key, a fingerprint of the request and the answer are one row,
written in the transaction that did the work. Another request under the same key waits for that transaction,
because the primary key makes it wait.
"""

import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Header, Request, Response
from sqlalchemy import Column, DateTime, LargeBinary, MetaData, SmallInteger, Table, Text, func

from shared.database import Database, Transaction, sql
from shared.problems import Problem


def add_tables(metadata: MetaData) -> None:
    Table(
        "idempotency_keys",
        metadata,
        Column("principal", Text, primary_key=True, comment="who sent it: keys of two callers never meet"),
        Column("key", Text, primary_key=True),
        Column("fingerprint", LargeBinary, nullable=False, comment="SHA-256 of method, path and body"),
        Column("status", SmallInteger, nullable=False, comment="0 while the work is going on"),
        Column("body", LargeBinary, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now(), index=True),
    )


IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="Choose one per intended effect and send it again with every retry.",
    ),
]


class KeyReused(Problem):
    """The Idempotency-Key was used before, for a different request."""

    def __init__(self) -> None:
        super().__init__(
            422,
            "idempotency-key-reused",
            "This Idempotency-Key belongs to another request",
            "The same key came with a different body. Use a new key for a new request; to retry, send the "
            "body unchanged.",
            field="header/Idempotency-Key",
        )


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes

    def response(self, *, replayed: bool) -> Response:
        headers = {"Idempotent-Replayed": "true"} if replayed else {}
        return Response(self.body, self.status, headers, "application/json")


@dataclass(frozen=True, slots=True)
class Claim:
    principal: str
    key: str
    fingerprint: bytes


def fingerprint(method: str, path: str, body: bytes) -> bytes:
    return hashlib.sha256(b"\n".join((method.encode(), path.encode(), body))).digest()


CLAIM = """
claimed AS (
    INSERT INTO idempotency_keys (principal, key, fingerprint, status, body)
    SELECT * FROM unnest(CAST(:claimants AS text[]), CAST(:claims AS text[]), CAST(:fingerprints AS bytea[]),
                         CAST(:statuses AS smallint[]), CAST(:bodies AS bytea[]))
        AS g(principal, key, fingerprint, status, body) ORDER BY principal, key
    ON CONFLICT DO NOTHING RETURNING principal, key
)
"""
"""Part of a statement: claims keys together with the answers that their work will give. A key that another
transaction is using is waited for; no key may come twice."""


def claiming(claims: Sequence[Claim], answers: Sequence[Answer]) -> dict[str, Any]:
    """The parameters of CLAIM."""
    return {
        "claimants": [c.principal for c in claims],
        "claims": [c.key for c in claims],
        "fingerprints": [c.fingerprint for c in claims],
        "statuses": [a.status for a in answers],
        "bodies": [a.body for a in answers],
    }


EARLIER = sql(
    "SELECT k.* FROM idempotency_keys k JOIN unnest(CAST(:principals AS text[]), CAST(:keys AS text[])) "
    "AS g(principal, key) USING (principal, key)"
)


def of(claims: Sequence[Claim]) -> dict[str, Any]:
    """The parameters of EARLIER."""
    return {"principals": [c.principal for c in claims], "keys": [c.key for c in claims]}


def earlier(claims: Sequence[Claim], rows: Iterable[Any]) -> Mapping[tuple[str, str], Answer | KeyReused]:
    """What the claims had been answered before, by the rows that EARLIER found."""
    prints = {(c.principal, c.key): c.fingerprint for c in claims}
    return {
        (row.principal, row.key): Answer(row.status, row.body)
        if row.fingerprint == prints[row.principal, row.key]
        else KeyReused()
        for row in rows
    }


_CLAIM_ONE = sql(f"WITH {CLAIM} SELECT key FROM claimed")  # noqa: S608 - the part is our own


async def claim(transaction: Transaction, wanted: Claim, answer: Answer) -> Answer | None:
    """Claim a key together with the answer that its work will give, or return the answer that it has had.

    Raises KeyReused.
    """
    claimed = await transaction.execute(_CLAIM_ONE, claiming([wanted], [answer]))
    if claimed.first() is not None:
        return None
    before = earlier([wanted], await transaction.execute(EARLIER, of([wanted])))[wanted.principal, wanted.key]
    if isinstance(before, KeyReused):
        raise before
    return before


async def once(
    request: Request,
    database: Database,
    principal: str,
    key: str | None,
    work: Callable[[Transaction], Awaitable[Answer]],
) -> Response:
    """Do `work` in a transaction, once per Idempotency-Key. Raises KeyReused.

    A request that fails stores nothing: it may be sent again.
    """
    # Read before the transaction begins: a caller who sends slowly must not hold one open.
    body = await request.body()
    async with database.transaction() as transaction:
        if key is None:
            return (await work(transaction)).response(replayed=False)
        mine = Claim(principal, key, fingerprint(request.method, request.url.path, body))
        before = await claim(transaction, mine, Answer(0, b""))
        if before is not None:
            return before.response(replayed=True)
        answer = await work(transaction)
        await transaction.execute(
            sql(
                "UPDATE idempotency_keys SET status = :status, body = :body "
                "WHERE principal = :principal AND key = :key"
            ),
            {"status": answer.status, "body": answer.body, "principal": principal, "key": key},
        )
        return answer.response(replayed=False)
