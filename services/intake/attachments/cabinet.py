"""The cabinet: takes files in, and hands them out. Part of intake; the way in for every channel.

First a row, then the bytes, then the attachment: whatever stops in between leaves an upload, which `Sweeper`
removes together with its bytes.
"""

import asyncio
import logging
from collections.abc import AsyncIterable, Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from pydantic_core import from_json, to_json
from sqlalchemy import delete, select

from services.intake import found
from services.intake.attachments import store
from services.intake.attachments.measured import Measured
from services.intake.attachments.model import THUMBNAILED, Attachment, By, path_of, thumbnail_path
from services.intake.attachments.naming import cleaned
from services.intake.attachments.scanner import ClamAV
from services.intake.attachments.storage import Storage, open_storage
from services.intake.attachments.store import uploads
from shared import clock, idempotency, ids, problems
from shared.aggregate import NotPossible
from shared.config import Settings
from shared.database import Database, Transaction, sql, uninterrupted
from shared.events.vocabulary import Scan
from shared.idempotency import Answer, Claim
from shared.problems import Problem
from shared.reactions import describe

log = logging.getLogger(__name__)

UPLOAD_LIMIT = timedelta(minutes=15)
"""Within which a file must have arrived."""
GIVEN_UP_AFTER = timedelta(hours=1)
"""An upload of this age has nobody any more who sends it: well beyond UPLOAD_LIMIT."""


@dataclass(frozen=True, slots=True)
class Stored:
    attachment: Attachment
    replayed: bool
    """It was stored by an earlier request with the same key."""


class Cabinet:
    """Where attachments are kept."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.storage: Storage = open_storage(settings)
        self.scanner = ClamAV(settings.scanner_url) if settings.scanner_url else None
        self.wake_inspector: Callable[[], None] = lambda: None
        self._database = database
        self._size_limit = settings.attachment_limit
        self._number_limit = settings.attachments_per_complaint

    async def store(
        self,
        complaint_id: UUID,
        stream: AsyncIterable[bytes],
        name: str | None,
        declared_type: str | None,
        by: By,
        *,
        visible_to_customer: bool = False,
        key: str | None = None,
    ) -> Stored:
        """Take a file in. It is recorded, and told, when this returns; it is served once it has been scanned.

        `key` names the intended effect, as an Idempotency-Key does: the same file for the same complaint under
        the same key is stored once. Raises Problem: no such complaint, too many, too large, empty, of a type
        that is not taken, KeyReused; and whatever `stream` raises. Then nothing of it stays.
        """
        upload_id = ids.new_id()
        await self._begin(upload_id, complaint_id, by, key)
        try:
            async with asyncio.timeout(UPLOAD_LIMIT.total_seconds()) as limit:
                file = Measured(stream, self._size_limit)
                await self.storage.put(path_of(upload_id), file.chunks())
            attachment = Attachment(
                id=upload_id,
                complaint_id=complaint_id,
                name=cleaned(name, file.media_type),
                media_type=file.media_type,
                declared_type=declared_type,
                size=file.size,
                sha256=file.digest.digest(),
                added_by=by.principal,
                from_customer=by.from_customer,
                visible_to_customer=visible_to_customer or by.from_customer,
                added_at=clock.now(),
                scan=Scan.PENDING if self.scanner else Scan.NOT_SCANNED,
                thumbnail=False,
            )
            stored = await self._finish(attachment, by, key)
        except BaseException as error:
            await self._clean_up(upload_id)
            if isinstance(error, TimeoutError) and limit.expired():
                raise _too_slow() from None
            raise
        if stored.replayed:
            await self.give_up(upload_id)
        else:
            self.wake_inspector()
        return stored

    async def _begin(self, upload_id: UUID, complaint_id: UUID, by: By, key: str | None) -> None:
        async with self._database.transaction(of=[complaint_id]) as transaction:
            number = await store.number_of(transaction, complaint_id)
            if number is None:
                raise found.unknown()
            # A repetition adds nothing, and must be told so also when there is no room left.
            if number >= self._number_limit and not await _known(transaction, by, key):
                raise NotPossible(
                    "too-many-attachments",
                    f"The complaint has {self._number_limit} attachments, with those on their way, and can have no "
                    "more: put several into one file.",
                    f"该投诉的附件已达上限({self._number_limit}个)，请将多个文件合并为一个。",
                    attachments=number,
                )
            await store.begin(transaction, upload_id, complaint_id, clock.now())

    async def _finish(self, attachment: Attachment, by: By, key: str | None) -> Stored:
        # It holds the complaint, or the file could outlive an erasure.
        async with self._database.transaction(of=[attachment.complaint_id]) as transaction:
            if key is not None:
                claim = Claim(by.principal, key, _fingerprint(attachment))
                answer = Answer(201, to_json({"id": attachment.id}))
                before = await idempotency.claim(transaction, claim, answer)
                if before is not None:
                    return await self._stored_before(transaction, attachment.complaint_id, before)
            wanted = attachment.media_type in THUMBNAILED
            if not await store.finish(transaction, attachment, thumbnail_wanted=wanted):
                raise problems.unavailable()
            transaction.publish(attachment.added(), at=attachment.added_at)
        return Stored(attachment, replayed=False)

    async def _stored_before(self, transaction: Transaction, complaint_id: UUID, before: Answer) -> Stored:
        earlier = UUID(from_json(before.body)["id"])
        found = await store.find(transaction.connection, complaint_id, earlier)
        if found is None:
            raise problems.not_found("attachment", "header/Idempotency-Key")
        return Stored(found, replayed=True)

    async def _clean_up(self, upload_id: UUID) -> None:
        try:
            await uninterrupted(self.give_up(upload_id))
        except Exception as error:  # the caller must hear of the first error, and the sweeper comes anyway
            log.warning("upload %s is left to the sweeper: %s", upload_id, describe(error))

    async def give_up(self, upload_id: UUID) -> bool:
        """Remove an upload with its bytes, unless it has become an attachment. The bytes first: whatever stops
        us, the row tells that they may be there."""
        async with self._database.transaction() as transaction:
            found = await transaction.execute(
                select(uploads.c.id).where(uploads.c.id == upload_id).with_for_update()
            )
            if found.one_or_none() is None:
                return False
            for path in (thumbnail_path(upload_id), path_of(upload_id)):  # an erased one may have both
                await self.storage.remove(path)
            await transaction.execute(delete(uploads).where(uploads.c.id == upload_id))
        return True


async def _known(transaction: Transaction, by: By, key: str | None) -> bool:
    found = await transaction.execute(
        sql("SELECT 1 FROM idempotency_keys WHERE principal = :principal AND key = :key"),
        {"principal": by.principal, "key": key},
    )
    return found.one_or_none() is not None


def _fingerprint(attachment: Attachment) -> bytes:
    """What makes it the same request: the complaint, the bytes, the name, who may see it."""
    said = (attachment.name, attachment.from_customer, attachment.visible_to_customer)
    return idempotency.fingerprint("ATTACH", str(attachment.complaint_id), attachment.sha256 + to_json(said))


def _too_slow() -> Problem:
    return Problem(
        408,
        "upload-too-slow",
        "The file did not arrive in time",
        f"It must arrive within {UPLOAD_LIMIT.total_seconds() / 60:g} minutes. Send it again. "
        "上传超时,请重新上传。",
        field="body",
    )
