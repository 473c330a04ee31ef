"""kill -9 anywhere, and nothing is lost, repeated or bent. The long version is `make chaos`."""

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from dev.chaos import POINTS, Ground, everywhere, kill_kafka, kill_postgres, play
from dev.kafka import KafkaBroker
from shared.migrate import migrate
from shared.postgres import PrivatePostgres
from services import catalogue
from tests.conftest import NewDatabase
from tests.fleet import Death
from tests.kafka import kafka_broker, with_kafka  # noqa: F401 - a fixture
from tests.services.receivers import mail_server, web_server


@pytest.fixture
async def ground(postgres: PrivatePostgres, scratch: Path) -> AsyncIterator[Ground]:
    async with mail_server() as mailbox, web_server() as hook:
        yield Ground(postgres, None, scratch, mailbox, hook)


async def test_killed_at_every_point_nothing_is_lost(ground: Ground, new_database: NewDatabase) -> None:
    plan = everywhere(Random(20_260_301), "one")
    report = await play(ground, await new_database(), seed=1, failpoints=plan, complaints=24)
    assert report.never_reached == []
    assert {death.failpoint.partition(":")[0] for death in report.deaths} == set(POINTS)
    assert report.findings == []
    assert report.sent_again >= 1, "a courier died after sending: its message goes out again, under the same id"
