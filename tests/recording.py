"""Some whole journeys, lived through over HTTP in a running Redress, and everything they left behind.

Together they hold every way a case goes: offers chosen and declined, answered at once, judged not valid, not
acceptable and taken up again, a promise broken by the clock, one merged with another, one withdrawn, decided by a
person, and one that just waits.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from services import catalogue
from shared import clock
from shared.eventlog import Record
from tests.audit import Evidence, Quiet, collect, table_log
from tests.services.receivers import Hook, Mailbox, mail_server, web_server
from tests.world import TOLD, World, eventually, open_world

MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""Monday, 9 o'clock in Shanghai."""
YES = {"reason_sufficient": True, "demand_reasonable": True, "explanation": "The batch is faulty."}
NO = {"reason_sufficient": True, "demand_reasonable": False, "explanation": "The wear is normal."}
OFFERS = {
    "offers": [
        {
            "remedies": ["exchange"],
            "description": "A new one.",
            "value": {"amount": "12.50", "currency": "CNY"},
        },
        {"remedies": ["repair", "apology"], "description": "Repair on site."},
    ]
}


@dataclass(frozen=True)
class Command:
    """Something that somebody did to a case over HTTP, as resolution was told."""

    complaint_id: UUID
    action: str
    body: dict[str, Any]


@dataclass(repr=False)
class Recording:
    url: str
    """The database, finished and quiet."""
    complaints: list[UUID]
    records: list[Record]
    """The log: each topic in its order."""
    commands: list[Command]
    """What was done to cases, in order."""
    evidence: Evidence
    """Everything that all services have stored."""

    def __repr__(self) -> str:
        return f"{len(self.complaints)} complaints, {len(self.records)} records"

    def topics(self, names: list[str]) -> dict[str, list[Record]]:
        """The records of some topics, each topic's in order."""
        return {name: [record for record in self.records if record.topic == name] for name in names}


@dataclass
class Clock:
    """The system's time, moved; it goes on."""

    shift: timedelta

    def now(self) -> datetime:
        return datetime.now(UTC) + self.shift


@dataclass
class Player:
    """Plays callers, handlers and customers in one world, whose clock it moves."""

    world: World
    time: Clock
    complaints: list[UUID] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    tokens: dict[UUID, tuple[str, str]] = field(default_factory=dict)

    async def tells(self, statement: str, **more: Any) -> UUID:
        # Somebody else each time: nobody gets more messages than a day bears, and no digest waits for the evening.
        who = TOLD["customer"] | {"external_id": f"C-{len(self.complaints)}"}
        words = {**TOLD["statement"], "what_went_wrong": statement}
        told = TOLD | {"statement": words, "customer": who} | more
        body = await self.world.register(told)
        complaint_id = UUID(body["id"])
        self.complaints.append(complaint_id)
        self.tokens[complaint_id] = body["reference"], body["tracking_token"]
        await eventually(self._case_has(complaint_id, "handler_id"), what="the assigned case")
        return complaint_id

    async def does(self, complaint_id: UUID, action: str, **body: Any) -> None:
        """An action on a case, done at once; fails if it is not possible now."""
        answer = await self.world.http.post(f"/resolution/v1/cases/{complaint_id}/{action}", json=body)
        assert answer.status_code == 200, f"{action}: {answer.text}"
        self.commands.append(Command(complaint_id, action, body))

    async def answers(self, complaint_id: UUID, what: str, until: str, **body: Any) -> None:
        """The customer's answer through tracking, as soon as it is asked for; then the case gets there."""
        reference, token = self.tokens[complaint_id]
        page, headers = f"/intake/v1/tracking/{reference}", {"X-Tracking-Token": token}

        async def taken() -> bool:
            answer = await self.world.customer.post(f"{page}/{what}", json=body, headers=headers)
            assert answer.status_code in {200, 409}, answer.text
            return answer.status_code == 200

        await eventually(taken, what=f"the {what} to be taken")
        await eventually(self._case_has(complaint_id, "state", until), what=f"the case to be {until}")

    async def write(self, complaint_id: UUID) -> None:
        """The handler asks and the customer answers."""
        reference, token = self.tokens[complaint_id]
        asked = await self.world.http.post(
            f"/intake/v1/complaints/{complaint_id}/messages", json={"text": "Which colour is it?"}
        )
        page, headers = f"/intake/v1/tracking/{reference}", {"X-Tracking-Token": token}
        told = await self.world.customer.post(f"{page}/messages", json={"text": "Grey."}, headers=headers)
        assert (asked.status_code, told.status_code) == (201, 201), asked.text + told.text

    async def merges(self, complaint_id: UUID, into: UUID) -> None:
        """By a request to intake; then both cases know of it."""
        url = f"/intake/v1/complaints/{complaint_id}/merge"
        answer = await self.world.http.post(url, json={"into": str(into), "reason": "The same batch."})
        assert answer.status_code == 200, answer.text
        await eventually(self._case_has(complaint_id, "state", "merged"), what="the case to be merged")
        await self.world.settled()

    async def chooses(self, complaint_id: UUID, rank: int) -> None:
        reference, token = self.tokens[complaint_id]
        case = (await self.world.http.get(f"/resolution/v1/cases/{complaint_id}")).json()
        offers = [offer for offer in case["offers"] if offer["round"] == case["round"]]

        async def shown() -> bool:
            page = await self.world.customer.get(
                f"/intake/v1/tracking/{reference}", headers={"X-Tracking-Token": token}
            )
            return [o["offer_id"] for o in page.json()["offers"]] == [o["offer_id"] for o in offers]

        await eventually(shown, what="the offers on the customer's page")
        await self.answers(complaint_id, "choice", "agreed", offer_id=offers[rank - 1]["offer_id"])

    def _case_has(
        self, complaint_id: UUID, name: str, value: str | None = None
    ) -> Callable[[], Awaitable[bool]]:
        async def has() -> bool:
            answer = await self.world.http.get(f"/resolution/v1/cases/{complaint_id}")
            found = answer.json().get(name) if answer.status_code == 200 else None
            return found == value if value is not None else found is not None

        return has


async def _live(player: Player) -> None:
    does, answers, tells = player.does, player.answers, player.tells

    late = await tells("Scratches on the front.", visibility="public")
    player.time.shift += timedelta(days=3)  # nobody has replied by now
    await eventually(
        lambda: _has_step(player, late, "promise-missed"), what="the broken promise on the customer's page"
    )

    full = await tells("The motor caught fire and smoke came out; a colleague is in hospital.")
    await does(full, "accept")
    await does(full, "judgement", **YES)
    await does(full, "offers", **OFFERS)
    await player.chooses(full, 2)
    await does(full, "carry-out", result="Repaired.")
    await answers(full, "opinion", "closed", outcome="satisfied", comment="Thank you.")

    declined = await tells("包装箱压坏了。", language="zh")
    await does(declined, "accept", handler_id="li.na")
    await does(declined, "judgement", **YES)
    await does(declined, "offers", **OFFERS)
    await answers(declined, "choice", "accepted", decline=True, reason="Too little.")
    await does(declined, "reply", message="We ask for more.")
    await does(declined, "offers", **OFFERS)
    await player.chooses(declined, 1)
    await does(declined, "carry-out", result="Exchanged.")
    await answers(declined, "opinion", "closed", outcome="acceptable")

    again = await tells("My refund has not come; nobody answers at after-sales.")
    await does(again, "answer", result="The refund is on its way.")
    await answers(again, "opinion", "accepted", outcome="not_acceptable", comment="It did not come.")
    await does(again, "answer", result="The refund is on the account.")
    await answers(again, "opinion", "closed", outcome="satisfied")

    refused = await tells("The tolerance of the shaft is off drawing.")
    await does(refused, "accept")
    await does(refused, "judgement", **NO)
    await does(refused, "carry-out", result="The wear is normal.")
    await answers(refused, "opinion", "closed", outcome="acceptable")

    twin = await tells("Scratches on the front, as my neighbour has.")
    await does(twin, "accept")
    await player.merges(twin, late)

    await does(late, "reply", message="Sorry for the delay.")
    await does(late, "public-response", where="Where it was said.", response="We polish it.")
    await does(late, "answer", result="Polished.")
    await answers(late, "opinion", "closed", outcome="acceptable")

    taken_back = await tells("The colour of the machine is not as ordered: wrong model.")
    await player.write(taken_back)
    await answers(taken_back, "withdrawal", "withdrawn", reason="The light was bad.")

    await tells("The wrong item was in the box.")  # and waits


async def _has_step(player: Player, complaint_id: UUID, step: str) -> bool:
    reference, token = player.tokens[complaint_id]
    page = await player.world.customer.get(
        f"/intake/v1/tracking/{reference}", headers={"X-Tracking-Token": token}
    )
    return step in {shown["step"] for shown in page.json()["steps"]}


async def record(url: str, folder: Path) -> Recording:
    """Live through the journeys on a fresh database and the table log; returns when everything is quiet."""
    async with AsyncExitStack() as stack:
        mailbox: Mailbox = await stack.enter_async_context(mail_server())
        hook: Hook = await stack.enter_async_context(web_server())
        smtp = f"smtp://127.0.0.1:{mailbox.port}"
        time = Clock(MORNING - datetime.now(UTC))
        stack.enter_context(clock.moved_to(time.now))
        world = await stack.enter_async_context(open_world(url, folder, smtp_url=smtp))
        player = Player(world, time)
        subscribed = await world.http.post(
            "/notification/v1/webhooks",
            json={"url": hook.url, "event_types": ["redress.case.*", "redress.offer*"]},
        )
        assert subscribed.status_code == 201, subscribed.text
        choosy = {"event_types": ["*"], "audiences": ["technical-support"], "categories": ["function_fault"]}
        subscribed = await world.http.post("/notification/v1/webhooks", json={"url": hook.url, **choosy})
        assert subscribed.status_code == 201, subscribed.text
        await _live(player)
        async with connected(url) as connection:
            quiet = Quiet(dict.fromkeys(catalogue.NAMES, connection), world.process.log)
            await eventually(quiet, what="everything to be quiet")
            records = await table_log(connection)
            evidence = await collect(dict.fromkeys(catalogue.NAMES, connection), records)
        return Recording(url, player.complaints, records, player.commands, evidence)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Any]:
    """A connection that sees every schema."""
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()


async def rows(url: str, sql: str, **values: Any) -> list[tuple[Any, ...]]:
    """Run one statement, in whatever schema it names."""
    async with connected(url) as connection:
        found = await connection.execute(text(sql), values)
        return [tuple(row) for row in found] if found.returns_rows else []
