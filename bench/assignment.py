"""How long it takes to assign what waits, through the real store; and what an assignment costs in a normal batch.

The queue: many complaints of every category and language, some with people whom they may not go to, and a staff with
languages, certificates, calendars and absences, whose capacity is twice what waits. It drains as in service, a batch a
transaction. The normal batch: registrations from the log, as the pump hands them on, with room for all.
"""

import asyncio
import json
import time
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import text

from bench.rig import SECRET, Rig
from services import catalogue
from services.routing.assignment.drain import Drain
from services.routing.assignment.needs import Needs
from shared import clock
from shared.config import Settings
from shared.envelope import headers_of
from shared.eventlog import Record
from shared.events import ComplaintRegistered
from shared.events.intake import MaskedStatement
from shared.events.vocabulary import (
    Against,
    Channel,
    ComplainantType,
    Form,
    Kind,
    Language,
    Severity,
    Visibility,
)
from shared.ids import derived_id
from shared.process import Process
from shared.service import Context
from shared.taxonomy import newest

WAITING, QUICK_WAITING = 10_000, 1_000
PEOPLE = 500
BATCHES, PER_BATCH = 40, 25

_OFFICE = {str(day): [["00:00", "00:00"]] for day in range(7)}
_NOBODY = ("UPDATE people SET active = false", "UPDATE departments SET categories = '{}'")


def measure(rig: Rig, quick: bool) -> dict[str, Any]:
    waiting = QUICK_WAITING if quick else WAITING
    found: dict[str, Any] = {"people": PEOPLE, "waiting": waiting}
    for name, work in (("queue", _queue), ("batch", _batches)):
        url = rig.database()
        found[name] = asyncio.run(_with_routing(rig, url, lambda context, work=work: work(context, waiting)))
        rig.drop(url)
    return found


async def _with_routing(rig: Rig, url: str, work: Any) -> dict[str, float]:
    settings = Settings(data_dir=rig.folder / "data", database_url=url, secret=SECRET)
    process = Process(settings, url, catalogue.load(["routing"]))
    try:
        found: dict[str, float] = await work(process.contexts["routing"])
        return found
    finally:
        await process.log.stop()
        await process._close()


async def _queue(context: Context, waiting: int) -> dict[str, float]:
    await _employ(context, capacity=-(-waiting * 2 // PEOPLE))
    await _let_wait(context, waiting)
    drain, moved = Drain(context), 0
    began, cpu = time.perf_counter(), time.process_time()
    while turned := await drain.assign():
        moved += turned
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    async with context.database.reading() as connection:
        left = await connection.execute(
            text(
                "SELECT count(*) FROM people WHERE open_cases > capacity OR open_cases <> "
                "(SELECT count(*) FROM dispatches WHERE handler_id = people.id AND status = 'assigned')"
            )
        )
        assert left.scalar_one() == 0, "a load is wrong"
    return {"seconds": took, "cpu": cpu, "assigned": moved}


async def _batches(context: Context, _: int) -> dict[str, float]:
    await _employ(context, capacity=10_000)
    [service] = catalogue.load(["routing"])
    pump = service.pump(context)
    batches = [
        [_registration(number) for number in range(start, start + PER_BATCH)]
        for start in range(0, BATCHES * PER_BATCH, PER_BATCH)
    ]
    await pump.handle(batches[0])  # warm
    began, cpu = time.perf_counter(), time.process_time()
    for batch in batches[1:]:
        await pump.handle(batch)
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    return {"seconds": took, "cpu": cpu, "assigned": (BATCHES - 1) * PER_BATCH}


def _registration(number: int) -> Record:
    complaint_id = derived_id("bench", number)
    at = clock.now()
    event = ComplaintRegistered(
        complaint_id=complaint_id,
        reference=f"RD-{number:08d}",
        registered_at=at,
        kind=Kind.COMPLAINT,
        medium=Channel.WEB_FORM.medium,
        channel=Channel.WEB_FORM,
        language=Language.EN,
        form=Form.WRITTEN,
        against=Against.ORGANISATION,
        visibility=Visibility.PRIVATE,
        complainant_type=ComplainantType.EXTERNAL,
        customer_id=derived_id("customer", number),
        statement=MaskedStatement(what_went_wrong="The motor shows alarm R4."),
        completeness=0.5,
    )
    headers = json.loads(headers_of(event, derived_id("event", number), "bench", at, None))
    headers["ce_sequence"] = "1"
    return Record(event.topic, str(complaint_id), headers, event.model_dump_json(exclude_none=True).encode())


async def _employ(context: Context, capacity: int) -> None:
    """A staff over all categories; one in ten is away, one in five has a safety certificate."""
    chance = Random(7)
    codes = [category.code for category in newest().categories]
    units = [
        {
            "code": f"d{n}",
            "name_en": f"D{n}",
            "name_zh": f"D{n}",
            "layer": 2 if n == 0 else 3,
            "categories": [code for place, code in enumerate(codes) if place % 9 == n - 1],
            "calendar": "always" if n % 2 else None,
        }
        for n in range(10)
    ]
    people = [
        {
            "id": f"p{n:03d}",
            "name": f"P {n}",
            "department": f"d{n % 10}",
            "languages": chance.choice([["en", "zh"], ["en", "zh"], ["en", "zh"], ["zh"]]),
            "capacity": capacity,
        }
        for n in range(PEOPLE)
    ]
    away = [{"id": str(derived_id("away", n)), "person": f"p{n:03d}"} for n in range(5, PEOPLE, 10)]
    certified = [{"person": f"p{n:03d}"} for n in range(0, PEOPLE, 5)]
    now = clock.now()
    async with context.database.transaction() as transaction:
        for statement in _NOBODY:
            await transaction.execute(text(statement))
        for statement, rows in (
            (
                "INSERT INTO calendars (code, name_en, name_zh, zone, spans, china, closed, special) VALUES "
                "('always', 'A', 'A', 'Asia/Shanghai', CAST(:rows AS jsonb), false, '{}', '{}')",
                _OFFICE,
            ),
            (
                "INSERT INTO departments (code, name_en, name_zh, layer, categories, calendar) SELECT code, name_en, "
                "name_zh, layer, categories, calendar FROM jsonb_populate_recordset(NULL::departments, "
                "CAST(:rows AS jsonb))",
                units,
            ),
            (
                "INSERT INTO people (id, name, department, languages, capacity) SELECT id, name, department, "
                "languages, capacity FROM jsonb_populate_recordset(NULL::people, CAST(:rows AS jsonb))",
                people,
            ),
        ):
            await transaction.execute(text(statement), {"rows": to_json(rows).decode()})
        await transaction.execute(
            text(
                "INSERT INTO absences (id, person, since, until, kind) SELECT id, person, :since, :until, 'leave' "
                "FROM jsonb_populate_recordset(NULL::absences, CAST(:rows AS jsonb))"
            ),
            {"rows": to_json(away).decode(), "since": now, "until": now + timedelta(days=2)},
        )
        await transaction.execute(
            text(
                "INSERT INTO certificates (person, code, issued_at, expires_at) SELECT person, 'safety', :now, :until "
                "FROM jsonb_populate_recordset(NULL::certificates, CAST(:rows AS jsonb))"
            ),
            {"rows": to_json(certified).decode(), "now": now, "until": now + timedelta(days=300)},
        )


async def _let_wait(context: Context, number: int) -> None:
    chance = Random(11)
    codes = [category.code for category in newest().categories]
    begin = clock.now() - timedelta(hours=1)
    rows = []
    for n in range(number):
        accused = (f"p{chance.randrange(20):03d}",) if chance.random() < 0.02 else ()
        needs = Needs(
            chance.choice(codes),
            chance.choice(list(Severity)),
            chance.choice(["en", "zh"]),
            kind=Kind.COMPLAINT,
            visibility=Visibility.PRIVATE,
            against=Against.PERSON if accused else Against.ORGANISATION,
            accused=accused,
        )
        at = begin + timedelta(milliseconds=n)
        rows.append(
            {
                "complaint_id": UUID(int=chance.getrandbits(128)),
                "version": 1,
                "status": "waiting",
                "reference": f"RD-{n:08d}",
                "registered_at": at,
                "language": needs.language,
                "against": needs.against,
                "category": needs.category,
                "severity": needs.severity,
                "reasons": [],
                "held": [],
                "kind": needs.kind,
                "visibility": needs.visibility,
                "accused": accused,
                "needs": needs.as_text(),
                "waiting_since": at,
            }
        )
    listed = ", ".join(rows[0])
    async with context.database.transaction() as transaction:
        await transaction.execute(
            text(
                f"INSERT INTO dispatches ({listed}) SELECT {listed} "
                "FROM jsonb_populate_recordset(NULL::dispatches, CAST(:rows AS jsonb))"
            ),
            {"rows": to_json(rows).decode()},
        )
    async with context.database.reading() as connection:
        await connection.execute(text("ANALYZE dispatches"))
