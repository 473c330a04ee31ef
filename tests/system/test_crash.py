"""kill -9 anywhere, and nothing is lost, repeated or bent. The long version is `make chaos`."""

import asyncio
import copy
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest

from dev.chaos import Ground, everywhere, fresh_database, kill_kafka, kill_postgres, play
from dev.kafka import KafkaBroker
from shared.failpoints import POINTS
from shared.postgres import PrivatePostgres
from tests.audit import Evidence, findings
from tests.conftest import NewDatabase
from tests.fleet import one_process, open_fleet
from tests.recording import Recording
from tests.services.receivers import mail_server, web_server
from tests.world import eventually

pytestmark = pytest.mark.slow

SEED = 20_260_302
# What was reported as committed must survive, so a commit waits for the write; no power fails here, so it need not
# wait for the disk.
SURVIVES = {"synchronous_commit": "on", "full_page_writes": "on"}


@pytest.fixture
async def ground(postgres: PrivatePostgres, scratch: Path) -> AsyncIterator[Ground]:
    async with mail_server() as mailbox, web_server() as hook:
        yield Ground(postgres, None, scratch, mailbox, hook)


@pytest.mark.slow
@pytest.mark.requirement("N-A")
async def test_killed_at_every_point_nothing_is_lost(ground: Ground, new_database: NewDatabase) -> None:
    plan = everywhere(Random(SEED), "one")
    report = await play(ground, await new_database(), seed=SEED, failpoints=plan, complaints=20)
    assert report.never_reached == []
    assert Counter(death.failpoint.partition(":")[0] for death in report.deaths) == Counter(POINTS)
    assert report.findings == []
    assert report.sent_again >= 1, (
        "a courier died after sending: its message goes out again, under the same id"
    )


@pytest.mark.slow
@pytest.mark.requirement("N-A")
async def test_postgres_killed_and_back_nothing_is_lost(ground: Ground, scratch: Path) -> None:
    server = PrivatePostgres(scratch / "killed", durable=False, settings=SURVIVES)
    server.start()
    try:
        report = await play(
            replace(ground, postgres=server),
            await fresh_database(server, "killed"),
            seed=SEED,
            failpoints={"all": ["consumer.mid-batch:9"]},
            outages=(kill_postgres, kill_postgres),
            complaints=16,
        )
    finally:
        server.stop()
    assert report.never_reached == []
    assert report.outages == ["kill_postgres", "kill_postgres"]
    assert report.findings == []


@pytest.mark.slow
@pytest.mark.requirement("N-A")
async def test_a_process_that_starts_while_postgres_is_away_waits_for_it(scratch: Path) -> None:
    server = PrivatePostgres(scratch / "away", durable=False, settings=SURVIVES)
    server.start()
    try:
        url = await fresh_database(server, "away")
        server.kill()
        async with open_fleet(scratch / "fleet-away") as fleet:
            one_process(fleet, url, scratch)
            child = fleet.children["all"]

            async def waits() -> bool:
                fleet.check()
                return "Waiting for what is away" in child.tail()

            starting = asyncio.create_task(fleet.start())
            await eventually(waits, 60, "the process to wait")
            server.start()
            await starting
    finally:
        server.stop()


@pytest.mark.slow
@pytest.mark.requirement("N-A", "P-28")
@pytest.mark.kafka
@pytest.mark.xdist_group("kafka")
async def test_on_kafka_processes_and_broker_killed_nothing_is_lost(
    ground: Ground,
    kafka_broker: KafkaBroker,
    new_database: NewDatabase,
) -> None:
    report = await play(
        replace(ground, broker=kafka_broker),
        await new_database(),
        seed=SEED,
        failpoints={"all": ["relay.after-append:3", "consumer.after-commit:4"]},
        outages=(kill_kafka,),
        complaints=12,
    )
    assert report.never_reached == []
    assert len(report.deaths) == 2
    assert report.findings == []


# The audit itself: it must see what it is there for.


def test_the_audit_finds_nothing_where_nothing_is_wrong(recording: Recording) -> None:
    assert findings(recording.evidence, recording.complaints) == []


def _drop(
    table: str, which: Callable[[dict[str, Any]], bool] = lambda row: True
) -> Callable[[Evidence], None]:
    def plant(evidence: Evidence) -> None:
        found = evidence.rows(table)
        found.remove(next(row for row in found if which(row)))

    return plant


def _change(table: str, column: str, value: Any) -> Callable[[Evidence], None]:
    def plant(evidence: Evidence) -> None:
        evidence.rows(table)[-1][column] = value

    return plant


def _lose_a_record(evidence: Evidence) -> None:
    lost = next(r for r in evidence.records if r.headers["ce_type"] == "redress.case.accepted.v1")
    evidence.records.remove(lost)


def _lose_the_last_record(evidence: Evidence) -> None:
    last = next(r for r in reversed(evidence.records) if r.headers["ce_type"] == "redress.case.closed.v1")
    evidence.records.remove(last)


def _repeat_a_record(evidence: Evidence) -> None:
    evidence.records.append(evidence.records[3])


def _tell_twice(evidence: Evidence) -> None:
    """The same fact under another id: what a lost inbox row would lead to."""
    opened = next(r for r in evidence.records if r.headers["ce_type"] == "redress.case.opened.v1")
    number = 1 + sum(r.topic == opened.topic and r.key == opened.key for r in evidence.records)
    headers = {**opened.headers, "ce_id": "00000000-0000-7000-8000-000000000001", "ce_sequence": str(number)}
    evidence.records.append(replace(opened, headers=headers))


def _swap_two_records(evidence: Evidence) -> None:
    key = evidence.records[0].key
    places = [n for n, r in enumerate(evidence.records) if (r.topic, r.key) == ("redress.resolution", key)]
    first, second = places[0], places[1]
    evidence.records[first], evidence.records[second] = evidence.records[second], evidence.records[first]


def _second_case(evidence: Evidence) -> None:
    evidence.rows("resolution.cases").append(dict(evidence.rows("resolution.cases")[0]))


def _park(evidence: Evidence) -> None:
    evidence.tables["insights"]["dead_letters"].append({"event_id": 1, "error": "it would not do"})


def _second_thanks(evidence: Evidence) -> None:
    thanks = next(r for r in evidence.rows("notification.deliveries") if r["template"] == "acknowledgement")
    evidence.rows("notification.deliveries").append({**thanks, "id": "another"})


def _swap_in_feed(evidence: Evidence) -> None:
    alike = next(row for row in evidence.rows("notification.feed") if row["type"] == "redress.case.accepted")
    opened = next(
        row
        for row in evidence.rows("notification.feed")
        if row["type"] == "redress.case.opened" and row["complaint_id"] == alike["complaint_id"]
    )
    alike["position"], opened["position"] = opened["position"], alike["position"]


def _let_everybody_go(evidence: Evidence) -> None:
    for person in evidence.rows("routing.people"):
        person["active"] = False


PLANTED: dict[str, tuple[Callable[[Evidence], None], str]] = {
    "a gap in the log": (_lose_a_record, "are numbered"),
    "the end of a story missing on the log": (_lose_the_last_record, "the log has"),
    "a record twice": (_repeat_a_record, "twice"),
    "a fact told twice": (_tell_twice, "case.opened"),
    "two records in the wrong order": (_swap_two_records, "are numbered"),
    "a complaint lost at the door": (_drop("intake.complaints"), "intake.complaints: complaint"),
    "a lost case": (_drop("resolution.cases"), "resolution.cases: complaint"),
    "a case twice": (_second_case, "is there 2 times"),
    "a lost dispatch": (_drop("routing.dispatches"), "routing.dispatches: complaint"),
    "a lost conversation": (_drop("notification.conversations"), "notification.conversations: complaint"),
    "a lost row of insights": (_drop("insights.complaints"), "is missing"),
    "a lost promise": (_drop("resolution.promises"), "are not numbered"),
    "a lost line of a timeline": (_drop("resolution.timeline"), "the timeline of"),
    "a lost step on a customer's page": (_drop("intake.progress"), "is not shown once"),
    "a lost message": (
        _drop("notification.deliveries", lambda r: r["template"] == "result"),
        "was never sent",
    ),
    "a lost webhook call": (
        _drop("notification.deliveries", lambda r: r["audience"] == "subscriber"),
        "was never sent",
    ),
    "thanks twice": (_second_thanks, "was acknowledged 2 times"),
    "an event that nobody handled": (_drop("resolution.inbox"), "was never handled"),
    "an event still in an outbox": (
        lambda e: e.tables["routing"]["outbox"].append({}),
        "still in the outbox",
    ),
    "a parked event": (_park, "is parked"),
    "a delivery that still waits": (_change("notification.deliveries", "status", "leased"), "is leased"),
    "a wrong sum": (_change("insights.daily", "received", 17), "counted again"),
    "a wrong handling time": (_change("insights.daily_durations", "begun", 17), "counted again"),
    "a wrong measure": (_change("insights.complaints", "updates", 17), "the log says"),
    "a wrong page": (_change("intake.views", "status", "lost"), "shows 'lost'"),
    "a person with too many cases": (_change("routing.people", "open_cases", 17), "carries 17"),
    "a complaint that nobody owns": (_let_everybody_go, "is not there any more"),
    "a lost notice": (_drop("routing.notices"), "kept 0 times"),
    "a lost event of the feed": (_drop("notification.feed"), "the positions have gaps"),
    "another event in the feed": (_change("notification.feed", "event_id", UUID(int=7)), "is missing"),
    "two events of the feed in the wrong order": (_swap_in_feed, "comes before one that it followed"),
    "another reference": (_change("resolution.cases", "reference", "RD-X"), "another reference"),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_the_audit_names_what_is_wrong(recording: Recording, planted: str) -> None:
    plant, words = PLANTED[planted]
    evidence = copy.deepcopy(recording.evidence)
    plant(evidence)
    found = findings(evidence, recording.complaints)
    assert any(words in finding for finding in found), found


def test_the_audit_names_a_complaint_that_no_service_has(recording: Recording) -> None:
    *others, _ = recording.complaints
    assert any("was never accepted" in finding for finding in findings(recording.evidence, others))


def test_on_kafka_the_same_record_may_come_twice_but_not_two_of_one_id(recording: Recording) -> None:
    evidence = copy.deepcopy(recording.evidence)
    evidence.repeats_allowed = True
    evidence.records.append(evidence.records[3])
    assert findings(evidence, recording.complaints) == []
    evidence.records[-1] = replace(evidence.records[3], value=b"{}")
    assert any("two different events" in finding for finding in findings(evidence, recording.complaints))
