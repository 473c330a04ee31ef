"""Keeps the copy of routing's calendars, and finds the cases whose clocks were computed by what no longer holds.

Such cases are only woken: the waker counts them anew, in batches, whatever replica it runs in. While routing is away
the copy stays as it is.
"""

import logging
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import BaseModel

from services.resolution.books import BOOKS
from services.resolution.clocks.book import CLOCKS
from services.resolution.clocks.calendars import CalendarCopy
from services.resolution.clocks.store import write_calendars
from services.resolution.lifecycle import UNSOLVED, State
from services.resolution.tables import one_of
from shared import clock
from shared.database import sql
from shared.rulebooks.store import load_books
from shared.service import Context, repeat

log = logging.getLogger(__name__)

BATCH = 500
LOOKS = 20
"""Poll intervals between two looks: calendars change seldom."""

_WAKE = sql(
    f"""
WITH outdated AS (
    SELECT c.id FROM cases c LEFT JOIN calendars k ON k.department = c.department
    WHERE c.state IN {one_of(*UNSOLVED, State.CARRIED_OUT, State.MERGED)}
      AND c.id > CAST(:after AS uuid)
      AND (c.clock_policy IS DISTINCT FROM :policy OR c.calendar_digest IS DISTINCT FROM k.digest)
    ORDER BY c.id LIMIT {BATCH} FOR UPDATE OF c SKIP LOCKED)
UPDATE cases c SET wakes_at = least(c.wakes_at, CAST(:now AS timestamptz)) FROM outdated WHERE c.id = outdated.id
RETURNING c.id
"""  # noqa: S608  # our own words
)


class _Department(BaseModel):
    code: str
    calendar: str | None = None


class _Calendar(CalendarCopy):
    code: str


class Refresher:
    """Reads the calendars, and wakes what must be counted anew."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def run(self) -> None:
        await repeat(self._context, LOOKS, self.refresh)

    async def refresh(self) -> int:
        """Returns how many cases were woken."""
        try:
            copies = await self._copies()
        except httpx.HTTPError as error:
            log.info("routing cannot be asked for its calendars now: %s", type(error).__name__)
        else:
            async with self._context.database.transaction() as transaction:
                await write_calendars(transaction, copies, clock.now())
        return await self._wake_outdated()

    async def _copies(self) -> dict[str, CalendarCopy]:
        """The calendars of the departments that have one."""
        by_code: dict[str, CalendarCopy] = {}
        async for told in self._all("calendars"):
            calendar = _Calendar.model_validate(told)
            by_code[calendar.code] = CalendarCopy(**calendar.model_dump(exclude={"code"}))
        departments = [_Department.model_validate(told) async for told in self._all("departments")]
        return {unit.code: by_code[unit.calendar] for unit in departments if unit.calendar in by_code}

    async def _all(self, what: str) -> AsyncIterator[Any]:
        cursor = ""
        while True:
            path = f"/routing/v1/directory/{what}?limit=200{cursor}"
            page = await self._context.ask("routing", path, "cases:read")
            for item in page["items"]:
                yield item
            if page.get("next") is None:
                return
            cursor = f"&cursor={quote(page['next'], safe='')}"

    async def _wake_outdated(self) -> int:
        async with self._context.database.reading() as connection:
            policy = (await load_books(connection, *BOOKS)).version(CLOCKS)
        woken, after = 0, "00000000-0000-0000-0000-000000000000"
        while True:
            async with self._context.database.transaction() as transaction:
                wanted = {"policy": policy, "after": after, "now": clock.now()}
                ids = (await transaction.execute(_WAKE, wanted)).scalars().all()
            if not ids:
                return woken
            woken += len(ids)
            after = str(max(ids, key=str))
