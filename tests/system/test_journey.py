"""One complaint from the first word to the closed case, as its clients see it: HTTP, mail, webhook, live stream."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import standardwebhooks
import uvicorn

from shared.eventlog import EventLog
from shared.keys import create_key
from tests.audit import audit
from tests.conftest import NewDatabase
from tests.kafka import with_kafka
from tests.services.receivers import Hook, Mailbox, mail_server, text_of, web_server
from tests.world import TOLD, World, eventually, open_world

STORY = ["triaged", "assigned", "opened", "promised", "accepted", "judged", "offered", "agreed"]
STORY += ["carried_out", "opinion_asked", "closed"]
"""What a customer sees happening. Two services tell it: routing's two steps may come before, among or after the
first ones of resolution."""
MAILS = ["acknowledgement", "assigned", "accepted", "offers", "agreed", "result", "survey", "closed"]


@dataclass
class Site:
    """A running Redress as its clients see it, and the receivers of what it sends out."""

    urls: Mapping[str, str]
    """Where each service answers."""
    key: str
    """An administrator's API key."""
    mailbox: Mailbox
    hook: Hook
    http: httpx.AsyncClient

    async def staff(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A request with the key; `path` begins with the service."""
        headers = {"Authorization": f"Bearer {self.key}", **options.pop("headers", {})}
        return await self.http.request(method, self.url(path), headers=headers, **options)

    def url(self, path: str) -> str:
        return self.urls[path.split("/")[1]] + path

    async def read(self, path: str) -> Any:
        """A document; None while there is none."""
        answer = await self.staff("GET", path)
        assert answer.status_code in {200, 404}, answer.text
        return answer.json() if answer.status_code == 200 else None


@dataclass
class Customer:
    """Somebody with a reference and a token, and nothing else."""

    site: Site
    reference: str
    token: str

    @property
    def path(self) -> str:
        return f"/intake/v1/tracking/{self.reference}"

    async def sees(self) -> dict[str, Any]:
        answer = await self.site.http.get(self.site.url(self.path), headers={"X-Tracking-Token": self.token})
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    async def answers(self, what: str, **body: Any) -> httpx.Response:
        headers = {"X-Tracking-Token": self.token, "Idempotency-Key": f"{what}-{self.reference}"}
        return await self.site.http.post(self.site.url(f"{self.path}/{what}"), json=body, headers=headers)

    async def watches(self, after: int = 0) -> AsyncIterator[tuple[int, str]]:
        """The live stream from behind an id: ids and names of steps, as they come."""
        headers = {"X-Tracking-Token": self.token, "Last-Event-ID": str(after)}
        url = self.site.url(f"{self.path}/events")
        async with self.site.http.stream("GET", url, headers=headers, timeout=60) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            number = 0
            async for line in answer.aiter_lines():
                if line.startswith("id:"):
                    number = int(line[3:])
                elif line.startswith("event:"):
                    yield number, line[6:].strip()


@dataclass
class Watch:
    """A customer who leaves the page open."""

    seen: list[tuple[int, str]] = field(default_factory=list)
    task: "asyncio.Task[None] | None" = None

    def open(self, customer: Customer) -> None:
        """Watch from where we were."""
        after = self.seen[-1][0] if self.seen else 0

        async def follow() -> None:
            async for step in customer.watches(after):
                self.seen.append(step)

        self.task = asyncio.create_task(follow())

    async def until(self, step: str) -> None:
        async def there() -> bool:
            if self.task is not None and self.task.done():
                self.task.result()
                raise AssertionError("the stream ended by itself")
            return step in self.names

        await eventually(there, 20, f"{step} on the live stream, which has {self.names}")

    async def close(self) -> None:
        assert self.task is not None
        self.task.cancel()
        await asyncio.wait([self.task])

    @property
    def names(self) -> list[str]:
        return [name for _, name in self.seen]


async def journey(site: Site) -> UUID:
    """Live through one whole complaint, and look at it from every side. Returns its id."""
    subscribed = await site.staff(
        "POST", "/notification/v1/webhooks", json={"url": site.hook.url, "event_types": ["*"]}
    )
    assert subscribed.status_code == 201, subscribed.text

    # Told, once, whatever the connection does.
    key = f"order-{uuid4()}"
    answer = await site.staff("POST", "/intake/v1/complaints", json=TOLD, headers={"Idempotency-Key": key})
    assert answer.status_code == 201, answer.text
    told = answer.json()
    again = await site.staff("POST", "/intake/v1/complaints", json=TOLD, headers={"Idempotency-Key": key})
    assert again.json() == told
    assert again.headers["Idempotent-Replayed"] == "true"
    customer = Customer(site, told["reference"], told["tracking_token"])
    complaint_id = told["id"]
    watch = Watch()
    watch.open(customer)

    # Routed to somebody, and those who must know are told.
    async def assigned() -> Any:
        routed = await site.read(f"/routing/v1/complaints/{complaint_id}")
        return routed if routed and routed["status"] == "assigned" else None

    routed = await eventually(assigned, what="the assignment")
    assert (routed["category"], routed["department"]) == ("function_fault", "technical_support")
    for audience in ("responsible-department", "technical-support"):
        notices = (await site.read(f"/routing/v1/notices?audience={audience}&open_only=true"))["items"]
        [notice] = [n for n in notices if n["complaint_id"] == complaint_id]
        assert notice["acknowledge_by"] > notice["issued_at"]
        knows = await site.staff("POST", f"/routing/v1/notices/{notice['id']}/acknowledge")
        assert knows.status_code == 204
    assert (await site.read("/routing/v1/notices?audience=technical-support&open_only=true"))["items"] == []

    # A case with a promise, which the customer sees.
    case_path = f"/resolution/v1/cases/{complaint_id}"

    async def opened() -> Any:
        case = await site.read(case_path)
        return case if case and case["handler_id"] else None

    case = await eventually(opened, what="the case")
    assert case["state"] == "open"
    assert case["handler_id"] == routed["handler_id"]
    await watch.until("promised")
    await watch.until("assigned")
    shown = await customer.sees()
    assert shown["promised_at"] == case["promise"]["due_at"]
    assert shown["seconds_to_promise"] > 0
    assert shown["handler_name"] == case["handler_name"]
    assert shown["statement"] == TOLD["statement"]  # every word as it was told

    # Worked. Nothing is closed or carried out before its time.
    async def act(action: str, **body: Any) -> httpx.Response:
        headers = {"Idempotency-Key": f"{action}-{complaint_id}"}
        return await site.staff("POST", f"{case_path}/{action}", json=body, headers=headers)

    for too_soon in (
        act("close", outcome="satisfied", reason="It is Friday."),
        act("carry-out", result="We did what we thought right."),
    ):
        assert (await too_soon).status_code == 409
    accepted = await act("accept")
    assert accepted.status_code == 200, accepted.text
    judged = await act(
        "judgement", reason_sufficient=True, demand_reasonable=True, explanation="A faulty batch."
    )
    assert judged.status_code == 200, judged.text
    offers = [
        {"remedies": ["exchange"], "description": "A new motor within five days."},
        {"remedies": ["repair", "discount"], "description": "Repair on site, 10 % off."},
    ]
    offered = await act("offers", offers=offers)
    assert offered.status_code == 200, offered.text

    # The customer loses the connection, and chooses among the offers.
    await watch.until("offered")
    await watch.close()
    shown = await customer.sees()
    assert [offer["description"] for offer in shown["offers"]] == [offer["description"] for offer in offers]
    chosen = shown["offers"][1]["offer_id"]
    stranger = Customer(site, customer.reference, "not-the-token")
    assert (await stranger.answers("choice", offer_id=chosen)).status_code == 404
    choice = await customer.answers("choice", offer_id=chosen)
    assert choice.status_code == 200, choice.text

    async def agreed() -> bool:
        return bool((await site.read(case_path))["state"] == "agreed")

    await eventually(agreed, what="the consent to reach the case")
    too_soon = act("close", outcome="satisfied", reason="The customer has agreed.")
    assert (await too_soon).status_code == 409
    done = await act("carry-out", result="The motor was repaired on site.")
    assert done.status_code == 200, done.text
    assert done.json()["promise"] is None

    # Asked, answered, closed: in the customer's judgement.
    async def asked() -> bool:
        return bool((await customer.sees())["opinion_asked"])

    await eventually(asked, what="the customer to be asked")
    watch.open(customer)
    opinion = await customer.answers("opinion", outcome="satisfied", comment="Call me on 13800138000.")
    assert opinion.status_code == 200, opinion.text
    await watch.until("closed")
    await watch.close()
    case = await site.read(case_path)
    assert (case["state"], case["outcome"], case["result"]) == (
        "closed",
        "satisfied",
        "The motor was repaired on site.",
    )

    await _tracking_tells_all(customer, watch)
    await _mails_arrived(site, complaint_id, told["reference"])
    await _webhooks_arrived(site, complaint_id, subscribed.json()["secret"])
    await _insights_counts(site, complaint_id)
    return UUID(complaint_id)


async def _tracking_tells_all(customer: Customer, watch: Watch) -> None:
    shown = await customer.sees()
    assert (shown["status"], shown["outcome"], shown["result"]) == (
        "closed",
        "satisfied",
        "The motor was repaired on site.",
    )
    steps = [step["step"] for step in shown["steps"]]
    assert steps[0] == "registered"
    # Every further reply renews the promise, so that step comes several times.
    once = [step for step in steps[1:] if step != "promised"]
    assert sorted(once) == sorted(set(STORY) - {"promised"})
    assert [step for step in once if step not in {"triaged", "assigned"}] == STORY[2:3] + STORY[4:]
    # The live stream, interrupted and resumed, told the same: no gap, no repeat.
    ids = [number for number, _ in watch.seen]
    assert ids == sorted(set(ids))
    assert sorted(watch.names) == sorted(steps[1:])
    anew = Watch()
    anew.open(customer)
    await anew.until("closed")
    await anew.close()
    assert anew.seen == watch.seen


async def _mails_arrived(site: Site, complaint_id: str, reference: str) -> None:
    async def delivered() -> Any:
        log = (await site.read(f"/notification/v1/deliveries?complaint_id={complaint_id}&limit=200"))["items"]
        done = [d for d in log if d["audience"] == "customer" and d["status"] == "delivered"]
        return done if len(done) >= len(MAILS) else None

    log = await eventually(delivered, what="the mails")
    assert sorted(d["template"] for d in log) == sorted(MAILS)
    assert log[-1]["template"] == "acknowledgement", "thanks come first"
    assert {d["channel"] for d in log} == {"email"}
    mails = {str(mail["Message-ID"])[1:].partition("@")[0]: mail for mail in site.mailbox.mails}
    assert len(mails) == len(site.mailbox.mails) == len(log)
    words = {d["template"]: text_of(mails[d["id"]]) for d in log}
    assert {str(mail["To"]) for mail in mails.values()} == {"ann@example.com"}
    thanks = words["acknowledgement"]
    assert "Thank you" in thanks
    assert "It is a gift to us" in thanks
    assert [f"  {n}. " in thanks for n in (1, 2, 3, 4)] == [True] * 4, "the process"
    assert "By when: you hear from us at the latest by " in thanks, "the time limit"
    assert reference in thanks
    assert "The motor was repaired on site." in words["result"]
    assert "Repair on site, 10 % off." in words["result"], "the measures that were agreed"
    assert "Are you satisfied?" in words["result"]


async def _webhooks_arrived(site: Site, complaint_id: str, secret: str) -> None:
    def of_this(body: bytes) -> bool:
        return bool(json.loads(body).get("subject") == complaint_id)

    async def closed() -> Any:
        calls = [call for call in site.hook.calls if of_this(call.body)]
        types = [json.loads(call.body)["type"] for call in calls]
        ends = types.count("redress.message.delivered.v1") == len(MAILS)
        return calls if ends and "redress.case.closed.v1" in types else None

    calls = await eventually(closed, what="the webhook's last call")
    verifier = standardwebhooks.Webhook(secret)
    numbers: dict[str, list[int]] = {}
    for call in calls:
        event = verifier.verify(call.body, call.headers)
        numbers.setdefault(event["source"], []).append(int(event["sequence"]))
        assert event["specversion"] == "1.0"
        # The customer's data stays in intake.
        assert "13800138000" not in call.body.decode()
        assert "ann@example.com" not in call.body.decode()
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        verifier.verify(calls[0].body + b" ", calls[0].headers)
    assert len({call.headers["webhook-id"] for call in calls}) == len(calls), "each fact once"
    # One lane per complaint: each publisher's facts come in order, none is left out.
    assert set(numbers) == {
        "/redress/intake",
        "/redress/routing",
        "/redress/resolution",
        "/redress/notification",
    }
    for source, found in numbers.items():
        assert found == list(range(1, len(found) + 1)), source


async def _insights_counts(site: Site, complaint_id: str) -> None:
    async def counted() -> Any:
        row = await site.read(f"/insights/v1/complaints/{complaint_id}")
        return row if row and row["messages_delivered"] == len(MAILS) and row["closed_at"] else None

    row = await eventually(counted, what="insights to know all of it")
    assert (row["outcome"], row["opinion"], row["valid"]) == ("satisfied", "satisfied", True)
    assert (row["notices_issued"], row["notices_acknowledged"]) == (2, 2)
    assert (
        row["promises_made"] == len(row["promises_kept_at"]) == 3
    )  # at the start, and with each reply but the last
    [group] = (await site.read("/insights/v1/measures"))["groups"]
    measures = {m["measure"]: m["value"] for m in group["measures"]}
    assert (measures["received"], measures["closed"], measures["acceptable_rate"]) == (1, 1, 1.0)


@asynccontextmanager
async def open_site(urls: Mapping[str, str], key: str, mailbox: Mailbox, hook: Hook) -> AsyncIterator[Site]:
    async with httpx.AsyncClient(timeout=30) as http:
        yield Site(urls, key, mailbox, hook, http)


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    """The application on a real port of this process: a stream can be watched, which ASGI in memory cannot."""
    config = uvicorn.Config(app, port=0, lifespan="off", log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    server.capture_signals = nullcontext  # type: ignore[method-assign, assignment]
    task = asyncio.create_task(server.serve())

    async def started() -> bool:
        return server.started

    await eventually(started, what="the server")
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def site_in_this_process(url: str, folder: Path, **settings: Any) -> AsyncIterator[tuple[Site, World]]:
    """All five services in the test's own process, on a real port, with a mail server and a webhook receiver."""
    async with mail_server() as mailbox, web_server() as hook:
        smtp = f"smtp://127.0.0.1:{mailbox.port}"
        async with (
            open_world(url, folder, smtp_url=smtp, **settings) as world,
            serving(world.process.app) as base,
        ):
            key = await create_key(url, "journey", ["admin"])
            async with open_site(dict.fromkeys(world.process.contexts, base), key, mailbox, hook) as site:
                yield site, world


@pytest.fixture(params=["table", pytest.param("kafka", marks=with_kafka)])
def event_log_url(request: pytest.FixtureRequest) -> str:
    """Both logs. Kafka gets a broker of the test's own: topics have fixed names."""
    if request.param == "table":
        return "table:"
    return f"kafka://{request.getfixturevalue('kafka_broker').bootstrap}"


@pytest.mark.requirement(
    "001-07",
    "001-08",
    "001-09",
    "001-14",
    "001-32",
    "001-33",
    "002-01",
    "002-02",
    "002-05",
    "002-08",
    "002-09",
)
@pytest.mark.requirement("004-01", "004-12", "P-38", "N-O")
async def test_from_the_first_word_to_the_closed_case(
    event_log_url: str, new_database: NewDatabase, scratch: Path
) -> None:
    url = await new_database()
    async with site_in_this_process(url, scratch, event_log_url=event_log_url, kafka_partitions=3) as (
        site,
        world,
    ):
        complaint_id = await journey(site)
        await world.settled()
        log: EventLog | None = world.process.log if event_log_url != "table:" else None
        assert await audit(url, [complaint_id], log=log) == []
