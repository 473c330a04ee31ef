"""The Kafka that other tests rely on keeps what it acknowledged, outlives nobody, and says why it fails."""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from dev.kafka import BrokerStartError, KafkaBroker, available, open_broker

pytestmark = [pytest.mark.kafka, pytest.mark.skipif(available() is not None, reason=str(available()))]

PARTITIONS = 3
RECORDS = 1_000


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    with open_broker(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


async def test_what_was_acknowledged_survives_kill_9(broker: KafkaBroker) -> None:
    sent = [(f"complaint-{n % 7}".encode(), f"fact {n}".encode()) for n in range(RECORDS)]
    await create_topic(broker, "survival")
    await send(broker, "survival", sent)

    await asyncio.to_thread(broker.kill)
    await asyncio.to_thread(broker.start)

    assert sorted(await receive(broker, "survival", RECORDS)) == sorted(sent)
    await send(broker, "survival", [(b"after", b"it takes new records")])


async def test_it_takes_part_in_a_consumer_group_at_once(broker: KafkaBroker) -> None:
    await create_topic(broker, "group")
    await send(broker, "group", [(b"key", b"value")])
    async with AIOKafkaConsumer(
        "group", bootstrap_servers=broker.bootstrap, group_id="readers", auto_offset_reset="earliest"
    ) as consumer:
        record = await asyncio.wait_for(consumer.getone(), timeout=10)
        await consumer.commit()
    assert record.value == b"value"


def test_it_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    # From a thread that ends at once, as with asyncio.to_thread: the broker must live on after the thread.
    program = (
        "import pathlib, sys, threading\n"
        "from dev.kafka import open_broker\n"
        "broker = open_broker(pathlib.Path(sys.argv[1]))\n"
        "starter = threading.Thread(target=broker.start)\n"
        "starter.start(); starter.join()\n"
        "print(broker.port, flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "kafka")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        port = int(parent.stdout.readline())
        assert listens(port)
        parent.kill()

    deadline = time.monotonic() + 10
    while listens(port):
        assert time.monotonic() < deadline, "the broker outlived its parent"
        time.sleep(0.01)


def test_it_says_why_it_does_not_start(broker: KafkaBroker, tmp_path: Path) -> None:
    with pytest.raises(BrokerStartError, match="Something else listens"):
        open_broker(tmp_path / "other", port=broker.port).start()

    with pytest.raises(BrokerStartError, match="Another broker runs"):
        open_broker(broker.data_dir).start()


def test_it_says_what_is_missing_on_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("dev.kafka.distribution._find_java", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))  # no docker either
    why = "there is no java, neither in JAVA_HOME nor on the PATH"
    assert available() == f"Kafka cannot be started: {why}, and no Docker engine answers."


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


async def create_topic(broker: KafkaBroker, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, num_partitions=PARTITIONS, replication_factor=1)])
    finally:
        await admin.close()


async def send(broker: KafkaBroker, topic: str, records: list[tuple[bytes, bytes]]) -> None:
    async with AIOKafkaProducer(
        bootstrap_servers=broker.bootstrap, acks="all", enable_idempotence=True
    ) as producer:
        acknowledgements = [await producer.send(topic, key=key, value=value) for key, value in records]
        await asyncio.gather(*acknowledgements)


async def receive(broker: KafkaBroker, topic: str, count: int) -> list[tuple[bytes, bytes]]:
    """All that the topic holds, from its beginning, once it is `count` records."""
    received: list[tuple[bytes, bytes]] = []
    async with AIOKafkaConsumer(
        topic, bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest"
    ) as consumer:
        async with asyncio.timeout(10):
            while len(received) < count:
                for records in (await consumer.getmany(timeout_ms=1_000)).values():
                    received += [(record.key, record.value) for record in records]
    return received
