"""The rollups made again from the rows of complaints, when a release keeps other sums than the one before.

What a complaint adds follows from its row alone, so the log is not needed. It is part of the migration: a projector
must never take away from a sum what was never added to it.
"""

import hashlib
import json
from collections import Counter

from sqlalchemy import Connection, insert, select, text
from sqlalchemy.engine import Row

from services.insights.model import COUNTS, CUTS, Contributions, Facts, contributions
from services.insights.store import complaints, daily, handling_times, layout, rows_of

AT_ONCE = 5_000
"""Complaints in one question, and rows in one insertion."""

LAYOUT = hashlib.sha256(json.dumps([CUTS, COUNTS]).encode()).hexdigest()
"""Names the cuts and the counts that this release keeps."""


def recount(connection: Connection) -> None:
    """Does nothing when the sums are already those of this release."""
    if connection.execute(select(layout.c.digest)).scalar_one_or_none() == LAYOUT:
        return
    connection.execute(text("TRUNCATE daily, handling_times, layout"))
    connection.execute(insert(layout).values(digest=LAYOUT))
    total: Contributions = Counter()
    question = select(complaints).order_by(complaints.c.id).limit(AT_ONCE)
    some = connection.execute(question).all()
    while some:
        for row in some:
            total.update(contributions(_facts(row)))
        some = connection.execute(question.where(complaints.c.id > some[-1].id)).all()
    for table, rows in zip((daily, handling_times), rows_of(total), strict=True):
        for first in range(0, len(rows), AT_ONCE):
            connection.execute(insert(table), rows[first : first + AT_ONCE])


def _facts(row: "Row[tuple[object, ...]]") -> Facts:
    return Facts(**row._asdict())
