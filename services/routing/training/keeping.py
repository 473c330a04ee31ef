"""Results are kept, certificates issued, needs met: each in bulk."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from services.routing.store import training
from services.routing.training.model import Result
from shared.bulk import insert_rows
from shared.database import Transaction, sql

_ISSUE = sql(
    "INSERT INTO certificates (person, code, issued_at, expires_at) SELECT * FROM unnest("
    "CAST(:people AS text[]), CAST(:codes AS text[]), CAST(:issued AS timestamptz[]), CAST(:expire AS timestamptz[])) "
    "ON CONFLICT (person, code) DO UPDATE SET issued_at = excluded.issued_at, "
    "expires_at = greatest(certificates.expires_at, excluded.expires_at)"
)
_PASSED = (
    "EXISTS (SELECT FROM training_results r WHERE r.person = {person} AND r.kind = n.kind AND r.passed "
    "AND r.assessed_at >= n.found_at)"
)
_WORKS_THERE = "p.department = n.department AND p.active"
_MEET = sql(
    "WITH met AS (SELECT n.id FROM training_needs n WHERE n.settled_at IS NULL AND "  # noqa: S608 - parts of our own
    f"({_PASSED.format(person='n.person')} OR (EXISTS (SELECT FROM people p WHERE {_WORKS_THERE}) "
    f"AND NOT EXISTS (SELECT FROM people p WHERE {_WORKS_THERE} AND NOT {_PASSED.format(person='p.id')}))) "
    "ORDER BY n.id FOR NO KEY UPDATE) "
    "UPDATE training_needs n SET settled_at = :at, settled_by = :by, settled_how = 'met' FROM met WHERE n.id = met.id"
)
"""Needs are locked in the order of their ids, as everywhere, so that nobody waits in a circle."""


async def keep(transaction: Transaction, results: Sequence[Result], by: str, at: datetime) -> None:
    """Keep results with all that follows from them."""
    await insert_rows(transaction, training.results, [asdict(each) for each in results])
    given = sorted(
        (each for each in results if each.certificate is not None),
        key=lambda each: (each.person, each.certificate),  # the order in which everybody locks them
    )
    if given:
        await transaction.execute(
            _ISSUE,
            {
                "people": [each.person for each in given],
                "codes": [each.certificate for each in given],
                "issued": [each.assessed_at for each in given],
                "expire": [each.expires_at for each in given],
            },
        )
    await meet_needs(transaction, by, at)


async def meet_needs(transaction: Transaction, by: str, at: datetime) -> None:
    """A person's need is met when they passed a course of that kind after it was found; a department's, when
    everybody who works there did."""
    await transaction.execute(_MEET, {"at": at, "by": by})
