"""`make chaos`: seeded rounds of kill -9 at every named point, under load, and an audit of everything afterwards.

Each round kills processes of Redress, PostgreSQL or Kafka while callers register complaints, handlers work
them and customers answer, all repeating their requests until they have an answer. When everything is quiet,
`tests/audit.py` reads all databases and the log, and names whatever was lost, repeated or bent.

    make chaos                                    6 rounds
    .venv/bin/python -m dev.chaos --rounds 50 --seed 7
    .venv/bin/python -m dev.chaos --kind kafka --json
"""

import argparse
import asyncio
import json
import logging
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import httpx
from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import create_async_engine

from dev.kafka import KafkaBroker, available, open_broker
from services import catalogue
from shared.eventlog import EventLog
from shared.eventlog.kafka import KafkaLog
from shared.eventlog.table import TableLog
from shared.failpoints import POINTS
from shared.keys import create_key
from shared.migrate import migrate
from shared.postgres import PrivatePostgres
from tests.audit import Quiet, audit
from tests.fleet import NURSERY, Death, five_processes, one_process, open_fleet
from tests.services.receivers import Hook, Mailbox, mail_server, text_of, web_server
from tests.world import TOLD, eventually

HOMES = {
    "door": ("intake",),
    "transaction": catalogue.NAMES,
    "relay": ("intake", "routing", "resolution", "notification"),
    "consumer": catalogue.NAMES,
    "delivery": ("notification",),
}
"""Which services pass a family of points, so that a point is armed where it will be reached."""


class CouldNot(AssertionError):
    """A request had no answer for too long, or an answer that no retry can explain."""


@dataclass
class Load:
    """Callers, handlers and customers, who all repeat each request until it is answered."""

    urls: Mapping[str, str]
    key: str
    http: httpx.AsyncClient
    random: Random
    check: Callable[[], None]
    """Raises when one of those who answer has ended for good."""
    patience: float = 90.0
    """Seconds in which every single request must get its answer."""
    accepted: list[UUID] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    """What the requests met: `201`, `409`, `ConnectError` ..."""

    async def run(self, at_least: int, at_once: int, more: Callable[[], bool]) -> None:
        """Live through stories, `at_once` side by side, until there were `at_least` and no `more` are wanted."""
        begun = 0

        async def stories() -> None:
            nonlocal begun
            while begun < at_least or more():
                begun += 1
                await self._story(begun, self.random.choice(("told", "answered", "answered", "offered")))

        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(stories())

    async def _story(self, number: int, plot: str) -> None:
        told = TOLD | {"customer": {"external_id": f"C-{number}", "email": f"c{number}@example.com"}}
        body = await self.insist("POST", "/intake/v1/complaints", told, f"tell-{number}")
        complaint_id, token = body["id"], {"X-Tracking-Token": body["tracking_token"]}
        again = await self.insist("POST", "/intake/v1/complaints", told, f"tell-{number}")
        if again != body:
            raise CouldNot(f"the same request was answered by {body} and by {again}")
        self.accepted.append(UUID(complaint_id))
        if plot == "told":
            return
        case, page = f"/resolution/v1/cases/{complaint_id}", f"/intake/v1/tracking/{body['reference']}"
        if plot == "offered":
            await self.insist("POST", f"{case}/accept", {}, f"accept-{number}")
            judgement = {"reason_sufficient": True, "demand_reasonable": True, "explanation": "Our fault."}
            await self.insist("POST", f"{case}/judgement", judgement, f"judge-{number}")
            offers = {"offers": [{"remedies": ["exchange"], "description": "A new one."}]}
            case_now = await self.insist("POST", f"{case}/offers", offers, f"offer-{number}")
            choice = {"offer_id": case_now["offers"][0]["offer_id"]}
            await self.insist("POST", f"{page}/choice", choice, f"choose-{number}", token)
            await self.insist("POST", f"{case}/carry-out", {"result": "Exchanged."}, f"do-{number}")
        else:
            await self.insist("POST", f"{case}/answer", {"result": "Mended at once."}, f"answer-{number}")
        opinion = {"outcome": self.random.choice(["satisfied", "acceptable"])}
        await self.insist("POST", f"{page}/opinion", opinion, f"judge-result-{number}", token)

    async def insist(
        self, method: str, path: str, body: Any, key: str, headers: Mapping[str, str] | None = None
    ) -> Any:
        """Send, under one Idempotency-Key, until it is answered with success.

        404 and 409 mean that the news is still on its way to that service; 503 and a lost connection, that
        something is down. Nothing else is explained by a crash.
        """
        url = self.urls[path.split("/")[1]] + path
        sent = {"Authorization": f"Bearer {self.key}", **(headers or {}), "Idempotency-Key": key}
        end = time.monotonic() + self.patience
        pause = 0.02
        while True:
            try:
                answer = await self.http.request(method, url, json=body, headers=sent)
            except httpx.TransportError as error:
                met = type(error).__name__
            else:
                met = str(answer.status_code)
                self.answers[met] += 1
                if answer.is_success:
                    return answer.json()
                if answer.status_code not in {404, 409, 503}:
                    raise CouldNot(f"{method} {path}: {answer.status_code} {answer.text}")
            self.answers[met] += not met.isdigit()
            self.check()
            if time.monotonic() > end:
                raise CouldNot(f"{method} {path}: {met} for {self.patience:.0f} s")
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 0.5)


@dataclass
class Ground:
    """Where rounds take place: one PostgreSQL, one Kafka or none, and the receivers of mails and webhooks."""

    postgres: PrivatePostgres
    broker: KafkaBroker | None
    folder: Path
    mailbox: Mailbox
    hook: Hook


@dataclass
class Report:
    """What happened in a round."""

    kind: str
    seed: int
    complaints: int = 0
    deaths: list[Death] = field(default_factory=list)
    outages: list[str] = field(default_factory=list)
    never_reached: list[str] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    sent: int = 0
    sent_again: int = 0
    """Mails and webhook calls beyond the first with the same id."""
    seconds: float = 0.0
    findings: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not self.findings and not self.never_reached


Outage = Callable[[Ground], Awaitable[None]]


async def kill_postgres(ground: Ground) -> None:
    """kill -9, and up again as soon as it has recovered."""
    await asyncio.to_thread(ground.postgres.kill)
    await asyncio.to_thread(ground.postgres.start)


async def kill_kafka(ground: Ground) -> None:
    assert ground.broker is not None
    await asyncio.to_thread(ground.broker.kill)
    await asyncio.to_thread(ground.broker.start)


async def restart_kafka(ground: Ground) -> None:
    assert ground.broker is not None
    await asyncio.to_thread(ground.broker.restart)


async def play(
    ground: Ground,
    url: str,
    *,
    seed: int,
    failpoints: Mapping[str, list[str]],
    outages: tuple[Outage, ...] = (),
    processes: str = "one",
    complaints: int = 20,
    at_once: int = 4,
    within: float = 120.0,
) -> Report:
    """One round on a fresh, migrated database. `failpoints` by child: `all`, or a service's name."""
    begun = time.monotonic()
    random = Random(seed)
    kafka = ground.broker is not None
    report = Report(f"{processes}/{'kafka' if kafka else 'table'}", seed)
    settings = {"smtp_url": f"smtp://127.0.0.1:{ground.mailbox.port}"}
    log: EventLog = TableLog(url)
    if ground.broker is not None:
        settings |= {"event_log_url": f"kafka://{ground.broker.bootstrap}", "kafka_partitions": "3"}
        log = KafkaLog(ground.broker.bootstrap, 3, 1)
    ground.mailbox.mails.clear()
    ground.hook.calls.clear()
    key = await create_key(url, "chaos", ["admin"])
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=20))
        fleet = await stack.enter_async_context(
            open_fleet(ground.folder / f"fleet-{seed}-{os.urandom(3).hex()}")
        )
        start = one_process if processes == "one" else five_processes
        urls = start(fleet, url, ground.folder, **settings)
        load = Load(urls, key, http, random, fleet.check)
        for name, points in failpoints.items():
            fleet.children[name].failpoints.extend(points)
        await fleet.start()
        hook = {"url": ground.hook.url, "event_types": ["*"]}
        await load.insist(
            "POST", "/notification/v1/webhooks", hook, "hook"
        )  # it shall hear of every complaint
        troubled = not outages

        async def trouble() -> None:
            nonlocal troubled
            for outage in outages:
                await eventually(_grown(load, len(load.accepted) + 3), within, "the load to go on")
                await outage(ground)
                report.outages.append(outage.__name__)
            troubled = True

        def more() -> bool:
            return bool(fleet.still_armed) or not troubled

        try:
            async with asyncio.timeout(within), asyncio.TaskGroup() as group:
                group.create_task(load.run(complaints, at_once, more))
                group.create_task(trouble())
        except TimeoutError:
            report.never_reached = fleet.still_armed or ["the end of the load"]
        fleet.check()
        for name in fleet.children:
            await fleet.ready(name)
        if not report.never_reached:
            await until_quiet(url, log, within)
            report.findings = await audit(url, load.accepted, log=log if kafka else None)
            report.findings += await _receivers(ground, url)
        report.deaths = [death for death in fleet.deaths if death.failpoint != "kill"]
        report.complaints, report.answers = len(load.accepted), dict(load.answers)
    await log.stop()
    ids = _ids(ground)
    report.sent, report.sent_again = len(ids), len(ids) - len(set(ids))
    report.seconds = time.monotonic() - begun
    return report


def _grown(load: Load, to: int) -> Callable[[], Awaitable[bool]]:
    async def grown() -> bool:
        return len(load.accepted) >= to

    return grown


async def until_quiet(url: str, log: EventLog, within: float) -> None:
    """Wait until nothing waits anywhere. A killed courier's lease ends after minutes; here they pass at once."""
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            quiet = Quiet(dict.fromkeys(catalogue.NAMES, connection), log)

            since = time.monotonic()
            before: dict[str, int] = {}

            async def rest() -> bool:
                nonlocal since, before
                await asyncio.sleep(0.1)
                done = await quiet()
                if quiet.waiting != before:
                    since, before = time.monotonic(), quiet.waiting
                elif time.monotonic() - since > 0.7:
                    await quiet.minutes_pass()
                    since = time.monotonic()
                return done

            try:
                await eventually(rest, within)
            except AssertionError:
                raise AssertionError(f"not quiet after {within:.0f} s, there wait {quiet.waiting}") from None
    finally:
        await engine.dispose()


def _ids(ground: Ground) -> list[str]:
    """Of everything that arrived, with repeats."""
    mails = [str(mail["Message-ID"])[1:].partition("@")[0] for mail in ground.mailbox.mails]
    return mails + [call.headers["webhook-id"] for call in ground.hook.calls]


async def _receivers(ground: Ground, url: str) -> list[str]:
    """What arrived, told apart by id as a receiver does, is what was to be sent."""
    from sqlalchemy import text

    engine = create_async_engine(url)
    async with engine.connect() as connection:
        rows = await connection.execute(
            text(
                # People of the company have no address here: their inbox is enough.
                "SELECT id::text FROM notification.deliveries WHERE channel <> 'staff' OR status <> 'not_sent'"
            )
        )
        wanted = set(rows.scalars())
    await engine.dispose()
    arrived = set(_ids(ground))
    words = {str(mail["Message-ID"]): text_of(mail) for mail in ground.mailbox.mails}
    findings = [f"receiver: delivery {i} never arrived" for i in wanted - arrived]
    findings += [f"receiver: {i} arrived and is no delivery" for i in arrived - wanted]
    findings += [
        f"receiver: {mail['Message-ID']} came with two different texts"
        for mail in ground.mailbox.mails
        if mail["Subject"] is None or not words[str(mail["Message-ID"])]
    ]
    return findings


def armed(point: str, random: Random, furthest: int = 12) -> str:
    """The point as a setting, to be passed a random number of times before it kills."""
    return f"{point}:{random.randint(1, furthest)}"


def everywhere(random: Random, processes: str) -> dict[str, list[str]]:
    """Every point once: one after the other in one process, or spread over the five."""
    points = list(POINTS)
    random.shuffle(points)
    if processes == "one":
        return {"all": [armed(point, random) for point in points]}
    spread: dict[str, list[str]] = {}
    for point in points:
        home = random.choice(HOMES[point.partition(".")[0]])
        spread.setdefault(home, []).append(armed(point, random, 6))
    return spread


async def rounds(number: int, seed: int, kind: str, tell: Callable[[Report], None]) -> list[Report]:
    """Play rounds on a durable PostgreSQL and, where it can run, a real Kafka."""
    root = Path("/var/lib") if os.geteuid() == 0 else Path(tempfile.gettempdir())
    folder = root / f"redress-chaos-{os.getpid()}"
    postgres = PrivatePostgres(folder)
    reports = []
    await asyncio.to_thread(postgres.start)
    try:
        async with mail_server() as mailbox, web_server() as hook:
            for n in range(number):
                with_kafka = kind == "kafka" or (kind == "both" and n % 3 == 2 and available() is None)
                processes = "one" if n % 2 == 0 and not with_kafka else "five"
                random = Random(seed + n)
                broker = None
                if with_kafka:
                    broker = open_broker(folder.with_name(f"{folder.name}-kafka") / str(n))
                    await asyncio.to_thread(broker.start)
                try:
                    url = await fresh_database(postgres, f"round_{n}")
                    outages: list[Outage] = [kill_postgres]
                    if broker is not None:
                        outages += [kill_kafka, restart_kafka]
                    random.shuffle(outages)
                    reports.append(
                        await play(
                            Ground(postgres, broker, folder, mailbox, hook),
                            url,
                            seed=seed + n,
                            failpoints=everywhere(random, processes),
                            outages=tuple(outages),
                            processes=processes,
                            complaints=60,
                            at_once=8,
                            within=400.0,
                        )
                    )
                    tell(reports[-1])
                finally:
                    if broker is not None:
                        await asyncio.to_thread(broker.stop)
    finally:
        await NURSERY.close()
        await asyncio.to_thread(postgres.stop)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(folder.with_name(f"{folder.name}-kafka"), ignore_errors=True)
    return reports


async def fresh_database(postgres: PrivatePostgres, name: str) -> str:
    from sqlalchemy import text
    from sqlalchemy.engine.url import make_url

    engine = create_async_engine(postgres.url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f'CREATE DATABASE "{name}"'))
    await engine.dispose()
    url = make_url(postgres.url).set(database=name).render_as_string(hide_password=False)
    await migrate(url, dict.fromkeys(catalogue.NAMES, url))
    return url


def main() -> int:
    """0 if every round was good, else 1."""
    parser = argparse.ArgumentParser(prog="python -m dev.chaos", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=6, help="how many (6)")
    parser.add_argument(
        "--seed", type=int, default=1, help="of the first round; the next has the next number (1)"
    )
    parser.add_argument("--kind", choices=("both", "table", "kafka"), default="both", help="which event log")
    parser.add_argument("--json", action="store_true", help="one JSON object a round")
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    out = Console()

    def tell(report: Report) -> None:
        if given.json:
            print(json.dumps({**vars(report), "deaths": [vars(d) for d in report.deaths]}), flush=True)
        elif not report.good:
            for wrong in [*report.findings[:50], *(f"never reached: {p}" for p in report.never_reached)]:
                out.print(f"round {report.seed}: {wrong}", style="red", markup=False)
        else:
            out.print(f"round {report.seed} ({report.kind}): {report.complaints} complaints, nothing lost")

    reports = asyncio.run(rounds(given.rounds, given.seed, given.kind, tell))
    if not given.json:
        out.print(_table(reports))
    return 0 if all(report.good for report in reports) else 1


def _table(reports: list[Report]) -> Table:
    columns = ("seed", "runs as", "complaints", "killed", "outages", "sent", "again", "s", "result")
    table = Table(*columns, title="kill -9 under load, then an audit of everything")
    for r in reports:
        points = {death.failpoint.partition(":")[0] for death in r.deaths}
        outages = Counter(name.replace("_", " ") for name in r.outages)
        result = (
            "nothing lost" if r.good else f"{len(r.findings)} wrong, {len(r.never_reached)} never reached"
        )
        table.add_row(
            str(r.seed),
            r.kind,
            str(r.complaints),
            f"{len(r.deaths)} times at {len(points)} points",
            ", ".join(name if n == 1 else f"{n} x {name}" for name, n in outages.items()),
            str(r.sent),
            str(r.sent_again),
            f"{r.seconds:.0f}",
            result,
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
