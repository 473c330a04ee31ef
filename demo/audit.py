"""The audit: ask every service what it knows, and account for every complaint that was accepted."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from demo.calls import Caller, Refused
from demo.ledger import Line, compare
from demo.receivers import Hook, Mailbox
from demo.sample import Complaint
from services import catalogue

SIDE_BY_SIDE = 16
SUBSCRIBED = ("redress.complaint.registered", "redress.case.closed")
"""Facts that the operations team's webhook wants."""


@dataclass
class Found:
    """What the services, the mail server and the webhook's receiver know, by complaint."""

    intake: dict[str, str] = field(default_factory=dict)
    routing: dict[str, str] = field(default_factory=dict)
    cases: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    insights: dict[str, str | None] = field(default_factory=dict)
    measures: list[dict[str, Any]] = field(default_factory=list)
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    stuck: dict[str, int] = field(default_factory=dict)
    """Events that wait in an outbox or were parked, by place."""

    def measured(self, name: str) -> dict[str, Any]:
        return next(m for m in self.measures if m["measure"] == name)


class Audit:
    def __init__(self, auditor: Caller, engine: AsyncEngine, mail: Mailbox, hook: Hook) -> None:
        self._auditor, self._engine, self._mail, self._hook = auditor, engine, mail, hook
        self.last: tuple[Found, list[Line]] | None = None

    async def settled(self) -> bool:
        """Nothing waits any more: no event, no message."""
        for status in ("pending", "leased"):
            waiting = await self._auditor.get("/notification/v1/deliveries", limit=1, status=status)
            if waiting["items"]:
                return False
        return not await self._stuck("outbox")

    async def account(self, complaints: Sequence[Complaint]) -> tuple[Found, list[Line]] | None:
        """What was found, and the account, if every line agrees; `last` has it if not."""
        found = await self.look(complaints)
        self.last = found, account(complaints, found, self._mail, self._hook)
        return self.last if all(line.agrees for line in self.last[1]) else None

    async def look(self, complaints: Sequence[Complaint]) -> Found:
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
        found.stuck = await self._stuck("outbox") | await self._stuck("dead_letters")
        return found

    async def _each(self, ids: Sequence[str], path: str, what: Callable[[Any], Any]) -> dict[str, Any]:
        room = asyncio.Semaphore(SIDE_BY_SIDE)
        known: dict[str, Any] = {}

        async def ask(id_: str) -> None:
            async with room:
                try:
                    known[id_] = what(await self._auditor.get(f"{path}/{id_}"))
                except Refused as refused:
                    if refused.status != 404:
                        raise

        work: list[Awaitable[None]] = [ask(id_) for id_ in ids]
        await asyncio.gather(*work)
        return known

    async def _stuck(self, table: str) -> dict[str, int]:
        count = " UNION ALL ".join(
            f"SELECT '{name}.{table}' AS place, count(*) AS n FROM {name}.{table}"  # noqa: S608 - our names
            for name in catalogue.NAMES
        )
        async with self._engine.connect() as connection:
            rows = await connection.execute(text(count))
            return {row.place: row.n for row in rows if row.n}


def account(complaints: Sequence[Complaint], found: Found, mail: Mailbox, hook: Hook) -> list[Line]:
    """Every service's word, held against what was posted and played. Pure."""
    accepted = [c for c in complaints if c.status == 201]
    closed = [c for c in accepted if c.state == "closed"]
    retried = [c for c in accepted if c.plan.retry]
    states = {c.id: c.state for c in accepted}
    routed = {id_: "closed" if status == "released" else "at work" for id_, status in found.routing.items()}
    thanked = Counter(d["complaint_id"] for d in found.deliveries if d["template"] == "acknowledgement")
    thanks_sent = Counter(
        d["complaint_id"]
        for d in found.deliveries
        if d["template"] == "acknowledgement" and d["status"] == "delivered"
    )
    mailed = {d["id"]: 1 for d in found.deliveries if d["sent_by"] == "email"}
    undelivered = {d["id"]: d["status"] for d in found.deliveries if d["status"] != "delivered"}
    heard = Counter(f"{e['subject']} {e['type'].rpartition('.')[0]}" for e in hook.events.values())
    wanted = dict.fromkeys(
        [f"{c.id} {SUBSCRIBED[0]}" for c in accepted] + [f"{c.id} {SUBSCRIBED[1]}" for c in closed], 1
    )
    outcomes = {c.id: c.outcome for c in accepted}
    totals = {
        "received": len(accepted),
        "closed": len(closed),
        "satisfaction_rate": sum(c.outcome == "satisfied" for c in closed),
        "open_now": len(accepted) - len(closed),
    }
    return [
        compare(
            "client",
            "posted: answered 201",
            {c.key: 201 for c in complaints},
            {c.key: c.status for c in complaints if c.status is not None},
        ),
        compare(
            "client",
            "sent twice with one Idempotency-Key: registered once",
            {c.id: c.id for c in retried},
            {c.id: c.replayed_as for c in retried if c.replayed_as},
        ),
        compare("intake", "registered, and the customer sees the state", states, found.intake),
        compare(
            "routing",
            "routed, and let go when closed",
            {id_: "closed" if state == "closed" else "at work" for id_, state in states.items()},
            routed,
            _counts(found.routing.values()),
        ),
        compare(
            "resolution",
            "has a case, in the state where it was left",
            states,
            {id_: state for id_, (state, _) in found.cases.items()},
            _counts(state for state, _ in found.cases.values()),
        ),
        compare(
            "resolution",
            "closed as the customer said",
            outcomes,
            {id_: outcome for id_, (_, outcome) in found.cases.items()},
            _counts(outcome for _, outcome in found.cases.values() if outcome),
        ),
        compare("notification", "acknowledged, exactly once", dict.fromkeys(states, 1), thanked),
        compare("notification", "the acknowledgement was delivered", dict.fromkeys(states, 1), thanks_sent),
        compare("notification", "messages that were not delivered", {}, undelivered),
        compare("mail server", "mails that arrived, exactly once each", mailed, mail.received),
        compare("webhook", "heard of it, signed", wanted, heard, f"{hook.forged} forged"),
        compare("insights", "known, with the same outcome", outcomes, found.insights),
        compare(
            "insights",
            "measures",
            totals,
            {name: _numerator(found.measured(name)) for name in totals},
            f"{totals['received']} received, {totals['closed']} closed",
        ),
        compare("all", "events left in an outbox or parked", {}, found.stuck),
        compare("demo", "plays that broke off", {}, {c.id or c.key: c.error for c in complaints if c.error}),
    ]


def _numerator(measure: dict[str, Any]) -> int | None:
    if measure["unit"] == "complaints":
        return int(measure["value"])
    numerator: int | None = measure["numerator"]
    return numerator if measure["denominator"] else 0


def _counts(values: Any) -> str:
    return ", ".join(f"{count} {value}" for value, count in Counter(values).most_common())
