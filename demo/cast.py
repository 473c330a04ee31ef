"""The cast: the enterprise system that posts, the triage desk, the handlers, the customers."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx

from demo import words
from demo.calls import Caller, Refused, Screen, screen
from demo.sample import NOT_ACCEPTABLE, Complaint, Retry, Way
from demo.stage import eventually


class Shop:
    """An enterprise system whose key may register complaints, and nothing else."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def post(self, complaint: Complaint) -> None:
        """Register it; where the plan says so, as if the answer had got lost."""
        times = 2 if complaint.plan.retry is Retry.AT_ONCE else 1
        try:
            first, *again = await asyncio.gather(*(self._send(complaint) for _ in range(times)))
            if complaint.plan.retry is Retry.AFTER:
                again = [await self._send(complaint)]
        except Refused as refused:
            complaint.status, complaint.error = refused.status, str(refused)
            return
        except httpx.TransportError as error:
            complaint.error = f"no answer: {type(error).__name__}"
            return
        complaint.status = first.status_code
        body = first.json()
        complaint.id, complaint.reference, complaint.token = (
            body["id"],
            body["reference"],
            body["tracking_token"],
        )
        for other in again:
            replayed = sum("Idempotent-Replayed" in answer.headers for answer in (first, other))
            complaint.replayed_as = other.json()["id"] if replayed == 1 else "not said to be a replay"

    async def _send(self, complaint: Complaint) -> Any:
        return await self._caller.answer("/intake/v1/complaints", complaint.body, key=complaint.key)


class Cast:
    """Everybody whom one complaint meets between its registration and its end."""

    def __init__(self, desk: Caller, handlers: Caller, management: Caller, customers: Caller) -> None:
        self._callers = desk, handlers, management, customers

    async def play(self, complaint: Complaint, watched: Callable[[Screen], None] = lambda live: None) -> None:
        """Play one complaint to the end that its plan gives it. What goes wrong is noted on it."""
        try:
            async with screen(self._callers[-1], complaint.reference, complaint.token) as live:
                watched(live)
                await _Play(complaint, live, *self._callers).run()
        except Exception as error:  # one play that breaks off must not end the others
            complaint.error = f"{type(error).__name__}: {error}"


class _Play:
    def __init__(
        self,
        complaint: Complaint,
        live: Screen,
        desk: Caller,
        handlers: Caller,
        management: Caller,
        customers: Caller,
    ) -> None:
        self._it, self._plan, self._live = complaint, complaint.plan, live
        self._desk, self._handlers, self._management = desk, handlers, management
        self._customers = customers
        self._offered: list[str] = []

    async def run(self) -> None:
        await self._routed()
        if self._plan.left_open == "open":
            return
        case = await self._act("accept", {})
        if self._plan.interim_reply:
            await self._act("reply", {"message": self._say(words.INTERIM)})
        if self._plan.left_open == "accepted":
            return
        # Only a matter that is not major may be settled by an immediate answer.
        way = self._plan.way
        if way is Way.ANSWER and case["severity"] == "major":
            way = Way.OFFERS
        if way is Way.OFFERS or self._plan.left_open:
            await self._judge(words.VALID, reasonable=True)
            if self._plan.left_open:
                await self._offer()
                return
            await self._agree(declines=self._plan.declines)
        elif way is Way.NOT_VALID:
            await self._judge(words.NOT_VALID, reasonable=False)
            await self._act("carry-out", {"result": self._say(words.NOT_VALID)})
        else:
            await self._act("answer", {"result": self._say(words.ANSWER)})
        await self._opinions()

    async def _routed(self) -> None:
        """The rules find a handler; what they are not sure of, a person at the triage desk decides."""

        async def known() -> Any:
            try:
                return await self._desk.get(f"/routing/v1/complaints/{self._it.id}")
            except Refused as refused:
                return _unless(refused, 404)

        routed = await eventually(known, "routing to know the complaint")
        self._it.referred = routed["status"] == "referred"
        if self._plan.left_open == "open":
            await self._live.show("opened")
            return
        if self._it.referred:
            decision = {"category": self._plan.category, "reason": self._say(words.DESK)}
            await self._desk.post(f"/routing/v1/triage/{self._it.id}", decision)
        await self._live.show("opened", "assigned")
        await self._case("a handler", lambda case: case["handler_id"])

    async def _opinions(self) -> None:
        """The customer says what each result is worth, until the case is closed."""
        for number, outcome in enumerate(self._plan.opinions, 1):
            await self._live.show("opinion_asked")
            gives_up = outcome == NOT_ACCEPTABLE and number == len(self._plan.opinions)
            if gives_up or (self._it.by_phone and outcome != NOT_ACCEPTABLE):
                said = self._say(words.ON_THE_PHONE)
                await self._act("close", {"outcome": outcome, "reason": said, "negative_reason": said})
            elif self._it.by_phone:
                await self._act("resume", {"reason": self._say(words.ON_THE_PHONE)})
            else:
                comment = self._say(words.COMMENTS[outcome])
                await self._tell("opinion", {"outcome": outcome, "comment": comment})
            if await self._live.show("closed", "resumed", any_of=True) == "closed":
                self._it.state, self._it.outcome = "closed", outcome
                return
            case = await self._case("the case to go on", lambda case: case["state"] == "accepted")
            if case["judgement"] is None:
                await self._judge(words.SEEN_AGAIN, reasonable=True)
            await self._agree(declines=False)

    async def _judge(self, explanation: words.Words, *, reasonable: bool) -> None:
        judgement = {"reason_sufficient": True, "demand_reasonable": reasonable}
        await self._act("judgement", judgement | {"explanation": self._say(explanation)})

    async def _offer(self) -> None:
        proposed = words.offers(self._it.body, self._plan.offers, self._offered)
        await self._act("offers", {"offers": proposed})
        await self._live.show("offered")

    async def _agree(self, *, declines: bool) -> None:
        """Offer, until the customer agrees to something; then, and only then, do it."""
        await self._offer()
        if declines:
            reason = self._say(words.DECLINES)
            if self._it.by_phone:
                await self._act("objection", {"reason": reason, "via": "phone"})
            else:
                await self._tell("choice", {"decline": True, "reason": reason})
            await self._case("the objection", lambda case: case["state"] == "accepted")
            await self._offer()
        seen = await self._customers.get(f"/intake/v1/tracking/{self._it.reference}", self._it.token)
        chosen = seen["offers"][min(self._plan.choice, len(seen["offers"])) - 1]
        if self._it.by_phone:
            await self._act("consent", {"offer_id": chosen["offer_id"], "via": "phone"})
        else:
            await self._tell("choice", {"offer_id": chosen["offer_id"]})
        await self._live.show("agreed")
        await self._act("carry-out", {"result": self._say(words.DONE).format(chosen["description"])})

    async def _act(self, action: str, body: dict[str, Any]) -> Any:
        path = f"/resolution/v1/cases/{self._it.id}/{action}"
        try:
            case = await self._handlers.post(path, body)
        except Refused as refused:
            if refused.approval is None:
                raise
            case = await self._handlers.post(path, body | {"approval_id": await self._approved(refused)})
        self._it.state = case["state"]
        return case

    async def _approved(self, refused: Refused) -> str:
        """What is beyond the handler's limits is asked for, and granted by management; the approval's id."""
        assert refused.approval is not None
        question = refused.approval | {"reason": self._say(words.BEYOND_LIMITS)}
        asked: str = (await self._handlers.post("/resolution/v1/approvals", question))["id"]
        await self._management.post(
            f"/resolution/v1/approvals/{asked}/grant", {"note": self._say(words.GRANTED)}
        )
        self._it.approvals += 1
        return asked

    async def _tell(self, what: str, body: dict[str, Any]) -> None:
        await self._customers.post(
            f"/intake/v1/tracking/{self._it.reference}/{what}", body, token=self._it.token
        )

    async def _case(self, what: str, ready: Callable[[Any], Any]) -> Any:
        async def look() -> Any:
            case = await self._handlers.get(f"/resolution/v1/cases/{self._it.id}")
            self._it.state = case["state"]
            return case if ready(case) else None

        return await eventually(look, f"{what} to reach resolution")

    def _say(self, said: words.Words) -> str:
        return said[self._it.language]


def _unless(refused: Refused, status: int) -> None:
    if refused.status != status:
        raise refused
