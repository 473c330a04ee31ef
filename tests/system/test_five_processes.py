"""The same journey at scale and embedded: five processes over Kafka with a database each; one `redress up`."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine.url import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from dev import compose
from dev.chaos import until_quiet
from dev.kafka import KafkaBroker
from services import catalogue
from shared.eventlog.kafka import KafkaLog
from shared.eventlog.table import TableLog
from shared.keys import create_key
from shared.postgres import PrivatePostgres
from tests.audit import audit
from tests.fleet import REDRESS, environment_for, free_port, open_fleet, run_redress
from tests.services.receivers import Hook, Mailbox, mail_server, web_server
from tests.system.test_journey import journey, open_site


@asynccontextmanager
async def receivers() -> AsyncIterator[tuple[Mailbox, Hook, str]]:
    async with AsyncExitStack() as stack:
        mailbox = await stack.enter_async_context(mail_server())
        hook = await stack.enter_async_context(web_server())
        yield mailbox, hook, f"smtp://127.0.0.1:{mailbox.port}"


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.xdist_group("kafka")
@pytest.mark.requirement("001-07", "002-01", "002-09", "P-28", "P-38")
async def test_five_processes_with_a_database_each_over_kafka(
    postgres: PrivatePostgres,
    kafka_broker: KafkaBroker,
    scratch: Path,
) -> None:
    platform, *own = [
        await create_database(postgres, f"five_{name}") for name in ("platform", *catalogue.NAMES)
    ]
    urls = dict(zip(catalogue.NAMES, own, strict=True))
    ports = {name: free_port() for name in catalogue.NAMES}
    folder = scratch / "five"
    async with receivers() as (mailbox, hook, smtp), open_fleet(folder, forked=False) as fleet:
        for process in compose.as_local(compose.processes(), platform, kafka_broker.bootstrap, ports, folder):
            # As docker-compose.yml has it, and then: a database for each, receivers here, no limit for a test.
            environment = os.environ | process.environment
            environment |= {
                "REDRESS_DATABASE_URLS": json.dumps(urls),
                "REDRESS_SMTP_URL": smtp,
                "REDRESS_ALLOW_PRIVATE_TARGETS": "true",
                "REDRESS_RATE_LIMIT_ANONYMOUS": "1000000/second",
            }
            assert process.command[:3] == REDRESS
            if process.ends_by_itself:
                status, _, said = await run_redress(*process.command[3:], environment=environment)
                assert status == 0, said
            else:
                fleet.add(process.name, process.command[3:], environment)
        assert fleet.children.keys() == set(catalogue.NAMES)
        answers_at = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
        await fleet.start()
        key = await create_key(platform, "journey", ["admin"])
        async with open_site(answers_at, key, mailbox, hook) as site:
            complaint_id = await journey(site)
        await fleet.stop()
    fleet.check()
    # No service has the tables of another.
    for name, url in urls.items():
        engine = create_async_engine(url)
        async with engine.connect() as connection:
            found = await connection.execute(
                text("SELECT nspname FROM pg_namespace WHERE nspname = ANY(:names)"), {"names": list(urls)}
            )
            assert found.scalars().all() == [name]
        await engine.dispose()
    log = KafkaLog(kafka_broker.bootstrap, 3, 1)
    try:
        assert await audit(platform, [complaint_id], urls=urls, log=log) == []
    finally:
        await log.stop()


@pytest.mark.slow
@pytest.mark.requirement("001-07", "002-01", "002-09", "N-O", "P-38")
async def test_redress_up_is_one_process_with_nothing_to_install(scratch: Path) -> None:
    """Database and event log inside the data folder; no setting but where to put it."""
    port = free_port()
    async with receivers() as (mailbox, hook, smtp), open_fleet(scratch / "up", forked=False) as fleet:
        base = f"http://127.0.0.1:{port}"
        environment = environment_for(None, scratch / "up", port, smtp_url=smtp)
        del environment["REDRESS_SECRET"]
        fleet.add("up", ["up"], environment)
        await fleet.start()
        key = (scratch / "up" / "admin.key").read_text().strip()
        async with open_site(dict.fromkeys(catalogue.NAMES, base), key, mailbox, hook) as site:
            complaint_id = await journey(site)
        url = PrivatePostgres(scratch / "up").url
        await _at_rest(url)
        assert await audit(url, [complaint_id]) == []


async def _at_rest(url: str) -> None:
    log = TableLog(url)
    try:
        await until_quiet(url, log, 20)
    finally:
        await log.stop()


async def create_database(postgres: PrivatePostgres, name: str) -> str:
    engine = create_async_engine(postgres.url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f'CREATE DATABASE "{name}"'))
    await engine.dispose()
    return make_url(postgres.url).set(database=name).render_as_string(hide_password=False)
