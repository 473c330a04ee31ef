"""Makes the briefings when they are due: plans whose turn it is, asks for what happened, and queues the letters.

Any number of replicas may do so. A turn is begun by whoever writes it down first; a briefing is made under a lease, and
kept by whoever still holds it. After a time without Redress only the latest turn is made up for, over all those days.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from services.notification.briefings import store
from services.notification.briefings.book import BRIEFINGS, BriefingRow, BriefingTable
from services.notification.briefings.model import BriefingContent, Clipping, Voice
from services.notification.briefings.sources import ReaderGroup, SourceMissing, Sources
from services.notification.briefings.store import Planned
from services.notification.briefings.timing import Turn, latest_turn, since
from services.notification.delivery import Delivery
from services.notification.rules import Audience, Nature, Urgency
from services.notification.store import briefing_tables, queue
from shared import clock
from shared.database import Database
from shared.events import vocabulary
from shared.ids import derived_id
from shared.rulebooks.store import load_books

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=3)
"""A maker that has not kept its briefing by then is taken for dead."""
TEMPLATE = "briefing"
_NOBODY = ReaderGroup(department=None, name=None, people=())


class Maker:
    def __init__(self, database: Database, sources: Sources, poll_interval: float) -> None:
        self._database = database
        self._sources = sources
        self._poll_interval = poll_interval
        self._begun: dict[str, datetime] = {}
        """Of each row the last turn that is known to have been begun."""
        self._not_before: dict[str, datetime] = {}
        """Rows whose readers could not be had, and when they are asked for again."""

    async def run(self) -> None:
        """Make them for ever."""
        while True:
            if not await self.round():
                await asyncio.sleep(self._poll_interval)

    async def round(self) -> int:
        """Begin the turns that have come, and make one briefing; returns how many were made."""
        async with self._database.reading() as connection:
            books = await load_books(connection, BRIEFINGS)
        table, version = books.read(BRIEFINGS), books.version(BRIEFINGS)
        now = clock.now()
        for row in table.rows:
            turn = latest_turn(row, now)
            waits = self._not_before.get(row.id, now) > now
            if turn is not None and self._begun.get(row.id) != turn.until and not waits:
                await self._begin(row, version, table, turn, now)
        planned = await store.claim(self._database, now, now + LEASE)
        if planned is None:
            return 0
        await self._make(planned, table)
        return 1

    async def _begin(
        self, row: BriefingRow, version: int, table: BriefingTable, turn: Turn, now: datetime
    ) -> None:
        async with self._database.reading() as connection:
            before = (await store.last_turns(connection)).get(row.id)
        if before is not None and before >= turn.until:
            self._begun[row.id] = turn.until
            return
        planned: list[Planned] = []
        if before is not None:  # else the row is new: its first one is about the time that begins now
            try:
                planned = await self._plan(row, version, turn, before, now)
            except SourceMissing as error:
                # However long it takes: the turn is begun later, or the next one covers its days.
                log.warning("%s waits for routing to tell its readers: %s", row.id, error)
                self._not_before[row.id] = now + timedelta(minutes=table.retry_minutes)
                return
        async with self._database.transaction() as transaction:
            if await store.begin_turn(transaction, row.id, turn.until, planned, now):
                log.info("briefings begun", extra={"row": row.id, "number": len(planned)})
        self._begun[row.id] = turn.until

    async def _plan(
        self, row: BriefingRow, version: int, turn: Turn, before: datetime, now: datetime
    ) -> list[Planned]:
        begin = since(row, turn.until, before)
        groups: list[tuple[str, ReaderGroup]] = []
        if row.audience is vocabulary.Audience.PERSON_CONCERNED:
            async with self._database.reading() as connection:
                named = await store.named_in_clippings(connection, row.id, turn.until)
            [known] = await self._sources.groups(row, named) if named else [_NOBODY]
            groups = [(person, known.model_copy(update={"people": (person,)})) for person in known.people]
        else:
            groups = [(group.department or "", group) for group in await self._sources.groups(row)]
        return [
            Planned(
                id=store.briefing_id(row.id, scope, turn.until),
                row=row,
                book_version=version,
                scope=scope,
                department=group.department,
                department_name=group.name,
                since=begin,
                until=turn.until,
                readers=group.people,
                planned_at=now,
            )
            for scope, group in groups
        ]

    async def _make(self, planned: Planned, table: BriefingTable) -> None:
        patience = timedelta(minutes=table.patience_minutes)
        try:
            content, voices = await self._sources.content(
                planned.row,
                table,
                planned.since,
                planned.until,
                planned.department,
                patient=clock.now() < planned.planned_at + patience,
            )
        except SourceMissing as error:
            log.info("a briefing waits: %s", error)
            again = clock.now() + timedelta(minutes=table.retry_minutes)
            await store.try_again(self._database, planned, min(again, planned.planned_at + patience))
            return
        await self._keep(planned, content, voices)

    async def _keep(self, planned: Planned, content: BriefingContent, voices: Sequence[Voice]) -> None:
        now = clock.now()
        person = planned.scope if planned.row.audience is vocabulary.Audience.PERSON_CONCERNED else None
        async with self._database.transaction() as transaction:
            await transaction.lock([voice.complaint_id for voice in voices])
            if not await store.is_mine(transaction, planned):
                return
            clippings: list[Clipping] = []
            if planned.row.shows_clippings:
                clippings = await store.fresh_clippings(transaction.connection, planned, person)
            readers = _readers(planned, clippings)
            if not readers or content.weight + len(clippings) < planned.row.at_least:
                await store.keep_empty(transaction, planned, now)
                return
            letters = {reader: _letter(planned, reader, now) for reader in readers}
            await queue(transaction, list(letters.values()))
            ids = {reader: letter.id for reader, letter in letters.items()}
            await store.keep(transaction, briefing_tables, planned, content, clippings, voices, ids, now)
        log.info("briefing made", extra={"row": planned.row.id, "readers": len(readers)})


def _readers(planned: Planned, clippings: Sequence[Clipping]) -> list[str]:
    """Those of the plan, and whoever a clipping names."""
    if planned.row.audience is vocabulary.Audience.PERSON_CONCERNED:
        return list(planned.readers)
    named = (person for clipping in clippings for person in clipping.recipients)
    return list(dict.fromkeys([*planned.readers, *named]))


def _letter(planned: Planned, reader: str, at: datetime) -> Delivery:
    return Delivery(
        id=derived_id("briefing-letter", planned.id, reader),
        complaint_id=None,
        audience=Audience.STAFF,
        rule=f"briefing/{planned.row.id}",
        at=at,
        lane=f"briefing/{planned.row.id}/{reader}",
        urgency=Urgency.USUAL,
        nature=Nature.SERVICE,
        template=TEMPLATE,
        facts={"briefing_id": str(planned.id)},
        recipient=reader,
    )
