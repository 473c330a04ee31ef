"""HTTP in: departments and people."""

from collections.abc import Sequence
from typing import Annotated

from sqlalchemy import select

from services.routing.directory import store as directory_store
from services.routing.directory.schemas import DepartmentShown, DirectoryChange, DirectoryShown, PersonShown
from services.routing.store import directory
from shared import problems
from shared.auth import Principal, may
from shared.service import Ctx, api_router

router = api_router(tags=["directory"])


@router.get(
    "/directory",
    response_model=DirectoryShown,
    summary="Departments and people",
    responses=problems.documented(),
)
async def read_directory(who: Annotated[Principal, may("cases:read")], ctx: Ctx) -> DirectoryShown:
    """Everybody, with the number of open cases that each carries."""
    async with ctx.database.reading() as connection:
        units = (await connection.execute(select(directory.departments).order_by("code"))).mappings().all()
        staff = (await connection.execute(select(directory.people).order_by("id"))).mappings().all()
    return DirectoryShown(
        departments=[DepartmentShown(**u) for u in units], people=[PersonShown(**p) for p in staff]
    )


@router.put(
    "/directory",
    status_code=204,
    summary="Add or change departments and people",
    responses=problems.documented(422),
)
async def change_directory(
    change: DirectoryChange, who: Annotated[Principal, may("directory:write")], ctx: Ctx
) -> None:
    """Idempotent bulk change; whoever is not named stays as they are. Deactivate instead of deleting."""
    _refuse_twice("departments", "code", [unit.code for unit in change.departments])
    _refuse_twice("people", "id", [person.id for person in change.people])
    async with ctx.database.transaction() as transaction:
        known = set((await transaction.execute(select(directory.departments.c.code))).scalars())
        known |= {unit.code for unit in change.departments}
        for number, person in enumerate(change.people):
            if person.department not in known:
                raise problems.Problem(
                    422,
                    "invalid-request",
                    "There is no such department",
                    f"{person.department!r} is not known; name it under `departments` in the same request.",
                    field=f"body/people/{number}/department",
                )
        await directory_store.replace(
            transaction,
            directory.departments,
            directory.people,
            [unit.model_dump() for unit in change.departments],
            [person.model_dump() for person in change.people],
        )


def _refuse_twice(where: str, key: str, named: Sequence[str]) -> None:
    """Of two entries for the same one, which would count?"""
    seen: set[str] = set()
    for number, name in enumerate(named):
        if name in seen:
            raise problems.Problem(
                422,
                "invalid-request",
                "Named twice",
                f"{name!r} is named before under `{where}`; name it once.",
                field=f"body/{where}/{number}/{key}",
            )
        seen.add(name)
