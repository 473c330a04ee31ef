"""The audit: ask every service what it knows of the complaints that were posted."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from demo.account import FORBIDDEN, Found, account, waits_for_its_hour
from demo.calls import Caller, Refused
from demo.ledger import Line
from demo.receivers import Hook, Mailbox
from demo.sample import Complaint
from services import catalogue

SIDE_BY_SIDE = 16


class Audit:
    def __init__(self, auditor: Caller, shop: Caller, engine: AsyncEngine, mail: Mailbox, hook: Hook) -> None:
        self._auditor, self._shop, self._engine = auditor, shop, engine
        self._mail, self._hook = mail, hook
        self.last: tuple[Found, list[Line]] | None = None

    async def settled(self) -> bool:
        """Nothing waits any more: no event, no message but those for an hour that is to come."""
        for status in ("pending", "leased"):
            waiting = [d async for d in self._auditor.pages("/notification/v1/deliveries", status=status)]
            if not all(map(waits_for_its_hour, waiting)):
                return False
        return not await self._stuck("outbox")

    async def agrees(self, complaints: Sequence[Complaint]) -> bool:
        """Draw the account up; `last` has it."""
        found = await self._look(complaints)
        lines = account(complaints, found, self._mail, self._hook)
        self.last = found, lines
        return all(line.agrees for line in lines)

    async def _look(self, complaints: Sequence[Complaint]) -> Found:
        """Read everything that there is to read."""
        found = Found()
        async for item in self._auditor.pages("/intake/v1/complaints"):
            found.intake[item["id"]] = item["status"]
        async for item in self._auditor.pages("/resolution/v1/cases"):
            found.cases[item["id"]] = item["state"], item["outcome"]
        found.deliveries = [item async for item in self._auditor.pages("/notification/v1/deliveries")]
        ids = [complaint.id for complaint in complaints if complaint.id]
        found.routing = await self._each(ids, "/routing/v1/complaints", lambda told: told["status"])
        found.insights = await self._each(ids, "/insights/v1/complaints", lambda told: told["outcome"])
        found.measures = (await self._auditor.get("/insights/v1/measures"))["groups"][0]["measures"]
        found.refused = {path: await self._status(path) for path in FORBIDDEN}
        found.stuck = await self._stuck("outbox") | await self._stuck("dead_letters")
        return found

    async def _status(self, path: str) -> int:
        """What the shop is answered when it oversteps."""
        try:
            await self._shop.get(path)
        except Refused as refused:
            return refused.status
        return 200

    async def _each(self, ids: Sequence[str], path: str, what: Callable[[Any], Any]) -> dict[str, Any]:
        """One question for each complaint; those that the service does not know are left out."""
        room = asyncio.Semaphore(SIDE_BY_SIDE)
        known: dict[str, Any] = {}

        async def ask(id_: str) -> None:
            async with room:
                try:
                    known[id_] = what(await self._auditor.get(f"{path}/{id_}"))
                except Refused as refused:
                    if refused.status != 404:
                        raise

        await asyncio.gather(*(ask(id_) for id_ in ids))
        return known

    async def _stuck(self, table: str) -> dict[str, int]:
        count = " UNION ALL ".join(
            f"SELECT '{name}.{table}' AS place, count(*) AS n FROM {name}.{table}"  # noqa: S608 - our names
            for name in catalogue.NAMES
        )
        async with self._engine.connect() as connection:
            rows = await connection.execute(text(count))
            return {row.place: row.n for row in rows if row.n}
