"""Two topics have no order between them: whichever comes first, the final state is the same.

The topics of whole journeys (tests/recording.py) are fed to each service, on tables that are empty of them, in
random interleavings that keep each topic's own order, in random batches, with redeliveries. Every table must
end the same. What is left out is what counts how the work was cut (versions, numbers drawn) and identities that
are drawn afresh; see SHOWN.

Commands over HTTP are part of a case's history, which no replay of topics alone can make. So resolution is given
the commands, too, as a further stream, at the times at which they were made. What a caller did, they did because
of something they had seen, so within one complaint commands keep their place among the events of intake (one
cannot accept what is not registered, nor choose an offer that is not made). Against routing, and between
complaints, they fall anywhere. Intake's commands (what was told, the customers' answers) are its own topic; its
views must come out the same, and as they really were, without them.
"""

import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from services import catalogue
from services.resolution.judgement import Judgement
from services.resolution.model import Case
from services.resolution.offers.offering import Solution
from services.resolution.store import store as cases
from shared.aggregate import load_one, save_one
from shared.envelope import open_envelope
from shared.eventlog import Record
from shared.eventlog.kafka import KafkaLog
from shared.events.vocabulary import Money, Remedy
from shared.process import Process
from shared.reactions import Pump, topics_of
from shared.service import Service
from tests.conftest import NewDatabase
from tests.recording import Command, Recording, connected, rows
from tests.world import settings_for

pytestmark = pytest.mark.slow

TRAIL = {"personal_data_reads", "erasures"}
"""Nobody can empty these."""
MIGRATED = {"layout"}
"""A migration writes it: the names of the sums that are kept."""
FEED = {"feed", "feed_head", "feed_subjects", "stream_tickets"}
"""No reaction fills them, but a reader of the log of its own; tests/audit.py compares them with the log."""
# Couriers, and those who report to them, leave these behind.
SENT = {"attempts", "customer_messages", "provider_messages", "delivery_reports"}
BRIEFINGS = {"briefing_turns", "briefings", "briefing_readers", "briefing_voices", "clippings_shown"}
"""Made by a timer from what other services answer, and by no event; the clippings that they show are."""
BOOKKEEPING = {
    *("outbox", "inbox", "sequences", "dead_letters", "idempotency_keys"),
    *(TRAIL | FEED | SENT | BRIEFINGS),
}
HIDDEN = {
    "views": {"version"},  # of all aggregates: how many batches changed them
    "progress": {"id"},
    "people": {"turn"},  # so is who got one last
    # What the classifier held in that moment depends on the lessons that were heard before; without reviewed cases it
    # decides nothing, so what was decided does not.
    "dispatches": {"version", "evidence", "basis"},  # the latter: what everybody carried at that moment
    "reviews": {"model_version", "scores", "changed"},
    "lessons": {"changed", "steps", "features", "folded"},
    # Made from the id of the fact that this very run drew; what is told late has its full time from now on.
    "notices": {"id", "fact_id", "due_at"},
    "heard_facts": {"fact_id"},
    # By which severity and calendar a time was counted is evidence of the moment; test_clocks.py proves that the
    # clocks become the same.
    "cases": {
        *("version", "clocks", "wakes_at", "clock_policy", "calendar_digest"),
        *("audit_hash", "audit_salt"),
    },
    "promises": {"handler_id", "department", "due_at"},  # see test_a_case_and_its_commands_...
    # In the order in which things became known, under a key that is drawn afresh.
    "audit_entries": {"number", "recorded_at", "key", "digest", "previous", "hash"},
    "lapses": {"accountable", "handler_id", "department", "due_at"},
    "timeline": {"number"},  # as they became known; the timeline is read in order of time and source
    "conversations": {"version"},
    "surveys": {"version", "ended_at"},  # of an erased customer: when the later of both was heard of
    "forwarded_events": {"number"},  # as they became known
    # How far a courier has come is not the handlers' work.
    "deliveries": {
        *("number", "status", "attempts", "attempts_before", "next_attempt_at", "lease_until", "last_error"),
        *(
            "channel",
            "template_version",
            "body_sha256",
            "created_at",
            "settled_at",
            "withheld",
            "merged_into",
        ),
        "counted_on",
    },
}
"""Columns that may differ, by table."""
MOMENTS = {"promise_made": "text", "clock_missed": "at"}
"""Column of the timeline that says when something was due, by kind of entry: evidence of the moment, as above. The
entry of the audit chain for it says the same."""
KEPT = {
    "intake": (
        *("customers", "customer_contacts", "complaints", "merges", "marks", "messages"),
        *("rulebook_versions", "rulebook_switches", "purchases"),
    ),
    "routing": (
        *("calendars", "skills", "departments", "teams", "people", "absences", "certificates", "requeues"),
        *("directory_version", "rulebook_versions", "rulebook_switches", "findings"),
        *("training_sessions", "training_participants", "training_results", "drill_runs"),
        *("policies", "policy_acknowledgements", "proposals"),
    ),
    "resolution": ("calendars",),
    # Jobs fill them, and people decide.
    "insights": (
        *("series_counts", "series_scores", "warning_rounds", "alerts", "exposures"),
        *("term_days", "mined_weeks", "topics", "topic_complaints"),
        *("training_needs", "hazards"),
        *("fairness_audits", "fairness_comparisons", "fairness_decisions"),
    ),
    # The last is filled by couriers: how far they have come is not the handlers' work.
    "notification": (
        *("subscriptions", "webhook_secrets", "devices", "rulebook_versions", "rulebook_switches"),
        *("preferences", "wordings", "day_counts"),
    ),
}
"""Tables that requests fill, and no event."""

Row = tuple[str, ...]
Snapshot = dict[str, Counter[Row]]


class Bench:
    """One service without its workers, on a database of its own."""

    # Not a dataclass: hypothesis would print all of the recording.
    def __init__(self, service: Service, process: Process, recording: Recording) -> None:
        self.service, self.process, self.recording = service, process, recording

    def __repr__(self) -> str:
        return self.service.name

    @cached_property
    def pump(self) -> Pump:
        return self.service.pump(self.process.contexts[self.service.name])

    @property
    def topics(self) -> dict[str, list[Record]]:
        return self.recording.topics(topics_of(self.service.reactions))

    async def clear(self) -> None:
        """As if no event had ever come."""
        emptied = (
            self.service.metadata.tables.keys() - set(KEPT.get(self.service.name, ())) - TRAIL - MIGRATED
        )
        async with self.process.contexts[self.service.name].database.transaction() as transaction:
            if self.service.name == "resolution":
                await transaction.execute(text("ALTER TABLE audit_entries DISABLE TRIGGER only_added_to"))
            await transaction.execute(text(f"TRUNCATE {', '.join(sorted(emptied))}"))
            if self.service.name == "routing":
                await transaction.execute(text("UPDATE people SET open_cases = 0"))

    async def snapshot(self) -> Snapshot:
        """What is stored; and which facts were told, how often."""
        found: Snapshot = {}
        async with self.process.contexts[self.service.name].database.reading() as connection:
            for name in self.service.metadata.tables:
                if name not in BOOKKEEPING:
                    result = await connection.execute(text(f"SELECT * FROM {name}"))
                    found[name] = visible(name, result.mappings())
            told = await connection.execute(text("SELECT topic, key, headers->>'ce_type' FROM outbox"))
            found["told"] = Counter(tuple(map(str, row)) for row in told)
            parked = await connection.execute(text("SELECT error FROM dead_letters"))
            assert parked.all() == []
        return found

    def live(self) -> Snapshot:
        """What the running service had really stored."""
        tables = self.recording.evidence.tables[self.service.name]
        shown = {name: visible(name, found) for name, found in tables.items() if name not in BOOKKEEPING}
        if (
            self.service.name == "intake"
        ):  # that a complaint was merged or written about, a request wrote, no event
            by_events = [row for row in tables["progress"] if row["step"] not in {"merged", "message"}]
            shown["progress"] = visible("progress", by_events)
        return shown


def visible(table: str, found: Iterable[Any]) -> Counter[Row]:
    hidden = HIDDEN.get(table, set())
    return Counter(
        tuple(
            f"{name}={value!r}"
            for name, value in row.items()
            if name not in hidden and MOMENTS.get(row.get("kind") or row.get("action")) != name
        )
        for row in found
        if row.get("template") != "briefing"  # its letters neither
    )


@dataclass(frozen=True)
class Course:
    """How the topics come: which are ahead, in how large batches, and what comes again."""

    seed: int
    weights: tuple[int, ...]
    longest: int
    again: float
    """Share of the polls that begin with records which were handled before."""

    def __call__(self, topics: Mapping[str, list[Record]]) -> Iterator[list[Record]]:
        chance = random.Random(self.seed)
        at = dict.fromkeys(topics, 0)
        pace = dict(zip(topics, self.weights * len(topics), strict=False))
        handled: list[Record] = []
        while left := [name for name in topics if at[name] < len(topics[name])]:
            batch = (
                handled[chance.randrange(len(handled)) :] if handled and chance.random() < self.again else []
            )
            for _ in range(chance.randint(1, self.longest)):
                if not left:
                    break
                [name] = chance.choices(left, [pace[name] for name in left])
                batch = [*batch, topics[name][at[name]]]
                handled.append(batch[-1])
                at[name] += 1
                left = [name for name in topics if at[name] < len(topics[name])]
            yield batch


courses = st.builds(
    Course,
    seed=st.integers(0, 2**32),
    weights=st.lists(st.sampled_from([1, 20, 400]), min_size=10, max_size=10).map(tuple),
    longest=st.sampled_from([1, 7, 40, 500]),
    again=st.sampled_from([0.0, 0.3]),
)
every_course = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # a course is small as it is, and to make it smaller takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@asynccontextmanager
async def open_bench(name: str, recording: Recording, url: str, folder: Path) -> AsyncIterator[Bench]:
    [service] = catalogue.load([name])
    # One person takes everything: who is the least loaded would depend on who has been released already.
    await rows(url, "UPDATE routing.people SET active = (id = 'li.na')")
    async with connected(url) as connection:
        for table in KEPT.get(name, ()) if name != "routing" else ():  # that has its directory by migration
            await _copy(connection, f"{name}.{table}", recording.evidence.rows(f"{name}.{table}"))
    process = Process(settings_for(url, folder), url, [service])
    try:
        yield Bench(service, process, recording)
    finally:
        await process.log.stop()
        await process._close()


async def _copy(connection: Any, table: str, found: list[dict[str, Any]]) -> None:
    from pydantic_core import to_json

    shown = [{n: f"\\x{v.hex()}" if isinstance(v, bytes) else v for n, v in row.items()} for row in found]
    await connection.execute(
        text(
            f"INSERT INTO {table} SELECT * FROM jsonb_populate_recordset(NULL::{table}, CAST(:rows AS jsonb))"
        ),
        {"rows": to_json(shown).decode()},
    )


def differences(one: Snapshot, other: Snapshot) -> list[str]:
    """What only one of them has: rows, or the columns in which two rows of one id differ."""
    told = []
    for table in sorted(one.keys() | other.keys()):
        mine, theirs = (
            {row[0]: row for row in only} for only in (one[table] - other[table], other[table] - one[table])
        )
        for i in sorted(mine.keys() | theirs.keys()):
            left, right = mine.get(i, ()), theirs.get(i, ())
            told.append(f"{table} {i}: {sorted(set(left) - set(right))} or {sorted(set(right) - set(left))}")
    return told


@pytest.fixture(scope="module", params=["intake", "routing", "notification", "insights"])
async def bench(
    request: pytest.FixtureRequest, recording: Recording, new_database: NewDatabase, scratch: Path
) -> AsyncIterator[Bench]:
    async with open_bench(request.param, recording, await new_database(), scratch) as opened:
        yield opened


@pytest.fixture(scope="module")
async def straight(bench: Bench) -> Snapshot:
    """What is stored when one topic comes after the other; the running service had stored the same."""
    for topic in bench.topics.values():
        await bench.pump.handle(topic)
    first = await bench.snapshot()
    if bench.service.name != "routing":  # which chose among several people then
        live = bench.live()
        assert differences({name: first[name] for name in live}, live) == []
    return first


@every_course
@given(course=courses)
async def test_any_order_of_the_topics_ends_the_same(
    course: Course, bench: Bench, straight: Snapshot
) -> None:
    await bench.clear()
    for batch in course(bench.topics):
        await bench.pump.handle(batch)
    assert differences(straight, await bench.snapshot()) == []
    if bench.service.name == "notification":
        # Thanks come first, whatever was heard first.
        async with bench.process.contexts["notification"].database.reading() as connection:
            first = await connection.execute(
                text(
                    "SELECT DISTINCT ON (lane) template FROM deliveries WHERE audience = 'customer' "
                    "ORDER BY lane, number"
                )
            )
            assert set(first.scalars()) == {"acknowledgement"}


@dataclass(frozen=True)
class Step:
    """What resolution was told by one source: an event of intake, or a command."""

    at: datetime
    complaint_id: UUID
    record: Record | None = None
    act: Callable[[Case], None] | None = None


def history(recording: Recording) -> list[Step]:
    """Intake's events and the commands, in the order in which they were made."""
    author = next(
        row["author"] for row in recording.evidence.rows("resolution.timeline") if row["kind"] == "accepted"
    )
    steps = []
    for told in recording.records:
        received = open_envelope(told)
        event: Any = received.event
        i, at, name = event.complaint_id, received.time, event.type.removeprefix("redress.")
        match name:
            case "complaint.registered" | "offer.chosen" | "offers.declined" | "opinion.given":
                steps.append(Step(at, i, told))
            case "complaint.merged" | "reporter.joined":
                steps.append(Step(at, i, told))
            case "complaint.withdrawn" | "customer.wrote" | "handler.wrote" | "personal-data.read":
                steps.append(Step(at, i, told))
            case "promise.broken" if event.interim_reply:
                steps.append(Step(at, i, act=partial(Case.time_passed, at=at)))
            case "case.accepted":
                # By name: the caller had seen whose case it is.
                accept = partial(Case.accept, handler_id=event.handler_id, author=author, at=at)
                steps.append(Step(at, i, act=accept))
    done = {"judgement": "case.judged", "offers": "offers.made", "reply": "customer.told"}
    done |= {"public-response": "public-response.given"}
    done |= {"answer": "solution.carried-out", "carry-out": "solution.carried-out"}
    for i in recording.complaints:
        times: dict[str, list[datetime]] = {}
        for told in recording.records:
            if told.topic == "redress.resolution" and told.key == str(i):
                received = open_envelope(told)
                times.setdefault(received.event.type.removeprefix("redress."), []).append(received.time)
        for command in recording.commands:
            if command.complaint_id == i and command.action in done:
                at = times[done[command.action]].pop(0)
                steps.append(Step(at, i, act=_act(command, author, at)))
    return sorted(steps, key=lambda step: step.at)


def _act(command: Command, author: str, at: datetime) -> Callable[[Case], None]:
    body = command.body
    match command.action:
        case "judgement":
            judgement = Judgement(body["reason_sufficient"], body["demand_reasonable"])
            return lambda case: case.judge(judgement, body["explanation"], author, at)
        case "offers":
            solutions = [
                Solution(
                    tuple(map(Remedy, offer["remedies"])),
                    offer["description"],
                    Money.model_validate(offer["value"]) if "value" in offer else None,
                )
                for offer in body["offers"]
            ]
            return lambda case: case.offer(solutions, author, at)
        case "reply":
            return lambda case: case.reply(body["message"], author, at)
        case "answer":
            return lambda case: case.answer(body["result"], author, at)
        case "carry-out":
            return lambda case: case.carry_out(body["result"], author, at)
        case "public-response":
            return lambda case: case.respond_publicly(body["where"], body["response"], author, at)
    raise AssertionError(command.action)


async def live_through(bench: Bench, steps: list[Step], routing: list[Record], course: Course) -> None:
    """One order of three streams: intake's topic, the commands (within a complaint, in place), and the rest, which
    is routing's topic and those that only the audit chain hears."""
    chance = random.Random(course.seed)
    intake = [step for step in steps if step.record is not None]
    stories: dict[UUID, list[Step]] = {}
    for step in steps:
        stories.setdefault(step.complaint_id, []).append(step)
    routed = list(routing)
    batch: list[Record] = []
    handled: list[Record] = []

    async def poll() -> None:
        nonlocal batch
        if handled and chance.random() < course.again:
            batch = handled[chance.randrange(len(handled)) :] + batch
        if batch:
            await bench.pump.handle(batch)
        batch = []

    while intake or routed or any(stories.values()):
        choices: list[Step | Record] = [s[0] for s in stories.values() if s and s[0].act is not None]
        if intake and stories[intake[0].complaint_id][0] is intake[0]:
            choices.append(intake[0])
        if routed:
            choices.append(routed[0])
        pace = [course.weights[0] if isinstance(c, Record) else course.weights[1] for c in choices]
        [chosen] = chance.choices(choices, pace)
        if isinstance(chosen, Record):
            batch.append(routed.pop(0))
            handled.append(chosen)
        elif chosen.record is not None:
            stories[chosen.complaint_id].pop(0)
            batch.append(chosen.record)
            handled.append(chosen.record)
            intake.pop(0)
        else:
            await poll()
            assert chosen.act is not None
            async with bench.process.contexts["resolution"].database.transaction() as transaction:
                case = await load_one(cases, transaction, chosen.complaint_id)
                chosen.act(case)
                await save_one(cases, transaction, case)
            stories[chosen.complaint_id].pop(0)
        if len(batch) >= course.longest:
            await poll()
    await poll()


@pytest.fixture(scope="module")
async def desk(recording: Recording, new_database: NewDatabase, scratch: Path) -> AsyncIterator[Bench]:
    async with open_bench("resolution", recording, await new_database(), scratch) as opened:
        yield opened


@every_course
@given(course=courses)
async def test_a_case_and_its_commands_end_as_they_did_whenever_routing_is_heard(
    course: Course, desk: Bench
) -> None:
    await desk.clear()
    rest = [record for name, told in desk.topics.items() if name != "redress.intake" for record in told]
    await live_through(desk, history(desk.recording), rest, course)
    live = desk.live()
    found = await desk.snapshot()
    assert differences({name: found[name] for name in live}, live) == []
    # A promise says whose case it was when it was settled: nobody's, if that was not yet known to resolution.
    owners = {
        row["promise_id"]: row["handler_id"] for row in desk.recording.evidence.rows("resolution.promises")
    }
    async with desk.process.contexts["resolution"].database.reading() as connection:
        for promise_id, owner in await connection.execute(
            text("SELECT promise_id, handler_id FROM promises")
        ):
            assert owner in {None, owners[promise_id]}


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.xdist_group("kafka")
@pytest.mark.parametrize("seed", range(2))
async def test_over_kafka_too(
    seed: int, bench: Bench, straight: Snapshot, request: pytest.FixtureRequest
) -> None:
    """The records really lie in partitions of topics, appended in a random order of the topics."""
    own = f"interleaving-{bench.service.name}-{uuid4().hex[:8]}."  # the broker is not ours alone
    topics = [own + topic for topic in bench.topics]
    course = Course(seed, (1, 400, 20, 1, 400, 20, 1, 1, 20, 400), longest=25, again=0.2)
    log = KafkaLog(request.getfixturevalue("kafka_bootstrap"), 3, 1, topics=topics)
    await bench.clear()
    await log.start()
    try:
        consumer = log.consumer(own, topics)
        await consumer.start()
        for batch in course(bench.topics):
            await log.append([replace(record, topic=own + record.topic) for record in batch])
            if polled := await consumer.poll(40, 0.05):
                await bench.pump.handle(polled)
                await consumer.commit(polled)
        while await log.lag(own, topics):
            polled = await consumer.poll(40, 0.5)
            await bench.pump.handle(polled)
            await consumer.commit(polled)
        await consumer.stop()
    finally:
        await log.stop()
    assert differences(straight, await bench.snapshot()) == []
