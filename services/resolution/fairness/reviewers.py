"""Who reviews an appeal: asked of routing's directory when it is filed, and again from time to time.

A reviewer is bound to nobody whom the appeal is about: not the person themselves, nor others complained about, nor
whoever handles or judged the complaint, nor anybody in the line of one of these.
"""

import asyncio
import logging
from collections.abc import Sequence
from urllib.parse import urlencode
from uuid import UUID

import httpx
from pydantic import BaseModel, TypeAdapter

from services.resolution.fairness.book import FAIRNESS
from services.resolution.fairness.model import Appeal
from services.resolution.fairness.store import store as appeals
from services.resolution.model import Case
from services.resolution.staff import standing_of_account
from services.resolution.store import store as cases
from services.resolution.timeline import SYSTEM, Kind
from shared import clock, driver
from shared.aggregate import save_one
from shared.database import Transaction, sql
from shared.service import Context

log = logging.getLogger(__name__)

MOST = 200
"""Candidates who are asked for."""
BATCH = 50

_SEEKING = sql("SELECT id, complaint_id FROM appeals WHERE seeks ORDER BY filed_at LIMIT :batch")
_REVIEWER = sql("SELECT reviewer_id FROM appeals WHERE id = :id")
_BUSY = sql(
    "SELECT reviewer_id, count(*) AS open FROM appeals WHERE ended_at IS NULL AND reviewer_id IS NOT NULL "
    "GROUP BY reviewer_id"
)


class Candidate(BaseModel):
    """Somebody who may judge, as routing's directory knows them; the best come first."""

    id: str
    elsewhere: bool
    present: bool


_CANDIDATES = TypeAdapter(list[Candidate])


async def candidates(ctx: Context, case: Case, person: str | None = None) -> list[Candidate]:
    """Who is independent in this case, the best first; with `person`: whether they are.

    Raises httpx.HTTPError when routing cannot be asked now.
    """
    least_layer = case.books.read(FAIRNESS).least_layer
    judged = {each.mark.made_by for each in case.accused.values() if each.mark is not None}
    judges = [await standing_of_account(ctx, account) for account in sorted(judged)]
    bound = {*case.accused, *(each.person for each in judges if each), *filter(None, [case.handler_id])}
    query = [*(("of", each) for each in sorted(bound)), ("least_layer", least_layer), ("limit", MOST)]
    if person is not None:
        query.append(("person", person))
    found = await ctx.ask("routing", f"/routing/v1/directory/independent?{urlencode(query)}", "cases:read")
    return _CANDIDATES.validate_python(found)


def chosen(found: Sequence[Candidate], open_appeals: dict[str, int]) -> str | None:
    """Somebody who is there: of another department if possible, then whoever has the fewest appeals."""
    here = [each for each in found if each.present]
    best = min(here, key=lambda each: (not each.elsewhere, open_appeals.get(each.id, 0)), default=None)
    return best.id if best else None


class Reviewers:
    """Names reviewers for the appeals that ask for one. Any number of replicas may run it."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def run(self) -> None:
        """For ever. While routing cannot be asked, appeals wait."""
        while True:
            if not await self.turn():
                await asyncio.sleep(self._context.settings.poll_interval)

    async def turn(self) -> int:
        """Look at one batch; returns for how many routing could be asked. The others wait, and hold nobody up."""
        async with self._context.database.reading() as connection:
            seeking = (await driver.run(connection, _SEEKING, {"batch": BATCH})).all()
        answered = 0
        for row in seeking:
            try:
                await self._look_at(row.id, row.complaint_id)
                answered += 1
            except httpx.HTTPError as error:
                log.warning("routing cannot be asked for a reviewer: %s", type(error).__name__)
        return answered

    async def _look_at(self, appeal_id: UUID, complaint_id: UUID) -> None:
        # Routing is asked while nothing is held.
        async with self._context.database.reading() as connection:
            case = (await cases.read(connection, [complaint_id]))[complaint_id]
            busy = {row.reviewer_id: row.open for row in await driver.run(connection, _BUSY)}
            reviewer = (await driver.run(connection, _REVIEWER, {"id": appeal_id})).scalar_one()
        # Whoever reviews it goes on while they work here and are independent, also when they are away for a while.
        if reviewer is None or not await candidates(self._context, case, reviewer):
            reviewer = chosen(await candidates(self._context, case), busy)
        async with self._context.database.transaction(of=[complaint_id, appeal_id]) as transaction:
            appeal = (await appeals.load(transaction, [appeal_id]))[appeal_id]
            if not appeal.seeks:
                return  # another replica was quicker, or it has ended
            at = clock.now()
            if reviewer is not None:
                await named(transaction, appeal, reviewer, SYSTEM)
            else:
                log.warning("nobody independent is there to review an appeal")
                appeal.lose_reviewer(at)
                await save_one(appeals, transaction, appeal)


async def named(transaction: Transaction, appeal: Appeal, reviewer: str, by: str) -> None:
    """Let this person review it. The caller holds the complaint and the appeal. Raises NotPossible."""
    at, before = clock.now(), appeal.reviewer_id
    appeal.name(reviewer, by, at)
    await save_one(appeals, transaction, appeal)
    if reviewer != before:
        case = (await cases.load(transaction, [appeal.complaint_id]))[appeal.complaint_id]
        case.note_appeal(Kind.REVIEWER_NAMED, appeal.person_id, at, by, reviewer)
        await save_one(cases, transaction, case)
