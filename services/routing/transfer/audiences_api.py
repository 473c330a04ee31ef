"""HTTP in: who the audiences are, when no complaint is at hand. For the service that reports to them."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict

from services.routing.directory.model import Department
from services.routing.directory.store import load_directory
from services.routing.transfer.distribution import DISTRIBUTION
from services.routing.transfer.recipients import readers
from services.routing.transfer.schemas import PersonCode, WordsShown
from shared import clock, problems
from shared.auth import Principal, may
from shared.events.vocabulary import Audience
from shared.rulebooks.store import load_books
from shared.service import Ctx, api_router

router = api_router(tags=["directory"])
AT_MOST = 100


class AudienceGroup(BaseModel):
    """People who read the same."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    department: str | None
    """Absent when the groups are not told apart by department."""
    name: WordsShown | None
    """The department's."""
    people: list[str]
    """Ids in the directory: those who are there, and the deputies of those who are away."""


@router.get("/audiences/{audience}/people", summary="Who an audience is", responses=problems.documented())
async def read_audience(
    audience: Audience,
    who: Annotated[Principal, may("directory:contacts")],
    ctx: Ctx,
    each_department: Annotated[
        bool, Query(description="A group for each of its departments; else all are one group.")
    ] = False,
    role: Annotated[
        list[Annotated[str, Query(min_length=1, max_length=64)]] | None,
        Query(max_length=AT_MOST, description="People with these roles instead; may come often."),
    ] = None,
    person: Annotated[
        list[PersonCode] | None,
        Query(max_length=AT_MOST, description="These, too, as far as they work here; may come often."),
    ] = None,
) -> list[AudienceGroup]:
    """Leaders; or whoever is in charge of the departments that are responsible for something, give technical support
    or manage. Nobody is the person concerned without a complaint: name them."""
    async with ctx.database.reading() as connection:
        directory = await load_directory(connection)
        books = await load_books(connection, DISTRIBUTION)
    leaders = books.read(DISTRIBUTION).leader_roles
    found = readers(audience, directory, leaders, role or (), clock.now(), each_department)
    named = {p.id for p in directory.people if p.active} & set(person or ())
    return [
        AudienceGroup(
            department=code,
            name=_name(directory.departments.get(code or "")),
            people=list(dict.fromkeys([*people, *(p for p in person or () if p in named)])),
        )
        for code, people in found.items()
    ]


def _name(unit: Department | None) -> WordsShown | None:
    return WordsShown(en=unit.name_en, zh=unit.name_zh) if unit else None
