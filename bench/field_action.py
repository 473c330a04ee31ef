"""How long a field action takes to address everybody, without a pace: `python -m bench.field_action` prints seconds.

Half of those affected complained (twice each), half have units that were named. The rounds are those of the timer, a
transaction each, with a fact for every customer; then the letters come back from the log, as the pump hands them on.
"""

import asyncio
import json
import resource
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import text

from bench.rig import SECRET, Rig
from services.resolution.app import service
from services.resolution.field_action.model import Draft, FieldAction
from services.resolution.field_action.store import store
from services.resolution.store import store as cases
from shared import clock
from shared.aggregate import load_one, save_one
from shared.config import Settings
from shared.envelope import headers_of
from shared.eventlog import Record
from shared.events import FieldLetterDelivered
from shared.events.field_action import Affected, Announcement, BilingualText, Measure
from shared.ids import derived_id, new_id
from shared.process import Process
from shared.service import Context
from shared.waking import Waker

CUSTOMERS = 10_000
BATCH = 500
_TEXT = BilingualText(en="Switch the motor off and do not use it. " * 5, zh="请立即断电停用。" * 10)
DRAFT = Draft(
    (Measure.NOTIFY_ALL, Measure.RECALL_REPLACE),
    Affected(batches=("41",)),
    Announcement(title=_TEXT, hazard=_TEXT, instruction=_TEXT, hotline="400-000-0000"),
)
UNPACED = {
    "per_minute": None,
    "round_seconds": 1,
    "look_seconds": 1,
    "least_coverage": "0",
    "warning_cache_seconds": 0,
}
NO_PACE = (
    "INSERT INTO rulebook_versions VALUES ('field-actions', 1, CAST(:rules AS jsonb), '1', 'bench', 'bench', now())",
    "INSERT INTO rulebook_switches VALUES ('field-actions', 1, 1, 'bench', 'bench', now())",
)
"""Statements that put UNPACED (`rules`) in force."""
_FILL = (
    *NO_PACE,
    "INSERT INTO case_products SELECT gen_random_uuid(), (md5('c' || n % (:number / 2)))::uuid, now(), 'P', 'M7', '41' "
    "FROM generate_series(1, CAST(:number AS int)) n",
    "INSERT INTO field_action_units SELECT :id, 'S-' || n, (md5('u' || n))::uuid, '41', now() "
    "FROM generate_series(1, CAST(:number AS int) / 2) n",
)


def measure(rig: Rig, number: int = CUSTOMERS) -> dict[str, Any]:
    url = rig.database()
    settings = Settings(data_dir=rig.folder / "data", database_url=url, secret=SECRET)
    process = Process(settings, url, [service])
    return asyncio.run(_measure(process, process.contexts["resolution"], number))


async def _measure(process: Process, context: Context, number: int) -> dict[str, Any]:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found: dict[str, Any] = {"customers": number}
    origin, action_id = new_id(), new_id()
    await _fill(context, origin, action_id, number)

    began = time.perf_counter()
    async with context.database.transaction() as transaction:
        action = await load_one(store, transaction, action_id)
        action.found = number
        action.propose("bench", clock.now())
        action.start(new_id(), "bench", clock.now())
        await save_one(store, transaction, action)
    found["freezing the set"] = time.perf_counter() - began

    real = clock._system_time
    with clock.moved_to(lambda: real() + timedelta(hours=1)):
        began = time.perf_counter()
        while await _left(context):
            await context.part(Waker).wake()
        found["addressing all"] = time.perf_counter() - began
    async with context.database.reading() as connection:
        query = text("SELECT customer_id FROM field_action_customers WHERE state = 'addressed'")
        people = list((await connection.execute(query)).scalars())
    assert len(people) == number

    pump, letters = service.pump(context), [_letter(origin, action_id, each) for each in people]
    began = time.perf_counter()
    for first in range(0, number, BATCH):
        await pump.handle(letters[first : first + BATCH])
    found["letters coming back"] = time.perf_counter() - began
    found["memory, MiB more"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    await process.log.stop()
    await process._close()
    return found


async def _fill(context: Context, origin: UUID, action_id: UUID, number: int) -> None:
    async with context.database.transaction() as transaction:
        case = await load_one(cases, transaction, origin)
        case.open("RD-7K2M9QXA3", clock.now())
        await save_one(cases, transaction, case)
        action = FieldAction(id=action_id)
        action.draft(origin, DRAFT, "bench", clock.now())
        await save_one(store, transaction, action)
        given = {"rules": to_json(UNPACED).decode(), "number": number, "id": action_id}
        for statement in _FILL:
            wanted = {name: value for name, value in given.items() if f":{name}" in statement}
            await transaction.connection.execute(text(statement), wanted)


async def _left(context: Context) -> bool:
    async with context.database.reading() as connection:
        query = text("SELECT EXISTS (SELECT FROM field_action_customers WHERE state = 'pending')")
        return bool((await connection.execute(query)).scalar_one())


def _letter(origin: UUID, action_id: UUID, customer_id: UUID) -> Record:
    event = FieldLetterDelivered(
        complaint_id=origin,
        field_action_id=action_id,
        customer_id=customer_id,
        delivery_id=derived_id("letter", customer_id),
        channel="email",
        delivered_at=clock.now(),
    )
    headers = json.loads(headers_of(event, new_id(), "bench", clock.now(), None)) | {"ce_sequence": "1"}
    return Record(event.topic, str(origin), headers, event.model_dump_json().encode())


if __name__ == "__main__":
    with Rig() as rig:
        for name, value in measure(rig).items():
            print(f"{name}: {value:.2f}")
