"""How people of the company are reached: asked of routing, and remembered for a minute.

Unlike what identifies a customer, a work address is no secret in the company; but it changes, and it is asked for
again rather than stored.
"""

import time
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from services.notification.channels import CannotDeliver
from shared.auth import Principal
from shared.events.vocabulary import Language
from shared.problems import Problem
from shared.service import Context

REMEMBERED = 60.0
"""Seconds."""
MOST_REMEMBERED = 10_000


class StaffContact(BaseModel):
    id: str
    name: str
    email: str | None = None
    language: Language


_ANSWER = TypeAdapter(list[StaffContact])


class StaffContacts:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._known: dict[str, tuple[float, StaffContact | None]] = {}

    async def of(self, person: str) -> StaffContact | None:
        """None: they are not in the directory, or not any more. Raises CannotDeliver."""
        known = self._known.get(person)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        try:
            found = await self._ask(f"person={quote(person)}")
        except httpx.HTTPStatusError as error:
            raise CannotDeliver(f"routing does not tell the contact ({error.response.status_code})") from None
        except (httpx.HTTPError, OSError) as error:
            raise CannotDeliver(f"routing cannot be asked ({type(error).__name__})") from None
        except ValidationError:
            raise CannotDeliver("routing's answer is not a contact") from None
        contact = next(iter(found), None)
        if len(self._known) > MOST_REMEMBERED:
            self._known.clear()
        self._known[person] = (time.monotonic() + REMEMBERED, contact)
        return contact

    async def who_signs_in(self, account: str) -> str | None:
        """The person whose account it is. Raises httpx.HTTPError."""
        contact = await self.whose_account(account)
        return contact.id if contact else None

    async def whose_account(self, account: str) -> StaffContact | None:
        """How the person whose account it is is reached. Raises httpx.HTTPError."""
        return next(iter(await self._ask(f"account={quote(account, safe='')}")), None)

    async def _ask(self, query: str) -> list[StaffContact]:
        path = f"/routing/v1/contacts?{query}"
        return _ANSWER.validate_python(await self._context.ask("routing", path, "directory:contacts"))


async def signed_in(ctx: Context, who: Principal) -> str:
    """The person of the directory who calls. Raises a 403 problem, httpx.HTTPError."""
    person = await ctx.part(StaffContacts).who_signs_in(who.id)
    if person is None:
        raise Problem(
            403,
            "forbidden",
            "Your account belongs to nobody in the directory",
            f"An administrator enters it there, as the `account` of a person: {who.id}. "
            "请管理员在通讯录中为您登记此账号。",
            field="header/Authorization",
        )
    return person
