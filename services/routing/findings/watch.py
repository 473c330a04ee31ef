"""Looks on schedule for what is unowned or untrained. Any number of replicas may run it."""

from collections import Counter

from prometheus_client import Gauge

from services.routing.directory.layers import meets_customers
from services.routing.directory.store import load_directory
from services.routing.directory.succeeding import move_work
from services.routing.findings.model import Finding, FindingKind, findings
from services.routing.findings.store import keep
from services.routing.store import findings as table
from services.routing.training.keeping import meet_needs
from shared import clock
from shared.database import Transaction, sql
from shared.service import Context, repeat
from shared.taxonomy import newest

OPEN = Gauge("redress_findings_open", "What is unowned or untrained now", ["kind"])
PAUSE = 60
"""Poll intervals between two looks: half a minute as delivered."""


class Watch:
    """Worker of routing."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def run(self) -> None:
        await repeat(self._context, PAUSE, self.turn)

    async def turn(self) -> tuple[int, int]:
        """Look once. Returns how many findings were opened and settled."""
        await move_work(self._context.database)
        async with self._context.database.transaction() as transaction:
            found = await look(transaction)
            await meet_needs(transaction, "redress", clock.now())
            changed = await keep(transaction, table, found, clock.now())
        counted = Counter(finding.kind for finding in found)
        for kind in FindingKind:
            OPEN.labels(kind.value).set(counted[kind])
        return changed


async def look(transaction: Transaction) -> list[Finding]:
    """All that is wrong now."""
    directory = await load_directory(transaction.connection)
    carried = await transaction.execute(
        sql(
            "SELECT handler_id, count(*) AS complaints FROM dispatches WHERE status = 'assigned' GROUP BY handler_id"
        )
    )
    layers = {department.code: department.layer for department in directory.departments.values()}
    contact = {
        person.id
        for person in directory.people
        if meets_customers(layers[person.department], person.role, person.meets_customers)
    }
    return findings(
        directory,
        [category.code for category in newest().categories],
        {row.handler_id: row.complaints for row in carried},
        contact,
        clock.now(),
    )
