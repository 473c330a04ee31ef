"""Questions to intake that are asked side by side become one question."""

import asyncio
from abc import abstractmethod
from typing import ClassVar, Generic, TypeVar
from uuid import UUID

import httpx
from pydantic import TypeAdapter, ValidationError

from services.notification.channels import CannotDeliver
from shared.service import Context

AT_ONCE = 50
"""Ids in one question."""

C = TypeVar("C")


class Together(Generic[C]):
    """Asks how customers are reached, for many letters in one question. A worker asks."""

    path: ClassVar[str]
    asked_by: ClassVar[str]
    """The parameter that may come often."""
    unknown: ClassVar[str]
    """What is told of whoever intake does not know."""
    unknown_for_ever: ClassVar[bool]
    answers: TypeAdapter[list[C]]

    def __init__(self, context: Context) -> None:
        self._context = context
        self._waiting: dict[UUID, asyncio.Future[C]] = {}
        self._wanted = asyncio.Event()

    @abstractmethod
    def id_of(self, contact: C) -> UUID: ...

    async def of(self, asked_for: UUID) -> C:
        """Raises CannotDeliver."""
        answer = self._waiting.get(asked_for)
        if answer is None:
            answer = self._waiting[asked_for] = asyncio.get_running_loop().create_future()
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

    async def _ask(self, asked: dict[UUID, "asyncio.Future[C]"]) -> None:
        ids = list(asked)
        for some in (ids[first : first + AT_ONCE] for first in range(0, len(ids), AT_ONCE)):
            try:
                found = {self.id_of(contact): contact for contact in await self._answer(some)}
                trouble = CannotDeliver(self.unknown, final=self.unknown_for_ever)
            except CannotDeliver as error:
                found, trouble = {}, error
            except Exception as error:  # whatever it is, nobody may wait for an answer that does not come
                found, trouble = {}, CannotDeliver(f"intake cannot be asked ({type(error).__name__})")
            for each in some:
                if asked[each].done():
                    continue
                if each in found:
                    asked[each].set_result(found[each])
                else:
                    asked[each].set_exception(trouble)
                    asked[each].exception()  # heard, even when nobody waits any more

    async def _answer(self, ids: list[UUID]) -> list[C]:
        query = "&".join(f"{self.asked_by}={each}" for each in ids)
        try:
            told = await self._context.ask("intake", f"{self.path}?{query}", "customers:read")
            return self.answers.validate_python(told)
        except httpx.HTTPStatusError as error:
            raise CannotDeliver(f"intake does not tell the contact ({error.response.status_code})") from None
        except (httpx.HTTPError, OSError) as error:
            raise CannotDeliver(f"intake cannot be asked ({type(error).__name__})") from None
        except ValidationError:
            raise CannotDeliver("intake's answer is not a contact") from None
