"""What is parked and what is not, who waits behind it, and how an operator gets it going again."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.engine.url import make_url
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import create_async_engine

from services import catalogue, replaying
from services.insights.app import service
from services.insights.handlers import reactions
from services.insights.model import Facts
from services.insights.rebuild import rebuild
from shared import deadletters
from shared.database import is_of_surroundings, is_transient, make_engine
from shared.envelope import Received
from shared.eventlog import GroupInUse, Record
from shared.ids import new_id
from shared.keys import create_key, ensure_admin_key, list_keys
from shared.migrate import migrate, pending
from shared.postgres import PrivatePostgres
from shared.process import Process
from shared.reactions import Pump
from shared.service import Context
from tests.conftest import NewDatabase
from tests.fleet import environment_for, run_redress
from tests.insights_story import records, stories
from tests.recording import rows as rows_of
from tests.system.test_five_processes import create_database
from tests.world import eventually, open_world, settings_for

pytestmark = pytest.mark.slow

LETTERS = "SELECT event_id, key, error, blocks FROM insights.dead_letters ORDER BY id"


@dataclass
class Parking:
    """Insights without its workers: nothing happens but what a test asks for."""

    url: str
    scratch: Path
    context: Context

    @property
    def pump(self) -> Pump:
        return service.pump(self.context)

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return await rows_of(self.url, sql)

    async def replay(self, *, handle: bool = True) -> list[dict[str, Any]]:
        settings = settings_for(self.url, self.scratch)
        return await replaying.letters(settings, self.url, "insights", None, handle=handle)


@pytest.fixture
async def parking(new_database: NewDatabase, scratch: Path) -> AsyncIterator[Parking]:
    url = await new_database()
    process = Process(settings_for(url, scratch, handler_attempts=1), url, [service])
    async with process.running(workers=False):
        yield Parking(url, scratch, process.contexts["insights"])


@pytest.fixture
def told() -> list[Record]:
    """The stories of six complaints, as they lie on the log."""
    return records(stories(6, seed=11))


def poisoned(patch: pytest.MonkeyPatch, key: str) -> None:
    """Insights has a mistake that shows with one complaint: none of its events can be handled."""
    for wire_type, (event, sound) in list(reactions._handlers.items()):

        def handler(facts: Facts, told: Any, fact: Received, sound: Any = sound) -> None:
            if fact.key == key:
                raise ValueError("cannot handle this one")
            sound(facts, told, fact)

        patch.setitem(reactions._handlers, wire_type, (event, handler))


def of_key(told: Sequence[Record], key: str) -> list[UUID]:
    return [
        UUID(r.headers["ce_id"]) for r in told if r.key == key and reactions.answers(r.headers["ce_type"])
    ]


@pytest.mark.requirement("P-31")
async def test_a_poison_event_holds_up_its_complaint_only_and_replays_in_order(
    parking: Parking, told: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = told[0].key
    mine = of_key(told, bad)
    with monkeypatch.context() as patch:
        poisoned(patch, bad)
        await parking.pump.handle(told)
        letters = await parking.rows(LETTERS)
        assert [event_id for event_id, *_ in letters] == mine
        assert [error for *_, error, _ in letters][1:] == [deadletters.BEHIND] * (len(mine) - 1)
        assert all(blocks for *_, blocks in letters)
        assert await parking.rows("SELECT count(*) FROM insights.complaints") == [(5,)]
        assert {letter["result"] for letter in (await parking.replay())[1:]} == {deadletters.BEHIND}
        assert await parking.rows(LETTERS) == letters
    monkeypatch.setattr(deadletters.waiting, "__kwdefaults__", {"after": 0, "limit": 2})  # several pages
    report = await parking.replay()
    assert [(letter["event_id"], letter["result"]) for letter in report] == [(e, "handled") for e in mine]
    assert await parking.rows(LETTERS) == []
    assert await parking.rows("SELECT count(*) FROM insights.complaints") == [(6,)]


@pytest.mark.requirement("P-31")
async def test_a_replay_takes_what_is_parked_behind_while_it_runs(
    parking: Parking, told: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = told[0].key
    story = [r for r in told if r.key == bad and reactions.answers(r.headers["ce_type"])]
    with monkeypatch.context() as patch:
        poisoned(patch, bad)
        await parking.pump.handle(story[:1])
    later = iter(story[1:])
    sound = Pump.replay

    async def replay(pump: Pump, letter: deadletters.DeadLetter) -> None:
        for record in later:  # the consumer that runs beside brings the next event while this one is there
            await parking.pump.handle([record])
            break
        await sound(pump, letter)

    monkeypatch.setattr(Pump, "replay", replay)
    report = await parking.replay()
    assert [letter["event_id"] for letter in report] == of_key(told, bad)
    assert {letter["result"] for letter in report} == {"handled"}
    assert await parking.rows(LETTERS) == []


@pytest.mark.requirement("P-31")
async def test_an_event_that_was_handled_is_not_parked_when_it_comes_again(
    parking: Parking, told: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    await parking.pump.handle(told[:1])
    await parking.pump.handle([replace(told[0], value=b"{}")])
    assert await parking.rows(LETTERS) == []
    story = [r for r in told if r.key == told[0].key]
    with monkeypatch.context() as patch:
        poisoned(patch, told[0].key)
        await parking.pump.handle(story[:2])
        await parking.pump.handle(story[:2])
    assert [event_id for event_id, *_ in await parking.rows(LETTERS)] == of_key(story[:2], told[0].key)[1:]


@pytest.mark.requirement("P-31")
@pytest.mark.parametrize("wire_type", [None, "com.example.thing"])
async def test_a_record_of_strangers_holds_up_nobody(
    parking: Parking, told: list[Record], wire_type: str | None
) -> None:
    headers = {name: value for name, value in told[0].headers.items() if name != "ce_type"}
    headers |= {"ce_id": str(new_id())} | ({"ce_type": wire_type} if wire_type else {})
    await parking.pump.handle([replace(told[0], headers=headers, value=b"what?"), *told])
    [(_, key, error, blocks)] = await parking.rows(LETTERS)
    assert key == told[0].key
    assert error.startswith("malformed event")
    assert not blocks
    assert await parking.rows("SELECT count(*) FROM insights.complaints") == [(6,)]
    [letter] = await parking.replay()
    assert letter["result"].startswith("malformed event")


@pytest.mark.requirement("P-31")
async def test_a_letter_that_can_never_be_handled_is_taken_out_by_name(
    parking: Parking, told: list[Record]
) -> None:
    bad = told[0].key
    broken = replace(told[0], headers={**told[0].headers, "ce_id": str(new_id())}, value=b"{}")
    await parking.pump.handle([broken, *told])
    assert len(await parking.rows(LETTERS)) == 1 + len(of_key(told, bad))
    environment = environment_for(parking.url, parking.scratch)
    event_id = broken.headers["ce_id"]
    status, _, said = await run_redress("replay", "insights", "--discard", event_id, environment=environment)
    assert (status, "--reason" in said) == (2, True)
    discard = ("replay", "insights", "--discard", event_id, "--reason", "a test's mistake")
    status, out, said = await run_redress(*discard, environment=environment)
    assert status == 0, said
    kept = json.loads(out)
    assert (kept["event_id"], kept["key"], kept["value_base64"]) == (event_id, bad, "e30=")
    assert kept["headers"]["ce_type"] == broken.headers["ce_type"]
    assert f"dead letter {event_id} of insights discarded by {kept['discarded_by']}: a test's mistake" in said
    status, _, said = await run_redress(*discard, environment=environment)
    assert (status, said.strip()) == (2, f"No event {event_id} is parked for insights.")
    report = await parking.replay()
    assert [(letter["event_id"], letter["result"]) for letter in report] == [
        (e, "handled") for e in of_key(told, bad)
    ]


# Trouble of the surroundings


@pytest.mark.requirement("P-31")
async def test_a_service_ahead_of_its_migration_parks_nothing_and_says_so(
    new_database: NewDatabase, scratch: Path, told: list[Record]
) -> None:
    url = await new_database()
    await _execute(url, "ALTER TABLE insights.complaints RENAME COLUMN channel TO channels")
    async with open_world(url, scratch, ["insights"]) as world:
        await world.process.log.append(told)

        async def red() -> bool:
            answer = await world.http.get("/readyz")
            return answer.status_code == 503 and "insights.consumer" in answer.json()["reasons"]

        await eventually(red, what="readiness to be red")
        assert await rows_of(url, LETTERS) == []
        await _execute(url, "ALTER TABLE insights.complaints RENAME COLUMN channels TO channel")
        await world.settled()
        assert await rows_of(url, LETTERS) == []
        assert await rows_of(url, "SELECT count(*) FROM insights.complaints") == [(6,)]


def test_what_is_transient_and_what_is_of_the_surroundings() -> None:
    away = [asyncpg.TooManyConnectionsError(""), asyncpg.ReadOnlySQLTransactionError(""), ConnectionError()]
    unfit = [
        asyncpg.UndefinedColumnError(""),
        asyncpg.InvalidSchemaNameError(""),
        asyncpg.InternalServerError(""),
    ]
    work = [asyncpg.UniqueViolationError(""), asyncpg.DataError(""), ValueError()]
    assert [(is_transient(e), is_of_surroundings(e)) for e in away] == [(True, True)] * 3
    assert [(is_transient(e), is_of_surroundings(e)) for e in unfit] == [(False, True)] * 3
    assert [(is_transient(e), is_of_surroundings(e)) for e in work] == [(False, False)] * 3


async def test_serve_refuses_a_database_that_is_not_prepared(
    postgres: PrivatePostgres, scratch: Path
) -> None:
    url = await create_database(postgres, "unprepared")
    assert await pending(url, {"insights": url}) == ["platform", "insights"]
    environment = environment_for(url, scratch)
    status, _, said = await run_redress("serve", "insights", environment=environment)
    assert status == 1
    assert "run `redress migrate`" in said.replace("\n", " ")
    assert "Traceback" not in said
    await migrate(url, {"insights": url})
    assert await pending(url, {"insights": url}) == []
    await _execute(url, "UPDATE insights.alembic_version SET version_num = '0000'")
    assert await pending(url, {"insights": url}) == ["insights"]


@pytest.mark.parametrize("command", [("keys", "list"), ("serve", "insights"), ("replay", "insights")])
async def test_an_unreachable_database_is_said_in_one_line(command: tuple[str, ...], scratch: Path) -> None:
    url = "postgresql+asyncpg://nobody@127.0.0.1:1/nothing"
    environment = environment_for(url, scratch, start_patience="0")
    status, _, said = await run_redress(*command, environment=environment)
    assert status == 1
    [line] = said.strip().splitlines()
    assert line.startswith("Redress cannot reach what it needs: ")


async def test_a_database_that_does_not_exist_is_said_in_one_line(
    postgres: PrivatePostgres, scratch: Path
) -> None:
    url = make_url(postgres.url).set(database="nowhere").render_as_string(hide_password=False)
    status, _, said = await run_redress("keys", "list", environment=environment_for(url, scratch))
    assert status == 1
    [line] = said.strip().splitlines()
    assert 'database "nowhere" does not exist' in line


# Rights, and who makes them


@pytest.mark.requirement("P-35")
@pytest.mark.parametrize(
    "forbidden",
    [
        "UPDATE platform.records SET key = 'x'",
        "DELETE FROM platform.records",
        "TRUNCATE platform.records",
        "DELETE FROM platform.topics",
        "SELECT 1 FROM platform.api_keys",
        "INSERT INTO platform.api_keys (id, name, secret_hash, scopes) VALUES ('x', 'x', 'x', '{admin}')",
        "UPDATE platform.cursors SET next_offset = 0",
        "SELECT 1 FROM intake.complaints",
    ],
)
async def test_a_service_can_do_no_more_than_it_must(forbidden: str, new_database: NewDatabase) -> None:
    engine = make_engine(await new_database(), "notification", pool_size=1)
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT count(*) FROM platform.records"))
            with pytest.raises(ProgrammingError, match="permission denied"):
                await connection.execute(text(forbidden))
    finally:
        await engine.dispose()


async def test_two_who_prepare_a_database_at_a_time_make_one_key(
    postgres: PrivatePostgres, scratch: Path
) -> None:
    url = await create_database(postgres, "prepared_twice")
    urls = dict.fromkeys(catalogue.NAMES, url)
    await asyncio.gather(*(migrate(url, urls) for _ in range(3)))
    file = scratch / "twice" / "admin.key"
    made = await asyncio.gather(*(ensure_admin_key(url, file) for _ in range(4)))
    assert sorted(made) == [False, False, False, True]
    [key] = await list_keys(url)
    assert key["id"] in file.read_text()


async def test_a_key_that_cannot_be_written_down_is_not_made(database_url: str, scratch: Path) -> None:
    (scratch / "in-the-way").write_text("")
    with pytest.raises(OSError, match="in-the-way"):
        await ensure_admin_key(database_url, scratch / "in-the-way" / "admin.key")
    assert await list_keys(database_url) == []
    await create_key(database_url, "first administrator", ["admin"])
    assert not await ensure_admin_key(database_url, scratch / "in-the-way" / "admin.key")
    assert len(await list_keys(database_url)) == 1


# Rebuild


@pytest.mark.requirement("002-10")
async def test_a_consumer_that_comes_and_goes_during_a_rebuild_loses_nothing(
    parking: Parking, told: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    log = parking.context.log
    await log.append(told)
    await _consume(parking)
    reset, times = log.reset, 0

    async def and_then(*arguments: Any) -> None:
        nonlocal times
        await reset(*arguments)
        times += 1
        if times == 1:
            await _consume(parking)

    monkeypatch.setattr(log, "reset", and_then)
    await rebuild(parking.context)
    await _consume(parking)
    assert await parking.rows("SELECT count(*) FROM insights.complaints") == [(6,)]


@pytest.mark.requirement("002-10")
async def test_a_consumer_that_stays_is_noticed_by_a_rebuild(parking: Parking, told: list[Record]) -> None:
    await parking.context.log.append(told)
    consumer = parking.context.log.consumer(service.name, service.groups[service.name])
    await consumer.start()
    got = await consumer.poll(1000, 0.05)
    await parking.pump.handle(got)
    await consumer.commit(got)
    with pytest.raises(GroupInUse, match="stop them first"):
        await rebuild(parking.context)
    await consumer.stop()
    assert await parking.rows("SELECT count(*) FROM insights.complaints") == [(6,)]


async def _consume(parking: Parking) -> None:
    consumer = parking.context.log.consumer(service.name, service.groups[service.name])
    await consumer.start()
    while got := await consumer.poll(1000, 0.05):
        await parking.pump.handle(got)
        await consumer.commit(got)
    await consumer.stop()


async def _execute(url: str, statement: str) -> None:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.execute(text(statement))
    await engine.dispose()
