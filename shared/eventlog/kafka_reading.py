"""The whole of the log on Kafka, read by whoever makes something of all of it."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.eventlog.kafka_consumer import kafka_trouble, record_of
from shared.eventlog.protocol import LogUnavailable, Places, Record, Share

AT_ONCE = 5_000
"""Records of one poll."""


async def read_kafka(
    bootstrap: str,
    topics: Sequence[str],
    until: Places,
    share: Share,
    timeout: float,  # noqa: ASYNC109 - bounds each poll
) -> AsyncGenerator[list[Record], None]:
    """See `EventLog.read`. Every share reads the whole log: a partition holds keys of all of them."""
    left = {TopicPartition(*place): end for place, end in until.items() if place[0] in topics and end > 0}
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, request_timeout_ms=int(timeout * 1000)
    )
    consumer.assign(list(left))
    try:
        with kafka_trouble():
            async with asyncio.timeout(timeout):
                await consumer.start()
                await consumer.seek_to_beginning(*left)
        while left:
            with kafka_trouble():
                fetched = await consumer.getmany(*left, timeout_ms=int(timeout * 1000), max_records=AT_ONCE)
                reached = {place: await consumer.position(place) for place in left}
            if not fetched and all(reached[place] < end for place, end in left.items()):
                raise LogUnavailable(f"Kafka gave no records for {timeout:.0f} s")
            records = [
                record_of(record)
                for place, found in fetched.items()
                for record in found
                if record.offset < left[place]
            ]
            left = {place: end for place, end in left.items() if reached[place] < end}
            yield [record for record in records if share.holds(record.key)]
    finally:
        await consumer.stop()
