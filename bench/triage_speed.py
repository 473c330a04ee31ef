"""How many complaints routing decides in a second: events from the log through rules, classifier, store and commit.

Half of the complaints are such that the rules decide, and half that the classifier is asked in earnest.
"""

import asyncio
import json
import time
from typing import Any

from bench import stories
from bench.rig import Rig
from services.routing.handlers import reactions
from services.routing.triage.learned import equip
from shared import clock, ids
from shared.database import Database
from shared.envelope import headers_of
from shared.eventlog import Record
from shared.eventlog.table import TableLog
from shared.events import ComplaintRegistered
from shared.events.intake import MaskedStatement
from shared.events.vocabulary import (
    Against,
    Channel,
    ComplainantType,
    Form,
    Kind,
    Language,
    Medium,
    Visibility,
)
from shared.reactions import Pump

COMPLAINTS, QUICK = 10_000, 1_000
BATCHES = (500, 50, 1)
"""Events that come together; one by one, fewer are measured."""


def measure(rig: Rig, quick: bool) -> dict[str, Any]:
    number = QUICK if quick else COMPLAINTS
    found: dict[str, Any] = {}
    for name, equipped in (("rules alone", False), ("rules and classifier", True)):
        for batch in BATCHES:
            url = rig.database()
            records = _records(number if batch > 1 else number // 20)
            seconds = asyncio.run(_handle(url, records, batch, equipped=equipped))
            rig.drop(url)
            found[f"{name}, {batch} at a time"] = {
                "complaints": len(records),
                "seconds": seconds,
                "per_second": len(records) / seconds,
            }
    return found


async def _handle(url: str, records: list[Record], batch: int, *, equipped: bool) -> float:
    database = Database(url, "routing", 4)
    if equipped:
        equip(database)
    pump = Pump("routing", [reactions], database, TableLog(url), batch=batch)
    try:
        await pump.handle(records[:1])  # prepares the statements
        began = time.perf_counter()
        for first in range(1, len(records), batch):
            await pump.handle(records[first : first + batch])
        return time.perf_counter() - began
    finally:
        await database.close()


def _records(number: int) -> list[Record]:
    told = [json.loads(body)["statement"] for body in stories.bodies(400)]
    return [_record(_registered(told[at % len(told)], at)) for at in range(number)]


def _registered(statement: dict[str, str], at: int) -> ComplaintRegistered:
    return ComplaintRegistered(
        complaint_id=ids.new_id(),
        reference=f"RD-{at:08d}-X",
        registered_at=clock.now(),
        kind=Kind.COMPLAINT,
        medium=Medium.ONLINE,
        channel=Channel.WEB_FORM,
        language=(Language.EN, Language.ZH)[at % 2],
        form=Form.WRITTEN,
        against=Against.ORGANISATION,
        visibility=Visibility.PRIVATE,
        complainant_type=ComplainantType.EXTERNAL,
        customer_id=ids.new_id(),
        statement=MaskedStatement(**statement),
        completeness=0.5,
    )


def _record(event: ComplaintRegistered) -> Record:
    headers = json.loads(headers_of(event, ids.new_id(), "intake", event.registered_at, None))
    headers["ce_sequence"] = "1"
    return Record(
        event.topic, str(event.complaint_id), headers, event.model_dump_json(exclude_none=True).encode()
    )
