"""What every event log promises, proved for both: the table in a real PostgreSQL and a real Apache Kafka."""

import asyncio
import os
import random
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.engine.url import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from dev.kafka import KafkaBroker
from shared import driver
from shared.database import Database
from shared.eventlog import Consumer, EventLog, GroupInUse, LogUnavailable, Record, RecordTooLarge, Share
from shared.eventlog.kafka import KafkaLog
from shared.eventlog.protocol import RECORD_LIMIT
from shared.eventlog.table import TableLog
from shared.relay import Relay
from tests.conftest import NewDatabase
from tests.kafka import with_kafka
from tests.world import eventually

pytestmark = pytest.mark.requirement("P-28", "N-A")

KINDS = ["table", pytest.param("kafka", marks=with_kafka)]
SESSION_TIMEOUT = 6.0 if "KAFKA_BOOTSTRAP" in os.environ else 1.5
"""Seconds. A broker that is not ours accepts no less than 6."""
ROOT = Path(__file__).parents[2]


@dataclass
class Logs:
    """A log as several processes see it: each `open` is a client of its own."""

    kind: str
    where: str
    """URL of the database, or Kafka's bootstrap servers."""
    database_url: str
    timeout: float = 10.0
    """Seconds until Kafka is reported as unavailable."""
    opened: list[EventLog] = field(default_factory=list)
    consumers: list[Consumer] = field(default_factory=list)

    async def open(self) -> EventLog:
        log: EventLog
        if self.kind == "table":
            log = TableLog(self.where)
        else:
            log = KafkaLog(self.where, 4, 1, topics=(), timeout=self.timeout, session_timeout=SESSION_TIMEOUT)
        await log.start()
        self.opened.append(log)
        return log

    async def topic(self) -> str:
        """A new one."""
        name = f"test.{uuid4().hex[:12]}"
        for log in self.opened[:1]:
            if isinstance(log, KafkaLog):
                await log.ensure_topics([name])
        return name

    async def consumer(self, log: EventLog, group: str, *topics: str) -> Consumer:
        consumer = log.consumer(group, topics)
        await consumer.start()
        self.consumers.append(consumer)
        return consumer

    async def close(self) -> None:
        for consumer in self.consumers:
            await consumer.stop()
        for log in self.opened:
            await log.stop()


@pytest.fixture(scope="module")
async def database_url(new_database: NewDatabase) -> str:
    """One database for the module: every test has topics and groups of its own, and leaves no outbox."""
    return await new_database()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def bootstrap(kind: str, request: pytest.FixtureRequest) -> str | None:
    return request.getfixturevalue("kafka_bootstrap") if kind == "kafka" else None


@pytest.fixture
async def logs(kind: str, bootstrap: str | None, database_url: str) -> AsyncIterator[Logs]:
    logs = Logs(kind, bootstrap or database_url, database_url)
    yield logs
    await logs.close()


@pytest.fixture
async def log(logs: Logs) -> EventLog:
    return await logs.open()


@pytest.fixture
async def topic(logs: Logs, log: EventLog) -> str:
    return await logs.topic()


@pytest.fixture
async def intake(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, "intake", pool_size=10)
    yield database
    await database.close()


def group_name() -> str:
    return f"group-{uuid4().hex[:12]}"


def records_of(topic: str, keys: Iterable[str], start: int = 0) -> list[Record]:
    """Records whose values are numbers, rising in the order of the list."""
    return [
        Record(topic, key, {"ce_id": str(n), "ce_type": "测试"}, str(n).encode())
        for n, key in enumerate(keys, start)
    ]


def numbers(records: Iterable[Record]) -> list[int]:
    return [int(record.value) for record in records]


def by_key(records: Iterable[Record]) -> dict[str, list[int]]:
    """The numbers of each key, each at its first appearance: a repeat is allowed, a swap is not."""
    story: dict[str, dict[int, None]] = defaultdict(dict)
    for record in records:
        story[record.key][int(record.value)] = None
    return {key: list(told) for key, told in story.items()}


async def some(consumer: Consumer, limit: int = 500) -> list[Record]:
    """The next records; waits until there are any."""
    return await eventually(lambda: consumer.poll(limit, 0.2), what="records")


async def read(consumer: Consumer, count: int, limit: int = 500) -> list[Record]:
    """The next `count` records, each batch committed."""
    got: list[Record] = []
    while len(got) < count:
        records = await some(consumer, min(limit, count - len(got)))
        await consumer.commit(records)
        got += records
    return got


async def nothing_more(consumer: Consumer) -> bool:
    return await consumer.poll(10, 0.3) == []


# Order, fan-out, resuming


async def test_every_key_keeps_its_order_and_nothing_is_lost(logs: Logs, log: EventLog, topic: str) -> None:
    other = await logs.topic()
    chance = random.Random(1)
    keys = [f"complaint-{n}" for n in range(60)]
    sent: list[Record] = []
    for _ in range(25):
        batch = records_of(topic, chance.choices(keys, k=40), len(sent))
        batch += records_of(other, chance.choices(keys, k=40), len(sent) + 40)
        await log.append(batch)
        sent += batch

    consumer = await logs.consumer(log, group_name(), topic, other)
    got: list[Record] = []
    while len(got) < len(sent):
        limit = chance.randint(1, 200)
        records = await some(consumer, limit)
        assert len(records) <= limit
        await consumer.commit(records)
        got += records

    for name in (topic, other):
        assert by_key(r for r in got if r.topic == name) == by_key(r for r in sent if r.topic == name)
    assert sorted(numbers(got)) == list(range(len(sent)))
    assert {record.headers["ce_type"] for record in got} == {"测试"}
    assert all(record.headers["ce_id"] == record.value.decode() for record in got)
    assert await nothing_more(consumer)


async def test_every_group_gets_every_record(logs: Logs, log: EventLog, topic: str) -> None:
    groups = [await logs.consumer(log, group_name(), topic) for _ in range(2)]
    sent = records_of(topic, ["a", "b", "c"] * 20)
    await log.append(sent)
    for consumer in groups:
        assert by_key(await read(consumer, len(sent))) == by_key(sent)


Step = st.one_of(
    st.tuples(st.just("append"), st.lists(st.sampled_from("abcdef"), min_size=1, max_size=12)),
    st.tuples(st.just("handle"), st.integers(1, 10)),
    st.tuples(st.just("fail"), st.integers(1, 10)),
    st.tuples(st.just("restart"), st.none()),
)


@settings(
    max_examples=12,
    derandomize=True,
    phases=[Phase.generate],  # a failing example is short enough as it is, and shrinking takes minutes
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(Step, min_size=3, max_size=12))
async def test_the_group_goes_on_where_it_last_committed(
    logs: Logs, log: EventLog, steps: list[tuple[str, object]]
) -> None:
    topic, group = await logs.topic(), group_name()
    consumer = log.consumer(group, [topic])
    await consumer.start()
    sent: list[Record] = []
    handled: list[Record] = []
    next_offset: dict[int, int] = defaultdict(int)

    async def poll(limit: int) -> list[Record]:
        """Whatever happened before, each partition goes on at its first record that was not handled."""
        records = await some(consumer, limit)
        places = dict(next_offset)
        for record in records:
            assert record.offset == places.get(record.partition, 0)
            places[record.partition] = record.offset + 1
        return records

    async def handle(limit: int) -> None:
        records = await poll(limit)
        await consumer.commit(records)
        for record in records:
            next_offset[record.partition] = record.offset + 1
        handled.extend(records)

    try:
        for step, argument in steps:
            if step == "append":
                assert isinstance(argument, list)
                batch = records_of(topic, argument, len(sent))
                await log.append(batch)
                sent += batch
            elif step == "restart":
                await consumer.stop()
                consumer = log.consumer(group, [topic])
                await consumer.start()
            elif len(handled) < len(sent):
                assert isinstance(argument, int)
                await (handle if step == "handle" else poll)(argument)
        while len(handled) < len(sent):
            await handle(500)
        assert by_key(handled) == by_key(sent)
        assert len(handled) == len(sent)
        assert await log.lag(group, [topic]) == 0
    finally:
        await consumer.stop()


async def test_the_lag_counts_what_the_group_has_not_handled(logs: Logs, log: EventLog, topic: str) -> None:
    other, group = await logs.topic(), group_name()
    assert await log.lag(group, [topic, other]) == 0
    await log.append(records_of(topic, "abcdefghij") + records_of(other, "abcde"))
    assert await log.lag(group, [topic, other]) == 15
    consumer = await logs.consumer(log, group, topic, other)
    await consumer.commit(await some(consumer, 4))
    assert await log.lag(group, [topic, other]) == 11
    await some(consumer, 4)
    assert await log.lag(group, [topic, other]) == 11
    await read(consumer, 11)
    assert await log.lag(group, [topic, other]) == 0
    assert await log.lag(group_name(), [topic]) == 10


# Several consumers in one group


@dataclass
class Worker:
    """A consumer at work, as the pump works: poll, handle, commit."""

    consumer: Consumer
    handled: list[Record]
    """Shared by the group, in the order of handling."""
    own: int = 0
    leaving: bool = False

    async def run(self) -> None:
        while not self.leaving:
            records = await self.consumer.poll(20, 0.1)
            if records:
                self.handled += records
                self.own += len(records)
                await asyncio.sleep(0)
                await self.consumer.commit(records)
        await self.consumer.stop()


async def test_consumers_of_a_group_share_the_work_and_hand_it_over(
    logs: Logs, log: EventLog, topic: str
) -> None:
    group, keys = group_name(), [f"complaint-{n}" for n in range(40)]
    handled: list[Record] = []
    sent: list[Record] = []

    async def append(count: int) -> None:
        batch = records_of(topic, random.Random(len(sent)).choices(keys, k=count), len(sent))
        await log.append(batch)
        sent.extend(batch)

    async def until(condition: Callable[[], bool]) -> None:
        """Keep the records coming until the condition holds."""

        async def one_more() -> bool:
            await append(20)
            return condition()

        await eventually(one_more, what="the group to arrange itself")

    first = Worker(await logs.consumer(log, group, topic), handled)
    second = Worker(await logs.consumer(await logs.open(), group, topic), handled)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(first.run())
        await until(lambda: first.own > 0)
        tasks.create_task(second.run())
        if logs.kind == "kafka":  # in the table log the second one stands by
            await until(lambda: second.own > 0)
        first.leaving = True
        await until(lambda: second.own > 100)
        await eventually(lambda: _true(len(handled) >= len(sent)), what="the rest")
        second.leaving = True

    # Nobody died, so the batches in hand were committed before the partitions went over: no repeats.
    assert sorted(numbers(handled)) == numbers(sent)
    assert by_key(handled) == by_key(sent)


async def _true(value: bool) -> bool:
    return value


READER = """
import asyncio, sys

async def main(kind, where, group, topic, session_timeout):
    if kind == "table":
        from shared.eventlog.table import TableLog
        log = TableLog(where)
    else:
        from shared.eventlog.kafka import KafkaLog
        log = KafkaLog(where, 4, 1, session_timeout=float(session_timeout))
    consumer = log.consumer(group, [topic])
    await consumer.start()
    await consumer.commit(await some(consumer))
    await some(consumer)
    print("in the middle of a batch", flush=True)
    await asyncio.Event().wait()

async def some(consumer):
    while not (records := await consumer.poll(10, 1)):
        pass
    return records

asyncio.run(main(*sys.argv[1:]))
"""


async def test_when_a_consumer_dies_another_takes_over(logs: Logs, log: EventLog, topic: str) -> None:
    group = group_name()
    sent = records_of(topic, [f"complaint-{n % 7}" for n in range(100)])
    await log.append(sent)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        READER,
        *(logs.kind, logs.where, group, topic, str(SESSION_TIMEOUT)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        assert await process.stdout.readline() == b"in the middle of a batch\n"
        heir = await logs.consumer(log, group, topic)
        process.kill()
        got = await read(heir, 90)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    assert sorted(numbers(got)) == sorted(set(numbers(got)))
    told = by_key(got)
    for key, story in by_key(sent).items():
        assert told.get(key, []) == story[len(story) - len(told.get(key, [])) :]
    assert await log.lag(group, [topic]) == 0


@pytest.mark.parametrize("kind", KINDS[:1], indirect=True)
async def test_a_consumer_of_the_table_whose_connection_was_cut_cannot_commit(
    logs: Logs, log: EventLog, topic: str
) -> None:
    group = group_name()
    await log.append(records_of(topic, "abcabc"))
    cut, heir = [await logs.consumer(log, group, topic) for _ in range(2)]
    held = await some(cut, 4)
    assert await nothing_more(heir)
    await cut_connections(logs.database_url)
    assert numbers(await with_patience(lambda: some(heir, 4))) == [0, 1, 2, 3]
    with pytest.raises(LogUnavailable):
        await cut.commit(held)
    assert await log.lag(group, [topic]) == 6


async def all_in_hand(consumer: Consumer, count: int) -> list[Record]:
    """A batch of so many records; what was fetched piecemeal is given out again."""

    async def whole() -> list[Record]:
        records = await consumer.poll(500, 0.2)
        return records if len(records) == count else []

    return await eventually(whole, what="one batch of them all")


@pytest.mark.parametrize("kind", KINDS[1:], indirect=True)
async def test_partitions_change_hands_after_the_batch_in_hand_is_committed(
    logs: Logs, log: EventLog, topic: str
) -> None:
    group, keys = group_name(), [f"complaint-{n}" for n in range(50)]
    await log.append(records_of(topic, keys))
    busy = await logs.consumer(log, group, topic)
    held = await all_in_hand(busy, len(keys))
    newcomer = await logs.consumer(log, group, topic)
    assert await newcomer.poll(10, SESSION_TIMEOUT / 2) == []  # for five heartbeats: the group knows of it
    await busy.commit(held)
    later = records_of(topic, keys, len(keys))
    await log.append(later)
    assert sorted(numbers(await _both(busy, newcomer, len(later)))) == numbers(later)


@pytest.mark.parametrize("kind", KINDS[1:], indirect=True)
async def test_a_batch_that_outlasts_the_hand_over_comes_again(logs: Logs, log: EventLog, topic: str) -> None:
    group = group_name()
    sent = records_of(topic, [f"complaint-{n}" for n in range(50)])
    await log.append(sent)
    slow = await logs.consumer(log, group, topic)
    held = await all_in_hand(slow, len(sent))
    quick = await logs.consumer(log, group, topic)
    got = await some(quick)  # only after the slow one has lost its share
    await slow.commit(held)
    assert await log.lag(group, [topic]) == len(sent)
    await quick.commit(got)
    got += await _both(slow, quick, len(sent) - len(got))
    assert sorted(numbers(got)) == numbers(sent)
    assert await log.lag(group, [topic]) == 0


async def _both(one: Consumer, other: Consumer, count: int) -> list[Record]:
    got: list[Record] = []

    async def step() -> bool:
        for consumer in (one, other):
            records = await consumer.poll(500, 0.1)
            await consumer.commit(records)
            got.extend(records)
        return len(got) >= count

    await eventually(step, what="the rest")
    return got


# Replay


@pytest.mark.requirement("P-31")
async def test_a_group_can_read_again_from_an_offset(logs: Logs, log: EventLog, topic: str) -> None:
    group, other = group_name(), group_name()
    sent = records_of(topic, ["a"] * 30)  # one key, hence one partition
    await log.append(sent)
    for name in (group, other):
        consumer = await logs.consumer(log, name, topic)
        await read(consumer, 30)
        if name == group:
            with pytest.raises(GroupInUse):
                await log.reset(group, [topic], 0)
        await consumer.stop()

    for position, left in ((12, 18), (0, 30), (-5, 30), (10**9, 0)):
        await log.reset(group, [topic], position)
        assert await log.lag(group, [topic]) == left
    await log.append(records_of(topic, ["a"], 30))
    await log.reset(group, [topic], 12)
    consumer = await logs.consumer(log, group, topic)
    assert numbers(await read(consumer, 19)) == list(range(12, 31))
    assert await log.lag(other, [topic]) == 1


@pytest.mark.requirement("002-10")
async def test_the_whole_log_can_be_read_in_shares_up_to_where_it_ended(
    logs: Logs, log: EventLog, topic: str
) -> None:
    """And a group goes on from there."""
    other = await logs.topic()
    keys = [f"complaint-{n % 7}" for n in range(60)]
    await log.append(records_of(topic, keys))
    await log.append(records_of(other, keys[:20], 100))
    ends = await log.ends([topic, other, "test.of-nobody"][: 2 if logs.kind == "kafka" else 3])
    assert sum(ends.values()) == 80
    await log.append(records_of(topic, keys, 200))  # too late
    for of in (1, 3):
        shares = [
            [record async for some in log.read([topic, other], ends, Share(number, of)) for record in some]
            for number in range(of)
        ]
        every = [record for share in shares for record in share]
        assert sorted(numbers(every)) == [*range(60), *range(100, 120)]
        for share in shares:
            assert not {r.key for r in share} & {r.key for r in every if r not in share}
        for name in (topic, other):
            for key in set(keys):
                told = numbers(r for r in every if r.key == key and r.topic == name)
                assert told == sorted(told)
    group = group_name()
    await log.reset(group, [topic, other], ends)
    assert await log.lag(group, [topic, other]) == 60
    consumer = await logs.consumer(log, group, topic, other)
    assert sorted(numbers(await read(consumer, 60))) == list(range(200, 260))
    with pytest.raises(GroupInUse):
        await log.reset(group, [topic, other], ends)


@pytest.mark.requirement("P-31")
async def test_a_group_can_read_again_from_a_time(logs: Logs, log: EventLog, topic: str) -> None:
    group = group_name()
    keys = [f"complaint-{n}" for n in range(10)]

    async def moment() -> datetime:
        """A time later than everything before and earlier than everything after, for a log that counts
        milliseconds."""
        begin = time.time()
        await eventually(lambda: _true(time.time() > begin + 0.002))
        now = datetime.now(UTC)
        await eventually(lambda: _true(time.time() > now.timestamp() + 0.002))
        return now

    start = await moment()
    await log.append(records_of(topic, keys))
    middle = await moment()
    await log.append(records_of(topic, keys, 10))
    end = await moment()
    for position, left in ((end, 0), (start, 20), (middle, 10)):
        await log.reset(group, [topic], position)
        assert await log.lag(group, [topic]) == left
    consumer = await logs.consumer(log, group, topic)
    assert sorted(numbers(await read(consumer, 10))) == list(range(10, 20))


# What a record may be


async def test_a_large_record_passes_and_one_too_large_stops_its_batch(
    logs: Logs, log: EventLog, topic: str
) -> None:
    large = os.urandom(RECORD_LIMIT)
    await log.append(
        [Record(topic, "a", {}, large), Record(topic, "a", {}, b"1"), Record(topic, "b", {}, large)]
    )
    with pytest.raises(RecordTooLarge):
        await log.append([Record(topic, "a", {}, b"no"), Record(topic, "b", {}, large + b"x")])
    await log.append([Record(topic, "a", {}, b"2")])
    got = await read(await logs.consumer(log, group_name(), topic), 4)
    assert [r.value for r in got if r.key == "a"] == [large, b"1", b"2"]
    assert [r.value for r in got if r.key == "b"] == [large]


async def test_whatever_was_appended_comes_out_as_it_went_in(logs: Logs, log: EventLog, topic: str) -> None:
    sent = [
        Record(topic, "", {}, b""),
        Record(topic, "客户-1", {"ce_type": "没有这种事件", "": "empty name", "quote\"'\\": "\n\t"}, b"{"),
        Record(topic, "b", {"ce_id": "not an id", "emoji": "\U0001f4a9"}, bytes(range(256))),
    ]
    await log.append([])
    await log.append(sent)
    got = await read(await logs.consumer(log, group_name(), topic), 3)
    assert sorted((r.key, dict(r.headers), r.value) for r in got) == sorted(
        (r.key, dict(r.headers), r.value) for r in sent
    )


@pytest.mark.parametrize("kind", KINDS[1:], indirect=True)
async def test_what_strangers_put_on_kafka_stops_no_consumer(logs: Logs, log: EventLog, topic: str) -> None:
    async with AIOKafkaProducer(bootstrap_servers=logs.where) as stranger:
        for key, value, headers in (
            (b"k", None, []),
            (None, b"v", [("ce_type", None), ("ce_id", b"\xff\xfe\0")]),
            (b"\xff\0", b"", [("twice", b"1"), ("twice", b"2"), ("na\0me", b"")]),
        ):
            await stranger.send_and_wait(topic, value, key, partition=0, headers=headers)
    await log.append([Record(topic, "k", {}, b"good")])
    got = {record.value: record for record in await read(await logs.consumer(log, group_name(), topic), 4)}
    assert got[b"good"].key == "k"
    assert (got[b"v"].key, dict(got[b"v"].headers)) == ("", {"ce_type": "", "ce_id": "\ufffd\ufffd\ufffd"})
    # None and the empty value are one here; the later record of the two is the last in the partition.
    assert (got[b""].key, dict(got[b""].headers)) == ("\ufffd\ufffd", {"twice": "2", "na\ufffdme": ""})


# From the outbox to the log


async def tell(intake: Database, records: Sequence[Record]) -> None:
    async with intake.engine.begin() as connection:
        await _insert(connection, records)


async def _insert(connection: object, records: Sequence[Record]) -> None:
    for record in records:
        await connection.execute(  # type: ignore[attr-defined]
            text("INSERT INTO outbox (topic, key, headers, value) VALUES (:topic, :key, '{}', :value)"),
            {"topic": record.topic, "key": record.key, "value": record.value},
        )


async def waiting(intake: Database) -> int:
    async with intake.reading() as connection:
        return int((await connection.execute(text("SELECT count(*) FROM outbox"))).scalar_one())


async def test_the_oldest_rows_of_the_outbox_move_first(
    logs: Logs, log: EventLog, topic: str, intake: Database
) -> None:
    sent = records_of(topic, "abcab" * 5)
    await tell(intake, sent)
    consumer = await logs.consumer(log, group_name(), topic)
    async with intake.reading() as connection:
        for moved, left in ((10, 15), (10, 5), (5, 0), (0, 0)):
            assert await log.move(connection, 10) == moved
            assert await waiting(intake) == left
            got = await read(consumer, moved)
            assert sorted(numbers(got)) == list(range(25 - left - moved, 25 - left))
            assert all(story == sorted(story) for story in by_key(got).values())


async def test_a_move_that_is_not_committed_is_repeated(
    logs: Logs, log: EventLog, topic: str, intake: Database
) -> None:
    sent = records_of(topic, "abcab")
    await tell(intake, sent)
    async with intake.reading() as connection:
        with suppress(ZeroDivisionError):
            async with driver.transaction(connection):
                assert await log.move(connection, 3) == 3
                raise ZeroDivisionError
        assert await waiting(intake) == 5
        assert await log.move(connection, 10) == 5
    # The table takes the first attempt back; Kafka cannot, and the inbox of the reader recognises it.
    expected = 5 if logs.kind == "table" else 8
    consumer = await logs.consumer(log, group_name(), topic)
    assert by_key(await read(consumer, expected)) == by_key(sent)
    assert await nothing_more(consumer)


async def test_one_relay_leads_and_when_it_dies_the_next_one_goes_on(
    logs: Logs, log: EventLog, topic: str, intake: Database
) -> None:
    relays = [asyncio.create_task(Relay(intake, log, 7, 0.05).run()) for _ in range(2)]
    consumer = await logs.consumer(log, group_name(), topic)
    sent: list[Record] = []
    got: list[Record] = []
    try:
        for round_ in range(3):
            batch = records_of(topic, "abcde" * 8, len(sent))
            await tell(intake, batch)
            sent += batch
            if round_ == 1:  # cut the leader's connection while it works
                await cut_connections(logs.database_url, "relay")

        async def all_came() -> bool:
            records = await consumer.poll(500, 0.1)
            await consumer.commit(records)
            got.extend(records)
            return by_key(got) == by_key(sent)

        await eventually(all_came, what="every record")  # Kafka may get a batch twice when its leader dies
        await eventually(lambda: _none_waits(intake), what="the outbox to be empty")
        await eventually(lambda: _true(any(relay.done() for relay in relays)), what="the leader to notice")
        assert sum(relay.done() for relay in relays) == 1
    finally:
        for relay in relays:
            relay.cancel()
        await asyncio.gather(*relays, return_exceptions=True)
    assert by_key(got) == by_key(sent)


async def _none_waits(intake: Database) -> bool:
    return await waiting(intake) == 0


# Many writers


async def test_a_reader_at_the_end_of_the_log_misses_none_of_many_writers(
    logs: Logs, log: EventLog, topic: str, intake: Database
) -> None:
    topics = [topic, await logs.topic()]
    chance = random.Random(7)

    async def append(records: list[Record], before: float, after: float) -> None:
        await asyncio.sleep(before)
        if logs.kind == "kafka":
            await log.append(records)
            return
        # The number of a record is drawn, and then the transaction stays open for a while.
        async with intake.reading() as connection, driver.transaction(connection):
            await _insert(connection, records)
            await log.move(connection, 1000)
            await asyncio.sleep(after)

    consumer = await logs.consumer(log, group_name(), *topics)
    got: list[Record] = []
    count = 0
    async with asyncio.TaskGroup() as tasks:
        for _ in range(200):
            batch = [
                record
                for name in topics
                for record in records_of(name, chance.choices("abcdefgh", k=chance.randint(1, 3)), count)
            ]
            count += len(batch)
            tasks.create_task(append(batch, chance.uniform(0, 0.5), chance.uniform(0, 0.004)))
        while len(got) < count:
            records = await some(consumer, 37)
            await consumer.commit(records)
            got += records
    places: dict[tuple[str, int], int] = defaultdict(int)
    for record in got:
        assert record.offset == places[record.topic, record.partition]
        places[record.topic, record.partition] += 1
    assert await nothing_more(consumer)


@pytest.mark.parametrize("kind", KINDS[:1], indirect=True)
async def test_in_the_table_a_later_writer_waits_for_the_earlier_one(
    logs: Logs, log: EventLog, topic: str, intake: Database
) -> None:
    consumer = await logs.consumer(log, group_name(), topic)
    routing = Database(logs.database_url, "routing", pool_size=1)
    try:
        async with intake.reading() as early, routing.reading() as late:

            async def write_late() -> None:
                async with driver.transaction(late):
                    await _insert(late, records_of(topic, "b", 1))
                    await log.move(late, 10)

            async with driver.transaction(early):
                await _insert(early, records_of(topic, "a"))
                await log.move(early, 10)
                writing = asyncio.create_task(write_late())
                await eventually(lambda: _blocked(logs.database_url), what="the later writer to wait")
                assert not writing.done()
                assert await nothing_more(consumer)
            await writing
    finally:
        await routing.close()
    assert numbers(await read(consumer, 2)) == [0, 1]


async def _blocked(url: str) -> bool:
    async with administrator(url) as execute:
        found = await execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND wait_event_type = 'Lock' AND application_name = 'redress-routing'"
        )
        return found == 1


# The server goes away and comes back


@asynccontextmanager
async def administrator(url: str) -> AsyncIterator[Callable[[str], Awaitable[object]]]:
    """A connection for one statement after the other; gives the first value of each."""
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")

    async def execute(statement: str) -> object:
        async with engine.connect() as connection:
            result = await connection.execute(text(statement))
            return result.scalar() if result.returns_rows else None

    try:
        yield execute
    finally:
        await engine.dispose()


async def cut_connections(url: str, whose: str = "") -> None:
    """Terminate sessions of the database: all others, or the relay's leader only."""
    leader = (
        "AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted) "
        "AND application_name = 'redress-intake'"
    )
    async with administrator(url) as execute:
        await execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() "
            + (leader if whose == "relay" else "")
        )


@dataclass
class Server:
    """What the log stands on, to be broken."""

    logs: Logs
    broker: KafkaBroker | None

    async def fail(self) -> None:
        if self.broker is not None:
            await asyncio.to_thread(self.broker.kill)
            return
        await self._limit_connections(0)
        await cut_connections(self._elsewhere)

    async def heal(self) -> None:
        if self.broker is not None:
            await asyncio.to_thread(self.broker.start)
        else:
            await self._limit_connections(-1)

    @property
    def _elsewhere(self) -> str:
        return make_url(self.logs.database_url).set(database="postgres").render_as_string(hide_password=False)

    async def _limit_connections(self, number: int) -> None:
        name = make_url(self.logs.database_url).database
        async with administrator(self._elsewhere) as execute:
            await execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT {number}')
            if number == 0:
                await execute(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                    f"WHERE datname = '{name}' AND pid <> pg_backend_pid()"
                )


@pytest.fixture
def broker(kind: str, request: pytest.FixtureRequest) -> KafkaBroker | None:
    return request.getfixturevalue("kafka_broker") if kind == "kafka" else None


@pytest.fixture
async def server(
    kind: str, broker: KafkaBroker | None, database_url: str, new_database: NewDatabase
) -> AsyncIterator[Server]:
    if kind == "table":
        database_url = await new_database()  # whose connections it will refuse
    logs = Logs(kind, broker.bootstrap if broker is not None else database_url, database_url, timeout=3)
    yield Server(logs, broker)
    await logs.close()


async def with_patience(ask: Callable[[], Awaitable[list[Record]]]) -> list[Record]:
    """Ask again while the log cannot be reached."""

    async def once() -> list[Record]:
        try:
            return await ask()
        except LogUnavailable:
            return []

    return await eventually(once, 30, "the log to answer again")


async def test_when_the_server_comes_back_everything_goes_on_and_nothing_is_lost(server: Server) -> None:
    logs, group = server.logs, group_name()
    log = await logs.open()
    topic = await logs.topic()
    consumer = await logs.consumer(log, group, topic)
    got: list[Record] = []
    sent: list[Record] = []
    stop = asyncio.Event()

    async def write() -> None:
        """As the relay does: what was not acknowledged is sent again before anything else."""
        while not stop.is_set():
            batch = records_of(topic, "abcdefgh", len(sent))
            sent.extend(batch)
            while True:
                with suppress(LogUnavailable):
                    await log.append(batch)
                    break

    async def handle() -> list[Record]:
        records = await consumer.poll(100, 0.1)
        if records:
            await consumer.commit(records)
        got.extend(records)
        return records

    writing = asyncio.create_task(write())
    await with_patience(handle)
    await server.fail()
    until = time.monotonic() + 1
    with suppress(LogUnavailable):
        while time.monotonic() < until:
            begin = time.monotonic()
            assert len(await consumer.poll(100, 0.1)) <= 100
            assert time.monotonic() - begin < logs.timeout + 10
    begin = time.monotonic()
    refused = await asyncio.gather(
        log.append(records_of(topic, "z")),
        log.lag(group, [topic]),
        log.reset(group, [topic], 0),
        log.consumer(group_name(), [topic]).start(),
        return_exceptions=True,
    )
    assert [type(error) for error in refused] == [LogUnavailable] * 4
    assert time.monotonic() - begin < logs.timeout + 10
    await server.heal()
    known = len(sent)
    await eventually(lambda: _true(len(sent) > known + 100), 30, "the writer to go on")
    stop.set()
    await writing

    async def all_of_it() -> list[Record]:
        await handle()
        expected = by_key(sent)
        told = by_key(r for r in got if r.key != "z")
        return got if {k: len(v) for k, v in told.items()} == {k: len(v) for k, v in expected.items()} else []

    await with_patience(all_of_it)  # by the consumer and the log that saw it happen
    assert by_key(r for r in got if r.key != "z") == by_key(sent)
    assert await log.lag(group, [topic]) == 0
