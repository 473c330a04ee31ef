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
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from services import catalogue
from services.resolution.model import Case, Judgement, Solution
from services.resolution.store import store as cases
from shared.aggregate import load_one, save_one
from shared.envelope import open_envelope
from shared.eventlog import Record
from shared.eventlog.kafka import KafkaLog
from shared.events.vocabulary import Money, Outcome, Remedy
from shared.process import Process
from shared.reactions import Pump
from shared.service import Service
from tests.conftest import NewDatabase
from tests.kafka import kafka_bootstrap, with_kafka  # noqa: F401 - a fixture
from tests.recording import Recording, connected, record, rows
from tests.world import settings_for

BOOKKEEPING = {"outbox", "inbox", "sequences", "dead_letters", "idempotency_keys"}
HIDDEN = {
    "views": {"version"},  # of all aggregates: how many batches changed them
    "progress": {"id"},
    "dispatches": {"version"},
    "notices": {"id", "fact_id"},  # made from the id of the fact that this very run drew
    "cases": {"version"},
    "timeline": {"number"},  # as they became known; the timeline is read in order of time and source
    "conversations": {"version"},
    # How far a courier has come is not the handlers' work.
    "deliveries": {"number", "status", "attempts", "next_attempt_at", "lease_until", "last_error", "sent_by"}
    | {"template_version", "body_sha256", "created_at", "settled_at"},
}
"""Columns that may differ, by table."""
KEPT = {"complaints", "customers", "departments", "people", "subscriptions"}
"""Tables of intake, routing and notification that requests fill, and no event."""

Snapshot = dict[str, Counter[str]]


@dataclass
class Bench:
    """One service without its workers, on a database of its own."""

    service: Service
    process: Process
    recording: Recording

    @property
    def pump(self) -> Pump[Any]:
        return self.service.pump(self.process.contexts[self.service.name])

    @property
    def topics(self) -> dict[str, list[Record]]:
        assert self.service.reactions is not None
        return self.recording.topics(self.service.reactions.topics)

    async def clear(self) -> None:
        """As if no event had ever come."""
        kept = KEPT if self.service.name in {"intake", "routing", "notification"} else set()
        emptied = [name for name in self.service.metadata.tables if name not in kept]
        async with self.process.contexts[self.service.name].database.transaction() as transaction:
            await transaction.execute(text(f"TRUNCATE {', '.join(emptied)}"))
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
            found["told"] = Counter(map(repr, told.all()))
            parked = await connection.execute(text("SELECT error FROM dead_letters"))
            assert parked.all() == []
        return found

    def live(self) -> Snapshot:
        """What the running service had really stored."""
        tables = self.recording.evidence.tables[self.service.name]
        return {name: visible(name, found) for name, found in tables.items() if name not in BOOKKEEPING}


def visible(table: str, found: Sequence[Mapping[str, Any]] | Any) -> Counter[str]:
    hidden = HIDDEN.get(table, set())
    return Counter(
        ", ".join(f"{name}={value!r}" for name, value in row.items() if name not in hidden) for row in found
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
            batch = handled[chance.randrange(len(handled)) :] if handled and chance.random() < self.again else []
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
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
async def recording(new_database: NewDatabase, scratch: Path) -> Recording:
    return await record(await new_database(), scratch)


@asynccontextmanager
async def open_bench(name: str, recording: Recording, url: str, folder: Path) -> AsyncIterator[Bench]:
    [service] = catalogue.load([name])
    # One person takes everything: who is the least loaded would depend on who has been released already.
    await rows(url, "UPDATE routing.people SET active = (id = 'li.na')")
    async with connected(url) as connection:
        for table in sorted(KEPT & service.metadata.tables.keys() - {"departments", "people"}, reverse=True):
            await _copy(connection, f"{name}.{table}", recording.evidence.rows(f"{name}.{table}"))
    process = Process(settings_for(url, folder), url, [service])
    try:
        yield Bench(service, process, recording)
    finally:
        await process.log.stop()
        await process._close()


async def _copy(connection: Any, table: str, found: list[dict[str, Any]]) -> None:
    from pydantic_core import to_json

    await connection.execute(
        text(f"INSERT INTO {table} SELECT * FROM jsonb_populate_recordset(NULL::{table}, CAST(:rows AS jsonb))"),
        {"rows": to_json(found).decode()},
    )


def differences(one: Snapshot, other: Snapshot) -> list[str]:
    """Rows that only one of them has, for a message that a person can read."""
    told = []
    for table in sorted(one.keys() | other.keys()):
        told += [f"- {table}: {row}" for row in one[table] - other[table]]
        told += [f"+ {table}: {row}" for row in other[table] - one[table]]
    return told


@pytest.mark.requirement("N-O")
@pytest.mark.parametrize("name", ["intake", "routing", "notification", "insights"])
async def test_any_order_of_the_topics_ends_the_same(
    name: str, recording: Recording, new_database: NewDatabase, scratch: Path
) -> None:
    async with open_bench(name, recording, await new_database(), scratch) as bench:
        for topic in bench.topics.values():
            await bench.pump.handle(topic)
        first = await bench.snapshot()
        if name != "routing":  # which chose among several people then
            live = bench.live()
            assert differences({table: first[table] for table in live}, live) == []

        @every_course
        @given(courses)
        async def holds(course: Course) -> None:
            await bench.clear()
            for batch in course(bench.topics):
                await bench.pump.handle(batch)
            assert differences(first, await bench.snapshot()) == []
            if name == "notification":
                await _thanks_come_first(bench)

        holds.hypothesis.inner_test  # noqa: B018
