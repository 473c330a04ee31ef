"""Kafka for the tests that are marked `kafka`: one broker for the session, a private one to kill."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.kafka import BrokerStartError, KafkaBroker, KafkaUnavailable, open_broker

with_kafka = (pytest.mark.kafka, pytest.mark.xdist_group("kafka"))
"""Marks of every test that needs Kafka. By the group one worker of pytest-xdist runs them all, so that one
broker is enough (`--dist loadgroup`)."""


@pytest.fixture(scope="session")
def kafka_bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`host:port` of a Kafka: the one that KAFKA_BOOTSTRAP names, else one that is started here."""
    if given := os.environ.get("KAFKA_BOOTSTRAP"):
        yield given
        return
    broker = _start(tmp_path_factory.mktemp("kafka"))
    yield broker.bootstrap
    broker.kill()  # a clean stop would bring the many topics of a session to disk, one by one, for no use


@pytest.fixture
def kafka_broker(tmp_path: Path) -> Iterator[KafkaBroker]:
    """A broker of the test's own, started; the test may kill it and start it again."""
    broker = _start(tmp_path / "kafka")
    yield broker
    broker.kill()


def _start(folder: Path) -> KafkaBroker:
    """Skips the test where Kafka cannot run, unless REDRESS_REQUIRE_KAFKA=1 says that it must."""
    try:
        broker = open_broker(folder)
        broker.start()
    except (KafkaUnavailable, BrokerStartError) as error:
        if os.environ.get("REDRESS_REQUIRE_KAFKA") == "1":
            pytest.fail(f"REDRESS_REQUIRE_KAFKA=1, but: {error}")
        if isinstance(error, BrokerStartError):
            raise
        pytest.skip(str(error))
    return broker
