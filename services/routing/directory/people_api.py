"""HTTP in: people with their standing, and what they may decide."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Response
from sqlalchemy import select

from services.routing.directory.acting import person_of
from services.routing.directory.api import shown_to
from services.routing.directory.authority import approvers
from services.routing.directory.independence import independent
from services.routing.directory.layers import meets_customers
from services.routing.directory.model import Authority, Directory
from services.routing.directory.roll import entry_of
from services.routing.directory.schemas import PersonId
from services.routing.directory.staff_schemas import (
    AbsenceShown,
    ApproverShown,
    AuthorityShown,
    CertificateShown,
    IndependentShown,
    ParametersShown,
    PersonDetails,
)
from services.routing.directory.store import load_directory
from services.routing.findings.model import CONTACT_CERTIFICATE, WARNED_BEFORE
from services.routing.store import directory, dispatches
from shared import clock, etag, pages, problems
from shared.auth import Principal, may
from shared.openapi import TAGGED
from shared.service import Ctx, api_router
from shared.text import SoughtText

router = api_router(tags=["directory"])

OnePerson = Annotated[PersonId, Path(description="Id of the person.")]


@router.get(
    "/directory/people/me",
    response_model=PersonDetails,
    response_model_exclude_unset=True,
    summary="Yourself",
    responses=problems.documented(403) | TAGGED,
)
async def read_me(who: Annotated[Principal, may()], ctx: Ctx, response: Response) -> PersonDetails:
    """The person to whom the calling account belongs. It takes no scope."""
    async with ctx.database.reading() as connection:
        me = await person_of(connection, who)
    return await _details(ctx, who, me, response)


@router.get(
    "/directory/people/{person_id}",
    response_model=PersonDetails,
    response_model_exclude_unset=True,
    summary="Read a person",
    responses=problems.documented(404) | TAGGED,
)
async def read_person(
    person_id: OnePerson, who: Annotated[Principal, may("cases:read")], ctx: Ctx, response: Response
) -> PersonDetails:
    """With certificates, absences, and whether they lack the training that meeting customers takes."""
    return await _details(ctx, who, person_id, response)


async def _details(ctx: Ctx, who: Principal, person_id: str, response: Response) -> PersonDetails:
    now = clock.now()
    units, certificates, absences = directory.departments.c, directory.certificates, directory.absences
    query = (
        select(directory.people, units.layer)
        .join(directory.departments, units.code == directory.people.c.department)
        .where(directory.people.c.id == person_id)
    )
    held = select(certificates).where(certificates.c.person == person_id).order_by(certificates.c.code)
    away = select(absences).where(absences.c.person == person_id, absences.c.until > now)
    async with ctx.database.reading() as connection:
        row = (await connection.execute(query)).mappings().one_or_none()
        if row is None:
            raise problems.not_found("person", "path/person_id")
        papers = [_certificate(dict(r)) for r in (await connection.execute(held)).mappings()]
        gone = (await connection.execute(away.order_by(absences.c.since))).mappings().all()
    contact = meets_customers(row["layer"], row["role"], row["meets_customers"])
    trained = any(paper.code == CONTACT_CERTIFICATE and paper.valid for paper in papers)
    response.headers["ETag"] = etag.tag(row["version"])
    return PersonDetails(
        **shown_to(who, dict(entry_of("people", dict(row)))),
        version=row["version"],
        source=row["source"],
        open_cases=row["open_cases"],
        layer=row["layer"],
        contact=contact,
        training_missing=row["active"] and contact and not trained,
        certificates=papers,
        absences=[AbsenceShown(**absence) for absence in gone],
    )


def _certificate(row: dict[str, Any]) -> CertificateShown:
    left = row["expires_at"] - clock.now()
    return CertificateShown(
        code=row["code"],
        issued_at=row["issued_at"],
        expires_at=row["expires_at"],
        valid=left > timedelta(),
        expires_soon=timedelta() < left <= WARNED_BEFORE,
    )


@router.get(
    "/directory/people/{person_id}/authority",
    response_model=AuthorityShown,
    response_model_exclude_none=True,
    summary="What a person may grant",
    responses=problems.documented(404),
)
async def read_authority(
    person_id: OnePerson, who: Annotated[Principal, may("cases:read")], ctx: Ctx
) -> AuthorityShown:
    """Inside these limits nobody needs to be asked; beyond, the first of `approvers` whose own limits suffice."""
    async with ctx.database.reading() as connection:
        return _authority(await load_directory(connection), person_id)


@router.get(
    "/directory/authority",
    response_model=AuthorityShown,
    response_model_exclude_none=True,
    summary="What whoever signs in with an account may grant",
    responses=problems.documented(404),
)
async def read_authority_of_account(
    account: SoughtText,
    who: Annotated[Principal, may("cases:read")],
    ctx: Ctx,
) -> AuthorityShown:
    """404 when the account belongs to nobody in the directory."""
    async with ctx.database.reading() as connection:
        everybody = await load_directory(connection)
    for person in everybody.people:
        if person.active and person.account == account:
            return _authority(everybody, person.id)
    raise problems.not_found("person", "query/account")


@router.get(
    "/directory/independent",
    response_model=list[IndependentShown],
    summary="Who can judge about people without being bound to them",
    responses=problems.documented(),
)
async def list_independent(
    who: Annotated[Principal, may("cases:read")],
    ctx: Ctx,
    of: Annotated[list[PersonId], Query(min_length=1, max_length=50, description="Who is judged about.")],
    least_layer: Annotated[int, Query(ge=1, le=4, description="Of their department.")] = 1,
    person: Annotated[PersonId | None, Query(description="Only this one, if they can.")] = None,
    limit: pages.Limit = 50,
) -> list[IndependentShown]:
    """Whoever neither answers to one of them nor is answered to by one, nor stands in for one: those of other
    departments first, then the higher layers. Whoever is away is named, too, and `present` says so."""
    async with ctx.database.reading() as connection:
        everybody = await load_directory(connection)
    found = independent(everybody, of, least_layer, clock.now())
    if person is not None:
        found = [each for each in found if each.person.id == person]
    return [
        IndependentShown(
            id=each.person.id,
            name=each.person.name,
            department=each.person.department,
            layer=each.layer,
            elsewhere=each.elsewhere,
            present=each.present,
        )
        for each in found[:limit]
    ]


@router.get(
    "/complaints/{complaint_id}/parameters",
    response_model=ParametersShown,
    response_model_exclude_none=True,
    summary="By what the front line decides on a complaint",
    responses=problems.documented(403, 404),
)
async def read_parameters(
    complaint_id: UUID, who: Annotated[Principal, may("cases:read")], ctx: Ctx
) -> ParametersShown:
    """The limits of whoever asks, who approves beyond them, and where the complaint stands."""
    query = select(dispatches).where(
        dispatches.c.complaint_id == complaint_id, dispatches.c.status != "blank"
    )
    async with ctx.database.reading() as connection:
        me = await person_of(connection, who)
        row = (await connection.execute(query)).mappings().one_or_none()
        if row is None:
            raise problems.not_found("complaint", "path/complaint_id")
        mine = _authority(await load_directory(connection), me)
    return ParametersShown(
        **dict(mine),
        complaint_id=complaint_id,
        department=row["department"],
        severity=row["severity"],
        category=row["category"],
    )


def _authority(everybody: Directory, person_id: str) -> AuthorityShown:
    people = {person.id: person for person in everybody.people}
    person = people.get(person_id)
    if person is None:
        raise problems.not_found("person", "path/person_id")
    line = approvers(people, person, clock.now())
    return AuthorityShown(
        person=person.id,
        name=person.name,
        works_in=person.department,
        layer=everybody.departments[person.department].layer,
        role=person.role,
        **_limits(person.authority),
        approvers=[
            ApproverShown(
                id=each.person.id,
                name=each.person.name,
                layer=everybody.departments[each.person.department].layer,
                instead_of=each.instead_of,
                **_limits(each.person.authority),
            )
            for each in line
        ],
    )


def _limits(authority: Authority) -> dict[str, Any]:
    return {
        "remedies": sorted(authority.remedies),
        "amount": authority.amount,
        "currency": authority.currency,
    }
