"""An audit made: what is known now is read and compared, what was found is kept and told."""

import asyncio
from datetime import date, datetime
from uuid import UUID

from services.insights.fairness import store
from services.insights.fairness.book import AUDIT_RULES
from services.insights.fairness.colleagues import Colleagues
from services.insights.fairness.measures import MEASURES
from services.insights.fairness.model import Comparison, FairnessVerdict, audit
from services.insights.fairness.reading import Seen, customers
from services.insights.fairness.staff import staff
from shared.database import Transaction
from shared.events import DisparityFound
from shared.events.insights import Treated as About
from shared.ids import derived_id
from shared.rulebooks.store import load_books


async def make(
    transaction: Transaction,
    audit_id: UUID,
    about: About,
    first: date,
    last: date,
    by: str,
    at: datetime,
    known: Colleagues,
) -> int:
    """Returns how many cases were looked at. Of none, nothing is kept. `known` is needed of staff alone."""
    connection = transaction.connection
    books = await load_books(connection, AUDIT_RULES)
    rules = books.read(AUDIT_RULES)
    if about is About.STAFF:
        seen = await staff(connection, first, last, known, rules.new_days)
    else:
        seen = await customers(connection, first, last, at)
    if not seen.cases:
        return 0
    found = await asyncio.to_thread(audit, seen.samples, seen.strata, rules)
    row = {
        "id": audit_id,
        "about": about.value,
        "first": first,
        "last": last,
        "cases": seen.cases,
        "rules_version": books.version(AUDIT_RULES),
        "made_by": by,
        "made_at": at,
    }
    await store.save(transaction, row, found)
    for each in found:
        if each.verdict is FairnessVerdict.DISPARITY:
            _tell(transaction, audit_id, about, each, seen, first, last, at)
    return seen.cases


def _tell(
    transaction: Transaction,
    audit_id: UUID,
    about: About,
    found: Comparison,
    seen: Seen,
    first: date,
    last: date,
    at: datetime,
) -> None:
    assert found.estimate is not None, "a disparity has an estimate"
    assert found.q_value is not None
    id = store.comparison_id(audit_id, found)
    event = DisparityFound(
        complaint_id=seen.newest[found.characteristic, found.group],
        audit_id=audit_id,
        comparison_id=id,
        about=about,
        characteristic=found.characteristic,
        group=found.group,
        measure=found.measure.value,
        sort=MEASURES[found.measure].sort.value,
        worse=bool(found.worse),
        n=found.n,
        n_others=found.n_others,
        value=found.estimate.value,
        low=found.estimate.low,
        high=found.estimate.high,
        p_value=found.estimate.p_value,
        q_value=found.q_value,
        tolerance=found.tolerance,
        first=first,
        last=last,
        found_at=at,
    )
    transaction.publish(event, at=at, event_id=derived_id("disparity", id))
