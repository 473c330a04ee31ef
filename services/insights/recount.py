"""The rollups made again from the rows of complaints, when a release keeps other sums than the one before.

What a complaint adds follows from its row alone, so the log is not needed. It is part of the migration: a projector
must never take away from a sum what was never added to it.
"""

import hashlib
import json

from sqlalchemy import Connection, insert, select, text
from sqlalchemy.engine import Row

from services.insights.durations import BOUNDS
from services.insights.model import COUNTS, CUTS, Facts, contributions
from services.insights.store import SUMS, complaints, layout
from services.insights.summing import GRAINS, Sums, rows_of
from services.insights.timed import DURATIONS

AT_ONCE = 5_000
"""Complaints in one question, and rows in one insertion."""

LAYOUT = hashlib.sha256(json.dumps([CUTS, COUNTS, list(DURATIONS), BOUNDS, GRAINS]).encode()).hexdigest()
"""Names the cuts, the counts and the histograms that this release keeps."""


def recount(connection: Connection) -> None:
    """Does nothing when the sums are already those of this release."""
    if connection.execute(select(layout.c.digest)).scalar_one_or_none() == LAYOUT:
        return
    connection.execute(text(f"TRUNCATE {', '.join(table.name for table in SUMS)}, layout"))
    connection.execute(insert(layout).values(digest=LAYOUT))
    total = Sums()
    question = select(complaints).order_by(complaints.c.id).limit(AT_ONCE)
    some = connection.execute(question).all()
    while some:
        for row in some:
            total.add(contributions(_facts(row)))
        some = connection.execute(question.where(complaints.c.id > some[-1].id)).all()
    for table in SUMS:
        rows = rows_of(total, table.name)
        for first in range(0, len(rows), AT_ONCE):
            connection.execute(insert(table), rows[first : first + AT_ONCE])


def _facts(row: "Row[tuple[object, ...]]") -> Facts:
    return Facts(**row._asdict())
