"""Workers behind the cabinet: one scans what came in and makes thumbnails, one removes what nobody finished."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime, timedelta
from tempfile import TemporaryFile
from uuid import UUID

from sqlalchemy import select, update

from services.intake.attachments import store, thumbnails
from services.intake.attachments.cabinet import GIVEN_UP_AFTER, Cabinet
from services.intake.attachments.model import Attachment, path_of, thumbnail_path
from services.intake.attachments.store import attachments, uploads
from services.intake.attachments.thumbnails import NoThumbnail
from shared import clock
from shared.database import Database, sql
from shared.events.vocabulary import Scan
from shared.reactions import describe

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
"""Nobody else looks at what an inspector has begun with; well beyond the time that scanning may take."""
PAUSES = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 3600))
"""After a look that came to nothing; the last one from then on. Quarantine has no end but a verdict."""
SWEEP_SECONDS = 60.0

_CLAIM = """
UPDATE attachments SET looks = least(looks + 1, 1000), look_at = :until WHERE id = (
    SELECT id FROM attachments WHERE look_at <= :now ORDER BY look_at FOR UPDATE SKIP LOCKED LIMIT 1
) RETURNING id, complaint_id, looks, thumbnail
"""


class Inspector:
    """Looks at one attachment after the other. Any number may work side by side, in any number of processes."""

    def __init__(self, database: Database, cabinet: Cabinet, poll_interval: float) -> None:
        self._database = database
        self._cabinet = cabinet
        self._poll_interval = poll_interval
        self._woken = asyncio.Event()
        # The poll is for what other processes left, and for what is to be looked at again.
        cabinet.wake_inspector = self._woken.set

    async def run(self) -> None:
        while True:
            self._woken.clear()
            if not await self.look():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), self._poll_interval)

    async def look(self) -> bool:
        """Scan one attachment that is due, and make its thumbnail; False when none is."""
        now = clock.now()
        async with self._database.transaction() as transaction:
            claimed = await transaction.execute(sql(_CLAIM), {"now": now, "until": now + LEASE})
            row = claimed.one_or_none()
        if row is None:
            return False
        async with self._database.reading() as connection:
            attachment = await store.find(connection, row.complaint_id, row.id)
        if attachment is None:  # erased since
            return True
        try:
            scan, signature = await self._scan(attachment)
            servable = scan is not Scan.INFECTED
            made = servable and row.thumbnail == "wanted" and await self._picture(attachment)
        except OSError as error:
            pause = PAUSES[min(row.looks, len(PAUSES)) - 1]
            log.warning("attachment %s is looked at again in %s: %s", row.id, pause, describe(error))
            await self._look_again(row.id, now + pause)
            return True
        await self._settle(attachment, scan, signature, made=made)
        return True

    async def _scan(self, attachment: Attachment) -> tuple[Scan, str | None]:
        if attachment.scan is not Scan.PENDING:
            return attachment.scan, None
        if self._cabinet.scanner is None:
            # It came while there was a scanner. Without one its verdict would never come; say so.
            raise ScannerMissing("no scanner is configured, and the file waits for one")
        path = path_of(attachment.id)
        signature = await self._cabinet.scanner.scan(await self._cabinet.storage.get(path))
        return (Scan.INFECTED, signature) if signature is not None else (Scan.CLEAN, None)

    async def _picture(self, attachment: Attachment) -> bool:
        storage = self._cabinet.storage
        with TemporaryFile() as file:
            async for chunk in await storage.get(path_of(attachment.id)):
                await asyncio.to_thread(file.write, chunk)
            file.seek(0)
            try:
                small = await asyncio.to_thread(thumbnails.thumbnail, file)
            except NoThumbnail as error:
                log.info("attachment %s has no thumbnail: %s", attachment.id, error)
                return False
        await storage.put(thumbnail_path(attachment.id), _once(small))
        return True

    async def _look_again(self, attachment_id: UUID, at: datetime) -> None:
        async with self._database.transaction() as transaction:
            waiting = attachments.c.look_at.is_not(None)
            await transaction.execute(
                update(attachments).where(attachments.c.id == attachment_id, waiting).values(look_at=at)
            )

    async def _settle(self, attachment: Attachment, scan: Scan, signature: str | None, *, made: bool) -> None:
        async with self._database.transaction() as transaction:
            settled = await transaction.execute(
                update(attachments)
                .where(attachments.c.id == attachment.id, attachments.c.look_at.is_not(None))
                .values(scan=scan, signature=signature, thumbnail="made" if made else "none", look_at=None)
                .returning(attachments.c.id)
            )
            kept = await store.find(transaction.connection, attachment.complaint_id, attachment.id)
            # Of two that looked at the same time, because a lease ran out, the first one tells.
            if settled.one_or_none() is not None and attachment.scan is Scan.PENDING:
                now = clock.now()
                transaction.publish(attachment.scanned(scan, now), at=now)
        if kept is None:  # erased meanwhile
            await self._cabinet.storage.remove(thumbnail_path(attachment.id))
        if scan is Scan.INFECTED:
            log.warning("attachment %s is infected (%s) and stays in quarantine", attachment.id, signature)


class ScannerMissing(OSError):
    """A file waits for its scan, but REDRESS_SCANNER_URL is not set any more."""


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


class Sweeper:
    """Removes uploads that nobody finishes: their process died, or could not clean up behind itself."""

    def __init__(self, database: Database, cabinet: Cabinet) -> None:
        self._database = database
        self._cabinet = cabinet

    async def run(self) -> None:
        while True:
            await self.sweep()
            await asyncio.sleep(SWEEP_SECONDS)

    async def sweep(self) -> int:
        """Returns how many it removed. Any number may sweep at once."""
        before = clock.now() - GIVEN_UP_AFTER
        async with self._database.reading() as connection:
            found = await connection.execute(
                select(uploads.c.id).where(uploads.c.started_at < before).order_by(uploads.c.started_at)
            )
            left = found.scalars().all()
        removed = 0
        for upload_id in left:
            try:
                removed += await self._cabinet.give_up(upload_id)
            except OSError as error:
                log.warning("upload %s could not be removed yet: %s", upload_id, describe(error))
        return removed
