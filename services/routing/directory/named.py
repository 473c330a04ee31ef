"""People whom a request names."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from shared import driver, problems
from shared.database import sql
from shared.problems import FieldError

_ACTIVE = sql("SELECT id FROM people WHERE active AND id = ANY(CAST(:ids AS text[]))")


async def must_be_people(connection: AsyncConnection, named: Mapping[str, str]) -> None:
    """`named` are ids of people by the field that names them. Raises a 422 problem with whoever does not work here."""
    rows = await driver.run(connection, _ACTIVE, {"ids": list(named.values())})
    known = set(rows.scalars())
    errors = [
        FieldError(
            field=field,
            detail=f"{person!r} is not in the directory, or does not work here any more; `/directory` lists the "
            f"people. 通讯录中没有此人或其已停用。",
        )
        for field, person in named.items()
        if person not in known
    ]
    if errors:
        detail = "Name people of the directory. 请填写名录中的在职人员。"
        raise problems.invalid("There is no such person", detail, errors=errors)
