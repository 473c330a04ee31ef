"""Insights on a real PostgreSQL: events in, measures out, and the whole of it made again from the log."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.insights.app import service
from services.insights.measures import MEASURES
from services.insights.measures.handling import HANDLING
from services.insights.measures.schemas import Measures
from services.insights.model import Facts, contributions
from services.insights.rebuild import READ_TABLES, rebuild
from services.insights.store import SUMS, FactsStore
from services.insights.summing import Sums, rows_of
from shared import clock
from shared.eventlog import Record
from shared.events import (
    AccusedTold,
    CaseClosed,
    CaseOpened,
    CaseResumed,
    ComplaintSupplemented,
    ComplaintTriaged,
    CustomerErased,
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    SolutionCarriedOut,
)
from shared.events.routing import Decider
from shared.events.vocabulary import Because, Channel, Kind, Outcome, Severity
from shared.ids import derived_id
from shared.keys import create_key
from shared.process import Process
from shared.service import Context
from tests.conftest import NewDatabase
from tests.insights_story import Told, batches, interleaved, records, registered, stories
from tests.world import settings_for

TOPICS = service.groups[service.name]

Snapshot = dict[str, list[tuple[Any, ...]]]
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass
class Insights:
    """The service without its workers: nothing happens but what a test asks for."""

    context: Context
    http: httpx.AsyncClient
    stranger: httpx.AsyncClient
    """Holds a key that may not read measures."""
    reader: httpx.AsyncClient
    """Holds a key that may read measures, but not of single people."""

    async def feed(self, given: Sequence[Record], size: int = 100) -> None:
        pump = service.pump(self.context)
        for batch in batches(given, size):
            await pump.handle(batch)

    async def consume_the_log(self) -> int:
        """What the consumer does, until nothing is left; how many records it had."""
        handled = 0
        pump = service.pump(self.context)
        consumer = self.context.log.consumer(service.name, TOPICS)
        await consumer.start()
        while got := await consumer.poll(200, 0.05):
            await pump.handle(got)
            await consumer.commit(got)
            handled += len(got)
        await consumer.stop()
        return handled

    async def lag(self) -> int:
        return await self.context.log.lag(service.name, TOPICS)

    async def remembered(self) -> list[list[tuple[Any, ...]]]:
        """What the inbox and the dead letters hold, without the moments when they came."""
        return [
            await self.rows("SELECT consumer, event_id FROM inbox ORDER BY 1, 2"),
            await self.rows(
                'SELECT consumer, event_id, topic, "offset", key, error, blocks FROM dead_letters ORDER BY 1, 3, 4'
            ),
        ]

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        async with self.context.database.reading() as connection:
            return [tuple(row) for row in (await connection.execute(text(sql))).fetchall()]

    async def snapshot(self) -> Snapshot:
        return {
            table.name: await self.rows(
                f"SELECT * FROM {table.name} ORDER BY {', '.join(c.name for c in table.primary_key)}"
            )
            for table in READ_TABLES
        }

    async def measures(self, **query: str) -> dict[str | None, dict[str, dict[str, Any]]]:
        answer = await self.http.get("/insights/v1/measures", params=query)
        assert answer.status_code == 200, answer.text
        Measures.model_validate(answer.json() | {"first": answer.json()["from"], "last": answer.json()["to"]})
        return {g["key"]: {m["measure"]: m for m in g["measures"]} for g in answer.json()["groups"]}


@asynccontextmanager
async def open_insights(url: str, folder: Path) -> AsyncIterator[Insights]:
    process = Process(settings_for(url, folder), url, [service])
    transport = httpx.ASGITransport(process.app)
    clients = [
        httpx.AsyncClient(
            transport=transport,
            base_url="http://redress",
            headers={"Authorization": f"Bearer {await create_key(url, scopes[0], scopes)}"},
        )
        for scopes in (["measures:read", "appeals:oversee"], ["cases:read"], ["measures:read"])
    ]
    yield Insights(process.contexts["insights"], *clients)
    for client in clients:
        await client.aclose()
    await process.log.stop()
    await process._close()


@pytest.fixture
async def insights(new_database: NewDatabase, scratch: Path) -> AsyncIterator[Insights]:
    async with open_insights(await new_database(), scratch) as opened:
        yield opened


def case(number: int) -> UUID:
    return derived_id("case", number)


def small_story() -> list[Told]:
    """Five contacts received at noon on 1 and 2 March, whose measures can be counted by hand."""
    told: list[Told] = []

    def tell(at: datetime, event: Any) -> None:
        told.append((at, event))

    next_day = NOON + timedelta(days=1)
    for number, (at, kind, channel) in enumerate(
        [
            (NOON, Kind.COMPLAINT, Channel.PHONE),
            (NOON, Kind.COMPLAINT, Channel.PHONE),
            (NOON, Kind.CRITICISM, Channel.STORE),
            (next_day, Kind.COMPLAINT, Channel.STORE),
            (next_day, Kind.PRAISE, Channel.EMAIL),
        ]
    ):
        tell(at, registered(case(number), at, kind=kind, channel=channel))
        tell(at, CaseOpened(complaint_id=case(number), opened_at=at))
    for number, category, decider in [
        (0, "delivery", Decider.RULES),
        (1, "delivery", Decider.PERSON),
        (2, "billing", Decider.RULES),
        (3, "billing", Decider.RULES),
    ]:
        at = next_day + timedelta(minutes=number)
        tell(
            at,
            ComplaintTriaged(
                complaint_id=case(number),
                category=category,
                severity=Severity.GENERAL,
                decided_by=decider,
                reasons=(),
                triaged_at=at,
            ),
        )
    for number, hours in [(0, 10), (1, 40), (2, 100), (4, 1)]:
        at = (NOON if number < 3 else next_day) + timedelta(hours=hours)
        tell(at, SolutionCarriedOut(complaint_id=case(number), result="done", carried_out_at=at))
    for number, outcome in [(0, Outcome.SATISFIED), (1, Outcome.ACCEPTABLE), (2, Outcome.NOT_ACCEPTABLE)]:
        at = NOON + timedelta(days=5)
        tell(at, CaseClosed(complaint_id=case(number), outcome=outcome, closed_by="h1", closed_at=at))
    for number, kept in [(0, True), (1, True), (2, True), (3, False)]:
        promise_id, at = derived_id("promise", number), next_day + timedelta(hours=1)
        told_of = {"complaint_id": case(number), "promise_id": promise_id}
        tell(at, PromiseMade(due_at=at, made_at=next_day, **told_of))
        tell(at, PromiseKept(kept_at=at, **told_of) if kept else PromiseBroken(broken_at=at, **told_of))
    return told


@pytest.mark.requirement("002-17", "001-31", "001-33", "002-10", "003-15")
async def test_measures_are_what_one_counts_by_hand(insights: Insights) -> None:
    await insights.feed(records(small_story()))
    with clock.moved_to(lambda: NOON + timedelta(days=10)):
        whole = (await insights.measures(**{"from": "2026-03-01", "to": "2026-03-11"}))[None]
    handling = {measure.id for measure in HANDLING}
    assert {name: whole[name]["value"] for name in handling if whole[name]["unit"] != "hours"} == {
        "received": 5,
        "merged": 0,
        "withdrawn": 0,
        "matters": 4,  # not the praise
        "handling_rate": 0.8,
        "closed": 3,
        "satisfaction_rate": pytest.approx(1 / 3),
        "acceptable_rate": pytest.approx(2 / 3),
        "trust_restored_rate": None,
        "promise_kept_rate": 0.75,
        "conversion_rate": 0.25,  # one of three complaints and a criticism; the praise does not count
        "automatic_triage_rate": 0.75,
        "open_now": 2,
    }
    # Handled after 1, 10, 40 and 100 h; one has been open for 216 h: S falls to 4/5, 3/5, 2/5, 1/5.
    assert whole["handling_time_p50"]["value"] == pytest.approx(40, rel=0.01)
    assert whole["handling_time_p90"]["value"] == pytest.approx(216)
    assert whole["handling_time_p90"]["at_least"]
    assert whole["handling_time_mean"]["value"] == pytest.approx(151 / 4)
    assert {name: whole[name]["status"] for name in handling} == {
        "received": "no_target",
        "merged": "no_target",
        "withdrawn": "no_target",
        "matters": "no_target",
        "handling_rate": "missed",
        "handling_time_p50": "missed",
        "handling_time_p90": "missed",
        "handling_time_mean": "no_target",
        "closed": "no_target",
        "satisfaction_rate": "missed",
        "acceptable_rate": "missed",
        "trust_restored_rate": "no_data",
        "promise_kept_rate": "missed",
        "conversion_rate": "missed",
        "automatic_triage_rate": "no_target",
        "open_now": "no_target",
    }


@pytest.mark.requirement("002-10")
async def test_breakdowns_add_up_to_the_whole(insights: Insights) -> None:
    await insights.feed(records(small_story()))
    span = {"from": "2026-03-01", "to": "2026-03-11"}
    by_category = await insights.measures(by="category", **span)
    assert {key: m["received"]["value"] for key, m in by_category.items()} == {
        "billing": 2,
        "delivery": 2,
        None: 1,
    }
    assert list(by_category)[-1] is None
    assert by_category["delivery"]["acceptable_rate"]["status"] == "met"
    assert by_category[None]["satisfaction_rate"] == {
        "measure": "satisfaction_rate",
        "value": None,
        "unit": "share",
        "target": 0.7,
        "status": "no_data",
        "numerator": None,
        "denominator": None,
        "at_least": False,
        "warning": 0.6,
        "beside": [],
        "benchmarks": [],
    }
    for by in ("channel", "severity", "department", "product", "handler", "day"):
        groups = await insights.measures(by=by, **span)
        assert sum(m["received"]["value"] for m in groups.values()) == 5
        assert sum(m["closed"]["value"] for m in groups.values()) == 3
    by_day = await insights.measures(by="day", **span)
    assert len(by_day) == 11
    assert [m["open_now"]["value"] for m in by_day.values()] == [3, 5, 5, 5, 5, 2, 2, 2, 2, 2, 2]
    later = await insights.measures(**{"from": "2026-03-04", "to": "2026-03-05"})
    assert later[None]["received"]["value"] == 0
    assert later[None]["open_now"]["value"] == 5  # received before the range
    part = await insights.measures(by="day", **{"from": "2026-03-05", "to": "2026-03-06"})
    assert [m["open_now"]["value"] for m in part.values()] == [5, 2]


async def test_a_resumed_case_is_open_again(insights: Insights) -> None:
    at = NOON + timedelta(days=6)
    resumed = (at, CaseResumed(complaint_id=case(0), resumed_at=at))
    await insights.feed(records([*small_story(), resumed]))
    whole = (await insights.measures(**{"from": "2026-03-01", "to": "2026-03-11"}))[None]
    assert (whole["closed"]["value"], whole["open_now"]["value"]) == (2, 3)
    assert whole["handling_rate"]["value"] == 0.6
    assert whole["conversion_rate"]["value"] == 0


@pytest.mark.requirement("002-10")
async def test_a_correction_moves_what_was_counted(insights: Insights) -> None:
    await insights.feed(records(small_story()), size=1)
    assert ("delivery",) in await insights.rows("SELECT value FROM daily WHERE dimension = 'category'")
    told = small_story()
    for number in (0, 1):
        at = NOON + timedelta(days=8)
        told.append(
            (
                at,
                ComplaintTriaged(
                    complaint_id=case(number),
                    category="packaging",
                    severity=Severity.GENERAL,
                    decided_by=Decider.PERSON,
                    reasons=(),
                    triaged_at=at,
                ),
            )
        )
    await insights.feed(records(told))  # the old events again, which change nothing, and the corrections
    rows = await insights.rows(
        "SELECT value, sum(received), sum(closed) FROM daily WHERE dimension = 'category' GROUP BY 1"
    )
    assert sorted(rows) == [("", 1, 0), ("billing", 2, 1), ("packaging", 2, 2)]


@pytest.mark.requirement("002-10", "N-P")
async def test_rebuilt_in_any_interleaving_the_tables_are_the_same(insights: Insights) -> None:
    told = records(stories(50, seed=5))
    await insights.feed(told)
    first = await insights.snapshot()
    assert len(first["complaints"]) == 50
    assert await insights.rows("SELECT count(*) FROM outbox") == [(0,)]
    for seed, size in ((1, 500), (2, 7), (3, 64)):
        await rebuild(insights.context)
        assert not any((await insights.snapshot()).values())
        await insights.feed(interleaved(told, Random(seed)), size)
        assert await insights.snapshot() == first


@pytest.mark.requirement("002-10", "N-P")
async def test_replicas_that_share_the_work_count_the_same(insights: Insights) -> None:
    """As on Kafka: each complaint belongs to one of them, the rollup rows to all."""
    told = records(stories(60, seed=7))
    await insights.feed(told)
    alone = await insights.snapshot()
    await rebuild(insights.context)
    shares = [[record for record in told if UUID(record.key).int % 3 == share] for share in range(3)]
    await asyncio.gather(*(insights.feed(share, 20) for share in shares))
    assert await insights.snapshot() == alone
    assert await insights.rows("SELECT 1 FROM dead_letters") == []


def retold() -> list[Record]:
    """A log of stories in which some records came twice, words were added and erased, and a person was accused."""
    told = records(stories(40, seed=6))
    first = UUID(told[0].key)
    at = NOON + timedelta(days=90)
    more = [
        ComplaintSupplemented(
            complaint_id=first,
            addition_id=derived_id("addition", first),
            number=1,
            contact_at=at,
            added_by="h1",
            added_at=at,
            medium=Channel.PHONE.medium,
            channel=Channel.PHONE,
            said="Still nothing.",
            completeness=0.5,
        ),
        CustomerErased(
            complaint_id=UUID(told[1].key), customer_id=first, because=Because.REQUESTED, erased_at=at
        ),
        AccusedTold(
            complaint_id=UUID(told[-1].key), person_id="h1", answer_by=at + timedelta(days=2), told_at=at
        ),
    ]
    written = [
        replace(
            record, headers={**record.headers, "ce_sequence": "2", "ce_id": str(derived_id(record.key, at))}
        )
        for record in records([(at, event) for event in more])
    ]
    return [*told[:300], *told[200:], *written]


@pytest.mark.requirement("002-10", "N-P")
async def test_a_rebuild_makes_what_the_pump_makes(insights: Insights) -> None:
    """In rounds with some of the complaints each: the same tables, the same inbox, and nothing left to read."""
    told = retold()
    await insights.context.log.append(told)
    assert await insights.consume_the_log() == len(told)
    by_pump, inbox = await insights.snapshot(), await insights.remembered()
    assert {name for name, rows in by_pump.items() if not rows} <= {"accusations"}
    assert len(inbox[0]) > 500
    heard: list[tuple[int, int]] = []
    await rebuild(insights.context, at_once=200, progress=lambda done, total: heard.append((done, total)))
    assert heard[0] == (0, len(told))
    assert heard[-1] == (len(told), len(told))
    assert heard == sorted(heard)
    assert await insights.snapshot() == by_pump
    assert await insights.remembered() == inbox
    assert await insights.lag() == 0
    later = records(stories(5, seed=61))
    await insights.context.log.append([*told[:50], *later])  # records may come again long after
    await insights.consume_the_log()
    after = await insights.snapshot()
    assert len(after["complaints"]) == 45
    await rebuild(insights.context)
    assert await insights.snapshot() == after


@pytest.mark.requirement("002-10", "N-A")
async def test_a_rebuild_parks_what_the_pump_parks(insights: Insights) -> None:
    """What cannot be read, what follows it, and what a stranger wrote."""
    told = records(stories(20, seed=16))
    broken = Record(told[0].topic, told[0].key, told[0].headers, b"{}")
    stranger = Record(told[0].topic, "somebody", {"ce_type": "weather.changed"}, b"rain")
    newer = Record(told[0].topic, told[3].key, {"ce_type": "redress.of.tomorrow.v1"}, b"{}")
    await insights.context.log.append([broken, stranger, newer, *told[1:]])
    await insights.consume_the_log()
    by_pump, remembered = await insights.snapshot(), await insights.remembered()
    assert len(remembered[1]) > 10
    await rebuild(insights.context, at_once=100)
    assert await insights.snapshot() == by_pump
    assert sorted(remembered[1]) == sorted((await insights.remembered())[1])
    assert remembered[0] == (await insights.remembered())[0]
    assert await insights.lag() == 0


class Killed(BaseException):
    """As when the process ends."""


@pytest.mark.requirement("002-10", "N-A")
async def test_a_rebuild_that_is_killed_has_changed_nothing_and_can_be_repeated(insights: Insights) -> None:
    await insights.context.log.append(retold())
    await insights.consume_the_log()
    before = await insights.snapshot()

    def kill(done: int, total: int) -> None:
        if done > total / 2:
            raise Killed

    with pytest.raises(Killed):
        await rebuild(insights.context, at_once=100, progress=kill)
    assert await insights.snapshot() == before
    await insights.consume_the_log()  # from the start again, and all of it is known
    assert await insights.snapshot() == before
    await rebuild(insights.context)
    assert await insights.snapshot() == before
    assert await insights.lag() == 0


async def test_a_rebuild_takes_dead_letters_up_again(insights: Insights) -> None:
    told = records(small_story())
    broken = Record(told[0].topic, told[0].key, told[0].headers, b"{}")
    await insights.feed([broken, *told[1:]])
    assert len(await insights.rows("SELECT 1 FROM dead_letters")) > 1
    await rebuild(insights.context)
    await insights.feed(told)
    assert await insights.rows("SELECT 1 FROM dead_letters") == []
    assert (await insights.rows("SELECT count(*) FROM complaints"))[0] == (5,)


@pytest.mark.requirement("002-10", "N-P")
async def test_rollups_are_the_sum_of_all_contributions(insights: Insights) -> None:
    await insights.feed(interleaved(records(stories(80, seed=8)), Random(8)), 33)
    async with insights.context.database.transaction() as transaction:
        ids = [row[0] for row in await insights.rows("SELECT id FROM complaints")]
        every = await FactsStore().load(transaction, ids)
    total = Sums()
    for facts in every.values():
        total.add(contributions(facts))
    for table in SUMS:
        names = [column.name for column in table.columns]
        stored = await insights.rows(f"SELECT {', '.join(names)} FROM {table.name}")
        assert sorted(stored) == sorted(
            tuple(row[name] for name in names) for row in rows_of(total, table.name)
        )
        assert stored


@pytest.mark.requirement("N-P")
async def test_measures_are_answered_without_the_complaints(insights: Insights) -> None:
    await insights.feed(records(stories(60, seed=9)))
    query = {"from": "2026-02-20", "to": "2026-05-01"}
    with clock.moved_to(lambda: datetime(2026, 5, 1, tzinfo=UTC)):
        before = {
            by: await insights.measures(by=by, **query) for by in ("none", "day", "category", "channel")
        }
        async with insights.context.database.transaction() as transaction:
            await transaction.execute(text("TRUNCATE complaints"))
        for by, answer in before.items():
            assert await insights.measures(by=by, **query) == answer


@pytest.mark.requirement("002-17")
async def test_handling_time_is_within_its_bound_of_the_exact_quantile(insights: Insights) -> None:
    random = Random(4)
    told: list[Told] = []
    exact = []
    for number in range(200):
        took = int(random.lognormvariate(10, 1.5))
        exact.append(took)
        done = NOON + timedelta(seconds=took)
        told += [
            (NOON, registered(case(number), NOON)),
            (done, SolutionCarriedOut(complaint_id=case(number), result="done", carried_out_at=done)),
        ]
    await insights.feed(records(told), 500)
    whole = (await insights.measures(**{"from": "2026-03-01", "to": "2026-03-01"}))[None]
    exact.sort()
    assert whole["handling_time_p50"]["value"] * 3600 == pytest.approx(exact[99], rel=0.0101)
    assert whole["handling_time_p90"]["value"] * 3600 == pytest.approx(exact[179], rel=0.0101)


async def test_the_database_refuses_rollups_that_cannot_be(insights: Insights) -> None:
    facts = Facts(id=case(1), registered_at=NOON)
    facts.counted = contributions(facts)  # claims to be counted already: nothing is added
    async with insights.context.database.transaction() as transaction:
        await FactsStore().save(transaction, [facts])
    assert await insights.rows("SELECT 1 FROM daily") == []
    facts.registered_at = None  # and now takes away what was never there
    with pytest.raises(IntegrityError):
        async with insights.context.database.transaction() as transaction:
            await FactsStore().save(transaction, [facts])


async def test_the_range_is_completed_and_checked(insights: Insights) -> None:
    with clock.moved_to(lambda: NOON):
        answer = (await insights.http.get("/insights/v1/measures")).json()
        assert (answer["from"], answer["to"], answer["by"]) == ("2026-01-31", "2026-03-01", "none")
        assert [m["measure"] for m in answer["groups"][0]["measures"]] == [m.id for m in MEASURES]
    for query in (
        {"from": "2026-03-02", "to": "2026-03-01"},
        {"from": "2010-01-01", "to": "2026-03-01"},
    ):
        refused = await insights.http.get("/insights/v1/measures", params=query)
        assert refused.status_code == 422
        assert refused.headers["content-type"] == "application/problem+json"
        assert [error["field"] for error in refused.json()["errors"]] == ["query/from"]
    for name, value in (("from", "soon"), ("to", "2026-13-01"), ("by", "weather")):
        refused = await insights.http.get("/insights/v1/measures", params={name: value})
        assert refused.status_code == 422
        assert [error["field"] for error in refused.json()["errors"]] == [f"query/{name}"]
    ten_years = await insights.http.get(
        "/insights/v1/measures", params={"from": "2016-03-02", "to": "2026-03-01", "by": "day"}
    )
    assert ten_years.status_code == 200
    assert (await insights.http.get("/insights/v1/measures", params={"to": "0001-01-01"})).status_code == 200


async def test_the_catalogue_and_the_row_of_a_complaint(insights: Insights) -> None:
    await insights.feed(records(small_story()))
    catalogue = (await insights.http.get("/insights/v1/measures/catalogue")).json()
    kept = next(item for item in catalogue["items"] if item["id"] == "promise_kept_rate")
    assert kept["name"] == {"en": "Promises kept", "zh": "承诺兑现率"}
    assert (kept["target"], kept["direction"], kept["requirement"]) == (0.95, "higher", "001-31")
    row = (await insights.http.get(f"/insights/v1/complaints/{case(0)}")).json()
    assert (row["category"], row["outcome"], row["promises_made"]) == ("delivery", "satisfied", 1)
    assert row["carried_out_at"] == "2026-03-01T22:00:00Z"
    missing = await insights.http.get(f"/insights/v1/complaints/{case(99)}")
    assert missing.status_code == 404
    assert missing.json()["errors"][0]["field"] == "path/complaint_id"


@pytest.mark.parametrize("path", ["measures", "measures/catalogue", f"complaints/{UUID(int=1)}", "effect"])
async def test_only_who_may_read_measures_reads_them(insights: Insights, path: str) -> None:
    assert (await insights.stranger.get(f"/insights/v1/{path}")).status_code == 403
    anonymous = await insights.http.get(f"/insights/v1/{path}", headers={"Authorization": ""})
    assert anonymous.status_code == 401
