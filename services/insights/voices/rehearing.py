"""A release that brings other lexicons hears again what was told before.

Any number of processes may run it, and it goes on where it was interrupted: what was heard by an older version says so.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy import text

from services.insights.cues.lexicon import common
from services.insights.rounds import behind
from services.insights.tellings.model import Telling
from services.insights.tellings.store import store as tellings_store
from services.insights.voices.model import Voice
from services.insights.voices.store import store as voices_store
from shared.service import Context, repeat

log = logging.getLogger(__name__)

BATCH = 200
"""Complaints in one transaction."""
PAUSE = 60
"""Poll intervals between two looks: half a minute as delivered."""

_OLD = text(
    "SELECT id FROM voices WHERE lexicon < :version AND NOT erased AND (CAST(:after AS uuid) IS NULL OR id > :after) "
    "ORDER BY id LIMIT :batch"
)


class Rehearing:
    """Worker of insights."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._database = context.database

    async def run(self) -> None:
        await repeat(self._context, PAUSE, self.turn)

    async def turn(self) -> int:
        """Hear all that was heard by older lexicons. Returns how many complaints."""
        heard, after = 0, None
        if await behind(self._context.log):
            return heard
        while True:
            async with self._database.reading() as connection:
                found = await connection.execute(
                    _OLD, {"version": common().version, "after": after, "batch": BATCH}
                )
                some = found.scalars().all()
            if not some:
                break
            after = some[-1]
            async with self._database.transaction(of=some) as transaction:
                tellings = await tellings_store.load(transaction, some)
                voices = await voices_store.load(transaction, some)
                again = [voice for voice in voices.values() if _can_be_heard(voice, tellings[voice.id])]
                await asyncio.to_thread(_hear_again, again, tellings)
                if again:
                    await voices_store.save(transaction, again)
            heard += len(again)
        if heard:
            log.info("complaints heard again by the lexicons of today", extra={"complaints": heard})
        return heard


def _can_be_heard(voice: Voice, telling: Telling) -> bool:
    """Asked again under the locks: another process may have been here, the words may be gone."""
    return (
        voice.lexicon is not None
        and voice.lexicon < common().version
        and not (voice.erased or telling.erased)
        and len(telling.contacts) == len(voice.told)
    )


def _hear_again(voices: Iterable[Voice], tellings: Mapping[UUID, Telling]) -> None:
    for voice in voices:
        voice.hear_again(tellings[voice.id].contacts)
