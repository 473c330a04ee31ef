"""HTTP in: how people of the company are reached at work. For the service that writes to them."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict

from services.routing.transfer.schemas import PersonCode
from shared import driver, problems
from shared.auth import Principal, may
from shared.database import sql
from shared.events.vocabulary import Language
from shared.service import Ctx, api_router

router = api_router(tags=["directory"])
AT_MOST = 100
_CONTACTS = sql(
    "SELECT id, name, email, account, languages[1] AS language FROM people "
    "WHERE active AND (id = ANY(CAST(:ids AS text[])) OR account = :account) ORDER BY id"
)


class StaffContact(BaseModel):
    """How somebody of the company is reached."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: str
    name: str
    email: str | None = None
    """At work."""
    account: str | None = None
    """Principal with which the person signs in."""
    language: Language


@router.get("/contacts", summary="How people of the company are reached", responses=problems.documented())
async def read_staff_contacts(
    who: Annotated[Principal, may("directory:contacts")],
    ctx: Ctx,
    person: Annotated[
        list[PersonCode] | None, Query(max_length=AT_MOST, description="Id of a person; may come often.")
    ] = None,
    account: Annotated[
        str | None, Query(max_length=200, description="The person who signs in with it.")
    ] = None,
) -> list[StaffContact]:
    """Ask at the moment of use, and keep nothing of it. Whoever is not known, or left, is left out."""
    async with ctx.database.reading() as connection:
        rows = await driver.run(connection, _CONTACTS, {"ids": person or [], "account": account})
        return [StaffContact(**row) for row in rows.mappings()]
