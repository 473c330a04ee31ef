"""Resolution over HTTP and from the log, on a real PostgreSQL."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.resolution.app import service
from services.resolution.model import Case
from services.resolution.store import store
from shared import clock, driver
from shared.events import Event, OfferChosen, OffersDeclined
from shared.events.vocabulary import Outcome, Severity
from shared.ids import new_id
from shared.keys import create_key
from shared.process import Process
from shared.service import Service
from shared.waking import ASIDE, BATCH, Waker
from tests.resolution_story import (
    HOUR,
    NINE,
    assigned,
    interleavings,
    opinion,
    records,
    registered,
    triaged,
)
from tests.services.statements import counted
from tests.world import settings_for

DUE = NINE + 9 * HOUR


@dataclass
class Office:
    """The resolution service alone, without its loops: the tests feed it, and move its clock."""

    process: Process
    http: httpx.AsyncClient
    now: datetime = NINE
    told: Counter[tuple[str, UUID]] = field(default_factory=Counter)

    @property
    def context(self) -> Any:
        return self.process.contexts["resolution"]

    @property
    def waker(self) -> Waker:
        waker: Waker = self.context.part(Waker)
        return waker

    async def hear(self, *events: Event) -> None:
        await service.pump(self.context).handle(records(events, self.told))
        assert await self.rows("SELECT error FROM dead_letters") == []

    async def rows(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        async with self.context.database.reading() as connection:
            return [tuple(row) for row in await connection.execute(text(sql), parameters)]

    async def published(self, complaint_id: UUID | None = None) -> list[tuple[str, dict[str, Any]]]:
        """Type and data of what waits in the outbox, in order."""
        rows = await self.rows("SELECT key, headers, value FROM outbox ORDER BY id")
        return [
            (headers["ce_type"].removeprefix("redress.").removesuffix(".v1"), json.loads(value))
            for key, headers, value in rows
            if complaint_id is None or key == str(complaint_id)
        ]

    async def types(self, complaint_id: UUID) -> list[str]:
        return [kind for kind, _ in await self.published(complaint_id)]

    async def opened(self, severity: Severity = Severity.GENERAL) -> UUID:
        complaint_id = new_id()
        await self.hear(registered(complaint_id), triaged(complaint_id, severity), assigned(complaint_id))
        return complaint_id

    async def act(
        self, complaint_id: UUID, action: str, headers: dict[str, str] | None = None, **body: Any
    ) -> httpx.Response:
        url = f"/resolution/v1/cases/{complaint_id}/{action}"
        return await self.http.post(url, json=body, headers=headers)

    async def done(self, complaint_id: UUID, action: str, **body: Any) -> dict[str, Any]:
        answer = await self.act(complaint_id, action, **body)
        assert answer.status_code == 200, answer.text
        case: dict[str, Any] = answer.json()
        return case

    async def read(self, complaint_id: UUID, what: str = "") -> dict[str, Any]:
        answer = await self.http.get(f"/resolution/v1/cases/{complaint_id}{what}")
        assert answer.status_code == 200, answer.text
        case: dict[str, Any] = answer.json()
        return case

    async def carried_out(self) -> UUID:
        """A case that was accepted, judged, offered, agreed and carried out, an hour a step."""
        complaint_id = await self.opened()
        await self.done(complaint_id, "accept")
        await self.done(complaint_id, "judgement", **YES)
        case = await self.done(complaint_id, "offers", offers=OFFERS)
        await self.done(complaint_id, "consent", offer_id=case["offers"][0]["offer_id"], via="phone")
        await self.done(complaint_id, "carry-out", result="Exchanged.")
        return complaint_id


YES: dict[str, Any] = {
    "reason_sufficient": True,
    "demand_reasonable": True,
    "explanation": "The batch is faulty.",
}
NO: dict[str, Any] = {
    "reason_sufficient": True,
    "demand_reasonable": False,
    "explanation": "The wear is normal.",
}
OFFERS = [
    {
        "remedies": ["exchange", "apology"],
        "description": "A new one.",
        "value": {"amount": "1200.50", "currency": "CNY"},
    },
    {"remedies": ["repair"], "description": "Repair on site."},
]


@asynccontextmanager
async def open_office(
    url: str, folder: Path, scopes: Iterable[str], *others: Service, **changes: Any
) -> AsyncIterator[Office]:
    """`others`: services that resolution can ask. `changes`: of the settings."""
    process = Process(settings_for(url, folder, **changes), url, [service, *others])
    key = await create_key(url, "tests", list(scopes))
    try:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(process.app),
            base_url="http://redress",
            headers={"Authorization": f"Bearer {key}"},
        ) as http:
            yield Office(process, http)
    finally:
        await process.log.stop()
        await process._close()


@pytest.fixture
async def office(database_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(database_url, tmp_path, ["cases:read", "cases:work"]) as opened:
        with clock.moved_to(lambda: opened.now):
            yield opened


@pytest.mark.requirement("001-07", "001-28", "002-09", "P-09")
async def test_a_registered_complaint_is_a_case_that_can_be_read(office: Office) -> None:
    complaint_id = await office.opened()
    answer = await office.http.get(f"/resolution/v1/cases/{complaint_id}")
    case = answer.json()
    assert answer.headers["ETag"] == f'"{case["version"]}"'
    assert (case["state"], case["category"], case["handler_id"]) == ("open", "function", "e-1007")
    assert datetime.fromisoformat(case["promise"]["due_at"]) == DUE
    assert [entry["kind"] for entry in case["timeline"]] == ["opened", "promise_made", "triaged", "assigned"]
    assert {entry["title"]["zh"] for entry in case["timeline"]} >= {"投诉已收到", "承诺在此时间前答复"}
    assert [possible["action"] for possible in case["possible"]] == [
        *("accept", "answer", "reply", "ask-customer", "ask-colleague", "extend", "dispute")
    ]
    refused = {no["action"]: no["reason"] for no in case["not_yet"]}
    assert "told the result" in refused["close"]["en"]
    assert "告知顾客处理结果" in refused["close"]["zh"]
    assert await office.types(complaint_id) == ["case.opened", "promise.made"]


@pytest.mark.requirement("001-07", "001-14", "001-29", "001-32", "001-33", "002-01", "002-05")
async def test_the_whole_walk(office: Office) -> None:
    complaint_id = await office.opened()
    office.now += HOUR
    case = await office.done(complaint_id, "accept")
    assert case["state"] == "accepted"
    office.now += HOUR
    await office.done(complaint_id, "judgement", **YES)
    case = await office.done(complaint_id, "offers", offers=OFFERS)
    assert [offer["rank"] for offer in case["offers"]] == [1, 2]
    assert case["offers"][0]["value"] == {"amount": "1200.50", "currency": "CNY"}
    await office.hear(
        OffersDeclined(
            complaint_id=complaint_id, round=1, reason="Too slow.", declined_at=office.now - HOUR
        )  # the round decides, not the time: intake's clock may be behind
    )
    office.now += 2 * HOUR
    case = await office.done(complaint_id, "offers", offers=OFFERS[1:])
    assert case["round"] == 2
    chosen = case["offers"][0]["offer_id"]
    await office.hear(
        OfferChosen(complaint_id=complaint_id, offer_id=UUID(chosen), chosen_at=office.now + HOUR)
    )
    office.now += 2 * HOUR
    case = await office.read(complaint_id)
    assert case["state"] == "agreed"
    assert [o["offer_id"] for o in case["offers"] if o["agreed"]] == [chosen]
    case = await office.done(complaint_id, "carry-out", result="Repaired; 13800138000 confirmed it.")
    assert case["promise"] is None
    await office.hear(opinion(complaint_id, Outcome.ACCEPTABLE, office.now + HOUR))
    case = await office.read(complaint_id)
    assert (case["state"], case["outcome"], case["closed_by"]) == ("closed", "acceptable", "customer")
    assert [each["action"] for each in case["possible"]] == ["reopen", "correction", "dispute"]
    assert await office.types(complaint_id) == [
        *("case.opened", "promise.made", "case.accepted"),
        *("case.judged", "promise.kept", "promise.made"),
        *("offers.made", "promise.kept", "promise.made"),
        *("offers.made", "promise.kept", "promise.made"),
        *("offer.agreed", "solution.carried-out", "promise.kept", "follow-up.requested", "case.closed"),
    ]
    told = json.dumps([case, await office.published()])
    assert "13800138000" not in told
    story = await office.read(complaint_id, "/timeline?limit=200")
    assert story["items"] == case["timeline"]
    pages, cursor = [], ""
    while True:
        page = await office.read(complaint_id, f"/timeline?limit=3{cursor}")
        pages += page["items"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert pages == case["timeline"]


@pytest.mark.requirement("001-32", "001-33")
async def test_a_result_that_is_not_acceptable_is_taken_up_again(office: Office) -> None:
    complaint_id = await office.carried_out()
    await office.hear(opinion(complaint_id, Outcome.NOT_ACCEPTABLE, office.now + HOUR))
    case = await office.read(complaint_id)
    assert (case["state"], case["promise"] is not None) == ("accepted", True)
    assert (await office.types(complaint_id))[-2:] == ["case.resumed", "promise.made"]
    by_phone = await office.carried_out()
    refused = await office.act(by_phone, "close", outcome="not_acceptable", reason="On the phone.")
    assert refused.status_code == 409
    assert (await office.done(by_phone, "resume", reason="On the phone."))["state"] == "accepted"


@pytest.mark.requirement("001-16")
async def test_a_complaint_that_is_not_valid_closes_with_an_explanation(office: Office) -> None:
    complaint_id = await office.opened()
    await office.done(complaint_id, "accept")
    await office.done(complaint_id, "judgement", **NO)
    await office.done(complaint_id, "carry-out", result="How to slow the wear down: ...")
    case = await office.done(complaint_id, "close", outcome="acceptable", reason="Said so at the counter.")
    assert case["state"] == "closed"


@pytest.mark.requirement("001-27")
async def test_a_minor_complaint_is_answered_at_once(office: Office) -> None:
    complaint_id = await office.opened()
    assert (await office.done(complaint_id, "answer", result="Screw sent."))["state"] == "carried_out"
    major = await office.opened(Severity.MAJOR)
    refused = await office.act(major, "answer", result="Never mind.")
    assert refused.status_code == 409
    body = refused.json()
    assert (body["state"], body["action"], body["version"]) == ("open", "answer", 1)
    assert "重大" in body["reason"]["zh"]
    assert "answer" not in [possible["action"] for possible in body["possible"]]


async def test_what_is_not_known_is_not_found(office: Office) -> None:
    unopened = new_id()
    await office.hear(assigned(unopened))
    for complaint_id in (new_id(), unopened):
        for path in ("", "/timeline"):
            answer = await office.http.get(f"/resolution/v1/cases/{complaint_id}{path}")
            assert answer.status_code == 404
            assert answer.json()["type"] == "urn:redress:problem:not-found"
        assert (await office.act(complaint_id, "accept")).status_code == 404
    assert (await office.http.get("/resolution/v1/cases")).json()["items"] == []


async def test_a_repeated_request_does_nothing_twice(office: Office) -> None:
    complaint_id = await office.opened()
    key = {"Idempotency-Key": "k-1", "If-Match": '"1"'}
    first = await office.act(complaint_id, "reply", key, message="Soon.")
    again = await office.act(complaint_id, "reply", key, message="Soon.")
    assert (first.status_code, again.status_code, first.json()) == (200, 200, again.json())
    assert first.headers["ETag"] == again.headers["ETag"] == '"2"'
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (await office.types(complaint_id)).count("customer.told") == 1


async def test_if_match_refuses_to_act_on_what_has_changed(office: Office) -> None:
    complaint_id = await office.opened()
    await office.done(complaint_id, "accept")
    for stale in ('"1"', 'W/"2"', "1"):
        answer = await office.act(complaint_id, "reply", {"If-Match": stale}, message="Soon.")
        assert answer.status_code == 412
        assert answer.json()["state"] == "accepted"
        assert answer.headers["ETag"] == '"2"'
    for fresh in ('"1", "2"', "3", "*"):  # a bare number is taken for the version that it is
        answer = await office.act(complaint_id, "reply", {"If-Match": fresh}, message="Soon.")
        assert answer.status_code == 200


@pytest.mark.requirement("P-09")
@pytest.mark.parametrize(("headers", "status"), [({}, 409), ({"If-Match": '"1"'}, 412)])
async def test_of_two_handlers_who_act_at_once_one_hears_the_present_state(
    office: Office, headers: dict[str, str], status: int
) -> None:
    for _ in range(5):
        complaint_id = await office.opened()
        answers = await asyncio.gather(
            *(office.act(complaint_id, "accept", headers, handler_id=f"e-{n}") for n in range(2))
        )
        won, lost = sorted(answers, key=lambda answer: answer.status_code)
        assert (won.status_code, lost.status_code) == (200, status)
        assert lost.json()["state"] == "accepted"
        assert lost.json()["version"] == won.json()["version"] == 2


async def test_lists_are_filtered_and_paged(office: Office) -> None:
    ids = [new_id() for _ in range(5)]
    await office.hear(*(registered(c, NINE + timedelta(minutes=n // 2)) for n, c in enumerate(ids)))
    await office.hear(assigned(ids[1]), assigned(ids[3], handler_id="e-2"))
    await office.done(ids[1], "accept")
    seen, cursor = [], ""
    while True:
        page = (await office.http.get(f"/resolution/v1/cases?limit=2{cursor}")).json()
        seen += page["items"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    order = [(case["registered_at"], case["id"]) for case in seen]
    assert len(seen) == 5
    assert order == sorted(order, reverse=True)

    async def found(query: str) -> set[str]:
        answer = await office.http.get(f"/resolution/v1/cases?{query}")
        return {case["id"] for case in answer.json()["items"]}

    assert await found("state=accepted") == {str(ids[1])}
    assert await found("handler=e-2") == {str(ids[3])}
    assert await found("department=after-sales") == {str(ids[1]), str(ids[3])}
    assert await found("department=after-sales&state=open") == {str(ids[3])}
    for path in ("/cases?cursor=W10", "/cases?cursor=WzEsMl0", f"/cases/{ids[0]}/timeline?cursor=W10"):
        assert (await office.http.get(f"/resolution/v1{path}")).status_code == 422


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("accept", {"handler": "e-1"}),
        ("judgement", {**YES, "explanation": " "}),
        ("offers", {"offers": []}),
        ("offers", {"offers": [OFFERS[1]] * 5}),
        ("offers", {"offers": [{"remedies": [], "description": "Nothing."}]}),
        ("consent", {"offer_id": str(new_id()), "via": "telepathy"}),
        ("reply", {"message": "a\x00b"}),
        ("close", {"outcome": "good", "reason": "?"}),
    ],
)
async def test_what_makes_no_sense_is_refused(office: Office, action: str, body: dict[str, Any]) -> None:
    answer = await office.act(await office.opened(), action, **body)
    assert answer.status_code == 422
    assert answer.json()["errors"]


async def test_readers_may_not_act(database_url: str, tmp_path: Path) -> None:
    async with open_office(database_url, tmp_path, ["cases:read"]) as office:
        complaint_id = await office.opened()
        assert (await office.read(complaint_id))["state"] == "open"
        assert (await office.act(complaint_id, "accept")).status_code == 403
        office.http.headers.pop("Authorization")
        assert (await office.http.get("/resolution/v1/cases")).status_code == 401


@pytest.mark.requirement("001-28", "N-B")
async def test_the_waker_fires_what_is_overdue_and_nothing_else(office: Office) -> None:
    late, solved = await office.opened(), await office.carried_out()
    office.now = DUE
    await office.waker.wake()  # who owes the reply is warned, no more
    assert "promise.broken" not in await office.types(late)
    assert await office.waker.wake() == 0
    office.now = DUE + timedelta(milliseconds=1)
    answered = await office.opened()
    assert await office.waker.wake() == 2
    assert await office.waker.wake() == 0
    told = [kind for kind in await office.types(late) if kind.startswith("promise.")]
    assert told == ["promise.made", "promise.broken", "promise.made"]
    broken = dict(await office.published(late))["promise.broken"]
    assert (broken["handler_id"], broken["interim_reply"]) == ("e-1007", True)
    assert "promise.broken" not in await office.types(solved)
    assert (await office.read(late))["promise"]["due_at"] > (await office.read(late))["promise"]["made_at"]
    assert "promise.broken" in await office.types(answered)


@pytest.mark.requirement("001-28", "N-B")
async def test_offers_that_nobody_answers_are_reminded_of_at_the_promised_time(office: Office) -> None:
    complaint_id = await office.opened()
    await office.done(complaint_id, "accept")
    await office.done(complaint_id, "judgement", **YES)
    await office.done(complaint_id, "offers", offers=OFFERS)
    office.now = DUE + HOUR
    assert await office.waker.wake() == 1
    assert dict(await office.published(complaint_id))["promise.broken"]["waiting_for_customer"] is True
    assert (await office.read(complaint_id))["state"] == "offered"


@pytest.mark.requirement("001-28", "N-B")
async def test_each_due_promise_fires_once_however_many_replicas(office: Office, tmp_path: Path) -> None:
    ids = [new_id() for _ in range(2 * BATCH + 50)]
    await office.hear(*(registered(complaint_id) for complaint_id in ids))
    url = office.process.settings.database_url
    assert url is not None
    async with open_office(url, tmp_path, ["cases:read"]) as other:
        office.now = DUE + HOUR

        async def work(replica: Office) -> int:
            fired = 0
            while left := await replica.rows(
                "SELECT 1 FROM promises WHERE state = 'live' AND due_at < :now LIMIT 1", now=office.now
            ):
                assert left
                fired += await replica.waker.wake()
            return fired

        shares = await asyncio.gather(work(office), work(other), work(other), work(office))
    assert sum(shares) == len(ids)
    types = Counter((kind, data["complaint_id"]) for kind, data in await office.published())
    assert all(types["promise.broken", str(complaint_id)] == 1 for complaint_id in ids)
    assert all(types["promise.made", str(complaint_id)] == 2 for complaint_id in ids)


async def test_the_waker_waits_for_nobody_who_has_a_case_in_hand(office: Office) -> None:
    held, free = await office.opened(), await office.opened()
    office.now = DUE + HOUR
    async with office.context.database.transaction() as transaction:
        await transaction.lock([held])
        assert await office.waker.wake() == 1
        assert "promise.broken" in await office.types(free)
        assert "promise.broken" not in await office.types(held)
    assert await office.waker.wake() == 1


@pytest.mark.requirement("001-28", "N-B")
async def test_a_case_that_cannot_be_fired_holds_nobody_up(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good, other = await office.opened(), await office.opened(), await office.opened()
    office.now = DUE + HOUR
    fire, tried = Case.time_passed, Counter[UUID]()

    def time_passed(case: Case, at: datetime) -> None:
        tried[case.id] += 1
        if case.id == bad:
            raise ValueError("a rule that does not hold")
        fire(case, at)

    monkeypatch.setattr(Case, "time_passed", time_passed)
    assert await office.waker.wake() == 2
    for complaint_id in (good, other):
        assert (await office.types(complaint_id)).count("promise.broken") == 1
    assert "promise.broken" not in await office.types(bad)
    [said] = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert str(bad) in said
    assert "ValueError: a rule that does not hold" in said
    before = tried[bad]
    assert await office.waker.wake() == 0
    assert tried[bad] == before  # it is left alone for a while
    monkeypatch.undo()
    office.now += ASIDE
    assert await office.waker.wake() == 1
    assert "promise.broken" in await office.types(bad)


@pytest.mark.requirement("001-28")
async def test_a_person_and_the_waker_at_once_settle_a_promise_once(office: Office) -> None:
    ids = [new_id() for _ in range(20)]
    await office.hear(*(registered(complaint_id) for complaint_id in ids))
    office.now = DUE + HOUR
    answers, _, _ = await asyncio.gather(
        asyncio.gather(*(office.act(complaint_id, "reply", message="Soon.") for complaint_id in ids)),
        office.waker.wake(),
        office.waker.wake(),
    )
    assert {answer.status_code for answer in answers} == {200}
    types = Counter((kind, data["complaint_id"]) for kind, data in await office.published())
    for complaint_id in ids:
        assert types["promise.broken", str(complaint_id)] == 1
        assert types["promise.made", str(complaint_id)] == 2 + types["promise.kept", str(complaint_id)]


@pytest.mark.requirement("001-28", "001-32")
@pytest.mark.parametrize(
    "untruth",
    [
        "UPDATE cases SET promise_id = NULL",
        "UPDATE cases SET state = 'closed', promise_id = NULL, result = 'x'",
        "UPDATE cases SET state = 'carried_out', promise_id = NULL",
        "UPDATE cases SET promise_id = gen_random_uuid()",
        "INSERT INTO promises "
        "SELECT gen_random_uuid(), complaint_id, 2, made_at, due_at, 'live' FROM promises",
        "UPDATE promises SET state = 'kept', settled_at = due_at + interval '1 second'",
    ],
)
async def test_the_database_itself_refuses_what_must_never_be(office: Office, untruth: str) -> None:
    await office.opened()
    with pytest.raises(DBAPIError):
        async with office.context.database.transaction() as transaction:
            await transaction.execute(text(untruth))


async def test_every_interleaving_of_intake_and_routing_ends_in_the_same_rows(office: Office) -> None:
    orders = []
    for number, _ in enumerate(range(6)):
        complaint_id = UUID(int=number + 1)
        intake: list[Event] = [
            registered(complaint_id),
            opinion(complaint_id, Outcome.SATISFIED, NINE + HOUR),
        ]
        routing: list[Event] = [triaged(complaint_id), assigned(complaint_id)]
        orders.append((complaint_id, list(interleavings(intake, routing))[number]))
    for step in range(4):  # each in a batch of its own, so that what was saved is loaded again
        await office.hear(*(order[step] for _, order in orders))
    ends = []
    for complaint_id, _ in orders:
        case = await office.read(complaint_id)
        for told in case["timeline"]:
            del told["number"]
        del case["id"], case["promise"]["promise_id"]
        ends.append((case, await office.types(complaint_id)))
    assert all(end == ends[0] for end in ends)
    assert ends[0][0]["state"] == "open"
    assert ends[0][0]["version"] == 4


async def test_a_batch_costs_a_handful_of_statements(office: Office) -> None:
    costs, ids = [], []
    for size in (1, 300):
        ids = [new_id() for _ in range(size)]
        with counted(office.context.database) as statements:
            await office.hear(*(registered(complaint_id) for complaint_id in ids))
        costs.append(len(statements))
    assert 0 < costs[0] == costs[1] <= 10
    async with office.context.database.transaction() as transaction:
        cases = await store.load(transaction, ids)
    assert {case.state for case in cases.values()} == {"open"}


async def test_to_hold_no_complaint_nothing_is_sent(office: Office) -> None:
    sent: list[Any] = []
    async with office.context.database.transaction() as transaction:
        with driver.driver_of(transaction.connection).query_logger(sent.append):
            await transaction.lock([])
            await transaction.lock([new_id()])
            await asyncio.sleep(0)  # the driver tells of it behind
    assert ["pg_advisory_xact_lock" in each.query for each in sent] == [True]


async def test_the_service_runs_its_waker_by_itself(database_url: str, tmp_path: Path) -> None:
    async with open_office(database_url, tmp_path, ["cases:read"]) as office:
        complaint_id = await office.opened()
        fired = asyncio.Event()
        office.context.database.on_publish = fired.set
        running = asyncio.create_task(office.waker.run())
        await asyncio.wait_for(fired.wait(), 10)  # the promise of March fell due long ago
        running.cancel()
        assert "promise.broken" in await office.types(complaint_id)
        assert (await office.read(complaint_id))["promise"]["due_at"] > clock.now().isoformat()
