"""The event log on Apache Kafka, for scale.

Order per key holds because a key always goes to the same partition, and because `append` sends a partition's
next batch only when the one before it is acknowledged. A caller that got LogUnavailable repeats its whole
append: then records may be there twice, but never for the first time out of order.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import CommitFailedError, KafkaError, StaleMetadata, TopicAlreadyExistsError, for_code
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer.message_accumulator import BatchBuilder
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared import driver, failpoints
from shared.eventlog.kafka_consumer import KafkaConsumer, kafka_trouble
from shared.eventlog.kafka_reading import read_kafka
from shared.eventlog.protocol import (
    RECORD_LIMIT,
    GroupInUse,
    Places,
    Position,
    Record,
    RecordTooLarge,
    Share,
)
from shared.events.vocabulary import ALL_TOPICS

log = logging.getLogger(__name__)

T = TypeVar("T")

TIMEOUT = 30.0
"""Seconds after which a log that does not answer is reported as LogUnavailable."""
SESSION_TIMEOUT = 10.0
"""Seconds after which a consumer that fell silent loses its partitions."""

TOPIC_SETTINGS = {
    "cleanup.policy": "delete",
    "retention.ms": "-1",  # for ever: read models are rebuilt from the log
    "retention.bytes": "-1",
    "max.message.bytes": str(2 * RECORD_LIMIT),
    "message.timestamp.type": "LogAppendTime",  # one clock: `reset` to a time means when it was appended
}
BATCH_BYTES = RECORD_LIMIT // 2
"""Size at which a batch of one partition is full. A record that is larger travels alone."""

_OLDEST = text("SELECT id, topic, key, headers, value FROM outbox ORDER BY id LIMIT :limit")
_DELETE = text("DELETE FROM outbox WHERE id = ANY(CAST(:ids AS bigint[]))")


class KafkaLog:
    """See the module. `bootstrap` is `host:port,host:port`; `timeout` bounds every call."""

    def __init__(
        self,
        bootstrap: str,
        partitions: int,
        replication: int,
        *,
        topics: Sequence[str] = ALL_TOPICS,
        timeout: float = TIMEOUT,
        session_timeout: float = SESSION_TIMEOUT,
    ) -> None:
        self._bootstrap = bootstrap
        self._partitions = partitions
        self._replication = replication
        self._topics = topics
        self._timeout = timeout
        self._session_timeout = session_timeout
        self._producer: AIOKafkaProducer | None = None
        self._admin: AIOKafkaAdminClient | None = None
        self._offsets: AIOKafkaConsumer | None = None
        """Reads where partitions begin and end; in no group."""
        self._opening = asyncio.Lock()
        self._turns: dict[TopicPartition, asyncio.Lock] = defaultdict(asyncio.Lock)
        """Appends that meet in a partition take turns: the producer takes one batch of ours at a time."""
        self._discarding: set[asyncio.Task[None]] = set()
        self._partitioner = DefaultPartitioner()

    async def start(self) -> None:
        """Create the topics that are missing. Raises LogUnavailable."""
        await self.ensure_topics(self._topics)
        with kafka_trouble():
            async with asyncio.timeout(self._timeout):
                await self._open_producer()

    async def stop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            self._discard(producer)
        if self._discarding:
            await asyncio.wait(self._discarding, timeout=self._timeout)
        async with self._opening:
            if self._offsets is not None:
                await self._offsets.stop()
            if self._admin is not None:
                await self._admin.close()
            self._admin = self._offsets = None

    async def ensure_topics(self, topics: Sequence[str]) -> None:
        """Create those of the topics that are missing; leave the others as they are."""
        # What is acknowledged lies on two machines, if there are copies at all; one machine may be down.
        settings = TOPIC_SETTINGS | {"min.insync.replicas": str(min(2, self._replication))}
        wanted = [
            NewTopic(topic, self._partitions, self._replication, topic_configs=settings) for topic in topics
        ]

        async def create() -> None:
            admin, _ = await self._clients()
            known = await self._places(topics)
            missing = [topic for topic in wanted if topic.name not in {place.topic for place in known}]
            if not missing:
                return
            answer = await admin.create_topics(missing)
            for topic, code, *message in answer.topic_errors:
                error = for_code(code)
                if code != 0 and error is not TopicAlreadyExistsError:
                    raise error(f"topic {topic}: {' '.join(map(str, message))}")
            raise StaleMetadata("not every broker knows the new topics yet")

        await self._insist(create)

    async def append(self, records: Sequence[Record]) -> None:
        if any(len(record.value) > RECORD_LIMIT for record in records):
            raise RecordTooLarge(f"a record is larger than {RECORD_LIMIT} bytes")
        producer = None
        try:
            with kafka_trouble():
                async with asyncio.timeout(self._timeout):
                    producer = await self._open_producer()
                    await self._send(producer, records)
        except Exception:
            # After a failed batch the producer's sequence numbers have a gap that the broker refuses, and
            # what it still holds must not go out behind the back of the caller, who repeats it: take a new
            # one. Other appends in progress fail with it and are repeated, too.
            if producer is not None and producer is self._producer:
                self._producer = None
                self._discard(producer)
            raise

    async def move(self, connection: AsyncConnection, limit: int) -> int:
        rows = (await driver.run(connection, _OLDEST, {"limit": limit})).fetchall()
        if rows:
            await self.append([Record(row.topic, row.key, row.headers, row.value) for row in rows])
            failpoints.reached("relay.after-append")
            await driver.run(connection, _DELETE, {"ids": [row.id for row in rows]})
        return len(rows)

    def consumer(self, group: str, topics: Sequence[str]) -> KafkaConsumer:
        return KafkaConsumer(
            self._bootstrap, group, topics, timeout=self._timeout, session_timeout=self._session_timeout
        )

    async def lag(self, group: str, topics: Sequence[str]) -> int:
        async def measure() -> int:
            _, offsets = await self._clients()
            places = await self._places(topics)
            # In this order, or what is appended and handled in between would count as less than nothing.
            done = await self._committed(group, places)
            ends = await offsets.end_offsets(places)
            fresh = [place for place in places if place not in done]
            done |= await offsets.beginning_offsets(fresh)
            return sum(max(0, ends[place] - done[place]) for place in places)

        return await self._insist(measure)

    async def reset(self, group: str, topics: Sequence[str], position: Position) -> None:
        """An offset counts in every partition; one that a partition does not have means its nearest end."""

        async def find() -> dict[TopicPartition, int]:
            _, offsets = await self._clients()
            places = await self._places(topics)
            ends = await offsets.end_offsets(places)
            if isinstance(position, Mapping):
                return {place: position.get((place.topic, place.partition), 0) for place in places}
            if isinstance(position, datetime):
                moment = max(0, int(position.timestamp() * 1000))
                found = await offsets.offsets_for_times(dict.fromkeys(places, moment))
                return {place: at.offset if (at := found[place]) else ends[place] for place in places}
            beginnings = await offsets.beginning_offsets(places)
            return {place: min(max(position, beginnings[place]), ends[place]) for place in places}

        goal = await self._insist(find)
        if not goal:
            return
        # Outside of any generation: the broker accepts it only while the group has no members.
        outsider = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap, group_id=group, enable_auto_commit=False
        )
        outsider.assign(list(goal))
        try:
            with kafka_trouble():
                async with asyncio.timeout(self._timeout):
                    await outsider.start()
                    await outsider.commit(goal)
        except CommitFailedError as error:
            raise GroupInUse(f"the group {group} still has consumers: stop them first") from error
        finally:
            await outsider.stop()

    async def ends(self, topics: Sequence[str]) -> Places:
        async def find() -> Places:
            _, offsets = await self._clients()
            ends = await offsets.end_offsets(await self._places(topics))
            return {(place.topic, place.partition): offset for place, offset in ends.items()}

        return await self._insist(find)

    def read(self, topics: Sequence[str], until: Places, share: Share) -> AsyncGenerator[list[Record], None]:
        return read_kafka(self._bootstrap, topics, until, share, self._timeout)

    async def _send(self, producer: AIOKafkaProducer, records: Sequence[Record]) -> None:
        now = int(time.time() * 1000)
        counts: dict[str, list[int]] = {}
        queues: dict[TopicPartition, list[BatchBuilder]] = {}
        for record in records:
            if record.topic not in counts:
                counts[record.topic] = sorted(await producer.partitions_for(record.topic))
            key = record.key.encode()
            place = TopicPartition(record.topic, self._partitioner(key, counts[record.topic], None))
            headers = [(name, value.encode()) for name, value in record.headers.items()]
            batches = queues.setdefault(place, [producer.create_batch()])
            if batches[-1].append(timestamp=now, key=key, value=record.value, headers=headers) is None:
                batches.append(producer.create_batch())
                batches[-1].append(timestamp=now, key=key, value=record.value, headers=headers)

        async def send(place: TopicPartition, batches: list[BatchBuilder]) -> None:
            async with self._turns[place]:
                for batch in batches:
                    await (await producer.send_batch(batch, place.topic, partition=place.partition))

        sent = await asyncio.gather(*(send(*queue) for queue in queues.items()), return_exceptions=True)
        for error in sent:
            if error is not None:
                raise error

    async def _open_producer(self) -> AIOKafkaProducer:
        async with self._opening:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._bootstrap,
                    acks="all",
                    enable_idempotence=True,
                    max_batch_size=BATCH_BYTES,
                    request_timeout_ms=int(self._timeout * 1000 / 3),
                    metadata_max_age_ms=60_000,
                )
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer

    def _discard(self, producer: AIOKafkaProducer) -> None:
        task = asyncio.create_task(_close_without_sending(producer))
        self._discarding.add(task)
        task.add_done_callback(self._discarding.discard)

    async def _clients(self) -> tuple[AIOKafkaAdminClient, AIOKafkaConsumer]:
        """Two connections that are kept, because a gauge asks for the lag every few seconds."""
        async with self._opening:
            if self._admin is None or self._offsets is None:
                timeout = int(self._timeout * 1000 / 3)
                admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap, request_timeout_ms=timeout)
                offsets = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, request_timeout_ms=timeout)
                try:
                    await admin.start()
                    await offsets.start()
                except BaseException:
                    await offsets.stop()
                    await admin.close()
                    raise
                self._admin, self._offsets = admin, offsets
            return self._admin, self._offsets

    async def _places(self, topics: Sequence[str]) -> list[TopicPartition]:
        """All partitions of the topics that exist. Raises a retriable error while one has no leader."""
        admin, _ = await self._clients()
        places = []
        for topic in await admin.describe_topics(list(dict.fromkeys(topics))):
            for partition in topic["partitions"]:
                if partition["error_code"] != 0:
                    raise for_code(partition["error_code"])(f"{topic['topic']} {partition['partition']}")
                places.append(TopicPartition(topic["topic"], partition["partition"]))
        return places

    async def _committed(self, group: str, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        admin, _ = await self._clients()
        found = await admin.list_consumer_group_offsets(group, partitions=list(places)) if places else {}
        if found.keys() != set(places):  # aiokafka overlooks an error that concerns the group as a whole
            raise StaleMetadata(f"the coordinator of group {group} is not ready")
        return {place: at.offset for place, at in found.items() if at.offset >= 0}

    async def _insist(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Repeat a question while brokers change places, until `timeout`."""
        deadline = asyncio.get_running_loop().time() + self._timeout
        with kafka_trouble():
            async with asyncio.timeout_at(deadline):
                while True:
                    try:
                        return await ask()
                    except KafkaError as error:
                        if not error.retriable or asyncio.get_running_loop().time() > deadline - 0.2:
                            raise
                    await asyncio.sleep(0.1)


async def _close_without_sending(producer: AIOKafkaProducer) -> None:
    """Stop a producer and drop what it holds.

    Its own stop() first waits until everything is sent, and an idempotent producer tries that for ever.
    aiokafka has no other way out, hence the reach into its parts.
    """
    sending = producer._sender.sender_task
    if sending is not None:
        sending.cancel()  # ends when the requests under way have ended
        await asyncio.wait([sending])
    held = producer._message_accumulator
    batches = [*held._pending_batches, *chain.from_iterable(held._batches.values())]
    held.fail_all(KafkaError("the producer was discarded"))
    for future in chain.from_iterable((batch.future, batch._drain_waiter) for batch in batches):
        if future.done():
            future.exception()  # looked at, so that asyncio does not complain that nobody did
    try:
        await producer.stop()
    except Exception as error:
        log.debug("the producer failed before it was stopped", extra={"error": str(error)})
