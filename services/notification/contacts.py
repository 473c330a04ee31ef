"""Whom to write to: asked of intake at the moment of use, and kept nowhere."""

import asyncio
from typing import Literal
from uuid import UUID

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from services.notification.channels import CannotDeliver
from shared.service import Context

AT_ONCE = 50
"""Complaints in one question."""


class Contact(BaseModel):
    """What intake says about a customer: personal data, asked for at the moment of sending and not kept."""

    complaint_id: UUID
    customer_id: UUID | None = None
    """By which their wishes are found. An intake of the release before does not tell it."""
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    language: Literal["en", "zh"]
    tracking_url: str


_ANSWER = TypeAdapter(list[Contact])


class Contacts:
    """Messages that are sent side by side ask together: one question instead of one for each. A worker asks."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._waiting: dict[UUID, asyncio.Future[Contact]] = {}
        self._wanted = asyncio.Event()

    async def of(self, complaint_id: UUID) -> Contact:
        """Raises CannotDeliver."""
        answer = self._waiting.get(complaint_id)
        if answer is None:
            answer = self._waiting[complaint_id] = asyncio.get_running_loop().create_future()
        self._wanted.set()
        return await asyncio.shield(answer)  # somebody else may wait for the same one

    async def run(self) -> None:
        """Ask for ever. Whoever is about to ask at the same time asks together; nobody waits for earlier questions."""
        async with asyncio.TaskGroup() as asking:
            while True:
                await self._wanted.wait()
                self._wanted.clear()
                asked, self._waiting = self._waiting, {}
                asking.create_task(self._ask(asked))

    async def _ask(self, asked: dict[UUID, "asyncio.Future[Contact]"]) -> None:
        ids = list(asked)
        for some in (ids[first : first + AT_ONCE] for first in range(0, len(ids), AT_ONCE)):
            try:
                found = {contact.complaint_id: contact for contact in await self._answer(some)}
                trouble = CannotDeliver("intake does not know the complaint")
            except CannotDeliver as error:
                found, trouble = {}, error
            except Exception as error:  # whatever it is, nobody may wait for an answer that does not come
                found, trouble = {}, CannotDeliver(f"intake cannot be asked ({type(error).__name__})")
            for complaint_id in some:
                if asked[complaint_id].done():
                    continue
                if complaint_id in found:
                    asked[complaint_id].set_result(found[complaint_id])
                else:
                    asked[complaint_id].set_exception(trouble)
                    asked[complaint_id].exception()  # heard, even when nobody waits any more

    async def _answer(self, complaint_ids: list[UUID]) -> list[Contact]:
        query = "&".join(f"complaint={complaint_id}" for complaint_id in complaint_ids)
        try:
            return _ANSWER.validate_python(
                await self._context.ask("intake", f"/intake/v1/contacts?{query}", "customers:read")
            )
        except httpx.HTTPStatusError as error:
            raise CannotDeliver(f"intake does not tell the contact ({error.response.status_code})") from None
        except (httpx.HTTPError, OSError) as error:
            raise CannotDeliver(f"intake cannot be asked ({type(error).__name__})") from None
        except ValidationError:
            raise CannotDeliver("intake's answer is not a contact") from None
