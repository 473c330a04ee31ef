"""The worker that registers the rows of imported files, group by group, through the door.

Each row is registered under a claim of its own, so that whoever goes on with an import after a crash, and sends
the same group to the door again, gets the answers of the first time. A group that is accounted for is never read
again. Any number of importers may work side by side, each on another file.
"""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from tempfile import TemporaryFile
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from services.intake.attachments.storage import Storage
from services.intake.door import Door
from services.intake.imports import reading, store
from services.intake.imports.model import Group, Job, Result, Row, Settled, State, Wrong, path_of
from services.intake.registration import register
from services.intake.schemas import NewComplaint
from shared import clock, idempotency, problems
from shared.database import Database, is_transient, sql, uninterrupted
from shared.idempotency import Claim, KeyReused
from shared.problems import Problem
from shared.reactions import describe

log = logging.getLogger(__name__)

GROUP = 256
"""Rows that are accounted for together."""
BREATH = 16
"""Rows after which requests of others get their turn."""
LEASE = timedelta(seconds=30)
"""Within which a group must be accounted for, or another importer goes on."""
PAUSE = timedelta(seconds=5)
"""Before an import is taken up again that met with trouble of the surroundings."""
RECEIVED_WITHIN = timedelta(hours=1)
"""A file of this age that has not arrived never will."""
SWEEP_SECONDS = 60.0


class Importer:
    """Works off the imports of this installation. Part of intake, and one of its workers."""

    def __init__(self, database: Database, door: Door, storage: Storage, poll_interval: float) -> None:
        self.storage = storage
        self.database = database
        self._door = door
        self._poll_interval = poll_interval
        self._woken = asyncio.Event()
        self.wake = self._woken.set

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        swept = loop.time() - SWEEP_SECONDS
        while True:
            self._woken.clear()
            if await self.work():
                continue
            if loop.time() - swept >= SWEEP_SECONDS:
                await self.sweep()
                swept = loop.time()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), self._poll_interval)

    async def work(self) -> bool:
        """Take up the oldest import and register its rows, until its end or until it is cancelled; False when
        there is none."""
        async with self.database.transaction() as transaction:
            job = await store.take(transaction, clock.now(), LEASE)
        if job is None:
            return False
        try:
            await self._carry_on(job)
        except asyncio.CancelledError:  # we are stopped: nobody has to wait until the lease has run out
            await uninterrupted(self._release(job, clock.now()))
            raise
        except Exception as error:
            log.warning("import %s is taken up again in %s: %s", job.id, PAUSE, describe(error))
            await self._release(job, clock.now() + PAUSE)
        return True

    async def _release(self, job: Job, at: datetime) -> None:
        async with self.database.transaction() as transaction:
            await store.release(transaction, job, at)

    async def _carry_on(self, job: Job) -> None:
        with TemporaryFile() as file:
            async for chunk in await self.storage.get(path_of(job.file)):
                await asyncio.to_thread(file.write, chunk)
            file.seek(0)
            rows = reading.rows(file, job.format, job.encoding, job.delimiter)
            await _some(rows, job.done)
            last = False
            while not last:
                read = await _some(rows, GROUP)
                last = len(read) < GROUP
                group = Group(await self._register(job, read), last)
                async with self.database.transaction() as transaction:
                    if not await store.settle(transaction, job, group, clock.now(), LEASE):
                        return
        await self._discard(job.id, job.file)

    async def _register(self, job: Job, rows: list[Row]) -> list[Settled]:
        """Raises whatever a repetition may mend; a row that is at fault itself is settled as refused."""
        async with asyncio.TaskGroup() as together:
            waiting = []
            for number, row in enumerate(rows, 1):
                waiting.append(together.create_task(self._settled(job, row)))
                if number % BREATH == 0:
                    await asyncio.sleep(0)
        return await self._without_repeated(job, [task.result() for task in waiting])

    async def _settled(self, job: Job, row: Row) -> tuple[Settled, datetime | None]:
        """What became of the row; when it had been registered, if that was in an earlier attempt."""
        if row.told is None:
            return _refused(row, row.wrong), None
        try:
            told = NewComplaint.model_validate(row.told)
        except ValidationError as error:
            return _refused(row, _wrong(error)), None
        wanted = _claim(job, row, to_json(row.told))
        try:
            answer, replayed = await self._door.register(register(told, job.principal, clock.now()), wanted)
        except KeyReused:
            return _refused(row, [_KEY_REUSED]), None
        except Exception as error:
            if is_transient(error) or (isinstance(error, Problem) and error.status >= 500):
                raise
            log.error("row %d of import %s failed: %s", row.number, job.id, describe(error))
            return _refused(row, [_UNEXPECTED]), None
        stored = from_json(answer.body)
        settled = Settled(
            row.number, row.line, row.key, Result.REGISTERED, UUID(stored["id"]), stored["reference"]
        )
        return settled, datetime.fromisoformat(stored["registered_at"]) if replayed else None

    async def _without_repeated(
        self, job: Job, found: list[tuple[Settled, datetime | None]]
    ) -> list[Settled]:
        """An answer of an earlier attempt is that of this very row, unless the import had not begun by then or
        another row of it told of the complaint before."""
        doubtful = [each.complaint_id for each, before in found if before is not None and each.complaint_id]
        taken: set[UUID | None] = set()
        if doubtful:
            async with self.database.transaction() as transaction:
                taken |= await store.reported(transaction, job.id, doubtful)
        settled: list[Settled] = []
        for each, before in found:
            known = before is not None and (before < job.created_at or each.complaint_id in taken)
            if each.complaint_id is not None:
                taken.add(each.complaint_id)
            settled.append(_as_known(each) if known else each)
        return settled

    async def sweep(self) -> int:
        """Remove files that nobody needs any more: of imports that ended, and what never arrived whole.

        Returns how many it removed. Any number may sweep at once.
        """
        async with self.database.reading() as connection:
            left = await store.left_over(connection, clock.now() - RECEIVED_WITHIN)
        for import_id, file, state in left:
            if state is State.RECEIVING:
                await self.give_up(import_id)
            else:
                await self._discard(import_id, file)
        return len(left)

    async def give_up(self, import_id: UUID) -> None:
        """Remove an import that nobody has been told of, with its bytes. The bytes first: whatever stops us, the
        row tells that they may be there."""
        async with self.database.transaction() as transaction:
            found = await transaction.execute(
                sql("SELECT file FROM imports WHERE id = :id AND state = 'receiving' FOR UPDATE"),
                {"id": import_id},
            )
            row = found.one_or_none()
            if row is not None:
                await self.storage.remove(path_of(row.file))
                await transaction.execute(sql("DELETE FROM imports WHERE id = :id"), {"id": import_id})

    async def _discard(self, import_id: UUID, file: UUID) -> None:
        """Remove the bytes of an import that ended. Its row is held meanwhile, or it could begin anew."""
        try:
            async with self.database.transaction() as transaction:
                found = await transaction.execute(
                    sql(
                        "UPDATE imports SET file = NULL WHERE id = :id AND file = :file "
                        "AND state IN ('finished', 'cancelled') RETURNING id"
                    ),
                    {"id": import_id, "file": file},
                )
                if found.one_or_none() is not None:
                    await self.storage.remove(path_of(file))
        except OSError as error:  # the sweeper comes again
            log.warning("the file of import %s could not be removed yet: %s", import_id, describe(error))


def _claim(job: Job, row: Row, told: bytes) -> Claim:
    """Under which a row is registered once: its own key, or its place in this very file.

    The blank keeps it apart from every Idempotency-Key, which can have none.
    """
    own = f"row {row.key}" if row.key is not None else f"import {job.sha256.hex()} {row.number}"
    return Claim(job.principal, own, idempotency.fingerprint("IMPORT", own, told))


async def _some(rows: Iterator[Row], number: int) -> list[Row]:
    """The next rows; fewer at the end of the file."""
    return await asyncio.to_thread(lambda: list(islice(rows, number)))


def _refused(row: Row, wrong: "tuple[Wrong, ...] | list[Wrong]") -> Settled:
    return Settled(row.number, row.line, row.key, Result.REFUSED, wrong=tuple(wrong))


def _as_known(settled: Settled) -> Settled:
    return Settled(
        settled.number, settled.line, settled.key, Result.KNOWN, settled.complaint_id, settled.reference
    )


_KEY_REUSED = Wrong(
    "row_key",
    "The same key came before with a different complaint. Use a new key for a new complaint. "
    "该 row_key 已用于另一内容,请换用新的 row_key。",
)
_UNEXPECTED = Wrong(
    "row",
    "Redress failed to register it; the reason is in the log of Redress. Send the row again in another file. "
    "登记失败,请在另一文件中重新提交该行。",
)


def _wrong(error: ValidationError) -> list[Wrong]:
    found = problems.field_errors(error.errors(), separator=".")[:20]
    return [Wrong(_COLUMN.get(each.field, each.field), each.detail) for each in found]


_COLUMN = {"statement": "statement.what_went_wrong"}
"""What no cell told of is missing as a whole; a file has it as a column."""
