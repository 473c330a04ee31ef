"""Taking a file in: first a row, then the bytes, then the import. Whatever stops in between, the sweeper clears."""

import asyncio
import logging
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from services.intake.attachments.incoming import Incoming
from services.intake.imports import reading, store
from services.intake.imports.arriving import Arriving
from services.intake.imports.importer import Importer
from services.intake.imports.model import Format, State, path_of
from services.intake.imports.store import imports
from shared import clock, ids
from shared.database import sql, uninterrupted
from shared.problems import Problem
from shared.reactions import describe

log = logging.getLogger(__name__)

WITHIN_SECONDS = 900.0
"""Within which a file must have arrived."""
HEAD = reading.ROW_LIMIT
"""Bytes in which the header of a CSV file must end."""

_RECEIVED = sql(
    "UPDATE imports SET state = 'waiting', encoding = :encoding, delimiter = :delimiter, sha256 = :sha256, "
    "size = :size WHERE id = :id AND state = 'receiving'"
)
_AGAIN = sql(
    "UPDATE imports SET state = 'waiting', file = coalesce(file, :file) WHERE id = :id RETURNING file"
)
_PASS_ON = sql("DELETE FROM imports WHERE id = :id")


async def receive(
    importer: Importer, file: Incoming, kind: Format, principal: str, limit: int
) -> tuple[UUID, bool]:
    """The import of the file, and whether this begins it, or goes on with one that was cancelled.

    Raises Problem: too large, too slow, empty, no text, a header that will not do; then nothing of it stays.
    """
    mine = ids.new_id()
    async with importer.database.transaction() as transaction:
        await transaction.execute(
            insert(imports).values(
                id=mine,
                principal=principal,
                created_at=clock.now(),
                state=State.RECEIVING.value,
                file=mine,
                format=kind.value,
            )
        )
    arriving = Arriving(file.chunks, limit)
    try:
        async with asyncio.timeout(WITHIN_SECONDS) as in_time:
            await importer.storage.put(path_of(mine), arriving.chunks())
        delimiter = await _delimiter(importer, mine, arriving) if kind is Format.CSV else None
        try:
            found, begun = await _begin(importer, mine, kind, principal, arriving, delimiter)
        except IntegrityError:  # the same file came at the same moment, and was first: now it can be seen
            found, begun = await _begin(importer, mine, kind, principal, arriving, delimiter)
    except BaseException as error:
        await _clean_up(importer, mine)
        if isinstance(error, TimeoutError) and in_time.expired():
            raise _too_slow() from None
        raise
    if begun:
        importer.wake()
    if found != mine:
        await _clean_up(importer, mine)
    return found, begun


async def _delimiter(importer: Importer, file: UUID, arriving: Arriving) -> str:
    head = b"".join([chunk async for chunk in await importer.storage.get(path_of(file), 0, HEAD)])
    return reading.header_of(head, arriving.encoding)[0]


async def _begin(
    importer: Importer, mine: UUID, kind: Format, principal: str, arriving: Arriving, delimiter: str | None
) -> tuple[UUID, bool]:
    digest = arriving.digest.digest()
    async with importer.database.transaction() as transaction:
        before = await store.same_file(transaction, principal, digest, kind)
        if before is None:
            await transaction.execute(
                _RECEIVED,
                {
                    "id": mine,
                    "encoding": arriving.encoding,
                    "delimiter": delimiter,
                    "sha256": digest,
                    "size": arriving.size,
                },
            )
            return mine, True
        import_id, state = before
        if state is not State.CANCELLED:
            return import_id, False
        again = await transaction.execute(_AGAIN, {"id": import_id, "file": mine})
        if again.scalar_one() == mine:
            await transaction.execute(_PASS_ON, {"id": mine})
        return import_id, True


async def _clean_up(importer: Importer, import_id: UUID) -> None:
    try:
        await uninterrupted(importer.give_up(import_id))
    except Exception as error:  # the caller must hear of the first error, and the sweeper comes anyway
        log.warning("import %s is left to the sweeper: %s", import_id, describe(error))


def _too_slow() -> Problem:
    return Problem(
        408,
        "upload-too-slow",
        "The file did not arrive in time",
        f"It must arrive within {WITHIN_SECONDS / 60:g} minutes. Send it again, in parts. "
        "上传超时,请拆分后重新上传。",
        field="body",
    )
