"""One member of a consumer group on Apache Kafka.

aiokafka keeps the membership in background tasks and moves *its* position with every poll; Redress wants the
position to move only with what was committed. So the consumer remembers the batch in hand: what it has given
out and what is not committed yet.
"""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import (
    CommitFailedError,
    IllegalStateError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
)

from shared.eventlog.protocol import LogUnavailable, Record, RecordTooLarge

log = logging.getLogger(__name__)

MAX_POLL_INTERVAL = 600.0
"""Seconds that a batch may take to handle before the group gives its partitions to somebody else."""


@contextmanager
def kafka_trouble() -> Iterator[None]:
    """The one place where Kafka's errors become the protocol's."""
    try:
        yield
    except LogUnavailable:
        raise
    except (MessageSizeTooLargeError, RecordListTooLargeError) as error:
        raise RecordTooLarge(str(error)) from error
    except CommitFailedError:
        raise  # the group's business, which who commits must settle
    except (KafkaError, OSError, TimeoutError) as error:
        raise LogUnavailable(f"Kafka: {type(error).__name__} {error}".rstrip()) from error


class KafkaConsumer:
    """See the module. `timeout` bounds every call but `poll`, which has its own."""

    def __init__(
        self, bootstrap: str, group: str, topics: Sequence[str], *, timeout: float, session_timeout: float
    ) -> None:
        self._bootstrap = bootstrap
        self._group = group
        self._topics = sorted(set(topics))
        self._timeout = timeout
        self._session_timeout = session_timeout
        self._rebalance_timeout = 3 * session_timeout
        self._consumer: AIOKafkaConsumer | None = None
        self._in_hand: dict[TopicPartition, int] = {}
        """First offset of each partition that was given out and is not committed."""
        self._settled = asyncio.Event()
        """Set while nothing is in hand."""
        self._waiting_since: float | None = None
        """When this member last lost its partitions; None while it has its share (which may be empty)."""

    async def start(self) -> None:
        """Reach the brokers and ask to join the group. Does not wait for the other members: `poll` does."""
        if self._consumer is not None:
            return
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            group_id=self._group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            # By ranges, a member gets the same partition numbers of every topic, hence all topics of a
            # complaint: two processes seldom wait for each other's lock on one.
            partition_assignment_strategy=(RangePartitionAssignor,),
            session_timeout_ms=_ms(self._session_timeout),
            # A member hears of a rebalance in the answer to its heartbeat.
            heartbeat_interval_ms=_ms(self._session_timeout / 10),
            rebalance_timeout_ms=_ms(self._rebalance_timeout),
            # The broker answers the request to join only when all members have joined.
            request_timeout_ms=_ms(self._rebalance_timeout + 10),
            max_poll_interval_ms=_ms(MAX_POLL_INTERVAL),
            metadata_max_age_ms=60_000,
            fetch_max_wait_ms=500,
        )
        try:
            with kafka_trouble():
                async with asyncio.timeout(self._timeout):
                    await consumer.start()
                    if missing := set(self._topics) - await consumer.topics():
                        raise LogUnavailable(f"Kafka has no topic {', '.join(sorted(missing))}")
        except BaseException:
            await consumer.stop()
            raise
        self._forget()
        self._waiting_since = asyncio.get_running_loop().time()
        self._consumer = consumer
        consumer.subscribe(self._topics, listener=_HandOver(self))

    async def stop(self) -> None:
        """Leave the group, so that others take over at once. Nothing more is committed."""
        consumer, self._consumer = self._consumer, None
        if consumer is None:
            return
        self._forget()
        # While other members are slow to rejoin, or no broker answers, leaving takes long: then it goes on
        # behind our back, and ends by aiokafka's own timeouts.
        closing = asyncio.create_task(_close(consumer))
        _closing.add(closing)
        closing.add_done_callback(_closing.discard)
        await asyncio.wait([closing], timeout=self._timeout)

    async def poll(self, limit: int, timeout: float) -> list[Record]:  # noqa: ASYNC109 - nothing within it is an answer
        consumer = self._started()
        with kafka_trouble():
            self._rewind(consumer)
            try:
                # During a rebalance getmany() waits for the new assignment, however long that takes.
                async with asyncio.timeout(timeout):
                    fetched = await consumer.getmany(timeout_ms=_ms(timeout), max_records=limit)
            except TimeoutError:
                fetched = {}
            if not fetched:
                self._check_membership()
        for place, found in fetched.items():
            self._in_hand[place] = found[0].offset
            self._settled.clear()
        return [record_of(record) for found in fetched.values() for record in found]

    async def commit(self, records: Sequence[Record]) -> None:
        consumer = self._started()
        ends: dict[TopicPartition, int] = {}
        for record in records:
            place = TopicPartition(record.topic, record.partition)
            if place in self._in_hand:  # else it was taken from us, and its new owner gets the record again
                ends[place] = max(ends.get(place, 0), record.offset + 1)
        if not ends:
            return
        with kafka_trouble():
            try:
                async with asyncio.timeout(self._timeout):
                    await consumer.commit(ends)
            except (CommitFailedError, IllegalStateError) as error:
                # The group went on without us. No fault of the log: the records come again to whoever has
                # the partition now, and the inbox knows what it has seen.
                log.info("the batch comes again", extra={"group": self._group, "error": str(error)})
        for place in ends:
            self._in_hand.pop(place, None)
        if not self._in_hand:
            self._settled.set()

    def _started(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            raise LogUnavailable("the consumer is not started")
        return self._consumer

    def _rewind(self, consumer: AIOKafkaConsumer) -> None:
        """What was given out and not committed is given out again."""
        for place in self._in_hand.keys() & consumer.assignment():
            consumer.seek(place, self._in_hand[place])
        self._forget()

    def _forget(self) -> None:
        self._in_hand.clear()
        self._settled.set()

    def _check_membership(self) -> None:
        """A member that gets no share for very long begins anew rather than waiting for ever."""
        if self._waiting_since is None:
            return
        waited = asyncio.get_running_loop().time() - self._waiting_since
        if waited > 2 * self._rebalance_timeout:
            raise LogUnavailable(f"the group gave this consumer no partitions for {waited:.0f} s")

    async def revoked(self) -> None:
        """Let the batch in hand be committed before the partitions go, so that nobody repeats it.

        aiokafka keeps up the heartbeat meanwhile, gives out no more records, and the group waits for us (up
        to its rebalance timeout, three times as long as this). A batch that takes longer is repeated.
        """
        self._waiting_since = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(self._session_timeout):
                await self._settled.wait()
        except TimeoutError:
            log.warning(
                "a batch took too long for the hand-over, it comes again", extra={"group": self._group}
            )
            self._forget()

    def assigned(self) -> None:
        self._waiting_since = None


class _HandOver(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    def __init__(self, member: KafkaConsumer) -> None:
        self._member = member

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        await self._member.revoked()

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self._member.assigned()


_closing: set[asyncio.Task[None]] = set()
"""Keeps what closes behind our back from being collected as garbage."""


async def _close(consumer: AIOKafkaConsumer) -> None:
    try:
        await consumer.stop()
    except Exception as error:
        # The membership had failed before, and aiokafka stops stopping there, with its connections open.
        log.debug("the consumer failed before it was stopped", extra={"error": str(error)})
        await consumer._fetcher.close()
        await consumer._client.close()


def record_of(record: ConsumerRecord[Any, Any]) -> Record:
    """Whatever lies in the topic becomes a Record; what it is worth, the reader of the envelope says."""
    headers = {_text(name): _text(value) for name, value in record.headers}
    return Record(
        record.topic, _text(record.key), headers, record.value or b"", record.partition, record.offset
    )


def _text(value: str | bytes | None) -> str:
    """Text that can be kept: PostgreSQL takes no NUL, and a record that is no event must be parked there."""
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    return (value or "").replace("\0", "\ufffd")


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
