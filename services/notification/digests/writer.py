"""Writes digests: each message as it would have gone by itself, one after the other."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Protocol

from services.notification.channels import CannotDeliver, Letter, NotSent, Receipt
from services.notification.digests import store
from services.notification.letters import Letters
from services.notification.preferences import store as preferences
from services.notification.preferences.model import colleague, customer
from services.notification.queue import Leased
from services.notification.rules import Nature
from shared.database import Database

log = logging.getLogger(__name__)


class Writer(Protocol):
    async def write(self, delivery: Leased) -> Letter | Receipt: ...


class DigestWriter:
    """Has each message written by whoever writes those of its template."""

    def __init__(
        self, database: Database, letters: Letters, usual: Writer, special: Mapping[str, Writer] | None = None
    ) -> None:
        self._database = database
        self._letters = letters
        self._usual = usual
        self._special = special or {}

    async def write(self, delivery: Leased) -> Letter | Receipt:
        """A receipt when none of its messages need be sent any more. Raises CannotDeliver."""
        await self._decline_unwanted(delivery)
        members = await store.members(self._database, delivery.id)
        written = await self._written(members)
        letters = [each for each in written if isinstance(each, Letter)]
        if written and not letters:
            return written[-1]
        if not letters:
            raise NotSent("nothing is left to tell")
        newest = letters[-1]
        words = self._letters.write_digest(letters, newest.language)
        return words.letter(delivery, newest.language, newest.reach, newest.reference)

    async def _written(self, members: Sequence[Leased]) -> list[Letter | Receipt]:
        """What can be written. One that cannot be, whatever the hour, goes by itself and keeps no other waiting.

        Raises CannotDeliver when trying again may help all of them.
        """
        found = await asyncio.gather(*map(self._write, members), return_exceptions=True)
        alone = [
            member.id for member, each in zip(members, found, strict=True) if isinstance(each, BaseException)
        ]
        for each in found:
            if isinstance(each, CannotDeliver) and not each.final:
                raise each
            if isinstance(each, BaseException) and not isinstance(each, Exception):
                raise each
        if alone:
            log.warning(
                "messages of a digest cannot be written, and go by themselves", extra={"deliveries": alone}
            )
            await store.set_free(self._database, alone)
        return [each for each in found if not isinstance(each, BaseException)]

    async def _write(self, member: Leased) -> Letter | Receipt:
        return await self._special.get(member.template or "", self._usual).write(member)

    async def _decline_unwanted(self, delivery: Leased) -> None:
        person = (
            customer(delivery.customer_id) if delivery.customer_id else colleague(delivery.recipient or "")
        )
        async with self._database.reading() as connection:
            wishes = (await preferences.of(connection, person)).wishes
        await store.decline(
            self._database, delivery.id, [nature for nature in Nature if wishes.declines(nature)]
        )
